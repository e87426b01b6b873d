"""A workshop in real windows: the hall it takes place in, phones, the board and the desk, and what they send.

A module takes part by `hall = workshop_play.hall`; every workshop of a module is a new one in the same hall.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from foundation.db import thaw
from tests.browser.conftest import DESKTOP, PHONE, Site, Window, opened_window
from tests.journeys.hands import said
from tests.usecases import workshops as build
from tests.usecases.workshops import Play
from tests.world import World, a_world
from usecases import workshop_view
from usecases.models import Ballot, Cluster, Workshop

BOARD = {"width": 1920, "height": 1080}
PAINS = {
    "en": (
        "Every Monday I have to copy the backup report into a slide",
        "Every night I have to confirm the same false disk alert",
        "Before every change I have to check dependencies by hand",
        "Every month I have to chase certificates in a sheet",
        "Every shift I have to write the handover twice",
    ),
    "zh-hans": (
        "每周一我都要把备份报告抄进幻灯片",
        "每天夜里我都要确认同一个磁盘误报",
        "每次变更前我都要手工核对依赖",
        "每个月我都要在表格里追证书到期",
        "每个班次我都要把交接写两遍",
    ),
}
LANGUAGES = tuple(PAINS)


# --- the hall --------------------------------------------------------------------------------------------------------


def _empty() -> None:
    with thaw():
        call_command("flush", interactive=False, verbosity=0)


@dataclass
class Hall:
    """One installation with the cast of `tests.world` and nothing else in it."""

    world: World
    site: Site
    chromium: Any

    def renew(self) -> None:
        """Nothing but the cast again, for who needs an empty database."""
        _empty()
        self.world = a_world()


@pytest.fixture(scope="module")
def hall(served: Site, chromium: Any, django_db_blocker: Any) -> Iterator[Hall]:
    """The demo comes back afterwards if it was there."""
    from desk.demo.loader import load_demo

    with django_db_blocker.unblock():
        had_demo = User.objects.exclude(persona="").exists()
        _empty()
        yield Hall(a_world(), served, chromium)
        _empty()
        if had_demo:
            load_demo("sail by landmarks")


# --- words -----------------------------------------------------------------------------------------------------------


def say(language: str, text: str, **values: object) -> str:
    """The words of a page in the language it is read in."""
    return said(text, language, **values)


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]


def until(page: Any, true: str, given: Any = None, seconds: float = 20) -> None:
    """Asks from outside: the policy of the pages lets nobody wait in them by a text that is evaluated."""
    end = time.monotonic() + seconds
    while not page.evaluate(true, given):
        assert time.monotonic() < end, f"not within {seconds} s at {page.url}: {true} {given or ''}"
        page.wait_for_timeout(20)


# --- who sits there --------------------------------------------------------------------------------------------------


@dataclass
class Phone:
    """One guest with one seat."""

    window: Window
    language: str

    @property
    def page(self) -> Any:
        return self.window.page

    def button(self, text: str) -> Any:
        return self.page.get_by_role("button", name=say(self.language, text), exact=True)

    def press(self, text: str) -> None:
        with self.page.expect_navigation(wait_until="load"):
            self.button(text).click()

    def press_first(self, words: str) -> None:
        """One of several of a kind, by the words as they stand there."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.get_by_role("button", name=words, exact=True).first.click()

    def join(self, code: str) -> Phone:
        assert self.window.go(f"/j/{code}") == 200
        self.press("Join")
        return self

    def write(self, text: str) -> None:
        """One card; back when the page shows it among the own ones."""
        self.page.locator("#text").fill(text)
        self.press("Add the card")
        assert text in self.own()

    def own(self) -> list[str]:
        return [text.strip() for text in self.page.locator(".own .text").all_inner_texts()]

    def place(self, title: str, points: int) -> None:
        """+ until the item has so many."""
        more = self.page.get_by_role("button", name=f"{say(self.language, 'One point more')} {title}", exact=True)
        for _n in range(points):
            more.click()

    def points(self) -> dict[str, int]:
        rows = self.page.locator("#ballot li").evaluate_all(
            "rows => rows.map(r => [r.querySelector('label b').textContent, Number(r.querySelector('select').value)])"
        )
        return {title: n for title, n in rows if n}

    def wait_saved(self) -> None:
        said = say(self.language, "Saved.")
        until(self.page, "said => document.querySelector('[data-status]')?.textContent === said", said)

    def wait_phase(self, phase: str) -> None:
        self.page.wait_for_selector(f'[data-live-phase="{phase}"]')


