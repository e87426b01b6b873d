"""Reads of imported records and task times. No person stands in any of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.actor import Actor
from foundation.errors import NotReady, Reason
from metrics.models import Measure, Observation, OpsRecord, Pilot, SourceImport

PRESET = "time_per_task"
MAX_CHOICES = 300


@dataclass(frozen=True)
class SourceLine:
    """One source of one unit: what is here and how fresh it is."""

    unit: Unit
    source: str
    records: int
    first: datetime
    last: datetime
    as_of: datetime


def imports_of(actor: Actor) -> QuerySet[SourceImport]:
    return SourceImport.objects.visible_to(actor).select_related("unit")


def source_lines(actor: Actor) -> list[SourceLine]:
    """By unit and name, never by a result."""
    shown = OpsRecord.objects.visible_to(actor).filter(kind="incident").values("unit_id", "source")
    rows = list(shown.annotate(n=Count("id"), first=Min("opened_at"), last=Max("opened_at")).order_by("unit_id"))
    units = Unit.objects.in_bulk({r["unit_id"] for r in rows})
    complete = SourceImport.objects.visible_to(actor).values_list("unit_id", "source").annotate(at=Max("as_of"))
    as_of = {(unit, source): at for unit, source, at in complete.order_by("unit_id", "source")}
    lines = [
        SourceLine(units[r["unit_id"]], r["source"], r["n"], r["first"], r["last"], as_of[(r["unit_id"], r["source"])])
        for r in rows
    ]
    return sorted(lines, key=lambda line: (line.unit.path, line.source))


def records_of(actor: Actor, unit: Unit | None = None, source: str = "") -> QuerySet[OpsRecord]:
    found = OpsRecord.objects.visible_to(actor).filter(kind="incident").select_related("unit")
    if unit is not None:
        found = found.filter(unit=unit)
    return found.filter(source=source) if source else found


def values_seen(records: QuerySet[OpsRecord], column: str) -> list[str]:
    """The words a filter offers, in alphabetical order."""
    found = records.exclude(**{column: ""}).values_list(column, flat=True)
    return list(found.order_by(column).distinct()[:MAX_CHOICES])


def task_measure(pilot: Pilot) -> Measure:
    """The measure task times of this pilot go to; NotReady says that there is none."""
    found = list(pilot.measures.filter(preset=PRESET).select_related("unit", "pilot").order_by("created_at"))
    if not found:
        text = _("This pilot has no measure that reads task times. Its lead adds one with the preset “time per task”.")
        raise NotReady(Reason("no_task_measure", text, fix=("metrics:pilot", [pilot.key])))
    return next((m for m in found if m.role == Measure.Role.PRIMARY), found[0])


def team_of(actor: Actor, measure: Measure) -> Unit:
    """The lowest unit, at or below the measure's, where the actor records: a team, never the person."""
    prefix = measure.unit.path
    paths = [p for p in actor.paths("metrics.record.write") if p.startswith(prefix)]
    if not paths:
        return measure.unit
    return Unit.objects.filter(path=max(paths, key=len)).first() or measure.unit


def task_times_of(actor: Actor, measure: Measure | None = None) -> QuerySet[Observation]:
    found = Observation.objects.visible_to(actor).select_related("measure", "measure__pilot", "team")
    return found if measure is None else found.filter(measure=measure)


def newest_by_source(unit_ids: set[Any]) -> dict[tuple[Any, str], datetime]:
    rows = SourceImport.objects.filter(unit_id__in=unit_ids).values_list("unit_id", "source")
    return {(unit, source): at for unit, source, at in rows.annotate(at=Max("as_of")).order_by("unit_id", "source")}
