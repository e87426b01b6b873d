"""Who wants to know, after the commit, that a workshop looks different: a live outlet registers here at start."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

Listener = Callable[[UUID, int], None]  # id of the workshop and its rev

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    if listener not in _listeners:
        _listeners.append(listener)


def announce(workshop_id: UUID, rev: int) -> None:
    for listener in _listeners:
        listener(workshop_id, rev)
