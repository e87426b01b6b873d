"""Calendar files: reviews, expiries, renewals. The same UID with a higher sequence moves an event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from foundation import clock

if TYPE_CHECKING:
    from icalendar import Component


@dataclass(frozen=True)
class Event:
    """A `date` start is an all-day event, a `datetime` one must carry its zone."""

    uid: str
    title: str
    start: date | datetime
    end: date | datetime | None = None
    note: str = ""
    url: str = ""
    sequence: int = 0


def write_calendar(name: str, events: Iterable[Event]) -> bytes:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Pilotage//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for event in events:
        calendar.add_component(_component(event))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _component(event: Event) -> Component:
    from icalendar import Event as IcsEvent

    if isinstance(event.start, datetime) and event.start.tzinfo is None:
        raise ValueError("a timed event needs a zone")
    component = IcsEvent()
    component.add("uid", event.uid)
    component.add("sequence", event.sequence)
    component.add("dtstamp", clock.now())
    component.add("summary", event.title)
    component.add("dtstart", event.start)
    component.add("dtend", event.end or _default_end(event.start))
    if event.note:
        component.add("description", event.note)
    if event.url:
        component.add("url", event.url)
    return component


def _default_end(start: date | datetime) -> date | datetime:
    return start + (timedelta(minutes=30) if isinstance(start, datetime) else timedelta(days=1))
