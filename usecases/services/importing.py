"""Pains from a table: one row one pain, found again by unit, source and row id."""

from __future__ import annotations

import copy
import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.access import ancestors, may, require, within
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import digest
from foundation.errors import Invalid, Reason
from foundation.imports import Outcome, RowPlan, RowReason, TypedRow
from foundation.work import service
from usecases.models import Pain, System
from usecases.models.load import FACTORS, POINTS
from usecases.services.pains import change_pain, fill, insert_pain
from usecases.services.systems import make_system

TEXTS = ("title_en", "title_zh", "description_en", "description_zh", "workaround", "kind", "shadow_automation")
NUMBERS = ("severity", "consequence", "teams_affected")
FIGURES = tuple(f"{factor}_{point}" for factor in FACTORS for point in POINTS)


@dataclass(frozen=True)
class Known:
    """What the rows may refer to, read once."""

    by_row: dict[str, Pain]
    by_key: dict[str, Pain]
    by_title: dict[str, list[Pain]]  # of the unit first, then of the units below and above
    teams: dict[str, Unit]


def plan_pains(actor: Actor, unit: Unit, rows: Sequence[TypedRow]) -> list[RowPlan]:
    known = _known(actor, unit)
    seen: dict[str, dict[str, Any]] = {}
    return [_plan(actor, unit, row, known, seen) for row in rows]


def _known(actor: Actor, unit: Unit) -> Known:
    here = list(Pain.objects.filter(unit=unit).select_related("unit").prefetch_related("systems"))
    by_row = {p.source_id: p for p in here if p.source == Pain.Source.EXCEL and p.source_id}
    teams = {u.code.casefold(): u for u in Unit.objects.visible_to(actor)}
    return Known(by_row, {p.key: p for p in here}, _by_title(actor, unit), teams)


def _by_title(actor: Actor, unit: Unit) -> dict[str, list[Pain]]:
    """What the importer may see in the unit, below and above it, under each of its titles."""
    seen = Pain.objects.visible_to(actor)
    near = (seen.filter(within([unit.path])) | seen.filter(unit__path__in=ancestors(unit.path))).distinct()
    found: dict[str, list[Pain]] = {}
    pains = near.select_related("unit").prefetch_related("systems").order_by("key")
    for pain in sorted(pains, key=lambda p: p.unit_id != unit.pk):
        for title in filter(None, (folded(pain.title_en), folded(pain.title_zh))):
            found.setdefault(title, []).append(pain)
    return found


def folded(title: Any) -> str:
    """Case and blanks do not make another title."""
    return " ".join(unicodedata.normalize("NFKC", str(title or "")).casefold().split())


def _same_title(row: TypedRow, known: Known) -> Pain | None:
    """A pain with one title of the row and no other title in the other language; never for a row with an id."""
    if row.values.get("row_id"):
        return None
    titles = {name: folded(row.values.get(name)) for name in ("title_en", "title_zh")}
    near = [pain for title in titles.values() if title for pain in known.by_title.get(title, [])]
    fitting = (p for p in near if all(not t or folded(getattr(p, n)) in ("", t) for n, t in titles.items()))
    return next(fitting, None)


def _plan(actor: Actor, unit: Unit, row: TypedRow, known: Known, seen: dict[str, dict[str, Any]]) -> RowPlan:
    details, reasons = _details(row, known)
    row_id = _row_id(row)
    values = {**row.values, "row_id": row_id, "details": details, "systems": _systems(row)}
    said = {**details, "systems": sorted(values["systems"])}
    if row_id in seen:
        return _again(row, values, said == seen[row_id])
    seen[row_id] = said
    pain = known.by_row.get(row_id) or known.by_key.get(row_id)
    if pain is None and (pain := _same_title(row, known)):
        if pain.unit_id != unit.pk or not may(actor, "usecases.pain.edit", pain):
            return RowPlan(row.row_no, Outcome.DUPLICATE, [_repeats(pain)], values)
        for name in ("title_en", "title_zh"):
            if name in details and folded(details[name]) == folded(getattr(pain, name)):
                del details[name]
    if pain is not None and not may(actor, "usecases.pain.edit", pain):
        reasons.append(RowReason("not_yours", _("%(key)s may not be changed by you.") % {"key": pain.key}, "row_id"))
    reasons += _faults(pain or Pain(unit=unit), details)
    if reasons:
        return RowPlan(row.row_no, Outcome.INVALID, reasons, values)
    if pain is None:
        return RowPlan(row.row_no, Outcome.NEW, (), values)
    outcome = Outcome.CHANGED if _differs(pain, details, values["systems"]) else Outcome.UNCHANGED
    return RowPlan(row.row_no, outcome, (), values | {"pain": pain})


