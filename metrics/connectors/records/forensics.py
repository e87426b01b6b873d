"""What the times of a file give away about how they were made. Run at import, shown before any measure is offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any, NamedTuple

from metrics.connectors.base import Sentence, say
from metrics.connectors.records.base import MINUTES, IncidentRecord

MIN_RECORDS = 20  # below this a share says nothing about how a field is filled
TIMER_SHARE, TIMER_BAND, TIMER_MINUTES = 0.5, 0.02, 60
BULK_RECORDS, BULK_DAY_SHARE = 20, 0.05
BACKDATED_MINUTES, BACKDATED_WARN = 15, 0.10
ROUND_SHARE = 0.30
MAX_MINUTES_LISTED = 200

ENDS = ("resolved_at", "closed_at")
EARLIER = {
    "resolved_at": ("opened_at", "created_at", "first_ack_at"),
    "closed_at": ("opened_at", "created_at", "first_ack_at", "resolved_at"),
}
_NAMES = {
    "opened_at": ("opening", "开启"),
    "created_at": ("creation", "创建"),
    "first_ack_at": ("first acknowledgement", "首次响应"),
    "resolved_at": ("resolution", "解决"),
    "closed_at": ("closing", "关闭"),
    "tta": ("time to acknowledge", "响应时长"),
    "ttr": ("time to resolve", "解决时长"),
    "ttc": ("time to close", "关闭时长"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: warn, note, clear, or not_enough when the file cannot answer. `share` is `count` ÷ `of`."""

    code: str
    level: str
    count: int
    of: int
    sentence: Sentence
    params: dict[str, Any]

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


def examine(records: Sequence[IncidentRecord]) -> list[Finding]:
    """Every check answers, also those that found nothing."""
    return [
        *(timer_close(records, end) for end in ENDS),
        *(bulk_close(records, end) for end in ENDS),
        backdated_open(records),
        *(negative_or_zero(records, name) for name in MINUTES),
        reopen_loop(records),
        merged_children(records),
        *(rounding(records, name) for name in MINUTES),
    ]


def _finding(code: str, level: str, count: int, of: int, texts: tuple[str, str], /, **params: Any) -> Finding:
    facts = {"count": count, "of": of, "percent": f"{100 * count / of:.1f}" if of else "–", **params}
    return Finding(code, level, count, of, say(*texts, **facts), facts)


def _not_enough(code: str, of: int, **params: Any) -> Finding:
    texts = (
        "Only %(of)s records can be checked; at least %(needed)s are needed.",
        "仅有 %(of)s 条记录可供检查，至少需要 %(needed)s 条。",
    )
    return _finding(code, "not_enough", 0, of, texts, needed=MIN_RECORDS, **params)


def _lags(records: Iterable[IncidentRecord], start: str, end: str) -> list[float]:
    pairs = ((getattr(record, start), getattr(record, end)) for record in records)
    return [(b - a).total_seconds() / 60 for a, b in pairs if a is not None and b is not None]


class _Lag(NamedTuple):
    near: int
    of: int
    start: str
    minutes: float


def _near_median(records: Sequence[IncidentRecord], start: str, end: str) -> _Lag | None:
    lags = _lags(records, start, end)
    if len(lags) < MIN_RECORDS:
        return None
    middle = median(lags)
    near = sum(abs(lag - middle) <= TIMER_BAND * middle for lag in lags) if middle > TIMER_MINUTES else 0
    return _Lag(near, len(lags), start, middle)


def timer_close(records: Sequence[IncidentRecord], end: str) -> Finding:
    """An end that follows another event after always the same time was set by a clock, not by work."""
    found = [lag for start in EARLIER[end] if (lag := _near_median(records, start, end)) is not None]
    if not found:
        return _not_enough("timer_close", sum(getattr(record, end) is not None for record in records), end=end)
    worst = max(found, key=lambda lag: lag.near / lag.of)
    level = "warn" if worst.near > TIMER_SHARE * worst.of else "clear"
    texts = (
        (
            "The %(end_en)s event looks like an auto-close policy: in %(count)s of %(of)s records (%(percent)s %%) it "
            "follows %(start_en)s after about %(minutes)s minutes. A measure on it needs a second person's reason.",
            "%(end_zh)s时间像是自动关闭策略：%(of)s 条记录中有 %(count)s 条（%(percent)s %%）在%(start_zh)s后约 "
            "%(minutes)s 分钟发生。以它为准的度量需要第二人说明理由。",
        )
        if level == "warn"
        else (
            "The %(end_en)s event does not follow a timer: at most %(percent)s %% lie close to one lag.",
            "%(end_zh)s时间不像由定时器产生：最多 %(percent)s %% 集中于同一间隔。",
        )
    )
    names = dict(zip(("end_en", "end_zh", "start_en", "start_zh"), (*_NAMES[end], *_NAMES[worst.start]), strict=True))
    return _finding(
        "timer_close",
        level,
        worst.near,
        worst.of,
        texts,
        end=end,
        start=worst.start,
        minutes=round(worst.minutes),
        **names,
    )


