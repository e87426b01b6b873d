"""What the measure pages show at a glance, in a fixed number of queries whatever their length."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, OuterRef, Prefetch, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Unit
from foundation import clock
from foundation.access import within
from foundation.actor import Actor
from metrics.models import (
    GainEstimate,
    Measure,
    MeasureLock,
    MeasureVersion,
    Observation,
    OpsRecord,
    Pilot,
    ReportFreeze,
    SourceImport,
    Statement,
)
from metrics.selectors.measures import decision_open, latest_estimate, measured_rows, pilots_of

MOST_CASES = 100
CHOICES_A_COLUMN = 40
MIN_RECORDS = 10  # a smaller group is not offered: nothing about it could be shown


# --- which records -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    filters: list[dict[str, Any]]


def sources_of(unit: Unit) -> list[str]:
    """Names of the sources whose incidents were imported at or below a unit."""
    rows = SourceImport.objects.filter(unit__path__startswith=unit.path, record_kind="incident")
    return list(rows.values_list("source", flat=True).distinct().order_by("source"))


def with_sources(units: Iterable[Unit]) -> list[Unit]:
    """Those at or below which incidents were imported."""
    rows = SourceImport.objects.filter(record_kind="incident").order_by()
    paths = list(rows.values_list("unit__path", flat=True).distinct())
    return [unit for unit in units if any(path.startswith(unit.path) for path in paths)]


def record_choices(unit: Unit, source: str) -> list[tuple[str, list[Choice]]]:
    """What the records themselves offer as a selection, the most frequent first, groups under ten left out."""
    if not source:
        return []
    columns = {"category": _("Category"), "group": _("Group"), "priority": _("Priority"), "contact_type": _("Contact")}
    rows = OpsRecord.objects.filter(unit__path__startswith=unit.path, kind="incident", source=source).order_by()
    return [(label, _values(rows, column)) for column, label in columns.items()]


def _values(rows: Any, column: str) -> list[Choice]:
    counted = rows.exclude(**{column: ""}).values_list(column).annotate(n=Count("pk")).filter(n__gte=MIN_RECORDS)
    found = counted.order_by("-n", column)[:CHOICES_A_COLUMN]
    return [
        Choice(f"{column}={value}", f"{value} ({n:,})", [{"column": column, "op": "==", "value": value}])
        for value, n in found
    ]


@dataclass(frozen=True)
class Extent:
    """From when to when the records of a source reach, and the two windows offered for a look-back."""

    first: date
    last: date
    baseline_from: date
    baseline_weeks: int
    pilot_from: date
    pilot_weeks: int


def extent_of(unit: Unit, source: str) -> Extent | None:
    from metrics.services.measures import monday

    rows = OpsRecord.objects.filter(unit__path__startswith=unit.path, kind="incident", source=source).order_by()
    edges = rows.aggregate(last=Max("opened_at"))
    opened = rows.order_by("opened_at").values_list("opened_at", flat=True).first()
    if opened is None:
        return None
    zone = ZoneInfo(unit.zone)
    first, last = opened.astimezone(zone).date(), edges["last"].astimezone(zone).date()
    begin = monday(first)
    weeks = max(2, (last - begin).days // 7)
    half = max(1, min(8, weeks // 2))
    return Extent(first, last, begin, half, date.fromordinal(begin.toordinal() + 7 * half), half)


# --- the list of cases -------------------------------------------------------------------------------------------


@dataclass
class CaseRow:
    pilot: Pilot
    measure: Measure | None
    version: MeasureVersion | None
    estimate: GainEstimate | None
    lock: MeasureLock | None
    frozen: ReportFreeze | None
    weeks: list[float | None] = field(default_factory=list)
    first_pilot: int = 0
    counts: tuple[int, int] = (0, 0)

    @property
    def has_verdict(self) -> bool:
        return bool(self.estimate and self.estimate.verdict) and decision_open(self.pilot)

    @property
    def url(self) -> str:
        report = getattr(self.pilot, "report", None)
        return report.get_absolute_url() if report else self.pilot.get_absolute_url()

    @property
    def coverage(self) -> float | None:
        """The smaller of both windows."""
        if self.estimate is None:
            return None
        found = json.loads(self.estimate.result).get("coverage") or {}
        known = [v for v in found.values() if v is not None]
        return min(known) if known else None

    @property
    def next_on(self) -> tuple[Any, date] | None:
        today = clock.today(self.pilot.unit.zone)
        dates = [
            (_("starts"), self.pilot.starts_on),
            (_("ends"), self.pilot.ends_on),
            (_("decision"), self.pilot.decision_on),
        ]
        return next(((word, day) for word, day in dates if day >= today), None)

    @property
    def lock_word(self) -> Any:
        if self.lock is None:
            return _("not locked")
        return _("locked") if self.lock.binding_at else _("waits for the second person")


def case_rows(actor: Actor, most: int | None = MOST_CASES) -> list[CaseRow]:
    """Newest pilots first."""
    pilots = list(pilots_of(actor).select_related("report")[:most])
    measures = _primaries(pilots)
    estimates = _newest_estimates([m.pk for m in measures.values()])
    freezes = _last_freezes(pilots)
    rows = [_case(pilot, measures.get(pilot.pk), estimates, freezes) for pilot in pilots]
    _fill_weeks(rows)
    return rows


def _primaries(pilots: list[Pilot]) -> dict[Any, Measure]:
    locks = MeasureLock.objects.filter(void_at=None).order_by("locked_at")
    versions = MeasureVersion.objects.order_by("-number").prefetch_related(
        "windows", Prefetch("locks", queryset=locks, to_attr="live_locks")
    )
    found = Measure.objects.filter(pilot__in=pilots, role=Measure.Role.PRIMARY)
    rows = found.prefetch_related(Prefetch("versions", queryset=versions, to_attr="newest_first"))
    return {m.pilot_id: m for m in rows}


def _newest_estimates(measure_ids: list[Any], look_back: bool = False) -> dict[Any, GainEstimate]:
    newest = GainEstimate.objects.filter(measure=OuterRef("pk"), look_back=look_back).order_by("-created_at")
    ids = Measure.objects.filter(pk__in=measure_ids).annotate(newest=Subquery(newest.values("pk")[:1]))
    wanted = [pk for pk in ids.values_list("newest", flat=True) if pk]
    return {e.measure_id: e for e in GainEstimate.objects.filter(pk__in=wanted).defer("plan")}


def _last_freezes(pilots: list[Pilot]) -> dict[Any, ReportFreeze]:
    rows = ReportFreeze.objects.filter(report__pilot__in=pilots).defer("body", "xlsx").select_related("report")
    found: dict[Any, ReportFreeze] = {}
    for row in rows.order_by("frozen_at"):
        found[row.report.pilot_id] = row
    return found


def _case(
    pilot: Pilot, measure: Measure | None, estimates: dict[Any, GainEstimate], freezes: dict[Any, ReportFreeze]
) -> CaseRow:
    versions = getattr(measure, "newest_first", []) if measure else []
    version = versions[0] if versions else None
    locks = getattr(version, "live_locks", []) if version else []
    estimate = estimates.get(measure.pk) if measure else None
    return CaseRow(pilot, measure, version, estimate, locks[0] if locks else None, freezes.get(pilot.pk))


def _fill_weeks(rows: list[CaseRow]) -> None:
    """Task times of all cases in one query: medians where a verdict stands, counts before that."""
    tasks = {r.measure.pk: r for r in rows if r.measure and r.version and r.version.kind == "duration_task"}
    times = Observation.objects.filter(measure__in=tasks, excluded_why="").exclude(method="self_report")
    found: dict[Any, list[tuple[datetime, float]]] = defaultdict(list)
    for measure_id, at, minutes in times.values_list("measure_id", "at", "minutes"):
        found[measure_id].append((at, float(minutes)))
    for measure_id, row in tasks.items():
        _weeks_of_row(row, found[measure_id])


def _weeks_of_row(row: CaseRow, times: list[tuple[datetime, float]]) -> None:
    assert row.version is not None
    spans = {w.role: w for w in row.version.windows.all()}
    if not {"baseline", "pilot"} <= set(spans):
        return
    start, until, begin = spans["baseline"].from_at, spans["pilot"].until_at, spans["baseline"].until_at
    by_week: dict[int, list[float]] = defaultdict(list)
    for at, minutes in times:
        if start <= at < until:
            by_week[(at - start).days // 7].append(minutes)
    size = range(max(1, (until - start).days // 7))
    row.first_pilot = (begin - start).days // 7
    row.weeks = [_week_value(by_week.get(i, []), row.has_verdict) for i in size]
    before = sum(1 for at, _m in times if start <= at < begin)
    during = sum(1 for at, _m in times if spans["pilot"].from_at <= at < until)
    row.counts = before, during


def _week_value(values: list[float], medians: bool) -> float | None:
    if medians:
        return median(values) if values else None
    return float(len(values))


def looked_back_rows(actor: Actor) -> list[tuple[Measure, GainEstimate | None]]:
    """Measures of a unit without a pilot, each with its newest look-back."""
    measures = list(
        Measure.objects.visible_to(actor).filter(pilot=None).select_related("unit").order_by("-created_at")[:MOST_CASES]
    )
    estimates = _newest_estimates([m.pk for m in measures], look_back=True)
    return [(m, estimates.get(m.pk)) for m in measures]


# --- lines a case gives to the CIO -------------------------------------------------------------------------------


@dataclass(frozen=True)
class CaseLine:
    """One line of the business case; `text` is a whole sentence, `word` its evidence."""

    code: str
    text: str
    word: str = ""
    url: str = ""


def read_case_lines(pilot: Pilot) -> list[CaseLine]:
    """Minutes, how often, hours a month, review, run cost, what is not known. Hours only from a published statement."""
    measure = pilot.measures.filter(role=Measure.Role.PRIMARY).first()
    found = latest_estimate(measure) if measure else None
    said = Statement.objects.filter(estimate__measure=measure, state="published").order_by("-state_since").first()
    version = measure.current if measure else None
    if measure is None or version is None:
        return [CaseLine("none", _("None measured yet: the pilot has no measure."))]
    shift = _shift(said.estimate) if said and version.kind == "duration_task" and decision_open(pilot) else None
    lines = [_minutes_line(pilot, said, shift)]
    often = _often(pilot, version)
    lines.append(CaseLine("often", _("About %(n)s cases a month, from the cases recorded.") % {"n": f"{often:,.0f}"}))
    lines.append(_hours_line(shift, often, said))
    if found is None or said is None:
        lines.append(CaseLine("unknown", _("Not known: what may be said waits for a published statement.")))
    return lines


def _shift(estimate: GainEstimate) -> tuple[float, float, float] | None:
    """The typical difference in minutes with its range, if it may be published."""
    shift = (json.loads(estimate.result).get("estimates") or {}).get("hl_shift")
    if not shift or not shift.get("publishable") or shift.get("ci") is None:
        return None
    return shift["value"], shift["ci"][0], shift["ci"][1]


def _minutes_line(pilot: Pilot, said: Statement | None, shift: tuple[float, float, float] | None) -> CaseLine:
    if said is None or shift is None:
        return CaseLine("minutes", _("Minutes per case: none measured yet."))
    text = _(
        "%(value)s minutes per case against before (plausible range %(low)s to %(high)s; %(n0)s and %(n1)s cases)."
    )
    shown = {key: _signed(value) for key, value in zip(("value", "low", "high"), shift, strict=True)}
    counted = {"n0": said.estimate.n_before, "n1": said.estimate.n_pilot}
    url = pilot.report.get_absolute_url() if hasattr(pilot, "report") else reverse("metrics:pilot", args=[pilot.key])
    return CaseLine("minutes", text % {**shown, **counted}, said.estimate.word, url)


def _signed(value: float) -> str:
    text = f"{value:+.1f}" if abs(value) < 10 else f"{value:+.0f}"
    return text.replace("-", "−")


def _often(pilot: Pilot, version: MeasureVersion) -> float:
    window = version.window("pilot")
    if window is None:
        return 0
    at = "at" if version.kind == "duration_task" else "opened_at"
    until = min(window.until_at, max(clock.now(), window.from_at))
    days = max(1.0, (until - window.from_at).total_seconds() / 86_400)
    count = measured_rows(version).filter(**{f"{at}__gte": window.from_at, f"{at}__lt": until}).count()
    return count * 30 / days


def _hours_line(shift: tuple[float, float, float] | None, often: float, said: Statement | None) -> CaseLine:
    if shift is None or said is None:
        return CaseLine("hours", _("Hours a month: none measured yet."))
    low, high = sorted(-end * often / 60 for end in shift[1:])
    if low <= 0 <= high:
        return CaseLine("hours", _("No hours can be stated: the range includes no change."), said.estimate.word)
    text = _("%(low)s to %(high)s hours a month, at this frequency. Hours are not money and not headcount.")
    return CaseLine("hours", text % {"low": _two_digits(low), "high": _two_digits(high)}, said.estimate.word)


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):,g}".replace("-", "−")


# --- one pilot ---------------------------------------------------------------------------------------------------


def statements_of(pilot: Pilot) -> list[Statement]:
    rows = Statement.objects.filter(estimate__measure__pilot=pilot).select_related("estimate__measure", "author")
    return list(rows.order_by("-created_at")[:20])


def waiting_statements(actor: Actor) -> list[Statement]:
    """Drafts of others that this actor may publish."""
    paths = actor.paths("metrics.statement.publish")
    rows = Statement.objects.filter(within(paths, "estimate__unit__path"), state="draft").exclude(
        author_id=actor.user_id
    )
    return list(rows.select_related("estimate__measure__pilot").order_by("created_at")[:10])
