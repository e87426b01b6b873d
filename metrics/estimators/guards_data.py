"""Guards on the records: censoring, timer, ties, volume, clock, self-selection (G6 to G9, G12, G13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .data import Stamps
from .decide import Case, Deciding
from .durations import all_equal
from .model import Guard, Sample
from .scene import Scene, not_run, text
from .times import AMBIGUOUS, DAY, MINUTE, NONEXISTENT, OK
from .wording import duration, percent, rounded

if TYPE_CHECKING:
    import numpy as np


def tie_share(case: Case) -> float | None:
    """Share of the commonest duration among ended records; None where G8 does not apply."""
    import numpy as np

    enough = min(sample.ended_n for sample in case.samples) >= case.settings.thresholds["g8_ended"]
    if not enough or all_equal(*case.samples):
        return None
    ended = np.concatenate([sample.ended_minutes for sample in case.samples])
    return float(np.unique(ended, return_counts=True)[1].max() / len(ended))


def censoring(scene: Scene) -> Guard:
    share, limit = max(sample.open_share for sample in scene.case.samples), scene.limit("g6_open_share")
    shown = rounded(share * 100, "0.1")
    if share == 0:
        return Guard("G6", "pass", share, limit, text("No record is still open.", "没有未结束的记录。"))
    if share <= limit:
        return Guard(
            "G6", "warn", share, limit,
            text(f"Up to {shown} % of a window is still open.", f"某一时间段内至多{shown}%的记录未结束。"),
        )  # fmt: skip
    return Guard(
        "G6", "refuse", share, limit,
        text(
            f"{shown} % of a window is still open, so no median of ended records is given.",
            f"某一时间段内{shown}%的记录未结束，因此不给出已结束记录的中位数。",
        ),
    )  # fmt: skip


def timer_end(scene: Scene) -> Guard:
    limit = scene.limit("g7_share")
    found = [_lag(scene, lags) for lags in _lags(scene)]
    shares = [pair for pair in found if pair is not None]
    if not shares:
        return Guard(
            "G7", "pass", None, limit,
            text("The end events do not look like a timer.", "结束事件不像由计时器触发。"),
        )  # fmt: skip
    share, lag = max(shares)
    shown, middle = rounded(share * 100, "1"), duration(lag)
    if share > limit:
        sentence = text(
            f"{shown} % of the end events come {middle['en']} after an earlier event: "
            "this looks like automatic closing.",
            f"{shown}%的结束事件发生在前一事件之后{middle['zh']}：疑似自动关闭。",
        )
        return Guard("G7", "warn", share, limit, sentence)
    return Guard(
        "G7", "pass", share, limit,
        text(
            f"At most {shown} % of the end events share one lag ({middle['en']}).",
            f"至多{shown}%的结束事件间隔相同（{middle['zh']}）。",
        ),
    )  # fmt: skip


def _lags(scene: Scene) -> list[np.ndarray]:
    import numpy as np

    samples = scene.case.samples
    lags = [np.concatenate([sample.ended_minutes for sample in samples])]
    end = scene.records.end
    if end is None:
        return lags
    rows = np.concatenate([sample.rows[sample.ended] for sample in samples])
    for event in scene.records.events.values():
        usable = rows[(event.state[rows] == OK)]
        lag = (end.us[usable] - event.us[usable]) / MINUTE
        lags.append(lag[lag >= 0])
    return lags


def _lag(scene: Scene, lags: np.ndarray) -> tuple[float, float] | None:
    """Share of lags near the median lag; None where that median is too short to be a policy."""
    import numpy as np

    middle = float(np.median(lags)) if len(lags) else 0.0
    if middle <= scene.limit("g7_median_lag"):
        return None
    near = np.abs(lags - middle) <= scene.limit("g7_tolerance") * middle
    return float(near.mean()), middle


def ties(scene: Scene) -> Guard:
    share, limit = tie_share(scene.case), scene.limit("g8_share")
    if share is None:
        return not_run(
            "G8", "Ties were not looked for: too few values, or all equal.", "未检查重复值：数据过少或全部相同。"
        )
    shown = percent(share, "1")
    if share <= limit:
        return Guard(
            "G8", "pass", share, limit,
            text(f"No value makes up more than {shown['en']} of the records.", f"没有任何值超过记录的{shown['zh']}。"),
        )  # fmt: skip
    en, zh = f"One value makes up {shown['en']} of the records", f"同一数值占记录的{shown['zh']}"
    return Guard("G8", "warn", share, limit, text(*_tie_consequence(scene.found, en, zh)))


def _tie_consequence(found: Deciding | None, en: str, zh: str) -> tuple[str, str]:
    if found is not None and found.rounding:
        return f"{en}; a ratio of medians cannot be told.", f"{zh}；无法判断中位数之比。"
    if found is not None and found.name.startswith("share_within"):
        return f"{en}; the share within the limit decides.", f"{zh}；以限时内完成的占比为准。"
    return f"{en}.", f"{zh}。"


def volume(scene: Scene) -> Guard:
    limit = scene.limit("g9_change")
    before, after = (
        sample.eligible / ((span[1] - span[0]) / (7 * DAY))
        for sample, span in zip(scene.case.samples, (scene.frame.baseline, scene.frame.pilot), strict=True)
    )
    if not before:
        return Guard("G9", "warn", None, limit, text("The baseline holds no record.", "基线内没有记录。"))
    change = after / before - 1
    shown, sign = rounded(abs(change) * 100, "1"), change >= 0
    sentence = text(
        f"{rounded(after, '0.1')} records a week in the pilot, {rounded(before, '0.1')} before "
        f"({shown} % {'more' if sign else 'fewer'}).",
        f"试点每周{rounded(after, '0.1')}条记录，此前{rounded(before, '0.1')}条（{'多' if sign else '少'}{shown}%）。",
    )
    return Guard("G9", "warn" if abs(change) > limit else "pass", change, limit, sentence)


def clock(scene: Scene) -> Guard:
    limit, samples = scene.limit("g12_share"), scene.case.samples
    stamps = [found for found in (scene.records.at, scene.records.start, scene.records.end) if found is not None]
    if any(_naive(stamps, sample) for sample in samples):
        sentence = text("The times name no time zone.", "时间未注明时区。")
        return Guard("G12", "refuse", None, limit, sentence, "zone_unknown")
    eligible = sum(sample.eligible for sample in samples)
    unclear = sum(_unclear(stamps, sample) for sample in samples)
    share = unclear / eligible if eligible else 0.0
    sentence = text(
        f"{unclear} of {eligible} times fall into an hour the clock change repeats or skips"
        + ("; they are left out." if unclear else "."),
        f"{eligible}条记录中有{unclear}条落在夏令时切换的重复或缺失时段" + ("，已排除。" if unclear else "。"),
    )
    if share > limit:
        return Guard("G12", "refuse", share, limit, sentence, "ambiguous_local_time")
    return Guard("G12", "warn" if unclear else "pass", share, limit, sentence)


def _naive(stamps: list[Stamps], sample: Sample) -> bool:
    return any(found.naive[sample.eligible_rows].any() for found in stamps)


def _unclear(stamps: list[Stamps], sample: Sample) -> int:
    import numpy as np

    states = [np.isin(found.state[sample.eligible_rows], (AMBIGUOUS, NONEXISTENT)) for found in stamps]
    return int(np.logical_or.reduce(states).sum())


def self_selection(scene: Scene) -> Guard:
    limit, usage = scene.limit("g13_share"), scene.case.plan["usage"]
    if usage and any(rule["column"] == usage["column"] for rule in scene.case.plan["filter"]):
        sentence = text("The filter selects on use.", "筛选条件以是否使用为准。")
        return Guard("G13", "refuse", None, limit, sentence, "selected_on_use")
    rows = scene.case.pilot.eligible_rows
    if scene.records.used is None or not len(rows):
        sentence = text(
            "How much of the eligible work used what the pilot offers is not known.",
            "符合条件的工作中有多少使用了试点所提供的内容，尚不清楚。",
        )
        return Guard("G13", "warn", None, limit, sentence)
    share = float(scene.records.used[rows].mean())
    shown = rounded(share * 100, "1")
    sentence = text(
        f"{shown} % of the eligible work in the pilot used what it offers; the effect is that of offering it.",
        f"试点中符合条件的工作有{shown}%使用了所提供的内容；效果指的是提供，而非使用。",
    )
    return Guard("G13", "pass" if share >= limit else "warn", share, limit, sentence)
