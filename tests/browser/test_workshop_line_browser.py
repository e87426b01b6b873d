"""What a lost line, a switched-off script and a hostile card do to a workshop: nothing that is not said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.browser import workshop_play as room
from tests.browser.conftest import PHONE, Window
from tests.browser.workshop_play import PAINS, Hall, Phone, Session, ballots, begin, say, until
from usecases.models import Card

hall = room.hall
PAIN = PAINS["en"]
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def real(troubles: list[str]) -> list[str]:
    """Without what a browser says of a line that was cut on purpose."""
    return [trouble for trouble in troubles if not any(word in trouble for word in OFFLINE)]


def voting(session: Session, count: int) -> list[Phone]:
    room.seat_texts(session.play, PAIN[:3])
    phones = session.phones(count)
    session.play.step("reveal")
    session.play.step("open_vote")
    for phone in phones:
        phone.wait_phase("vote")
    return phones


# --- the line --------------------------------------------------------------------------------------------------------


def test_points_placed_without_a_line_are_kept_and_delivered_when_it_is_back(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    (phone,) = voting(session, 1)
    phone.page.context.set_offline(True)
    phone.place(PAIN[0], 4)
    phone.place(PAIN[1], 2)
    said = say("en", "No connection. Kept here and sent again.")
    until(phone.page, "said => document.querySelector('[data-status]').textContent === said", said)
    phone.button("I have placed my points").click()  # no error page: the form waits, too
    assert ballots(session.play.now) == []
    assert phone.points() == {PAIN[0]: 4, PAIN[1]: 2}
    with phone.page.expect_navigation(wait_until="load"):
        phone.page.context.set_offline(False)
    assert phone.points() == {PAIN[0]: 4, PAIN[1]: 2}
    assert [sorted(choices.values()) for choices in ballots(session.play.now)] == [[2, 4]]
    assert phone.button("Save the change").count() == 1
    assert real(session.troubles) == []


def test_points_that_never_arrived_survive_a_closed_page(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    (phone,) = voting(session, 1)
    phone.page.context.set_offline(True)
    phone.place(PAIN[2], 3)
    phone.page.goto("about:blank")
    phone.page.context.set_offline(False)
    phone.window.go(f"/w/{session.key}")
    phone.wait_saved()
    assert phone.points() == {PAIN[2]: 3}
    assert [list(choices.values()) for choices in ballots(session.play.now)] == [[3]]
    assert real(session.troubles) == []


def test_a_card_written_without_a_line_arrives_once(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    phone = session.phone().join(session.code)
    phone.page.context.set_offline(True)
    phone.page.locator("#text").fill(PAIN[0])
    phone.button("Add the card").click()
    until(phone.page, "document.querySelector('[data-said]').textContent !== ''")
    assert Card.objects.filter(workshop=session.play.workshop).count() == 0
    with phone.page.expect_navigation(wait_until="load"):
        phone.page.context.set_offline(False)
    assert phone.own() == [PAIN[0]]
    assert Card.objects.filter(workshop=session.play.workshop).count() == 1
    assert phone.page.locator("#text").input_value() == ""
    assert real(session.troubles) == []


def test_a_draft_survives_a_reload_and_a_lost_facilitator_changes_nothing(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    desk, phone = session.desk(), session.phone().join(session.code)
    phone.page.locator("#text").press_sequentially("Every evening I")
    desk.page.context.set_offline(True)
    before = session.play.now
    phone.page.reload(wait_until="load")
    assert phone.page.locator("#text").input_value() == "Every evening I"
    phone.write("Every evening I have to count tickets")
    until(desk.page, "!document.querySelector('[data-live-mark]').hidden")  # it says that it hears nothing
    after = session.play.now
    assert (after.state, after.version, after.state_since) == (before.state, before.version, before.state_since)
    desk.page.context.set_offline(False)
    until(desk.page, "document.querySelector('.counts').textContent.trim().startsWith('1')")
    session.press(desk, "Show the cards")  # the desk that was opened before any card
    assert session.play.now.state == "cluster"
    assert real(session.troubles) == []


def test_a_draft_is_not_lost_when_the_phase_moves_on(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    phone = session.phone().join(session.code)
    room.seat_texts(session.play, PAIN[:2])
    phone.page.locator("#text").press_sequentially("half of a thought")
    session.play.step("reveal")
    phone.page.wait_for_selector("[data-live-moved]:visible")
    assert phone.page.locator("#text").input_value() == "half of a thought"
    with phone.page.expect_navigation(wait_until="load"):
        phone.page.locator("[data-live-moved] a").click()
    phone.wait_phase("cluster")
    session.play.step("recollect")
    phone.wait_phase("collect")
    assert phone.page.locator("#text").input_value() == "half of a thought"
    assert session.troubles == []


# --- without script --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", room.LANGUAGES)
def test_one_joins_writes_and_votes_without_any_script(hall: Hall, stack: ExitStack, language: str) -> None:
    session = begin(hall, language, stack)
    pains = PAINS[language]
    phone = Phone(session.window(None, PHONE, java_script_enabled=False), language).join(session.code)
    phone.write(pains[0])
    phone.write(pains[1])
    session.play.step("reveal")
    phone.window.go(f"/w/{session.key}")
    for title in pains[:2]:
        phone.page.get_by_label(title).check()
    phone.press("Put together")
    assert len(room.titles(session.play)) == 1
    phone.press_first(f"{say(language, 'Undo')} 1")
    assert len(room.titles(session.play)) == 2
    session.play.step("open_vote")
    phone.window.go(f"/w/{session.key}")
    phone.page.get_by_label(pains[0]).select_option("4")
    phone.page.get_by_label(pains[1]).select_option("1")
    phone.press("I have placed my points")
    assert [sorted(choices.values()) for choices in ballots(session.play.now)] == [[1, 4]]
    assert say(language, "Saved.") in phone.page.locator("footer").inner_text()
    assert session.troubles == []


# --- what somebody may write -----------------------------------------------------------------------------------------

HOSTILE = (
    "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>",
    "\"'><svg onload=document.title='run'> {{ 7|add:7 }} {% now %}",
    "🧨👩‍👩‍👧‍👦 é́́́ \u202egnirts desrever\u202c \u2066isolated\u2069 \u200b",
    '=HYPERLINK("http://evil.example";"x") | `code` **bold** [a](javascript:document.title=\'run\')',
)


def test_a_hostile_card_is_text_on_every_screen(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    board, phone, other = session.board(), *session.phones(2)
    for text in HOSTILE:
        phone.page.locator("#text").fill(text)
        phone.press("Add the card")
    assert len(phone.own()) == len(HOSTILE)
    harmless(phone.window)
    session.play.step("reveal")
    desk = session.desk()
    for one in (phone, other):
        one.wait_phase("cluster")
    until(board.page, "n => document.querySelectorAll('.cards li').length === n", len(HOSTILE))
    for window in (board, desk, phone.window, other.window):
        harmless(window)
        shown = window.page.evaluate("document.body.innerText")
        assert "<img src=x onerror=" in shown and "{{ 7|add:7 }}" in shown and "👩‍👩‍👧‍👦" in shown
        assert window.sideways(window.page.viewport_size) <= 0
    session.play.step("open_vote")
    other.wait_phase("vote")
    harmless(other.window)
    assert other.page.locator("#ballot li").count() == len(HOSTILE)
    assert session.troubles == []


def harmless(window: Window) -> None:
    """No script ran, and nothing of a card became an element, a link or an attribute."""
    found = window.page.evaluate(
        """() => [document.title === 'run', document.querySelectorAll('[onerror], [onload], img[src=x]').length,
          [...document.querySelectorAll('a')].filter(a => a.protocol === 'javascript:').length,
          document.querySelectorAll('main script:not([src])').length]"""
    )
    assert found == [False, 0, 0, 0], window.page.url


def test_ten_thousand_characters_are_refused_and_nothing_is_lost(hall: Hall, stack: ExitStack) -> None:
    session = begin(hall, "en", stack)
    phone = session.phone().join(session.code)
    phone.page.locator("#text").evaluate("e => e.removeAttribute('maxlength')")
    phone.page.locator("#text").fill("痛" * 10_000)
    phone.button("Add the card").click()
    until(phone.page, "document.querySelector('[data-said]').textContent !== ''")
    assert "140" in phone.page.locator("[data-said]").inner_text()
    assert len(phone.page.locator("#text").input_value()) == 10_000
    assert Card.objects.filter(workshop=session.play.workshop).count() == 0
    session.windows[-1].troubles[:] = [t for t in session.troubles if "422" not in t]
    assert session.troubles == []
