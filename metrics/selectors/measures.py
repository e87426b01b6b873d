"""Reads of pilots, measures and estimates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.bilingual import pick
from foundation.errors import Reason
from metrics.models import (
    GainEstimate,
    Measure,
    MeasureLock,
    MeasureVersion,
    Observation,
    OpsRecord,
    Pilot,
    Report,
    SourceImport,
)


def plans_locked(pilots: Iterable[Any]) -> set[Any]:
    """Those of these pilots, by primary key, of which `plan_locked` names no reason; the queries do not grow."""
    rows = listed_measures().filter(pilot__in=set(pilots), role=Measure.Role.PRIMARY)
    return {m.pilot_id for m in rows if m.pilot and not _lock_gaps(m.pilot, m.current)}


def measures_of(pilot: Pilot) -> list[MeasureVersion]:
    """The current version of each measure of the pilot, primary first."""
    rows = Measure.objects.filter(pilot=pilot).prefetch_related("versions").order_by("role", "created_at")
    found = [max(m.versions.all(), key=lambda v: v.number, default=None) for m in rows]
    return sorted((v for v in found if v), key=lambda v: v.measure.role != Measure.Role.PRIMARY)


def primary_version(pilot: Pilot) -> MeasureVersion | None:
    measure = pilot.measures.filter(role=Measure.Role.PRIMARY).first()
    return measure.current if measure else None


def listed_measures() -> QuerySet[Measure]:
    """Measures with all a list says of each, in the same queries for any number of them."""
    return Measure.objects.select_related("unit", "pilot").prefetch_related("versions__windows", "versions__locks")


def live_lock(version: MeasureVersion) -> MeasureLock | None:
    """The oldest lock that is not void; without a query where `locks` were fetched before."""
    return min((k for k in version.locks.all() if k.void_at is None), key=lambda k: k.locked_at, default=None)


def measure_gaps(version: MeasureVersion) -> list[Reason]:
    """Every reason why this version cannot be locked."""
    return list(_gaps(version))


def _gaps(version: MeasureVersion) -> Iterator[Reason]:
    fix = ("metrics:measure", [version.measure_id])
    name = version.measure.name
    if version.minimum_effect is None:
        text = _("%(measure)s: name the smallest change that matters.") % {"measure": name}
        yield Reason("effect_missing", text, field="minimum_effect", fix=fix)
    if not version.source:
        yield Reason("source_missing", _("%(measure)s: name the source.") % {"measure": name}, field="source", fix=fix)
    roles = {w.role for w in version.windows.all()}
    if not {"baseline", "pilot"} <= roles:
        text = _("%(measure)s: name the weeks before and of the pilot.") % {"measure": name}
        yield Reason("windows_missing", text, field="windows", fix=fix)
    if any("usage" in str(f.get("column", "")) for f in version.filters):
        rule = _("%(measure)s: a filter must not select on use; the effect is stated for what was offered.")
        yield Reason("selected_on_use", rule % {"measure": name}, field="filters", fix=fix)


def plan_locked(pilot: Pilot) -> list[Reason]:
    """Empty when the primary measure is locked and the lock is binding."""
    return _lock_gaps(pilot, primary_version(pilot))


def _lock_gaps(pilot: Pilot, version: MeasureVersion | None) -> list[Reason]:
    if version is None:
        add = ("metrics:measure_new", [pilot.key])
        return [Reason("plan_not_locked", _("The pilot has no primary measure."), fix=add)]
    lock, fix = live_lock(version), ("metrics:measure", [version.measure_id])
    if lock is None:
        return [
            Reason("plan_not_locked", _("The primary measure is not locked; signing the charter locks it."), fix=fix)
        ]
    if lock.binding_at is None:
        return [Reason("plan_not_locked", _("The lock of the primary measure waits for the last signature."), fix=fix)]
    return []


def is_reported(version: MeasureVersion) -> bool:
    """Self-reported times are never pooled with measured ones: a measure reads one or the other."""
    return any(f.get("column") == "method" and f.get("value") == "self_report" for f in version.filters)


def measured_rows(version: MeasureVersion) -> QuerySet[Any]:
    """The rows a version reads, whatever its windows: task times or imported incidents of its source."""
    if version.kind == "duration_task":
        rows = Observation.objects.filter(measure=version.measure, excluded_why="").order_by("at", "id")
        told = Q(method=Observation.Method.SELF_REPORT)
        return rows.filter(told if is_reported(version) else ~told)
    incidents = OpsRecord.objects.filter(unit__path__startswith=version.measure.unit.path, kind="incident")
    incidents = incidents.filter(source=version.source)
    return incidents.filter(_predicates(version.filters)).order_by("opened_at", "source_key")


def ended_minutes(
    unit: Unit, source: str, filters: list[dict[str, Any]], before: datetime | None = None
) -> list[tuple[float, bool]]:
    """(minutes, ended) of the records a filter picks: an open one counts up to the moment its source was complete."""
    imports = SourceImport.objects.filter(unit__path__startswith=unit.path, source=source)
    as_of = imports.aggregate(found=Max("as_of"))["found"]
    if as_of is None:
        return []
    rows = OpsRecord.objects.filter(
        unit__path__startswith=unit.path, kind="incident", source=source, opened_at__lt=as_of
    )
    rows = rows.filter(_predicates(filters))
    if before is not None:
        rows = rows.filter(opened_at__lt=before)
    pairs = rows.values_list("opened_at", "resolved_at").iterator(chunk_size=5000)
    minute = timedelta(minutes=1)
    found = [((end if end and end <= as_of else as_of) - start, bool(end and end <= as_of)) for start, end in pairs]
    return [(span / minute, ended) for span, ended in found if span >= timedelta(0)]


COLUMNS = ("priority", "group", "service", "category", "subcategory", "contact_type", "state")


def _predicates(filters: list[dict[str, Any]]) -> Q:
    """The predicates that select a service; others are left to the estimator, which repeats them all."""
    found = Q()
    for row in filters:
        if row["column"] in COLUMNS and row["op"] == "==":
            found &= Q(**{row["column"]: row["value"]})
        elif row["column"] in COLUMNS and row["op"] == "in":
            found &= Q(**{f"{row['column']}__in": row["value"]})
    return found


def proof_count(pilot: Pilot) -> int:
    """Rows in the pilot window that happened and arrived at or after the lock; earlier ones are never proof."""
    version = primary_version(pilot)
    lock = live_lock(version) if version else None
    window = version.window("pilot") if version else None
    if version is None or lock is None or window is None:
        return 0
    at = "at" if version.kind == "duration_task" else "opened_at"
    since = max(window.from_at, lock.locked_at)
    inside = {f"{at}__gte": since, f"{at}__lt": window.until_at, "received_at__gte": lock.locked_at}
    return measured_rows(version).filter(**inside).count()


def latest_estimate(measure: Measure, look_back: bool = False) -> GainEstimate | None:
    return measure.estimates.filter(look_back=look_back).order_by("-created_at").first()


@dataclass(frozen=True)
class GainLine:
    """What may be said about a pilot's primary measure today, with its evidence word."""

    sentence_en: str
    sentence_zh: str
    verdict: str
    word: str
    n_before: int
    n_pilot: int
    as_of: datetime | None
    estimate_id: str
    result_hash: str
    url: str
    interim: bool

    @property
    def sentence(self) -> str:
        return pick({"en": self.sentence_en, "zh": self.sentence_zh})


