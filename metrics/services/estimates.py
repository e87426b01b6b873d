"""Estimates are computed in a job and kept; pages read the stored row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ancestors, require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.jobs import enqueue
from foundation.jobs.models import Job
from foundation.work import service
from metrics.models import GainEstimate, Measure, MeasureVersion, SourceImport
from metrics.plans import data_file, plan_of
from metrics.selectors.measures import decision_open, latest_estimate
from metrics.services.measures import draft_measure

Span = tuple[datetime, datetime]
KIND = "metrics.run_estimate"
DETECTABLE = "metrics.minimum_detectable"
INTERIM = Reason("interim", _("A pilot of this source is read by nobody before its decision date."), field="pilot_from")


@dataclass(frozen=True)
class Computed:
    version: MeasureVersion
    plan: dict[str, Any]
    result: dict[str, Any]


@service
def run_estimate(*, actor: Actor, measure: Measure) -> Job:
    """Ask for a fresh estimate of the current version; the answer comes as a GainEstimate."""
    require(actor, "metrics.estimate.run", measure)
    if measure.pilot is None:
        raise NotReady(Reason("no_pilot", _("A measure without a pilot is looked back on; it has no pilot to judge.")))
    version = measure.current
    if version is None or not {"baseline", "pilot"} <= set(version.windows.values_list("role", flat=True)):
        raise NotReady(Reason("windows_missing", _("Name the weeks before and of the pilot first.")))
    _as_of(version)
    refuse_if(_reads_open_pilot(measure, version), NotReady)
    return enqueue(KIND, actor=actor, unit_path=measure.unit.path, measure_id=measure.pk)


def _reads_open_pilot(measure: Measure, version: MeasureVersion) -> list[Reason]:
    """A verdict here must not read another pilot's weeks before that one's decision date."""
    if measure.pilot is None or not decision_open(measure.pilot):
        return []
    spans = [(w.from_at, w.until_at) for w in version.windows.all()]
    return [INTERIM] if _touches_open_pilot(measure, *spans) else []


@service
def look_back(*, actor: Actor, measure: Measure, baseline: Span, pilot: Span) -> Job:
    """Estimate two chosen windows of old data: marked as such, at most Early, never evidence."""
    require(actor, "metrics.estimate.run", measure)
    refuse_if(_look_back_faults(measure, baseline, pilot), Invalid)
    spans = [moment.isoformat() for moment in (*baseline, *pilot)]
    return enqueue(KIND, actor=actor, unit_path=measure.unit.path, measure_id=measure.pk, look_back=spans)


@service
def look_back_on_records(*, actor: Actor, measure: dict[str, Any], baseline: Span, pilot: Span) -> Measure:
    """A measure of a unit without a pilot, and its first look-back; refused as a whole."""
    made = draft_measure(actor=actor, **measure)
    look_back(actor=actor, measure=made, baseline=baseline, pilot=pilot)
    return made


def _look_back_faults(measure: Measure, baseline: Span, pilot: Span) -> list[Reason]:
    reasons = []
    for field, (start, end) in (("baseline", baseline), ("pilot", pilot)):
        if end <= start:
            reasons.append(Reason("order", _("The window ends before it begins."), field=f"{field}_from"))
        if end > clock.now():
            reasons.append(Reason("future", _("Both windows of a look-back end before today."), field=f"{field}_weeks"))
    if baseline[1] > pilot[0]:
        reasons.append(Reason("overlap", _("The windows overlap, or the later one comes first."), field="pilot_from"))
    if _touches_open_pilot(measure, baseline, pilot):
        reasons.append(INTERIM)
    reasons += _week_faults(measure, baseline, pilot)
    return reasons


def _week_faults(measure: Measure, *spans: Span) -> list[Reason]:
    """Weekdays differ from weekends: both windows are whole weeks that start on the same weekday."""
    zone = ZoneInfo(measure.unit.zone)
    days = [(start.astimezone(zone), end.astimezone(zone)) for start, end in spans]
    whole = all((end.date() - start.date()).days % 7 == 0 for start, end in days)
    if whole and len({start.weekday() for start, _end in days}) == 1:
        return []
    text = _("Both windows are whole weeks and start on the same weekday.")
    return [Reason("windows_not_whole_weeks", text, field="pilot_from")]


def _touches_open_pilot(measure: Measure, *spans: Span) -> bool:
    version = measure.current
    near = Q(measure__unit__path__startswith=measure.unit.path) | Q(
        measure__unit__path__in=ancestors(measure.unit.path)
    )
    others = MeasureVersion.objects.filter(
        near,
        measure__pilot__isnull=False,
        measure__pilot__decision_on__gt=clock.today(measure.unit.zone),
        source=version.source if version else "",
        windows__role__in=["ramp", "pilot"],
    )
    if version and version.kind == "duration_task":
        others = others.filter(measure=measure)
    edges = others.values_list("windows__from_at", "windows__until_at")
    return any(a < end and start < b for a, b in edges for start, end in spans)


def _as_of(version: MeasureVersion) -> datetime:
    """When the source was complete: the newest import's statement, or now for task times typed in here."""
    if version.kind == "duration_task":
        return clock.now()
    unit = version.measure.unit
    newest = SourceImport.objects.filter(unit__path__startswith=unit.path, source=version.source)
    found = newest.order_by("-as_of").first()
    if found is None:
        raise NotReady(
            Reason("no_records", _("No record of this source has been imported yet."), fix=("metrics:records", []))
        )
    return found.as_of


