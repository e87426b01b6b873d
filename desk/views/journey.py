"""The journey of a unit: two lanes, every box with its evidence, notes and skips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit
from desk import services
from desk.charts import threads
from desk.forms import ConvictionForm, NoteForm, SkipForm
from desk.links import address
from desk.models import NOTED
from desk.rules.journey import RECOMMENDED
from desk.selectors.journey import BOXES, Journey, Reading, read_journey
from desk.selectors.units import own_unit, regions_read, unit_by_code
from foundation import clock
from foundation.access import may, require
from foundation.errors import NotVisible, Reason
from foundation.pages import form_status, submit


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    unit = own_unit(request.actor)  # type: ignore[attr-defined]
    if unit is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return redirect("desk:journey", unit.code)


@require_GET
def journey(request: HttpRequest, code: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "desk.read")
    unit = unit_by_code(actor, code)
    found = read_journey(unit)
    rights = {"may_note": may(actor, "desk.journey.edit", unit), "may_skip": may(actor, "desk.journey.skip", unit)}
    context = {
        "journey": found, "unit": unit, "units": regions_read(actor), "title": _finding(found), "lede": _lede(found),
        "threads": threads(found), "lanes": _lanes(found), "next_url": _act_url(found, rights["may_note"]),
        "boxes": [_shown(b, rights) for b in found.boxes], **rights,
    }  # fmt: skip
    return render(request, "desk/journey.html", context)


def _finding(found: Journey) -> str:
    count = len(found.boxes)
    facts = {"n": found.done, "count": count, "unit": found.unit.name}
    if found.next is None:
        return _("%(unit)s: the whole way is walked") % facts
    facts["next"] = found.next.title
    if not found.done:
        return _("%(unit)s: nothing has begun; start with “%(next)s”") % facts
    return _("%(unit)s: %(n)s of %(count)s boxes are done, next is “%(next)s”") % facts


def _lede(found: Journey) -> str:
    order = len(found.happened)
    if order < 2:
        return _("A box is done when its evidence exists; nobody ticks it.")
    turned = found.crossings
    if not turned:
        return _("What happened came in the recommended order.")
    text = ngettext(
        "%(n)s pair of boxes happened the other way round than one would do it now.",
        "%(n)s pairs of boxes happened the other way round than one would do it now.",
        turned,
    )
    return text % {"n": turned}


def _lanes(found: Journey) -> dict[str, list[Any]]:
    """Both lanes have as many places as there are boxes; what did not happen stays empty."""
    happened: list[Reading | None] = list(found.happened)
    return {"happened": happened + [None] * (len(found.boxes) - len(happened)), "recommended": list(found.boxes)}


def _act_url(found: Journey, may_note: bool) -> str:
    if found.next is None:
        return ""
    page = address(found.next.box.page) if found.next.box.page else ""
    if not page and may_note and found.next.code in NOTED:
        page = address("desk:box_note", found.unit.code, found.next.code)
    return page


def _shown(box: Reading, rights: dict[str, bool]) -> dict[str, Any]:
    return {
        "reading": box, "evidence": box.evidence[:4], "rest": box.evidence[4:],
        "page": address(box.box.page) if box.box.page else "",
        "may_note": rights["may_note"] and box.code in NOTED and box.state != "done",
        "may_skip": rights["may_skip"] and box.state in ("not_started", "under_way"),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, code: str, box: str) -> HttpResponse:
    """A dated note of a talk; for A1 one sentence on each aspect."""
    unit = _editable(request, code, box, "desk.journey.edit")
    if box not in NOTED:
        raise NotVisible(Reason("not_found", NotVisible.title))
    kind = ConvictionForm if box == "A1" else NoteForm
    form = kind(request.POST or None, initial={"said_on": clock.today(unit.zone)})
    actor = request.actor  # type: ignore[attr-defined]
    return _form_page(
        request, unit, box, form, "note",
        lambda _data: services.note_box(actor=actor, unit=unit, box=box, **form.asked()),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def skip(request: HttpRequest, code: str, box: str) -> HttpResponse:
    unit = _editable(request, code, box, "desk.journey.skip")
    form = SkipForm(request.POST or None)
    actor = request.actor  # type: ignore[attr-defined]
    return _form_page(
        request, unit, box, form, "skip", lambda data: services.skip_box(actor=actor, unit=unit, box=box, **data)
    )


@require_POST
def take_up(request: HttpRequest, code: str, box: str) -> HttpResponse:
    unit = _editable(request, code, box, "desk.journey.skip")
    services.take_up_box(actor=request.actor, unit=unit, box=box)  # type: ignore[attr-defined]
    messages.success(request, _("The box is part of the journey again."))
    return redirect("desk:journey", unit.code)


def _editable(request: HttpRequest, code: str, box: str, permission: str) -> Unit:
    unit = unit_by_code(request.actor, code)  # type: ignore[attr-defined]
    if box not in RECOMMENDED:
        raise NotVisible(Reason("not_found", NotVisible.title))
    require(request.actor, permission, unit)  # type: ignore[attr-defined]
    return unit


def _form_page(
    request: HttpRequest, unit: Unit, box: str, form: forms.Form, act: str, call: Callable[[dict[str, Any]], Any]
) -> HttpResponse:
    if request.method == "POST" and submit(form, call):
        messages.success(request, _("Kept."))
        return redirect(f"{address('desk:journey', unit.code)}#{box}")
    context = {"form": form, "unit": unit, "box": BOXES[box], "code": box, "act": act}
    return render(request, "desk/box_form.html", context, status=form_status(form))
