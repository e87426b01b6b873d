from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation.access import get_visible, may, require
from foundation.bilingual import pick
from foundation.exports.tables import Column, attach, respond
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit
from usecases import services
from usecases.forms import PublishForm
from usecases.models import InventoryVersion, Pain
from usecases.quick import PURPOSE
from usecases.selectors import compare_inventories, inventory_drift, published_inventories
from usecases.views.common import guess_words, hours_range, short, sum_words

COLUMNS = [
    ListColumn("key", gettext_lazy("Inventory"), cell=lambda i: Cell(i.key, href=i.get_absolute_url())),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda i: i.unit.name),
    ListColumn("count", gettext_lazy("Pains"), "number"),
    ListColumn("published_at", gettext_lazy("Published"), "datetime", cell=lambda i: i.published_at.date()),
    ListColumn("acknowledged_as", gettext_lazy("Purpose acknowledged by")),
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
    context = {"form": form, "purpose": pick(PURPOSE)}
    return render(request, "usecases/inventory_publish.html", context, status=form_status(form))


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
    versions = list(published_inventories(inventory.unit))
    against = next((v for v in versions if v.key == request.GET.get("against")), None)
    return {
        "inventory": inventory, "order_line": order_line(facts), "purpose": pick(facts["purpose"]),
        "rows": [_row(row) for row in facts["pains"]], "sum": sum_words(facts["totals"]), "totals": facts["totals"],
        "left_out": facts["left_out"], "versions": versions, "against": against,
        "changes": compare_inventories(against, inventory) if against else [],
        "drift": inventory_drift(inventory) if inventory == versions[0] else 0,
    }  # fmt: skip


def order_line(facts: dict[str, Any]) -> str:
    guessed = guess_words(facts["totals"])
    base = _("Ordered by likely hours a month, not by votes")
    return f"{base}; {guessed}." if guessed else f"{base}."


def _row(row: dict[str, Any]) -> list[Any]:
    hours = row["hours"]
    kind = Pain.Kind(row["kind"]).label
    title = Cell(pick(row["title"]), href=f"/pains/{row['key']}", sub=row["key"])
    if hours is None:
        return [Cell(row["position"], num=True), title, kind, row["owner_team"], Cell("–", num=True), None]
    low, likely, high = (short(Decimal(hours[p])) for p in ("low", "likely", "high"))
    size = Cell(likely, sub=_("%(low)s to %(high)s") % {"low": low, "high": high}, num=True)
    place = Cell(row["position"], num=True)
    return [place, title, kind, row["owner_team"], size, Cell("", grade=hours["grade"])]


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
        (_("Purpose acknowledged by"), inventory.acknowledged_as),
        (_("Published"), facts["published_at"]),
        (_("Digest"), inventory.digest),
    ]


def markdown(inventory: InventoryVersion) -> str:
    """For a chat: the order line, the purpose and one line a pain."""
    facts = inventory.facts
    lines = [f"# {inventory.key} · {inventory.unit.name}", "", order_line(facts), "", f"> {pick(facts['purpose'])}",
             f"> {inventory.acknowledged_as}", ""]  # fmt: skip
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
