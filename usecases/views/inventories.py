from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit
from foundation.access import get_visible, may, require
from foundation.bilingual import pick
from foundation.exports.tables import Column, attach, respond
from foundation.kit import Cell, Row
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit
from usecases import services
from usecases.forms import PublishForm
from usecases.models import InventoryVersion, Pain
from usecases.quick import PURPOSE
from usecases.selectors import Publishable, compare_inventories, inventory_drift, publishable, published_inventories
from usecases.views.common import ends_words, guess_words, hours_range, signed_words, sum_words, with_hours

COLUMNS = [
    ListColumn("key", gettext_lazy("Inventory"), cell=lambda i: Cell(i.key, href=i.get_absolute_url())),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda i: i.unit.name),
    ListColumn("count", gettext_lazy("Pains"), "number"),
    ListColumn("published_at", gettext_lazy("Published"), "datetime", cell=lambda i: i.published_at.date()),
    ListColumn(
        "acknowledged_as", gettext_lazy("Purpose acknowledged by"), value=lambda i: signed_words(i.acknowledged_as)
    ),
    ListColumn("digest", gettext_lazy("Digest"), shown=False),
]
ROWS = [
    Column("position", gettext_lazy("Place"), "number"),
    Column("key", gettext_lazy("Row id")),
    Column("title_en", gettext_lazy("Title, English")),
    Column("title_zh", gettext_lazy("Title, Chinese")),
    Column("kind", gettext_lazy("Kind")),
    Column("owner_team", gettext_lazy("Owner team")),
    Column("low", gettext_lazy("Low"), "number", "h"),
    Column("likely", gettext_lazy("Likely hours a month"), "number", "h"),
    Column("high", gettext_lazy("High"), "number", "h"),
    Column("grade", gettext_lazy("Evidence")),
    Column("severity", gettext_lazy("Severity"), "number"),
]

AT_A_GLANCE = 20  # units on the page before publishing


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    versions = InventoryVersion.objects.visible_to(actor).select_related("unit")
    found = ListPage(request, versions, COLUMNS, name="inventories", title=_("Inventories"))
    if found.wants_export:
        return found.export()
    context = {"page": found, "can_publish": may(actor, "usecases.inventory.publish")}
    return render(request, "usecases/inventories.html", context)


