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
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Unit
from foundation.access import get_visible, may, require
from foundation.actor import Actor
from foundation.bilingual import pick
from foundation.exports.tables import Column, attach, respond
from foundation.kit import Cell, Row
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit
from usecases import services
from usecases.forms import InventoryFilter, PublishForm
from usecases.models import InventoryVersion, Pain
from usecases.quick import PURPOSE
from usecases.selectors import Publishable, compare_inventories, inventory_drift, publishable, published_inventories
from usecases.views.common import ends_words, guess_words, hours_range, signed_words, sum_words, with_hours
from usecases.views.workshop_results import add_today, figures, frozen_context, points_words

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
VOTE_ROWS = [
    Column("points", gettext_lazy("Points"), "number"),
    Column("voters", gettext_lazy("Voters"), "number"),
    Column("effective", gettext_lazy("Effective supporters"), "number"),
    Column("split", pgettext_lazy("finding", "Split"), "bool"),
    Column("cards", gettext_lazy("Cards")),
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
        columns = [*ROWS, *VOTE_ROWS] if inventory.facts["order"] == "points" else ROWS
        return respond(request, key, columns, _export_rows(inventory), title=key, cover=_cover(inventory))
    return render(request, "usecases/inventory.html", _context(request, inventory))


def _context(request: HttpRequest, inventory: InventoryVersion) -> dict[str, Any]:
    facts = inventory.facts
    versions, teams = list(published_inventories(inventory.unit)), _team_names(facts)
    against = next((v for v in versions if v.key == request.GET.get("against")), None)
    actor = request.actor  # type: ignore[attr-defined]
    form = InventoryFilter(request.GET, rows=facts["pains"], teams=teams)
    kept = [row for row in facts["pains"] if form.keeps(row)]
    is_voted = facts["order"] == "points"
    return {
        "voted": _narrowed(frozen_context(actor, facts), {row["key"] for row in kept}) if is_voted else {},
        "rows": [] if is_voted else _rows(actor, kept, teams), "narrow": {"form": form}, "kept": len(kept),
        "inventory": inventory, "signed": signed_words(inventory.acknowledged_as),
        "order_line": order_line(facts), "purpose": pick(facts["purpose"]),
        "sum": sum_words(facts["totals"]), "totals": facts["totals"], "left_out": facts["left_out"],
        "versions": versions, "against": against,
        "changes": compare_inventories(against, inventory) if against else [],
        "drift": inventory_drift(inventory) if inventory == versions[0] else 0,
    }  # fmt: skip


def order_line(facts: dict[str, Any]) -> str:
    guessed = guess_words(facts["totals"])
    if facts["order"] == "points":
        return "; ".join([_("By points of a blind vote"), *figures(facts["vote"]["rounds"][0])]) + "."
    base = _("Ordered by likely hours a month, not by votes")
    return f"{base}; {guessed}." if guessed else f"{base}."


def _team_names(facts: dict[str, Any]) -> dict[str, str]:
    """A frozen row holds the code of the team; a reader gets its name of today."""
    codes = {row["owner_team"] for row in facts["pains"] if row["owner_team"]}
    return {unit.code: unit.name for unit in Unit.objects.filter(code__in=codes)}


def _narrowed(voted: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    rows = {name: [r for r in voted[name] if r["id"] in kept] for name in ("rows", "splits")}
    return {**voted, **rows, "not_voted": [r for r in voted["not_voted"] if r["key"] in kept]}


def _rows(actor: Actor, kept: list[dict[str, Any]], teams: dict[str, str]) -> list[list[Any]]:
    now: list[dict[str, Any]] = [{"id": row["key"]} for row in kept]
    add_today(actor, now)
    return [[*_row(row, teams), _today(today)] for row, today in zip(kept, now, strict=True)]


def _today(row: dict[str, Any]) -> Any:
    """What became of a pain: the candidates made of it, else its state."""
    if row["candidates"]:
        first, *more = row["candidates"]
        return Cell(first.title, href=first.get_absolute_url(), sub=", ".join(c.title for c in more))
    return Cell(row["now"].get_state_display(), tone=row["now_tone"]) if row["now"] else ""


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
    rows, points = [], _points(inventory.facts)
    for row in inventory.facts["pains"]:
        hours = row["hours"] or {}
        sizes = [Decimal(hours[p]) if hours else None for p in ("low", "likely", "high")]
        grade = str(Pain._meta.get_field("grade").flatchoices and dict(Pain._meta.get_field("grade").flatchoices).get(
            hours.get("grade"), ""))  # fmt: skip
        rows.append([
            row["position"], row["key"], row["title"]["en"], row["title"]["zh"], str(Pain.Kind(row["kind"]).label),
            row["owner_team"], *sizes, grade, row["severity"], *_vote_cells(inventory.facts, points, row["key"]),
        ])  # fmt: skip
    return rows


def _vote_cells(facts: dict[str, Any], points: dict[str, dict[str, Any]], key: str) -> list[Any]:
    if facts["order"] != "points":
        return []
    item = points.get(key, {})
    effective = item.get("effective")
    figures = [item.get("points"), item.get("voters"), None if effective is None else Decimal(effective)]
    return [*figures, item.get("split"), "\n".join(facts["cards"].get(key, []))]


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
    points = _points(facts)
    for row in facts["pains"]:
        told = [points_words(points[row["key"]])] if row["key"] in points else []
        told.append(_size(row["hours"]))
        lines.append(f"{row['position']}. {_plain(pick(row['title']))} ({row['key']}): {'; '.join(told)}")
    return "\n".join([*lines, "", f"`{inventory.digest}`", ""])


def _points(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Pain -> its figures in the latest vote; nothing for a list in the order of hours."""
    return {i["id"]: i for i in facts["vote"]["rounds"][0]["items"]} if facts["order"] == "points" else {}


def _plain(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].translate(str.maketrans({c: f"\\{c}" for c in "*_[]<>`#|"}))


def _size(hours: dict[str, Any] | None) -> str:
    if hours is None:
        return _("no size yet")
    said = hours_range(*(Decimal(hours[p]) for p in ("low", "likely", "high")))
    word = dict(Pain._meta.get_field("grade").flatchoices)[hours["grade"]]
    return f"{said}, {word}"
