"""What a view tells about a record that is followed, and the answer to a poll."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

OFFER = "pilotage.live"  # where an offer lies in the ASGI scope
REV, PHASE, NEXT = "X-Live-Rev", "X-Live-Phase", "X-Live-Next"


@dataclass(frozen=True)
class Look:
    """`phase` decides who may see what: when it changes, every reader is asked for anew."""

    version: int
    phase: str


@dataclass(frozen=True)
class Frame(Look):
    html: str
    ended: bool

    def event(self) -> bytes:
        data = {"rev": self.version, "phase": self.phase, "ended": self.ended, "html": self.html}
        return b"event: state\nid: %d\ndata: %s\n\n" % (self.version, json.dumps(data, ensure_ascii=False).encode())


class Source(ABC):
    """One reader of one record. `look`, `frame` and `holding` run in a thread, outside any request.

    Readers with the same `variant` get the same bytes, so nothing personal may be in them.
    """

    topic: str
    variant: Hashable
    version: int  # this and the phase: when the view let the reader in
    phase: str

    @abstractmethod
    def look(self) -> Look | None:
        """One indexed read; None when the record is gone."""

    @abstractmethod
    def frame(self) -> Frame:
        """What this variant sees now; rendered once and shared."""

    @abstractmethod
    def holding(self, sources: Sequence[Source]) -> set[int]:
        """Places in `sources` (all of this topic) of those who may still look."""

    @abstractmethod
    def pause(self) -> int:
        """Milliseconds until this reader asks again; 0 when there is nothing more to come."""


def offer(request: HttpRequest, source: Source) -> bool:
    """Hand the reader over to the ASGI door; False where there is none (a WSGI process)."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return False
    scope[OFFER] = source
    return True


def headers(look: Look, pause: int) -> dict[str, str]:
    return {REV: str(look.version), PHASE: look.phase, NEXT: str(pause), "Cache-Control": "no-store"}


def answer(source: Source, seen: int | None) -> HttpResponse:
    """204 while the version stands, without another read; else the frame of now."""
    if seen == source.version:
        return HttpResponse(status=204, headers=headers(Look(source.version, source.phase), source.pause()))
    frame = source.frame()
    return HttpResponse(frame.html, headers=headers(frame, 0 if frame.ended else source.pause()))


def poll(source: Source, seen: int | None) -> Look:
    """For a reader known from before: one read, and a `Frame` if there is news."""
    look = source.look() if seen is not None else None
    return look if look is not None and look.version == seen else source.frame()
