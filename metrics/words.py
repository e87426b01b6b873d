"""Words for the codes an estimate speaks in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from metrics.estimators.model import is_left_undone

VERDICTS = {
    "clear_gain": _("clear gain"),
    "gain_size_uncertain": _("gain, size uncertain"),
    "no_meaningful_change": _("no meaningful change"),
    "worse": _("worse"),
    "cannot_tell": _("cannot tell"),
    "not_enough_data": _("not enough data"),
    "not_attributable": _("not attributable"),
    "suppressed": _("suppressed"),
    "refused": _("refused"),
    "": _("no verdict yet"),
}
WINDOWS = {"baseline": _("before"), "ramp": _("learning weeks"), "pilot": _("pilot")}
STATUS = {"pass": _("passed"), "warn": _("remark"), "refuse": _("stops it"), "not_run": _("does not apply")}
NOT_RUN = _("not run")
SOURCES = {"task_times": _("task times of the team")}
EXCLUDED = {
    "filtered_out": _("outside the filter"),
    "outside_windows": _("outside both windows"),
    "in_ramp": _("in the learning weeks"),
    "missing_start": _("no start time"),
    "missing_value": _("no value"),
    "unparsable": _("unreadable"),
    "opened_after_as_of": _("opened after the data was complete"),
    "negative_duration": _("ends before it starts"),
    "ambiguous_local_time": _("ambiguous local time"),
    "nonexistent_local_time": _("local time that does not exist"),
    "child_of_parent": _("part of another incident"),
    "duplicate_key": _("the same record again"),
    "small_stratum": _("group too small to compare"),
    "user_excluded": _("left out by hand"),
}
GUARDS = {
    "G1": _("whole weeks"),
    "G2": _("season"),
    "G3": _("trend before the pilot"),
    "G4": _("invented pilots in quiet weeks"),
    "G5": _("mix of cases"),
    "G6": _("still open"),
    "G7": _("end set by a timer"),
    "G8": _("rounded values"),
    "G9": _("volume"),
    "G10": _("other changes"),
    "G11": _("coding of the arms"),
    "G12": _("time zones"),
    "G13": _("who chose to use it"),
}
METHODS = {
    "median_ratio": _("ratio of medians"),
    "km_median_ratio": _("ratio of medians, open incidents counted"),
    "rmst_diff": _("difference of the average open time"),
    "hl_shift": _("typical difference"),
    "hl_ratio": _("typical ratio"),
}


@dataclass(frozen=True)
class WindowDays:
    """A half-open window as people read it: first and last civil day."""

    word: Any
    first: date
    last: date

    @property
    def weeks(self) -> str:
        count = ((self.last - self.first).days + 1) / 7
        return ngettext("%(n)s week", "%(n)s weeks", round(count)) % {"n": f"{count:g}"} if count % 1 == 0 else ""


def window_days(role: str, start: datetime, until: datetime, zone: str) -> WindowDays:
    place = ZoneInfo(zone)
    last = until.astimezone(place) - timedelta(microseconds=1)
    return WindowDays(window_word(role), start.astimezone(place).date(), last.date())


def verdict_word(code: str) -> Any:
    return VERDICTS.get(code, code)


def window_word(code: str) -> Any:
    return WINDOWS.get(code, code)


def period_word(code: str) -> Any:
    return WINDOWS.get(code, code)


def guard_status(guard: dict[str, Any]) -> Any:
    """The state of a stored guard: what was left undone is never said to have nothing to say."""
    return NOT_RUN if is_left_undone(guard) else STATUS.get(guard["status"], guard["status"])


def source_word(name: str) -> Any:
    """A source of incidents has the name its people gave it."""
    return SOURCES.get(name, name)


def excluded_word(code: str) -> Any:
    return EXCLUDED.get(code, code.replace("_", " "))


def method_word(code: str) -> Any:
    if code.startswith("share_within_"):
        return _("share done in time")
    return METHODS.get(code, code.replace("_", " "))