def _repeats(pain: Pain) -> RowReason:
    text = _("It repeats %(key)s of %(unit)s (“%(title)s”) and is left out.")
    remedy = _("Give it a row id if it is another pain.")
    words = {"key": pain.key, "unit": pain.unit.name, "title": pain.title}
    return RowReason("title_known", text % words, "title_en", remedy=remedy)


def _again(row: TypedRow, values: dict[str, Any], same: bool) -> RowPlan:
    if same:
        return RowPlan(row.row_no, Outcome.DUPLICATE, (), values)
    text = _("The row id “%(id)s” stands in the file twice with different content.") % {"id": values["row_id"][:60]}
    return RowPlan(row.row_no, Outcome.INVALID, [RowReason("row_twice", text, "row_id")], values)


def _row_id(row: TypedRow) -> str:
    """The file's own id, else one made from the titles."""
    given = str(row.values.get("row_id") or "").strip()
    if given:
        return given[:120]
    titles = f"{folded(row.values.get('title_en'))}\n{folded(row.values.get('title_zh'))}"
    return "title:" + hashlib.sha256(titles.encode()).hexdigest()[:16]


def _details(row: TypedRow, known: Known) -> tuple[dict[str, Any], list[Reason]]:
    """Cells to fields; an empty cell leaves a field as it is."""
    given = {k: v for k, v in row.values.items() if v is not None}
    details = {name: given[name] for name in (*TEXTS, *NUMBERS, *FIGURES) if name in given}
    reasons: list[Reason] = []
    if "tags" in given:
        details["tags"] = _split(given["tags"])
    if "owner_team" in given:
        team = known.teams.get(str(given["owner_team"]).casefold())
        details["owner_team"] = team
        if team is None:
            text = _("No team has the code “%(code)s”.") % {"code": str(given["owner_team"])[:40]}
            reasons.append(RowReason("unknown_team", text, "owner_team", remedy=_("Write a code from Units.")))
    if "provenance" in given:
        sized = [f for f in FACTORS if any(f"{f}_{p}" in details for p in POINTS)]
        details |= {f"{factor}_provenance": given["provenance"] for factor in sized}
    if "load_n" in given or "load_query" in given:
        details |= {name: given[name] for name in ("load_n", "load_query", "load_coverage") if name in given}
    return details, reasons


def _split(text: str) -> list[str]:
    return [
        t.strip() for t in str(text).replace("；", ";").replace("，", ",").replace(",", ";").split(";") if t.strip()
    ]


def _systems(row: TypedRow) -> list[str]:
    return _split(row.values.get("systems") or "")


def _faults(pain: Pain, details: dict[str, Any]) -> list[Reason]:
    try:
        fill(copy.copy(pain), dict(details))
    except Invalid as refusal:
        return list(refusal.reasons)
    return []


def _differs(pain: Pain, details: dict[str, Any], systems: list[str]) -> bool:
    trial = copy.copy(pain)
    fill(trial, dict(details))
    missing = {s.casefold() for s in systems} - {s.name.casefold() for s in pain.systems.all()}
    names = [f.attname for f in Pain._meta.concrete_fields]
    return bool(missing) or any(_plain(getattr(trial, n)) != _plain(getattr(pain, n)) for n in names)


def _plain(value: Any) -> Any:
    return value.normalize() if hasattr(value, "normalize") else value


@service
def import_pains(*, actor: Actor, unit: Unit, plans: Sequence[RowPlan], source_digest: str = "") -> dict[str, Any]:
    """Write the new and the changed rows; one ledger entry for all of them."""
    require(actor, "usecases.pain.record", unit)
    systems = {s.name.casefold(): s for s in System.objects.filter(unit=unit)}
    made = changed = 0
    for plan in plans:
        named = list(_named_systems(actor, unit, plan.values["systems"], systems))
        if plan.outcome == Outcome.NEW:
            source, row_id = Pain.Source.EXCEL, plan.values["row_id"]
            insert_pain(actor, unit, named, source, row_id, dict(plan.values["details"]), alone=False)
            made += 1
            continue
        pain = Pain.objects.get(pk=plan.values["pain"].pk)
        require(actor, "usecases.pain.edit", pain)
        kept = [*pain.systems.all(), *named]
        changed += change_pain(actor, pain, None, kept, dict(plan.values["details"]), alone=False)
    rows = digest([[p.row_no, p.values["row_id"]] for p in plans])
    record(actor, "pain.imported", unit, created=made, updated=changed, rows=rows, file=source_digest)
    return {"created": made, "updated": changed}


def _named_systems(actor: Actor, unit: Unit, names: list[str], known: dict[str, System]) -> Iterator[System]:
    """A new name is added in place."""
    for name in names:
        if name.casefold() not in known:
            known[name.casefold()] = make_system(actor, unit, name, System.Kind.OTHER, None)
        yield known[name.casefold()]
