"""A workshop in real windows (ux.W1, W2, W3, W5): how fast one joins, how soon the board knows, what is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.browser import workshop_play as room
from tests.browser.conftest import PHONE, opened_window
from tests.browser.workshop_play import LANGUAGES, PAINS, Hall, Phone, ballots, begin, numbers, say, until

hall = room.hall
Note = Callable[[str, object], None]
SLOW_LINE = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
MOST_BYTES = 60_000
LONGEST_JOIN, LONGEST_COUNT = 10, 2  # seconds


@pytest.fixture
def note(record_testsuite_property: Note, request: Any) -> Note:
    """Measured figures go into the report of the run (--junitxml)."""
    return lambda name, value: record_testsuite_property(f"{request.node.name}.{name}", value)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


# --- joining ---------------------------------------------------------------------------------------------------------


class Line:
    """A bad mobile connection, and what went over it."""

    def __init__(self, page: Any) -> None:
        self.page, self.bodies, self.taps = page, {}, 0
        self.tool = page.context.new_cdp_session(page)
        self.tool.send("Network.enable")
        self.tool.send("Network.emulateNetworkConditions", SLOW_LINE)
        self.kinds: set[str] = set()
        self.tool.on("Network.responseReceived", lambda e: self.kinds.add(e["type"]))
        self.tool.on("Network.loadingFinished", self._finished)

    def _finished(self, event: Any) -> None:
        self.bodies[event["requestId"]] = event["encodedDataLength"]

    @property
    def total(self) -> int:
        return int(sum(self.bodies.values()))

    def tap(self, locator: Any) -> None:
        self.taps += 1
        with self.page.expect_navigation(wait_until="load"):
            locator.tap()


def ready_to_write(page: Any) -> None:
    until(page, "document.activeElement === document.querySelector('#text')")


@pytest.mark.parametrize("language", LANGUAGES)
def test_scanning_the_code_leads_to_the_pain_field_in_one_tap_and_ten_seconds(
    hall: Hall, stack: ExitStack, language: str, note: Note
) -> None:
    session = begin(hall, language, stack)
    phone = session.phone()
    line = Line(phone.page)
    started = time.monotonic()
    assert phone.window.go(f"/j/{session.code}") == 200
    joining = line.total
    line.tap(phone.button("Join"))
    ready_to_write(phone.page)
    took = time.monotonic() - started
    note("join_page_bytes", joining), note("all_bytes", line.total), note("seconds", round(took, 2))
    assert (line.taps, took <= LONGEST_JOIN) == (1, True)
    assert 4_000 < joining <= line.total <= MOST_BYTES
    assert "Font" not in line.kinds and {"Document", "Stylesheet"} <= line.kinds
    assert phone.page.evaluate("document.querySelector('main h1, header h1').textContent")
    assert session.troubles == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_read_from_the_board_leads_there_in_two_taps(
    hall: Hall, stack: ExitStack, language: str, note: Note
) -> None:
    session = begin(hall, language, stack)
    code = session.board().page.locator(".bigjoin .code").inner_text()
    phone = session.phone()
    line = Line(phone.page)
    started = time.monotonic()
    assert phone.window.go("/j") == 200
    until(phone.page, "() => document.activeElement.id === 'code'")
    phone.page.keyboard.type(code)
    line.tap(phone.button("Continue"))
    line.tap(phone.button("Join"))
    ready_to_write(phone.page)
    took = time.monotonic() - started
    note("all_bytes", line.total), note("seconds", round(took, 2))
    assert (line.taps, took <= LONGEST_JOIN, line.total <= MOST_BYTES) == (2, True, True)
    assert session.troubles == []


def test_every_target_of_a_thumb_is_large_enough(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    phone = session.phone().join(session.code)
    phone.write(PAINS["en"][0])
    small = phone.page.evaluate(
        """() => [...document.querySelectorAll('a, button, summary, select, textarea')]
          .map(e => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.height < 44 || box.width < 44)).map(([text]) => text)"""
    )
    assert small == []


# --- the board knows -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_pain_is_counted_on_the_board_within_two_seconds(
    hall: Hall, stack: ExitStack, language: str, note: Note
) -> None:
    session = begin(hall, language, stack)
    board, phone = session.board().page, session.phone().join(session.code)
    until(board, "!/0/.test(document.querySelector('aside .huge ~ p').textContent)")  # somebody is here
    assert board.locator(".huge").inner_text() == "0"
    phone.page.locator("#text").fill(PAINS[language][0])
    sent = time.monotonic()
    phone.button("Add the card").click(no_wait_after=True)
    until(board, "document.querySelector('.huge').textContent === '1'")
    took = time.monotonic() - sent
    note("seconds", round(took, 2))
    assert took <= LONGEST_COUNT
    assert PAINS[language][0] not in board.content()  # its text shows at the reveal
    assert session.troubles == []


# --- an extra for the mouse ------------------------------------------------------------------------------------------


def test_an_item_dropped_on_another_is_merged_and_undo_takes_it_back(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    room.seat_texts(session.play, PAINS["en"][:3])
    desk = session.desk()
    session.press(desk, "Show the cards")
    before = sorted(room.titles(session.play))
    items = desk.page.locator("[data-drag] > li")
    with desk.page.expect_navigation(wait_until="load"):
        items.nth(2).drag_to(items.nth(0))
    assert items.count() == 2 and len(room.titles(session.play)) == 2
    with desk.page.expect_navigation(wait_until="load"):
        desk.page.locator("#undo button").first.click()
    assert sorted(room.titles(session.play)) == before
    assert session.troubles == []


# --- step back and forward -------------------------------------------------------------------------------------------


def test_stepping_back_to_cluster_and_forward_again_loses_no_point(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    pains = PAINS["en"][:3]
    room.seat_texts(session.play, pains)
    phones = session.phones(3)
    desk = session.desk()
    session.press(desk, "Show the cards")
    session.press(desk, "Open the vote")
    given = [dict(zip(pains, points, strict=True)) for points in ((4, 3, 3), (1, 4, 0), (0, 0, 2))]
    for phone, choice in zip(phones, given, strict=True):
        phone.wait_phase("vote")
        for title, points in choice.items():
            phone.place(title, points)
        phone.wait_saved()
    before = ballots(session.play.now)
    assert sum(sum(choices.values()) for choices in before) == 17
    session.press(desk, "Back to clustering")
    for phone in phones:
        phone.wait_phase("cluster")
    session.press(desk, "Open the vote")
    for phone, choice in zip(phones, given, strict=True):
        phone.wait_phase("vote")
        assert phone.points() == {title: n for title, n in choice.items() if n}
    assert ballots(session.play.now) == before
    phones[2].place(pains[0], 1)  # and the ballot is still open
    phones[2].wait_saved()
    assert sum(sum(choices.values()) for choices in ballots(session.play.now)) == 18
    session.press(desk, "Close the vote")
    points = {row["title"]["en"]: row["points"] for row in room.result_of(session)}
    assert points == {pains[0]: 6, pains[1]: 7, pains[2]: 5}
    assert session.troubles == []


# --- another language on the same phone ------------------------------------------------------------------------------


def test_a_seat_keeps_its_cards_when_its_language_changes(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    phone = session.phone().join(session.code)
    phone.write(PAINS["zh-hans"][0])
    phone.page.locator("#text").fill("half a pain")
    with phone.page.expect_navigation(wait_until="load"):
        phone.page.get_by_role("button", name="中文").click()
    assert phone.page.evaluate("document.documentElement.lang") == "zh-hans"
    there = Phone(phone.window, "zh-hans")
    assert there.own() == [PAINS["zh-hans"][0]]
    assert phone.page.locator("#text").input_value() == "half a pain"
    assert there.button("Add the card").count() == 1
    assert session.troubles == []


def test_what_is_stored_can_be_read_before_joining(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    phone = session.phone()
    phone.window.go(f"/j/{session.code}")
    with phone.page.expect_navigation(wait_until="load"):
        phone.page.get_by_role("link", name="What is stored").click()
    assert say("en", "Not stored") in phone.page.locator("main").inner_text()
    assert numbers(phone.page.locator("main").inner_text())
    assert phone.window.sideways(PHONE) <= 0
    assert session.troubles == []


def test_the_board_keeps_its_last_state_when_the_line_is_lost(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    with opened_window(hall.site, hall.chromium, hall.world.facilitator, "en", room.BOARD) as window:
        window.go(f"/w/{session.key}/board")
        window.page.context.set_offline(True)
        window.page.wait_for_selector("[data-live-mark]:visible")
        assert window.page.locator(".bigjoin .code").is_visible()
        room.seat_texts(session.play, ["one more"])
        window.page.context.set_offline(False)
        until(window.page, "document.querySelector('.huge').textContent === '1'")
        window.page.wait_for_selector("[data-live-mark]", state="hidden")
