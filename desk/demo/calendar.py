"""Moments of the story, as offsets from the day of loading; weeks snapped to Mondays; beats play in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from foundation import clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
Beat = tuple[datetime, Callable[[], object]]


def play(beats: Iterable[Beat]) -> None:
    """One after the other as they happened: what is frozen on a day holds only what was there on that day."""
    for moment, act in sorted(beats, key=lambda beat: beat[0]):
        with clock.pinned(moment):
            act()


@dataclass(frozen=True)
class Calendar:
    """`today` is the civil day in Shanghai; every other day follows from it."""

    today: date

    def at(self, days: int, hour: int = 10, minute: int = 0) -> datetime:
        """`days` before (negative) or after today, Shanghai time."""
        return datetime.combine(self.today + timedelta(days=days), time(hour, minute), SHANGHAI)

    @property
    def box_starts(self) -> date:
        """A Monday about twelve weeks ago."""
        day = self.today - timedelta(days=80)
        return day - timedelta(days=day.weekday())

    @property
    def box_ends(self) -> date:
        return self.today + timedelta(days=5)

    @property
    def weeks_measured(self) -> int:
        """Whole weeks between the start and the pilots' decision date, two days ago."""
        return (self.today - timedelta(days=2) - self.box_starts).days // 7

    @property
    def latest(self) -> datetime:
        """The last moment of the story that is not ahead of the reader."""
        return min(clock.now(), self.at(0, 20))

    def monday(self, week: int) -> datetime:
        """Midnight of a Monday; week 0 is the first of the box, -1 the one before."""
        return datetime.combine(self.box_starts + timedelta(weeks=week), time.min, SHANGHAI)
