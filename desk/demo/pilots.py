"""Two pilots with their task times: learning weeks, an outage, a better prompt, all left in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from statistics import NormalDist, median

from desk.demo.calendar import Beat, Calendar, play
from desk.demo.cases import Cases
from desk.demo.cast import Cast
from foundation import clock
from metrics.models import Measure, Observation, Pilot
from metrics.services import TaskTime, add_change_note, draft_measure, draft_pilot, record_task_times


@dataclass(frozen=True)
class Story:
    """`before` and `after` are the medians (minutes) the invented times are drawn around."""

    case: str
    before: float
    after: float
    n_before: int
    n_after: int
    spread: float
    effect: str
    review: tuple[float, float]
    team: str
    seed: int


STORIES = (
    Story("reports", 139, 59, 43, 52, 0.30, "0.30", (9, 31), "CN-OPS", 11),
    Story("triage", 25, 18, 61, 74, 0.55, "0.10", (2, 4), "CN-DB", 23),
)
SCOPES = {"CN-OPS": "Shanghai operations / 上海运维", "CN-DB": "Shanghai databases / 上海数据库"}
WEEKS_BEFORE = 8
SLOW_WEEKS = {0: 1.7, 1: 1.3, 6: 1.35}  # learning twice, then the CMDB outage
FAST_FROM = 8  # prompt v3


def draft_pilots(calendar: Calendar, cast: Cast, cases: Cases) -> dict[str, Pilot]:
    pilots = {}
    for story in STORIES:
        with clock.pinned(calendar.at(-92, 10)):
            candidate = cases.candidates[story.case]
            pilots[story.case] = draft_pilot(
                actor=cast.actor("lead"),
                candidate=candidate,
                starts_on=calendar.box_starts,
                ends_on=calendar.box_starts + timedelta(weeks=calendar.weeks_measured, days=-1),
                decision_on=calendar.today - timedelta(days=2),
                lead=cast["lead"],
                scope=SCOPES[story.team],
            )
            draft_measure(
                actor=cast.actor("lead"),
                pilot=pilots[story.case],
                preset="time_per_task",
                minimum_effect=Decimal(story.effect),
                windows={
                    "baseline": (calendar.monday(-WEEKS_BEFORE), calendar.monday(0)),
                    "pilot": (calendar.monday(0), calendar.monday(calendar.weeks_measured)),
                },
            )
    return pilots


def record_before(calendar: Calendar, cast: Cast, pilots: dict[str, Pilot]) -> None:
    for story in STORIES:
        weeks = {w: 1.0 for w in range(-WEEKS_BEFORE, 0)}
        measure = pilots[story.case].measures.get()
        play(_record(calendar, cast, story, measure, weeks, story.before, story.n_before, story.review[0]))


def record_pilot(calendar: Calendar, cast: Cast, pilots: dict[str, Pilot]) -> Iterator[Beat]:
    for story in STORIES:
        weeks = {w: SLOW_WEEKS.get(w, 1.0) * (0.88 if w >= FAST_FROM else 1.0) for w in range(calendar.weeks_measured)}
        measure = pilots[story.case].measures.get()
        yield from _record(calendar, cast, story, measure, weeks, story.after, story.n_after, story.review[1])


def _record(
    calendar: Calendar,
    cast: Cast,
    story: Story,
    measure: Measure,
    weeks: dict[int, float],
    centre: float,
    count: int,
    review: float,
) -> Iterator[Beat]:
    """`count` times over the weeks, typed in on the day; written week by week as one batch."""
    draw = random.Random(story.seed + int(centre))  # noqa: S311 - invented minutes
    order = sorted(weeks)
    quantiles = [NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)]
    draw.shuffle(quantiles)
    placed = [(order[i * len(order) // count], q) for i, q in enumerate(quantiles)]
    raw = [2.718281828 ** (story.spread * q) * weeks[w] for w, q in placed]
    scale = centre / median(raw)
    writer = "dba" if story.team == "CN-DB" else "engineer"
    for week in order:
        entries = []
        for number, ((w, _q), value) in enumerate(zip(placed, raw, strict=True)):
            if w != week:
                continue
            at = calendar.monday(week) + timedelta(
                days=draw.randrange(5), hours=9 + draw.randrange(8), minutes=draw.randrange(60)
            )
            minutes = Decimal(str(max(1.0, round(value * scale * 2) / 2)))
            part = min(minutes, Decimal(str(round(review * draw.uniform(0.7, 1.35) * 2) / 2)))
            case = f"{story.case[:3].upper()}{week + WEEKS_BEFORE:02d}-{number:03d}"
            entries.append(
                TaskTime(minutes=minutes, case=case, at=at, review_minutes=part, usable=draw.random() > 0.12)
            )
        if entries:
            typed = max(e.at for e in entries if e.at) + timedelta(hours=1)
            write = partial(record_task_times, measure=measure, entries=entries, team=cast.units[story.team])
            yield typed, partial(write, actor=cast.actor(writer))


NOTES = (
    (0, "Learning weeks, kept in the data", "学习周，保留在数据中"),
    (6, "CMDB feed down for two days", "CMDB 数据源中断两天"),
    (8, "Prompt v3, shared with the MCP team", "提示词 v3，已与 MCP 团队共享"),
)
OUTAGE_WEEK = 6
OUTAGE_DAYS = 3  # from Monday: no run reached the runtime, work went on


def note_weeks(calendar: Calendar, cast: Cast, pilots: dict[str, Pilot]) -> Iterator[Beat]:
    for week, en, zh in NOTES:
        if week < calendar.weeks_measured:
            write = partial(_note, calendar, cast, pilots["reports"], week, en, zh)
            yield calendar.monday(week) + timedelta(days=3, hours=10), write
    if calendar.weeks_measured > OUTAGE_WEEK:
        for pilot in pilots.values():
            counted = partial(_note_missing, calendar, cast, pilot)
            yield calendar.monday(OUTAGE_WEEK + 1) + timedelta(hours=10), counted


def _note(calendar: Calendar, cast: Cast, pilot: Pilot, week: int, en: str, zh: str) -> None:
    day = calendar.monday(week).date()
    add_change_note(actor=cast.actor("lead"), pilot=pilot, from_on=day, text_en=en, text_zh=zh)


def _note_missing(calendar: Calendar, cast: Cast, pilot: Pilot) -> None:
    """Cases were timed by hand while the runtime told of none: they count, without telemetry."""
    begin = calendar.monday(OUTAGE_WEEK)
    timed = Observation.objects.filter(measure__pilot=pilot, at__gte=begin, at__lt=begin + timedelta(days=OUTAGE_DAYS))
    count = timed.count()
    if count:
        en, zh = f"{count} cases without telemetry", f"{count} 个案例没有遥测"
        _note(calendar, cast, pilot, OUTAGE_WEEK, en, zh)
