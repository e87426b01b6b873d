"""The facts of a KPI report, as plain data: what is shown, frozen and exported comes from this one source."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from foundation import clock
from foundation.canonical import canonical
from metrics.models import GainEstimate, Measure, MeasureVersion, Observation, Pilot, Report, Statement
from metrics.selectors.measures import decision_open, latest_estimate, live_lock, measured_rows, measures_of
from metrics.selectors.usage import usage_of_pilot

SCHEMA = "kpi-report/1"
MAX_DOTS = 300  # a window; above it the weeks are drawn as counts
MIN_GROUP = 10  # fewer values give no median of their own
CURVE_POINTS = 160
HIDDEN_UNTIL_DECISION = ("median", "km_median", "rmst", "deciding", "estimates", "placebo")


def report_facts(pilot: Pilot) -> dict[str, Any]:
    """Before the decision date: counts and single dots only, no median, no gain, no verdict."""
    versions = measures_of(pilot)
    open_now = decision_open(pilot)
    found = {v.measure_id: latest_estimate(v.measure) for v in versions}
    return {
        "schema": SCHEMA,
        "as_of": clock.now(),
        "pilot": _pilot(pilot),
        "decision_on": pilot.decision_on,
        "interim": not open_now,
        "measures": [_measure(v, found[v.measure_id], open_now) for v in versions],
        "notes": [
            {"from": n.from_on, "until": n.until_on, "text": {"en": n.text_en, "zh": n.text_zh}}
            for n in pilot.notes.all()
        ],
        "usage": _usage(pilot),
        "looked_back": [_looked_back(e) for v in versions if (e := latest_estimate(v.measure, look_back=True))],
        "estimates": [{"id": str(e.pk), "result_hash": e.result_hash} for e in found.values() if e],
    }


def shown_facts(pilot: Pilot) -> dict[str, Any]:
    """The same as a page reads them: exactly what a freeze of this moment would hold."""
    read: dict[str, Any] = json.loads(canonical(report_facts(pilot)))
    return read


def _pilot(pilot: Pilot) -> dict[str, Any]:
    return {
        "key": pilot.key,
        "name": {"en": pilot.name_en, "zh": pilot.name_zh},
        "candidate": {"en": pilot.candidate.title_en, "zh": pilot.candidate.title_zh},
        "unit": {"en": pilot.unit.name_en, "zh": pilot.unit.name_zh, "code": pilot.unit.code},
        "zone": pilot.unit.zone,
        "starts_on": pilot.starts_on,
        "ends_on": pilot.ends_on,
    }


def _measure(version: MeasureVersion, found: GainEstimate | None, open_now: bool) -> dict[str, Any]:
    answer = _estimate(found, open_now) if found else None
    spoken = bool(answer and answer["verdict"])
    spans = {w.role: (w.from_at, w.until_at) for w in version.windows.all()}
    whole = spoken and bool(answer and answer["median"])  # nothing open: a median over all cases exists
    found_rows = spans_read(version, spans)
    weeks = weeks_of(version, medians=whole, found=found_rows)
    return {
        "name": {"en": version.measure.name_en, "zh": version.measure.name_zh},
        "role": version.measure.role,
        "sentence": {"en": version.sentence_en, "zh": version.sentence_zh},
        "kind": version.kind,
        "source": version.source,
        "zone": version.zone,
        "direction": version.direction,
        "minimum_effect": version.minimum_effect,
        "number": version.number,
        "lock": _lock(version),
        "windows": {role: list(span) for role, span in sorted(spans.items())},
        "counts": _counts(version, spans),
        "estimate": answer,
        "changed_since": bool(found and found.version_of_id != version.pk),
        "newer": _newer(version, found, spans),
        "weeks": weeks,
        "curves": _curves(version, spans, found_rows) if spoken and version.kind == "duration_incident" else None,
        "review": review_minutes(version) if spoken else None,
        "watched": watched(version, spans),
        "left_out": _left_out(version),
        "statement": _said(found) if spoken else None,
    }


def _lock(version: MeasureVersion) -> dict[str, Any] | None:
    lock = live_lock(version)
    window = version.window("pilot")
    if lock is None or window is None:
        return None
    late = (lock.locked_at - window.from_at) / timedelta(days=1)
    return {
        "at": lock.locked_at,
        "basis": lock.basis,
        "binding": lock.binding_at is not None,
        "days_late": max(1, round(late)) if late > 0 else 0,
        "content_hash": lock.content_hash,
    }


def _estimate(found: GainEstimate, open_now: bool) -> dict[str, Any]:
    result = json.loads(found.result)
    estimates, decides = result.get("estimates") or {}, result.get("decides") or ""
    answer = {
        "id": str(found.pk),
        "verdict": found.verdict,
        "reasons": found.reasons,
        "word": found.word,
        "grade": found.grade,
        "text": {"en": found.sentence_en, "zh": found.sentence_zh},
        "n": [found.n_before, found.n_pilot],
        "decides": decides,
        "deciding": estimates.get(decides),
        "guards": result.get("guards"),
        "as_of": found.as_of,
        "made_at": found.created_at,
        "inputs_hash": found.inputs_hash,
        "result_hash": found.result_hash,
        "engine": result.get("engine"),
        **{
            key: result.get(key)
            for key in ("median", "km_median", "rmst", "coverage", "censored", "excluded", "placebo")
        },
    }
    if not (open_now and found.verdict):
        answer.update(dict.fromkeys(key for key in HIDDEN_UNTIL_DECISION if key in answer))
        answer["verdict"] = ""
    return answer


def _counts(version: MeasureVersion, spans: dict[str, tuple[datetime, datetime]]) -> dict[str, int]:
    at = _at(version)
    asked = {
        role: Count("pk", filter=Q(**{f"{at}__gte": spans[role][0], f"{at}__lt": spans[role][1]}))
        for role in ("baseline", "pilot")
        if role in spans
    }
    found = measured_rows(version).order_by().aggregate(**asked) if asked else {}
    return {"baseline": found.get("baseline", 0), "pilot": found.get("pilot", 0)}


def _at(version: MeasureVersion) -> str:
    return "at" if version.kind == "duration_task" else "opened_at"


def _newer(version: MeasureVersion, found: GainEstimate | None, spans: dict[str, tuple[datetime, datetime]]) -> bool:
    """Records came in after the newest estimate was made."""
    if found is None or "pilot" not in spans:
        return False
    at = _at(version)
    inside = {f"{at}__gte": spans["baseline"][0], f"{at}__lt": spans["pilot"][1], "received_at__gt": found.created_at}
    return measured_rows(version).filter(**inside).exists()


# --- weeks -------------------------------------------------------------------------------------------------------


Moments = list[tuple[datetime, "float | datetime | None"]]


def weeks_of(version: MeasureVersion, *, medians: bool, found: Moments | None = None) -> list[dict[str, Any]]:
    """Week by week from the baseline's first day: number, period, count, single values, median where it may be shown.

    Single values only up to 300 a side: above, a picture of dots says nothing.
    """
    spans = {w.role: w for w in version.windows.all()}
    if not {"baseline", "pilot"} <= set(spans):
        return []
    zone = ZoneInfo(version.zone)
    start = spans["baseline"].from_at.astimezone(zone).date()
    until = spans["pilot"].until_at.astimezone(zone).date()
    begin = (spans.get("ramp") or spans["pilot"]).from_at.astimezone(zone).date()
    counts_from = spans["pilot"].from_at.astimezone(zone).date()
    by_week: dict[int, list[float | None]] = defaultdict(list)
    rows = spans_read(version, {r: (w.from_at, w.until_at) for r, w in spans.items()}) if found is None else found
    for at, minutes in minutes_of(rows):
        by_week[(at.astimezone(zone).date() - start).days // 7].append(minutes)
    edges = ((begin - start).days // 7, (counts_from - start).days // 7)
    full = max(sum(len(v) for i, v in by_week.items() if (i < edges[0]) == side) for side in (True, False)) > MAX_DOTS
    weeks = range(max(0, (until - start).days // 7))
    return [_week(i, edges, start, by_week.get(i, []), medians, not full) for i in weeks]


def _week(
    index: int, edges: tuple[int, int], start: date, found: list[float | None], medians: bool, dots: bool
) -> dict[str, Any]:
    first, counted = edges
    values = sorted(round(v, 2) for v in found if v is not None)
    return {
        "week": index - first if index < first else index - first + 1,
        "monday": start + timedelta(weeks=index),
        "period": "baseline" if index < first else "ramp" if index < counted else "pilot",
        "n": len(found),
        "values": values if dots else [],
        "median": round(median(values), 2) if values and medians else None,
    }


def spans_read(version: MeasureVersion, spans: dict[str, tuple[datetime, datetime]]) -> Moments:
    """Each row from the first day of the baseline to the last of the pilot, read once: (moment, minutes or end)."""
    if not {"baseline", "pilot"} <= set(spans):
        return []
    start, until = spans["baseline"][0], spans["pilot"][1]
    if version.kind == "duration_task":
        found = measured_rows(version).filter(at__gte=start, at__lt=until).values_list("at", "minutes")
        return [(at, float(minutes)) for at, minutes in found]
    rows = measured_rows(version).filter(opened_at__gte=start, opened_at__lt=until)
    return list(rows.order_by().values_list("opened_at", "resolved_at"))


def minutes_of(rows: Moments) -> Iterator[tuple[datetime, float | None]]:
    """(moment, minutes); an incident still open has no minutes yet, one that ends before it starts is left out."""
    minute = timedelta(minutes=1)
    for at, end in rows:
        if not isinstance(end, datetime):
            yield at, end
        elif end >= at:
            yield at, (end - at) / minute


def _curves(
    version: MeasureVersion, spans: dict[str, tuple[datetime, datetime]], rows: Moments
) -> dict[str, Any] | None:
    """Share still open by time since opening, open incidents counted up to the moment the source was complete."""
    from metrics.models import SourceImport

    unit = version.measure.unit
    imports = SourceImport.objects.filter(unit__path__startswith=unit.path, source=version.source)
    as_of = imports.aggregate(found=Max("as_of"))["found"]
    if as_of is None:
        return None
    return {role: _curve(rows, spans[role], as_of) for role in ("baseline", "pilot")}


def _curve(rows: Moments, span: tuple[datetime, datetime], as_of: datetime) -> dict[str, Any]:
    times: list[tuple[float, bool]] = []
    for start, end in rows:
        if not span[0] <= start < min(span[1], as_of):
            continue
        ended = isinstance(end, datetime) and end <= as_of
        minutes = ((end if isinstance(end, datetime) and ended else as_of) - start) / timedelta(minutes=1)
        if minutes >= 0:
            times.append((minutes, ended))
    points, at_risk, share = [], len(times), 1.0
    ends = Counter(t for t, ended in times if ended)
    leaving = Counter(t for t, _ended in times)
    for minutes in sorted(leaving):
        if ends[minutes]:
            share *= 1 - ends[minutes] / at_risk
            points.append([round(minutes, 1), round(share, 4)])
        at_risk -= leaving[minutes]
    every = max(1, -(-len(points) // CURVE_POINTS))
    thinned = [*points[::every], *points[-1:]]
    return {"points": thinned, "n": len(times), "open": sum(not ended for _t, ended in times)}


# --- beside the measure ------------------------------------------------------------------------------------------


def review_minutes(version: MeasureVersion) -> dict[str, Any] | None:
    """Median minutes of human review before and in the pilot, with n; None where nobody recorded any."""
    if version.kind != "duration_task":
        return None
    found: dict[str, Any] = {}
    for role in ("baseline", "pilot"):
        window = version.window(role)
        if window is None:
            return None
        rows = measured_rows(version).filter(at__gte=window.from_at, at__lt=window.until_at)
        values = [float(v) for v in rows.filter(review_minutes__isnull=False).values_list("review_minutes", flat=True)]
        found[role] = {"n": len(values), "median": round(median(values), 2) if len(values) >= MIN_GROUP else None}
    return found if any(f["n"] for f in found.values()) else None


def watched(version: MeasureVersion, spans: dict[str, tuple[datetime, datetime]]) -> dict[str, Any] | None:
    """Counts of what must not get worse: cases done again, incidents reopened."""
    if not {"baseline", "pilot"} <= set(spans):
        return None
    task = version.kind == "duration_task"
    hit = Q(second_run=True) if task else Q(reopens__gt=0)
    at = _at(version)
    asked: dict[str, Count] = {}
    for role in ("baseline", "pilot"):
        inside = Q(**{f"{at}__gte": spans[role][0], f"{at}__lt": spans[role][1]})
        asked |= {f"{role}_n": Count("pk", filter=inside), f"{role}_hits": Count("pk", filter=inside & hit)}
    found = measured_rows(version).order_by().aggregate(**asked)
    return {"what": "second_runs" if task else "reopened", **found}


def _left_out(version: MeasureVersion) -> list[dict[str, Any]]:
    """Cases left out by hand, by the reason somebody gave. It prints."""
    if version.kind != "duration_task":
        return []
    rows = Observation.objects.filter(measure=version.measure).exclude(excluded_why="")
    grouped = rows.values("excluded_why").annotate(count=Count("pk")).order_by("excluded_why")
    return [{"reason": g["excluded_why"], "count": g["count"]} for g in grouped]


def _said(found: GainEstimate | None) -> dict[str, Any] | None:
    """The published sentence of this estimate, with what it does not say."""
    said = Statement.objects.filter(estimate=found, state="published").order_by("-state_since").first()
    if said is None:
        return None
    return {
        "text": {"en": said.sentence_en, "zh": said.sentence_zh},
        "edited": said.edited,
        "does_not_say": {"en": said.does_not_say_en, "zh": said.does_not_say_zh},
    }


def _looked_back(found: GainEstimate) -> dict[str, Any]:
    return {"text": {"en": found.sentence_en, "zh": found.sentence_zh}, "as_of": found.as_of, "word": found.word}


def _usage(pilot: Pilot) -> dict[str, Any] | None:
    """What the runtime reports for the pilot's days; None while no application is linked."""
    found = usage_of_pilot(pilot, pilot.starts_on, pilot.ends_on + timedelta(days=1))
    if found.suppressed or not found.runs:
        return None
    return {
        "runs": found.runs,
        "runs_ok": found.runs_ok,
        "tokens": found.tokens,
        "cost": None if found.cost is None else Decimal(found.cost) / 10**7,
        "currency": found.currency,
        "first_day": found.first_day,
        "closed_through": found.closed_through,
    }


def primary_measure(pilot: Pilot) -> Measure | None:
    return pilot.measures.filter(role=Measure.Role.PRIMARY).first()


def primary_facts(facts: dict[str, Any]) -> dict[str, Any] | None:
    return next((m for m in facts["measures"] if m["role"] == "primary"), None)


# --- the annex ---------------------------------------------------------------------------------------------------


def frozen_xlsx(report: Report, facts: dict[str, Any]) -> bytes:
    """The annex as bytes, stored with the freeze and never rendered again."""
    from metrics.annex import annex_xlsx

    return annex_xlsx(report.key, json.loads(canonical(facts)))
