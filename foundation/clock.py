"""The time of the house. Only the demo loader pins it, to write a believable past through the real services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

_pinned: ContextVar[datetime | None] = ContextVar("pinned", default=None)


def now() -> datetime:
    return _pinned.get() or timezone.now()


def today(zone: str = "UTC") -> date:
    """The civil day in a zone (a unit's, a time-box's)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def pinned(at: datetime) -> Iterator[None]:
    token = _pinned.set(at)
    try:
        yield
    finally:
        _pinned.reset(token)