def compute(measure: Measure, spans: list[str] | None = None) -> Computed:
    """Outside any transaction: read rows, build the plan, run the offline estimator."""
    from metrics.estimators.engine import estimate

    version = measure.current
    if version is None:
        raise NotReady(Reason("version_missing", _("This measure has no content yet.")))
    windows = {w.role: (w.from_at, w.until_at) for w in version.windows.all()}
    asked = None
    if spans:
        moments = [parse_datetime(s) for s in spans]
        windows = {"baseline": (moments[0], moments[1]), "pilot": (moments[2], moments[3])}  # type: ignore[dict-item]
        asked = clock.now()
    plan = plan_of(version, as_of=_as_of(version), windows=windows, look_back_at=asked)
    return Computed(version, plan, estimate(plan, [data_file(version)]))


@service
def keep_estimate(*, actor: Actor, measure: Measure, computed: Computed, look_back: bool) -> GainEstimate:
    """Store an answer; equal hashes write nothing."""
    require(actor, "metrics.estimate.run", measure)
    result = computed.result
    newest = latest_estimate(measure, look_back)
    if newest and (newest.inputs_hash, newest.result_hash) == (result["inputs_hash"], result["result_hash"]):
        return newest
    told = _told(result, look_back)
    counted = result["n"] or {"baseline": 0, "pilot": 0}
    kept = GainEstimate.objects.create(
        unit=measure.unit,
        measure=measure,
        version_of=computed.version,
        plan=json.dumps(computed.plan, ensure_ascii=False, sort_keys=True),
        result=json.dumps(result, ensure_ascii=False),
        inputs_hash=result["inputs_hash"],
        result_hash=result["result_hash"],
        verdict=result["verdict"] or "",
        reasons=result["reasons"] or [],
        grade=result["grade"] or "",
        word=result["evidence"] or "early",
        look_back=look_back,
        n_before=counted["baseline"],
        n_pilot=counted["pilot"],
        as_of=parse_datetime(computed.plan["as_of"]),
        sentence_en=told["en"],
        sentence_zh=told["zh"],
        supersedes=newest,
    )
    verb = "estimate.looked_back" if look_back else "estimate.made"
    record(actor, verb, measure, inputs_hash=kept.inputs_hash, verdict=kept.verdict, word=kept.word)
    return kept


def estimate_now(*, actor: Actor, measure: Measure, spans: list[str] | None = None) -> GainEstimate:
    """Compute and keep; for jobs and commands, never for a request."""
    computed = compute(measure, spans)
    return keep_estimate(actor=actor, measure=measure, computed=computed, look_back=bool(spans))


def _told(result: dict[str, Any], look_back: bool) -> dict[str, str]:
    from metrics.estimators.statement import looked_back

    told = result["statement"] or {"en": "", "zh": ""}
    return looked_back(told) if look_back else told


@service
def ask_detectable(*, actor: Actor, measure: Measure) -> Job:
    """Ask what the least change is that this measure could show, from the quiet weeks before."""
    require(actor, "metrics.estimate.run", measure)
    version = measure.current
    if version is None or not {"baseline", "pilot"} <= set(version.windows.values_list("role", flat=True)):
        raise NotReady(Reason("windows_missing", _("Name the weeks before and of the pilot first.")))
    _as_of(version)
    return enqueue(DETECTABLE, actor=actor, unit_path=measure.unit.path, measure_id=measure.pk)


def detectable_now(measure: Measure) -> dict[str, Any]:
    """The strip of invented pilots in the weeks before the real one; reads nothing of the pilot itself."""
    from metrics.estimators.engine import minimum_detectable

    version = measure.current
    if version is None:
        raise NotReady(Reason("version_missing", _("This measure has no content yet.")))
    windows = {w.role: (w.from_at, w.until_at) for w in version.windows.all()}
    plan = plan_of(version, as_of=_as_of(version), windows=windows, look_back_at=None)
    found = minimum_detectable(plan, [data_file(version)])
    return {**found, "version": version.number}