def bulk_close(records: Sequence[IncidentRecord], end: str) -> Finding:
    """Minutes in which very many records ended at once; days and minutes in UTC."""
    ends = [moment for record in records if (moment := getattr(record, end)) is not None]
    minutes = _bulk_minutes(ends)
    count = sum(minutes.values())
    listed = [(minute.isoformat(), n) for minute, n in sorted(minutes.items())][:MAX_MINUTES_LISTED]
    texts = (
        (
            "%(count)s of %(of)s records (%(percent)s %%) share their minute of %(end_en)s with %(limit)s or more: "
            "%(bulk)s such minutes. They may be excluded with a reason.",
            "%(of)s 条记录中有 %(count)s 条（%(percent)s %%）的%(end_zh)s集中在 %(bulk)s 个分钟内，每分钟不少于 "
            "%(limit)s 条。可说明理由后排除。",
        )
        if minutes
        else (
            "No minute holds %(limit)s or more %(end_en)s times at once.",
            "没有任何一分钟集中出现 %(limit)s 次及以上的%(end_zh)s。",
        )
    )
    names = dict(zip(("end_en", "end_zh"), _NAMES[end], strict=True))
    facts = {"end": end, "minutes": listed, "bulk": len(minutes), "limit": BULK_RECORDS}
    return _finding("bulk_close", "warn" if minutes else "clear", count, len(ends), texts, **facts, **names)


def _bulk_minutes(ends: Sequence[datetime]) -> dict[datetime, int]:
    per_minute = Counter(moment.replace(second=0, microsecond=0) for moment in ends)
    per_day: Counter[date] = Counter(moment.date() for moment in ends)
    return {
        minute: n
        for minute, n in per_minute.items()
        if n >= BULK_RECORDS and n >= BULK_DAY_SHARE * per_day[minute.date()]
    }


def backdated_open(records: Sequence[IncidentRecord]) -> Finding:
    lags = _lags(records, "opened_at", "created_at")
    if len(lags) < MIN_RECORDS:
        return _not_enough("backdated_open", len(lags))
    count = sum(lag > BACKDATED_MINUTES for lag in lags)
    level = "warn" if count > BACKDATED_WARN * len(lags) else "note" if count else "clear"
    texts = (
        "%(count)s of %(of)s records (%(percent)s %%) were opened over %(limit)s minutes before they were created.",
        "%(of)s 条记录中有 %(count)s 条（%(percent)s %%）的开启时间比创建时间早 %(limit)s 分钟以上。",
    )
    return _finding("backdated_open", level, count, len(lags), texts, limit=BACKDATED_MINUTES)


def negative_or_zero(records: Sequence[IncidentRecord], name: str) -> Finding:
    minutes = [value for record in records if (value := record.minutes(name)) is not None]
    negative, zero = sum(value < 0 for value in minutes), sum(value == 0 for value in minutes)
    level = "warn" if negative else "note" if zero else "clear"
    texts = (
        "%(name_en)s: %(negative)s of %(of)s values are negative and left out; %(zero)s are zero and kept.",
        "%(name_zh)s：%(of)s 个值中有 %(negative)s 个为负，已剔除；%(zero)s 个为零，予以保留。",
    )
    en, zh = _NAMES[name]
    facts = {"name": name, "name_en": en.capitalize(), "name_zh": zh, "negative": negative, "zero": zero}
    return _finding("negative_or_zero", level, negative + zero, len(minutes), texts, **facts)


def reopen_loop(records: Sequence[IncidentRecord]) -> Finding:
    """Records whose resolution lies before their last reopening: the end measured was not the end."""
    reopened = [record for record in records if (record.reopen_count or 0) > 0]
    dated = [record for record in reopened if record.last_reopen_at is not None and record.resolved_at is not None]
    count = sum(record.resolved_at < record.last_reopen_at for record in dated)  # type: ignore[operator]
    texts = (
        (
            "%(reopened)s records were reopened; %(count)s of the %(of)s whose reopening is dated show a resolution "
            "before it. For those, the last resolution is the better end.",
            "%(reopened)s 条记录被重新打开；其中有日期的 %(of)s 条里，%(count)s 条的解决时间早于重新打开。"
            "对这些记录，以最后一次解决为准更合适。",
        )
        if count
        else (
            "%(reopened)s records were reopened; none of the %(of)s whose reopening is dated was resolved before it.",
            "%(reopened)s 条记录被重新打开；其中有日期的 %(of)s 条均未在重新打开之前解决。",
        )
    )
    level = "warn" if count else "note" if reopened else "clear"
    return _finding("reopen_loop", level, count, len(dated), texts, reopened=len(reopened))


def merged_children(records: Sequence[IncidentRecord]) -> Finding:
    count = sum(bool(record.parent_key) for record in records)
    texts = (
        "%(count)s of %(of)s records (%(percent)s %%) are children of another one and are left out of measures.",
        "%(of)s 条记录中有 %(count)s 条（%(percent)s %%）是其他记录的子单，不计入度量。",
    )
    return _finding("merged_children", "note" if count else "clear", count, len(records), texts)


def rounding(records: Sequence[IncidentRecord], name: str) -> Finding:
    minutes = [value for record in records if (value := record.minutes(name)) is not None and value >= 0]
    if len(minutes) < MIN_RECORDS:
        return _not_enough("rounding", len(minutes), name=name)
    value, count = Counter(minutes).most_common(1)[0]
    level = "warn" if count > ROUND_SHARE * len(minutes) else "clear"
    texts = (
        "%(name_en)s: the most frequent value, %(value)s minutes, makes up %(percent)s %% of %(of)s.",
        "%(name_zh)s：最常见的值 %(value)s 分钟占 %(of)s 条的 %(percent)s %%。",
    )
    en, zh = _NAMES[name]
    return _finding(
        "rounding",
        level,
        count,
        len(minutes),
        texts,
        name=name,
        name_en=en.capitalize(),
        name_zh=zh,
        value=f"{value:g}",
    )
