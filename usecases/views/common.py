"""What the pages of this app share: one form page, hours with their evidence, offers as buttons."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.roles import LABELS
from foundation.actor import Actor
from foundation.kit import Cell
from foundation.pages import form_status, version_shown
from foundation.templatetags.house import THIN, num

STATE_TONES = {
    "raw": "open", "clustered": "open", "voted": "info", "promoted": "ok", "parked": "blocked", "rejected": "blocked",
    "idea": "open", "shaped": "info", "ranked": "ok", "flagship": "seal", "declined": "blocked",
    "draft": "open", "scoring": "info", "open": "seal", "frozen": "ok", "cancelled": "blocked",
    "reviewed": "ok", "retired": "blocked",
}  # fmt: skip


def form_page(
    request: HttpRequest, form: forms.BaseForm, *, title: Any, cancel: str, groups: Sequence[Any] = (),
    lede: Any = "", button: Any = "", crumb: tuple[Any, str] = ("", ""), version: int | None = None, **extra: Any,
) -> HttpResponseBase:  # fmt: skip
    """One template for every form of this app; 422 with the same words at the fields."""
    context = {
        "form": form, "title": title, "lede": lede, "cancel": cancel, "button": button or _("Save"), "crumb": crumb,
        "groups": groups or [{"title": "", "fields": list(form), "folded": False}],
        "version": version_shown(request, version), **extra,
    }  # fmt: skip
    return render(request, "usecases/form.html", context, status=form_status(form))


@cache
def _role_codes() -> dict[str, str]:
    """The word of every role in every language to its code."""
    found: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {str(label): code for code, label in LABELS.items()}
    return found


def role_words(text: str) -> str:
    """A frozen record holds the role as it was written; the reader gets it in the language of the page."""
    code = _role_codes().get(text)
    return str(LABELS[code]) if code else text


def signed_words(text: str) -> str:
    """“Name · role” of a frozen record."""
    return " · ".join(role_words(part) for part in text.split(" · "))


def state_cell(record: Any) -> Cell:
    return Cell(record.get_state_display(), tone=STATE_TONES[record.state])


def short(value: Decimal | None) -> str:
    """Hours without a false precision: one decimal below ten, none above."""
    if value is None:
        return "–"
    step = Decimal("0.1") if abs(value) < 10 and value != value.to_integral_value() else Decimal(1)
    rounded = value.quantize(step, rounding=ROUND_HALF_EVEN)
    return num(rounded, 1 if step < 1 and rounded != rounded.to_integral_value() else 0)


def hours_words(record: Any) -> str:
    """Likely hours a month, always with the range."""
    if record.hours_likely is None:
        return _("no size yet")
    return hours_range(record.hours_low, record.hours_likely, record.hours_high)


def hours_range(low: Decimal, likely: Decimal, high: Decimal) -> str:
    if short(low) == short(likely) == short(high):
        return _("%(likely)s a month") % {"likely": with_hours(likely)}
    values = {"likely": with_hours(likely), "low": short(low), "high": short(high)}
    return _("%(likely)s a month (%(low)s to %(high)s)") % values


def with_hours(value: Decimal) -> str:
    return f"{short(value)}{THIN}h"


def ends_words(low: Decimal, high: Decimal) -> str:
    """The range beside a likely figure; nothing where both ends are the same."""
    values = {"low": short(low), "high": short(high)}
    return "" if values["low"] == values["high"] else _("%(low)s to %(high)s") % values


def hours_cell(record: Any) -> Cell:
    if record.hours_likely is None:
        return Cell(_("no size yet"), tone="open", icon="none")
    n = _("n = %(n)s") % {"n": record.load_n} if record.load_n else ""
    ends = ends_words(record.hours_low, record.hours_high)
    return Cell(with_hours(record.hours_likely), sub=" · ".join(filter(None, (ends, n))), num=True)


def sum_words(total: dict[str, Any]) -> str:
    return hours_range(*(Decimal(str(total[name])) for name in ("low", "likely", "high")))


def guess_words(total: dict[str, Any]) -> str:
    share = total["guess_share"]
    if share is None:
        return ""
    pct = round(float(share) * 100)
    if total["sized"] == 1:
        return _("it is a guess") if pct else _("it is not a guess")
    return _("%(pct)s %% of them are guesses") % {"pct": pct} if pct else _("none of them are guesses")


def offers(record: Any, actor: Actor, url_name: str, args: Sequence[Any], skip: Sequence[str] = ()) -> list[Any]:
    """Open steps as buttons; those in `skip` are reached another way."""
    shown = [o for o in record.lifecycle.offers(record, actor) if o.name not in skip]
    return [
        {"name": o.name, "label": o.label, "reasons": o.reasons, "url": reverse(url_name, args=[*args, o.name])}
        for o in shown
    ]


def known_act(acts: dict[str, Any], name: str) -> Any:
    if name not in acts:
        raise Http404
    return acts[name]