def publish(request: HttpRequest) -> HttpResponseBase:
    """Its own page: the purpose is read before the name is put under it."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.inventory.publish")
    form = PublishForm(request.POST or None, actor=actor)
    if request.method == "POST":
        version = submit(form, lambda data: services.publish_inventory(actor=actor, **data))
        if version:
            messages.success(request, _("Published as %(key)s.") % {"key": version.key})
            return redirect(version)
    context = {"form": form, "purpose": pick(PURPOSE), "rows": _publishable_rows(form)}
    return render(request, "usecases/inventory_publish.html", context, status=form_status(form))


def _publishable_rows(form: PublishForm) -> list[Row]:
    """For every unit that can be chosen: how many pains, their sum, and what changed since the last version."""
    units: Any = form.fields["unit"]
    return [_publishable_row(publishable(unit)) for unit in units.queryset[:AT_A_GLANCE]]


def _publishable_row(found: Publishable) -> Row:
    total = found.totals
    sized = _("%(sized)s of %(n)s sized") % {"sized": total["sized"], "n": total["n"]}
    size = Cell(sum_words(total), sub=guess_words(total)) if total["sized"] else Cell(_("no size yet"), tone="open")
    return Row([found.unit.name, Cell(total["n"], sub=sized, num=True), size, _since_last(found)])


def _since_last(found: Publishable) -> Any:
    if found.last is None:
        return _("no version yet")
    counts = Counter(change.kind for change in found.changes)
    words = {"added": _("%(n)s new"), "changed": _("%(n)s changed"), "removed": _("%(n)s left out")}
    told = [word % {"n": counts[kind]} for kind, word in words.items() if counts[kind]]
    return Cell(", ".join(told) or _("nothing has changed"), sub=found.last.key, href=found.last.get_absolute_url())


def page(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    inventory = get_visible(InventoryVersion.objects.select_related("unit"), actor, key=key)
    wanted = request.GET.get("format", "")
    if wanted == "md":
        return attach(HttpResponse(markdown(inventory), content_type="text/markdown; charset=utf-8"), f"{key}.md")
    if wanted == "json":
        return attach(HttpResponse(inventory.body, content_type="application/json"), f"{key}.json")
    if wanted:
        return respond(request, key, ROWS, _export_rows(inventory), title=key, cover=_cover(inventory))
    return render(request, "usecases/inventory.html", _context(request, inventory))


def _context(request: HttpRequest, inventory: InventoryVersion) -> dict[str, Any]:
    facts = inventory.facts
    versions, teams = list(published_inventories(inventory.unit)), _team_names(facts)
    against = next((v for v in versions if v.key == request.GET.get("against")), None)
    return {
        "inventory": inventory, "signed": signed_words(inventory.acknowledged_as),
        "order_line": order_line(facts), "purpose": pick(facts["purpose"]),
        "rows": [_row(row, teams) for row in facts["pains"]], "sum": sum_words(facts["totals"]),
        "totals": facts["totals"],
        "left_out": facts["left_out"], "versions": versions, "against": against,
        "changes": compare_inventories(against, inventory) if against else [],
        "drift": inventory_drift(inventory) if inventory == versions[0] else 0,
    }  # fmt: skip


def order_line(facts: dict[str, Any]) -> str:
    guessed = guess_words(facts["totals"])
    base = _("Ordered by likely hours a month, not by votes")
    return f"{base}; {guessed}." if guessed else f"{base}."


def _team_names(facts: dict[str, Any]) -> dict[str, str]:
    """A frozen row holds the code of the team; a reader gets its name of today."""
    codes = {row["owner_team"] for row in facts["pains"] if row["owner_team"]}
    return {unit.code: unit.name for unit in Unit.objects.filter(code__in=codes)}


def _row(row: dict[str, Any], teams: dict[str, str]) -> list[Any]:
    hours, team = row["hours"], teams.get(row["owner_team"], row["owner_team"])
    kind = Pain.Kind(row["kind"]).label
    title = Cell(pick(row["title"]), href=f"/pains/{row['key']}", sub=row["key"])
    if hours is None:
        return [Cell(row["position"], num=True), title, kind, team, Cell("–", num=True), None]
    low, likely, high = (Decimal(hours[p]) for p in ("low", "likely", "high"))
    size = Cell(with_hours(likely), sub=ends_words(low, high), num=True)
    place = Cell(row["position"], num=True)
    return [place, title, kind, team, size, Cell("", grade=hours["grade"])]


def _export_rows(inventory: InventoryVersion) -> list[list[Any]]:
    rows = []
    for row in inventory.facts["pains"]:
        hours = row["hours"] or {}
        figures = [Decimal(hours[p]) if hours else None for p in ("low", "likely", "high")]
        grade = str(Pain._meta.get_field("grade").flatchoices and dict(Pain._meta.get_field("grade").flatchoices).get(
            hours.get("grade"), ""))  # fmt: skip
        rows.append([
            row["position"], row["key"], row["title"]["en"], row["title"]["zh"], str(Pain.Kind(row["kind"]).label),
            row["owner_team"], *figures, grade, row["severity"],
        ])  # fmt: skip
    return rows


def _cover(inventory: InventoryVersion) -> list[tuple[Any, Any]]:
    facts = inventory.facts
    return [
        (_("Inventory"), inventory.key),
        (_("Order"), order_line(facts)),
        (_("Purpose"), pick(facts["purpose"])),
        (_("Purpose acknowledged by"), signed_words(inventory.acknowledged_as)),
        (_("Published"), facts["published_at"]),
        (_("Digest"), inventory.digest),
    ]


def markdown(inventory: InventoryVersion) -> str:
    """For a chat: the order line, the purpose and one line a pain."""
    facts = inventory.facts
    lines = [f"# {inventory.key} · {inventory.unit.name}", "", order_line(facts), "", f"> {pick(facts['purpose'])}",
             f"> {signed_words(inventory.acknowledged_as)}", ""]  # fmt: skip
    for row in facts["pains"]:
        lines.append(f"{row['position']}. {_plain(pick(row['title']))} ({row['key']}): {_size(row['hours'])}")
    return "\n".join([*lines, "", f"`{inventory.digest}`", ""])


def _plain(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].translate(str.maketrans({c: f"\\{c}" for c in "*_[]<>`#|"}))


def _size(hours: dict[str, Any] | None) -> str:
    if hours is None:
        return _("no size yet")
    said = hours_range(*(Decimal(hours[p]) for p in ("low", "likely", "high")))
    word = dict(Pain._meta.get_field("grade").flatchoices)[hours["grade"]]
    return f"{said}, {word}"