def gain_line(pilot: Pilot) -> GainLine | None:
    """From the newest estimate of the primary measure; None while there is none. Look-backs never count."""
    measure = pilot.measures.filter(role=Measure.Role.PRIMARY).first()
    found = latest_estimate(measure) if measure else None
    if found is None:
        return None
    return GainLine(
        sentence_en=found.sentence_en,
        sentence_zh=found.sentence_zh,
        verdict=found.verdict,
        word=found.word,
        n_before=found.n_before,
        n_pilot=found.n_pilot,
        as_of=found.as_of,
        estimate_id=str(found.pk),
        result_hash=found.result_hash,
        url=_report_url(pilot),
        interim="interim" in found.reasons or not found.verdict,
    )


def _report_url(pilot: Pilot) -> str:
    report = Report.objects.filter(pilot=pilot).first()
    return report.get_absolute_url() if report else reverse("metrics:pilot", args=[pilot.key])


@dataclass(frozen=True)
class Dots:
    """Single values of both windows for a strip; medians only where they may be shown."""

    before: list[float]
    pilot: list[float]
    median_before: float | None
    median_pilot: float | None
    unit: str = "min"


def dot_strip(pilot: Pilot, limit: int = 300) -> Dots | None:
    """Minutes of each case, before and in the pilot; None above `limit` a side or with nothing measured."""
    version = primary_version(pilot)
    if version is None:
        return None
    before, during = (_minutes(version, version.window(role)) for role in ("baseline", "pilot"))
    if not (before or during) or max(len(before), len(during)) > limit:
        return None
    line = gain_line(pilot)
    shown = line is not None and not line.interim and decision_open(pilot)
    medians = _medians(pilot) if shown else (None, None)
    return Dots(before, during, *medians)


def _minutes(version: MeasureVersion, window: Any) -> list[float]:
    if window is None:
        return []
    if version.kind == "duration_task":
        rows = measured_rows(version).filter(at__gte=window.from_at, at__lt=window.until_at)
        return [float(m) for m in rows.values_list("minutes", flat=True)]
    rows = measured_rows(version).filter(opened_at__gte=window.from_at, opened_at__lt=window.until_at)
    ended = rows.filter(resolved_at__isnull=False).values_list("opened_at", "resolved_at")
    return [(end - start) / timedelta(minutes=1) for start, end in ended if end >= start]


def _medians(pilot: Pilot) -> tuple[float | None, float | None]:
    import json

    measure = pilot.measures.filter(role=Measure.Role.PRIMARY).first()
    found = latest_estimate(measure) if measure else None
    medians = json.loads(found.result).get("median") if found else None
    return (medians["baseline"], medians["pilot"]) if medians else (None, None)


def pilots_of(actor: Any) -> QuerySet[Pilot]:
    return Pilot.objects.visible_to(actor).select_related("unit", "candidate", "lead").order_by("-starts_on", "key")


def decision_open(pilot: Pilot, at: datetime | None = None) -> bool:
    """True once a verdict may be read: on the decision date and after."""
    return clock.today(pilot.unit.zone) >= pilot.decision_on if at is None else at.date() >= pilot.decision_on
