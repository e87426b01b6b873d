"""Numbers and reasons in words, English and Chinese, by one rounding rule."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .model import Text

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REASON_TEXT: dict[str, Text] = {
    "below_minimum_sample": {"en": "too few records in a window", "zh": "某一时间段内的记录过少"},
    "no_event_in_window": {"en": "no record of a window has ended yet", "zh": "某一时间段内尚无已结束的记录"},
    "open_tasks": {
        "en": "more than one task in ten was started and has no end; measure it as incidents instead",
        "zh": "超过一成的任务已开始而无结束时间；请改按事件测量",
    },
    "baseline_is_zero": {"en": "the baseline value is zero", "zh": "基线值为零"},
    "baseline_near_zero": {"en": "the baseline value is too close to zero", "zh": "基线值过于接近零"},
    "km_median_unstable": {
        "en": "too much is open for a stable median",
        "zh": "未结束的记录过多，中位数不稳定",
    },
    "median_not_reached": {"en": "fewer than half of the records have ended", "zh": "已结束的记录不足一半"},
    "tau_beyond_follow_up": {
        "en": "the data does not reach as far as the agreed horizon",
        "zh": "数据未覆盖到约定的观察期限",
    },
    "windows_not_whole_weeks": {
        "en": "the windows are not whole weeks that start on the same weekday",
        "zh": "时间段不是从同一星期几开始的整周",
    },
    "zone_unknown": {"en": "the times name no time zone", "zh": "时间未注明时区"},
    "ambiguous_local_time": {
        "en": "too many times fall into the hour the clock change repeats or skips",
        "zh": "过多时间落在夏令时切换的重复或缺失时段",
    },
    "selected_on_use": {
        "en": "the filter selects on use, so the windows do not hold the same work",
        "zh": "筛选条件以是否使用为准，两个时间段的工作不可比",
    },
    "too_few_people": {"en": "fewer than five people", "zh": "人数少于五"},
    "interim": {"en": "before the decision date", "zh": "未到决定日期"},
    "rounding": {
        "en": "the recorded times are rounded too coarsely for a ratio",
        "zh": "记录的时间取整过粗，无法计算比值",
    },
    "interval_too_wide": {"en": "the range is too wide", "zh": "范围过宽"},
    "no_change_at_recorded_resolution": {
        "en": "every recorded value is the same",
        "zh": "所有记录值均相同",
    },
    "trend_before_pilot": {
        "en": "a similar change was already under way before the pilot",
        "zh": "试点之前已出现类似变化",
    },
    "inside_placebo_range": {
        "en": "changes of this size appear in this service's history without a pilot",
        "zh": "该服务历史上无试点时也出现过同等幅度的变化",
    },
    "inside_week_range": {
        "en": "the weeks of the pilot do not stand out from the weeks before",
        "zh": "试点各周与此前各周相比并不突出",
    },
    "no_variation": {"en": "the values do not vary", "zh": "数值没有变化"},
    "registered_late": {"en": "registered after the pilot began", "zh": "登记晚于试点开始"},
}


def day(when: date) -> Text:
    return {
        "en": f"{when.day} {MONTHS[when.month - 1]} {when.year}",
        "zh": f"{when.year}年{when.month}月{when.day}日",
    }


def duration(minutes: float) -> Text:
    """Below 10 minutes one decimal, below 600 whole minutes, below 72 h hours, else days."""
    size = abs(minutes)
    if size < 10:
        return _unit(rounded(minutes, "0.1"), "minutes", "分钟")
    if size < 600:
        return _unit(rounded(minutes, "1"), "minutes", "分钟")
    if size < 72 * 60:
        return _unit(rounded(minutes / 60, "0.1"), "hours", "小时")
    return _unit(rounded(minutes / 1440, "0.1"), "days", "天")


def percent_step(width: float, n: int) -> str:
    """The step all percentages of one sentence share; width in percentage points."""
    if width > 30:
        return "5"
    return "1" if width >= 3 or n < 200 else "0.1"


def percent(share: float, step: str) -> Text:
    """The size of a share; what rounds to nothing without being nothing says so."""
    size = abs(share) * 100
    shown = rounded(size, step)
    if size and not Decimal(shown):
        bound = "5" if size >= 1 else "1"  # "under 1 %" would be false for 2 % rounded to fives
        return {"en": f"under {bound} %", "zh": f"不到{bound}%"}
    return {"en": f"{shown} %", "zh": f"{shown}%"}


def points(share: float, step: str) -> str:
    return rounded(abs(share) * 100, step)


def rounded(value: float, step: str) -> str:
    unit = Decimal(step)
    steps = (Decimal(repr(float(value))) / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    number = steps * unit
    return f"{number if number else abs(number):,}"


def count(number: int) -> str:
    return f"{number:,}"


def reason(code: str) -> Text:
    return REASON_TEXT.get(code, {"en": code.replace("_", " "), "zh": code})


def _unit(number: str, en: str, zh: str) -> Text:
    return {"en": f"{number} {en}", "zh": f"{number}{zh}"}