@dataclass
class Session:
    """The windows of one workshop; what a browser complained about in any of them is in `troubles`."""

    hall: Hall
    play: Play
    language: str
    stack: ExitStack
    windows: list[Window] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.play.workshop.key

    @property
    def code(self) -> str:
        return str(self.play.now.long_code)

    @property
    def troubles(self) -> list[str]:
        return [trouble for window in self.windows for trouble in window.troubles]

    def window(self, who: Any, viewport: dict[str, int], **options: Any) -> Window:
        opened = self.stack.enter_context(
            opened_window(self.hall.site, self.hall.chromium, who, self.language, viewport, **options)
        )
        opened.page.on("requestfailed", lambda request: _failed(opened, request))
        self.windows.append(opened)
        return opened

    def phone(self, **options: Any) -> Phone:
        """A guest who stands before the door."""
        return Phone(self.window(None, PHONE, has_touch=True, is_mobile=True, **options), self.language)

    def phones(self, count: int) -> list[Phone]:
        return [self.phone().join(self.code) for _n in range(count)]

    def board(self, viewport: dict[str, int] = BOARD) -> Window:
        window = self.window(self.hall.world.facilitator, viewport)
        assert window.go(f"/w/{self.key}/board") == 200
        return window

    def desk(self, viewport: dict[str, int] = DESKTOP) -> Window:
        window = self.window(self.hall.world.facilitator, viewport)
        assert window.go(f"/w/{self.key}") == 200
        return window

    def press(self, desk: Window, text: str, **values: object) -> None:
        """A button on the desk, on the page as it is now."""
        with desk.page.expect_navigation(wait_until="load"):
            desk.page.get_by_role("button", name=say(self.language, text, **values), exact=True).first.click()
        status = desk.page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
        assert status == 200, f"{status} at {desk.page.url}:\n{desk.page.locator('main').inner_text()}"


def _failed(window: Window, request: Any) -> None:
    if "ERR_ABORTED" not in str(request.failure):  # a page that is left gives up what it was still asking for
        window.troubles.append(f"request failed: {request.url} {request.failure}")


def begin(hall: Hall, language: str, stack: ExitStack, **settings: Any) -> Session:
    """A workshop that collects, in the language of its people."""
    play = build.a_collecting(hall.world, seats=0, language=language, **settings)
    return Session(hall, play, language, stack)


# --- what is kept ----------------------------------------------------------------------------------------------------


def titles(play: Play) -> list[str]:
    return [cluster.title for cluster in Cluster.objects.filter(workshop=play.workshop, merged_into=None)]


def ballots(workshop: Workshop) -> list[dict[str, int]]:
    """Points of every ballot of the latest round, by item; the tables are looked at on purpose."""
    last = workshop.rounds.order_by("-number").first()
    return sorted((dict(b.choices) for b in Ballot.objects.filter(round=last)), key=lambda c: sorted(c.items()))


def seat_texts(play: Play, texts: Sequence[str]) -> None:
    """Cards of one more seat, written without a window."""
    play.join(1)
    for text in texts:
        play.write(text, len(play.seats) - 1)


def rev_of(session: Session) -> int:
    return int(workshop_view.rev_of(session.key) or 0)


def result_of(session: Session) -> list[dict[str, Any]]:
    shown = workshop_view.visible_results(session.play.now, session.play.run)
    return list(shown["result"]["items"])
