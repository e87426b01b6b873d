"""A workshop as everybody in the room sees it now: one rendering per (workshop, rev, view, language), shared.

A view is a role: phones for those with a seat, the board for the wall, the desk for facilitators, who may open all
three and see each as its people do. Nothing personal is in a fragment; what belongs to one seat stands outside the
live region of a page. Who sees what is decided by `workshop_view`, here as everywhere.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.actors import actor_for
from accounts.models import User
from foundation.actor import Actor
from foundation.errors import NotVisible, Reason
from foundation.live import Frame, Look, Source, announce
from usecases import workshop_news
from usecases.models import Seat, Workshop
from usecases.seats import SeatPass, cookie_name, open_pass
from usecases.workshop_view import PHONE, VIEWS, may_open, snapshot

MOST_KEPT = 256  # fragments; a large workshop has some 20 kB of them, and only the newest rev is asked for
JITTER = 0.2  # of the interval, so that 200 phones do not ask in one moment
USUAL = 5  # seconds, while this process has not rendered the workshop and does not know how many people there are
NOT_HERE = Reason("not_found", NotVisible.title)

Who = Actor | SeatPass


@dataclass(frozen=True)
class Fragment(Frame):
    interval: int  # seconds


class Fragments:
    """Bounded, for the whole process; while one is rendered the others wait for it instead of doing it again."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._kept: OrderedDict[tuple[object, ...], Fragment] = OrderedDict()
        self._intervals: OrderedDict[tuple[UUID, str], int] = OrderedDict()
        self._most, self._lock = most, Lock()

    def get(self, watch: Watch) -> Fragment:
        rev = Workshop.objects.filter(pk=watch.workshop_id).values_list("rev", flat=True).first()
        kept = self._kept.get((watch.workshop_id, rev, watch.variant))
        return kept or self._make(watch)

    def _make(self, watch: Watch) -> Fragment:
        """Rev first, content after it: what changes in between is newer than its number, and rendered again."""
        with self._lock:
            workshop = Workshop.objects.select_related("unit").filter(pk=watch.workshop_id).first()
            if workshop is None:
                raise NotVisible(NOT_HERE)
            name = (workshop.pk, workshop.rev, watch.variant)
            if name not in self._kept:
                self._keep(name, watch, rendered(workshop, watch))
            return self._kept[name]

    def _keep(self, name: tuple[object, ...], watch: Watch, fragment: Fragment) -> None:
        """The oldest go first; a workshop that goes on makes a new one with every rev."""
        self._kept[name] = fragment
        self._intervals[watch.workshop_id, watch.view] = fragment.interval
        self._intervals.move_to_end((watch.workshop_id, watch.view))
        for kept in (self._kept, self._intervals):
            while len(kept) > self._most:
                kept.popitem(last=False)

    def interval(self, workshop_id: UUID, view: str) -> int:
        return self._intervals.get((workshop_id, view), USUAL)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._intervals.clear()


FRAGMENTS = Fragments()


class Watch(Source):
    """Somebody who looks at a workshop."""

    def __init__(self, workshop: Workshop, who: Who, view: str, language: str) -> None:
        self.workshop_id, self.who, self.view, self.language = workshop.pk, who, view, language
        self.topic, self.version, self.phase = topic_of(workshop.pk), workshop.rev, workshop.state
        self.variant = (view, language)

    def look(self) -> Look | None:
        found = Workshop.objects.filter(pk=self.workshop_id).values_list("rev", "state").first()
        return Look(*found) if found else None

    def frame(self) -> Frame:
        return FRAGMENTS.get(self)

    def holding(self, sources: Sequence[Source]) -> set[int]:
        return _still_allowed(self.workshop_id, [s for s in sources if isinstance(s, Watch)])

    def pause(self) -> int:
        seconds = FRAGMENTS.interval(self.workshop_id, self.view)
        return round(1000 * seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - spreads load


def topic_of(workshop_id: UUID) -> str:
    return f"workshop:{workshop_id}"


def tell(workshop_id: UUID, rev: int) -> None:
    announce(topic_of(workshop_id), rev)


def follow_news() -> None:
    """At start: every change of a workshop is announced to its streams."""
    workshop_news.listen(tell)


def watched(key: str, view: str, *, actor: Actor, cookies: Mapping[str, str], seen: int | None, language: str) -> Watch:
    """Who looks through which view; raises NotVisible for everybody else, so a hidden workshop does not exist.

    A seat that has seen the present rev gets no content, so its signature is enough and the poll costs one read.
    """
    workshop = Workshop.objects.select_related("unit").filter(key=key).first()
    if workshop is None or view not in VIEWS:
        raise NotVisible(NOT_HERE)
    who = _who(workshop, view, actor, cookies)
    if isinstance(who, SeatPass) and seen == workshop.rev and workshop.is_live:
        return Watch(workshop, who, view, language)
    if not may_open(workshop, who, view):
        raise NotVisible(NOT_HERE)
    return Watch(workshop, who, view, language)


def _who(workshop: Workshop, view: str, actor: Actor, cookies: Mapping[str, str]) -> Who:
    """On a phone the seat counts, wherever its holder is signed in."""
    seat = open_pass(workshop, cookies.get(cookie_name(workshop))) if view == PHONE else None
    return seat or actor


def _still_allowed(workshop_id: UUID, watches: Sequence[Watch]) -> set[int]:
    workshop = Workshop.objects.select_related("unit").get(pk=workshop_id)
    seats = set(Seat.objects.filter(workshop=workshop).values_list("pk", flat=True))
    return {place for place, watch in enumerate(watches) if _is_allowed(workshop, watch, seats)}


def _is_allowed(workshop: Workshop, watch: Watch, seats: set[UUID]) -> bool:
    if isinstance(watch.who, SeatPass):
        return watch.who.seat_id in seats
    user = User.objects.filter(pk=watch.who.user_id).first() if watch.who.user_id else None
    # With the roles held now, not those of the moment the stream was opened.
    return user is not None and may_open(workshop, actor_for(user), watch.view)


def rendered(workshop: Workshop, watch: Watch) -> Fragment:
    shown = snapshot(workshop, watch.view)
    with translation.override(watch.language), timezone.override(ZoneInfo(workshop.unit.zone)):
        html = render_to_string(f"usecases/live/{watch.view}.html", {**shown, "phase": workshop.state})
    return Fragment(workshop.rev, workshop.state, html, not workshop.is_live, shown["interval"])
