"""Invented pilots in the service's own quiet history: how large an effect appears where nothing happened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from . import decide, durations, survival
from .data import Frame, Records, take
from .decide import Case
from .model import Sample, Settings
from .times import day_start, local, shift_days

WORST = math.inf  # a week whose Kaplan–Meier median was not reached


@dataclass(frozen=True)
class Window:
    begin: str
    until: str
    n: int
    value: float


@dataclass(frozen=True)
class Strip:
    windows: list[Window]
    range: tuple[float, float] | None
    smallest_detectable: float | None
    week_p: float | None
    weeks: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        return {
            "windows": [
                {"from": found.begin, "until": found.until, "n": found.n, "value": found.value}
                for found in self.windows
            ],
            "range": list(self.range) if self.range else None,
            "smallest_detectable": self.smallest_detectable,
            "week_p": self.week_p,
            "weeks": list(self.weeks),
        }


def strip(plan: dict[str, Any], settings: Settings, records: Records, frame: Frame, name: str) -> Strip:
    windows = sorted(_windows(plan, settings, records, frame, name), key=lambda found: found.begin)
    limits = _range([found.value for found in windows], settings)
    history, pilot = week_values(plan, settings, records, frame, name)
    return Strip(
        windows=windows,
        range=limits,
        smallest_detectable=_edge(limits, plan["direction"], name),
        week_p=week_p(history, pilot),
        weeks=(len(history), len(pilot)),
    )


def first_day(records: Records, zone: ZoneInfo | None) -> int | None:
    kept = records.at.us[records.drop == 0]
    return day_start(int(kept[0]), zone) if len(kept) else None


def span_days(begin: int, until: int, zone: ZoneInfo | None) -> int:
    return (local(until, zone).date() - local(begin, zone).date()).days


def whole_weeks(begin: int, until: int, zone: ZoneInfo | None) -> list[tuple[int, int]]:
    """Counted forward from `begin`."""
    weeks = []
    while (end := shift_days(begin, 7, zone)) <= until:
        weeks.append((begin, end))
        begin = end
    return weeks


def week_values(
    plan: dict[str, Any], settings: Settings, records: Records, frame: Frame, name: str
) -> tuple[list[float], list[float]]:
    """One number a week, smaller is better: history back from the end of the baseline, then the pilot."""
    begin, end = first_day(records, frame.zone), frame.baseline[1]
    history = []
    while begin is not None and (start := shift_days(end, -7, frame.zone)) >= begin:
        history.append((start, end))
        end = start
    pilot = whole_weeks(*frame.pilot, frame.zone)

    def values(weeks: list[tuple[int, int]]) -> list[float]:
        found = (_week_value(plan, settings, take(records, week, frame.as_of), name) for week in weeks)
        return [value for value in found if value is not None]

    return values(history), values(pilot)


def week_p(history: list[float], pilot: list[float]) -> float | None:
    """Share of all choices of as many weeks whose sum of mid-ranks is at least as good (small) as the pilot's."""
    from scipy.stats import rankdata

    if not history or not pilot:
        return None
    ranks = [round(2 * rank) for rank in rankdata(history + pilot)]  # doubled, so that mid-ranks are whole
    return _share_of_choices(ranks, len(pilot), sum(ranks[len(history) :]))


def smallest_week_p(history: int, pilot: int) -> float | None:
    return 1 / math.comb(history + pilot, pilot) if history and pilot else None


def _share_of_choices(ranks: list[int], size: int, limit: int) -> float:
    """Exact count by a generating function: slot s of poly[j] holds the number of j-subsets with sum s."""
    bits = math.comb(len(ranks), size).bit_length() + 1
    poly = [1] + [0] * size
    for seen, rank in enumerate(ranks, start=1):
        for count in range(min(size, seen), 0, -1):
            poly[count] += poly[count - 1] << (rank * bits)
    good, mask = 0, (1 << bits) - 1
    low_part = poly[size] & ((1 << ((limit + 1) * bits)) - 1)
    raw = low_part.to_bytes((low_part.bit_length() + 7) // 8 or 1, "little")
    for slot in range(limit + 1):
        first = slot * bits // 8
        piece = int.from_bytes(raw[first : first + bits // 8 + 2], "little")
        good += (piece >> (slot * bits % 8)) & mask
    return good / math.comb(len(ranks), size)


def _windows(plan: dict[str, Any], settings: Settings, records: Records, frame: Frame, name: str) -> Iterator[Window]:
    begin = first_day(records, frame.zone)
    back = math.ceil(max(1, span_days(*frame.pilot, frame.zone)) / 7)
    while begin is not None:
        moved = moved_frame(frame, -7 * back)
        back += 1
        if moved.baseline[0] < begin:
            return
        if moved.pilot[1] > frame.pilot[0] or _not_complete(moved, frame):
            continue
        case = Case(plan, settings, take(records, moved.baseline, moved.as_of), take(records, moved.pilot, moved.as_of))
        if decide.sample_reasons(case):
            continue
        value = decide.point(case, name)
        if value is not None and math.isfinite(value):
            yield Window(*civil(moved.pilot, frame.zone), case.pilot.n, value)


def moved_frame(frame: Frame, days: int) -> Frame:
    def move(us: int) -> int:
        return shift_days(us, days, frame.zone)

    return replace(
        frame,
        baseline=(move(frame.baseline[0]), move(frame.baseline[1])),
        pilot=(move(frame.pilot[0]), move(frame.pilot[1])),
        ramp=None,
        as_of=None if frame.as_of is None else move(frame.as_of),
    )


def civil(span: tuple[int, int], zone: ZoneInfo | None) -> tuple[str, str]:
    return local(span[0], zone).date().isoformat(), local(span[1], zone).date().isoformat()


def _not_complete(moved: Frame, frame: Frame) -> bool:
    return moved.as_of is not None and frame.as_of is not None and moved.as_of > frame.as_of


def _week_value(plan: dict[str, Any], settings: Settings, sample: Sample, name: str) -> float | None:
    import numpy as np

    if not sample.n:
        return None
    lower_is_better = plan["direction"] == "lower"
    if name.startswith("share_within"):
        within, known = durations.share_counts(sample, decide.limit_of(plan, name))
        share = within / known if known else None
        return None if share is None else -share if lower_is_better else share
    value = survival.km_median(sample, settings.alpha).value if sample.open else float(np.median(sample.minutes))
    if value is None:
        return WORST
    return value if lower_is_better else -value


def _range(values: list[float], settings: Settings) -> tuple[float, float] | None:
    import numpy as np

    if len(values) < settings.thresholds["g4_windows"]:
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _edge(limits: tuple[float, float] | None, direction: str, name: str) -> float | None:
    """The improving edge of the range: a smaller effect could not be told from nothing."""
    if limits is None:
        return None
    origin = 1.0 if name.endswith("ratio") else 0.0
    lower_side = (direction == "lower") != name.startswith("share_within")
    return max(0.0, origin - limits[0] if lower_side else limits[1] - origin)
