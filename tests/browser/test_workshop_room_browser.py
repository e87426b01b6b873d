"""A full room (ux.W7): phones and one board in Chromium from joining to the published list, in both languages."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser import workshop_play as room
from tests.browser.conftest import Window
from tests.browser.workshop_play import LANGUAGES, PAINS, Hall, Phone, Session, begin, rev_of, say, until
from usecases.models import Cluster

hall = room.hall
FEW, FULL = 5, 25  # phones
LONGEST_MEDIAN = 2  # seconds
WATCH = """() => {
  window.swaps = [];
  document.addEventListener('live:swapped', e => window.swaps.push([e.detail.rev, Date.now()]));
}"""
SEEN = "rev => (window.swaps.find(([seen]) => seen >= rev) ?? [])[1] ?? null"


@dataclass
class Updates:
    """How long after a write the others showed it."""

    session: Session
    seconds: list[float] = field(default_factory=list)

    def after(self, deed: Callable[[], None], watchers: list[Window]) -> None:
        for window in watchers:
            window.page.evaluate(WATCH)
        sent = time.time() * 1000
        deed()
        rev = rev_of(self.session)
        for window in watchers:
            until(window.page, f"rev => ({SEEN})(rev) !== null", rev)
            self.seconds.append((window.page.evaluate(SEEN, rev) - sent) / 1000)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def send_card(phone: Phone, text: str) -> Callable[[], None]:
    """The click to the acknowledged card; the page comes again after it."""

    def deed() -> None:
        phone.page.locator("#text").fill(text)
        phone.press("Add the card")

    return deed


def save_points(phone: Phone, title: str) -> Callable[[], None]:
    def deed() -> None:
        phone.place(title, 4)
        phone.wait_saved()

    return deed


def write_and_watch(session: Session, phones: list[Phone], board: Window, updates: Updates) -> None:
    pains = PAINS[session.language]
    for n, phone in enumerate(phones):
        text = pains[n] if n < len(pains) else f"{pains[n % len(pains)]} ({n})"
        if n < 2:
            updates.after(send_card(phone, text), [board, *(p.window for p in phones if p is not phone)])
        else:
            phone.write(text)
    until(board.page, "n => document.querySelector('.huge').textContent === n", str(len(phones)))


def merge_on_a_phone(phone: Phone, first: str, second: str) -> None:
    """By taps alone: two boxes and a button."""
    for title in (first, second):
        phone.page.locator("label.pick", has=phone.page.get_by_text(title, exact=True)).first.tap()
    phone.press("Put together")


def vote_and_watch(session: Session, phones: list[Phone], board: Window, updates: Updates) -> list[str]:
    titles = room.titles(session.play)
    for phone in phones:
        phone.wait_phase("vote")
    for n, phone in enumerate(phones):
        if n < 2:
            updates.after(save_points(phone, titles[0]), [board, *(p.window for p in phones if p is not phone)])
        else:
            phone.place(titles[n % 2], 4)
        phone.place(titles[2], 3)
        phone.press("I have placed my points")
    until(board.page, "n => document.querySelector('.turnout .huge').textContent.startsWith(n)", str(len(phones)))
    return titles


def name_owners(session: Session, desk: Window) -> None:
    """Every item the page asks about, as the facilitator does it."""
    team = str(session.hall.world.team.pk)
    for n in range(desk.page.locator("form.mark").count()):
        form = desk.page.locator("form.mark").nth(n)
        form.locator("[name=owner_team]").select_option(team)
        with desk.page.expect_navigation(wait_until="load"):
            form.get_by_role("button").click()


def publish(session: Session, desk: Window) -> None:
    with desk.page.expect_navigation(wait_until="load"):
        desk.page.get_by_role("link", name=say(session.language, "Publish") + " …", exact=True).click()
    session.press(desk, "Publish")


def play(hall: Hall, language: str, count: int, stack: ExitStack) -> tuple[Session, Updates]:
    session = begin(hall, language, stack)
    updates = Updates(session)
    board, desk = session.board(), session.desk()
    phones = session.phones(count)
    write_and_watch(session, phones, board, updates)
    session.press(desk, "Show the cards")
    for phone in phones:
        phone.wait_phase("cluster")
    merge_on_a_phone(phones[0], *PAINS[language][:2])
    assert Cluster.objects.filter(workshop=session.play.workshop, merged_into=None).count() == count - 1
    desk.go(f"/w/{session.key}")
    session.press(desk, "Open the vote")
    vote_and_watch(session, phones, board, updates)
    desk.go(f"/w/{session.key}")
    session.press(desk, "Close the vote")
    for phone in phones:
        phone.wait_phase("review")
    name_owners(session, desk)
    publish(session, desk)
    for phone in phones:
        phone.wait_phase("published")
    until(board.page, "document.querySelectorAll('.ranking tbody tr').length > 0")
    return session, updates


def check(session: Session, updates: Updates, count: int) -> None:
    """What everybody leaves with, and that nothing went wrong on the way."""
    workshop = session.play.now
    version = workshop.rounds.sealed().select_related("inventory").first().inventory
    rows = room.result_of(session)
    assert [row["points"] for row in rows] == sorted((row["points"] for row in rows), reverse=True)
    assert sum(row["points"] for row in rows) == count * 7
    way_out = f'main a[href="{version.get_absolute_url()}"]'
    guests = [w for w in session.windows if w.page.locator("body.room").count()]
    assert len(guests) == count
    assert [w.page.url for w in guests if w.page.locator(way_out).count() != 1] == []
    assert updates.median <= LONGEST_MEDIAN, sorted(updates.seconds)
    assert len(updates.seconds) == 4 * count
    assert session.troubles == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [FEW, FULL])
def test_phones_and_a_board_play_a_workshop_to_its_inventory(
    hall: Hall, language: str, count: int, record_testsuite_property: Any
) -> None:
    with ExitStack() as stack:
        session, updates = play(hall, language, count, stack)
        record_testsuite_property(f"workshop.{count}.{language}.median", round(updates.median, 2))
        check(session, updates, count)
