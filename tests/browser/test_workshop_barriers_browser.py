"""Every page of a workshop, phone, board and desk, in every phase: accessible in both themes, fits, one heading."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.browser import workshop_play as room
from tests.browser.conftest import DESKTOP, PHONE, Window
from tests.browser.test_crawl import LOOK, PLACEHOLDER, barriers
from tests.browser.workshop_play import PAINS, Hall, Phone, Session, begin
from tests.usecases.workshops import act

hall = room.hall
POINTS = ((4, 3, 2, 1, 0), (0, 4, 3, 2, 1), (4, 0, 4, 0, 2), (0, 4, 4, 2, 0), (4, 4, 0, 0, 2))


class Judge:
    """Looks at what is open, gathers what is wrong with it."""

    def __init__(self, session: Session) -> None:
        self.session, self.language, self.found, self.seen = session, session.language, [], []
        self.board, self.desk, self.guest = session.board(), session.desk(), session.phone()

    def look(self, name: str, window: Window, path: str, *viewports: dict[str, int]) -> None:
        status = window.go(path) or window.go(path)  # a page that loads itself anew in this moment crosses the first
        if status != 200:
            self.found.append(f"{name} {path}: status {status}")
            return
        self.seen.append(name)
        seen = window.page.evaluate(LOOK)
        self.found += [f"{name}: {what}" for what in barriers(window, self.language)]
        if seen["h1"] != 1 or seen["lang"] != self.language:
            self.found.append(f"{name}: {seen['h1']} headings, lang {seen['lang']}")
        if PLACEHOLDER.search(seen["text"]):
            self.found.append(f"{name}: raw text {PLACEHOLDER.search(seen['text'])}")
        for viewport in viewports:
            over = window.sideways(viewport)
            if over > 0:
                self.found.append(f"{name}: {over} px wider than {viewport['width']}")

    def all_three(self, phase: str) -> None:
        key = self.session.key
        self.look(f"board {phase}", self.board, f"/w/{key}/board", room.BOARD, DESKTOP)
        self.look(f"desk {phase}", self.desk, f"/w/{key}", PHONE, DESKTOP)
        self.look(f"phone {phase}", self.guest.window, f"/w/{key}", PHONE, {"width": 320, "height": 640})


def play(judge: Judge) -> None:
    session, guest, language = judge.session, judge.guest, judge.language
    pains, step, key = PAINS[language], session.play.step, session.key
    judge.look("door", guest.window, "/j", PHONE)
    judge.look("join", guest.window, f"/j/{session.code}", PHONE)
    judge.look("stored", guest.window, f"/w/{key}/stored", PHONE)
    guest.join(session.code)
    guest.write(pains[0])
    judge.all_three("collect")
    session.play.join(5)
    for n, text in enumerate(pains[1:]):
        session.play.write(text, n)
    session.play.write(pains[1] + " 2", 0)
    act.add_paper_seats(actor=session.play.run, workshop=session.play.now, count=1)
    step("reveal")
    judge.all_three("cluster")
    item = session.play.id(pains[2])
    judge.look("item on the phone", guest.window, f"/w/{key}?item={item}", PHONE)
    judge.look("group", judge.desk, f"/w/{key}/groups/{item}", DESKTOP)
    session.play.merge(pains[1], pains[1] + " 2")
    step("open_vote")
    judge.all_three("vote")
    judge.look("paper ballots", judge.desk, f"/w/{key}/ballots", DESKTOP)
    for seat, points in enumerate(POINTS):
        session.play.vote(seat, dict(zip(pains, points, strict=True)), belief="yes")
    step("close_vote")
    judge.all_three("review")
    judge.look("read out", judge.desk, f"/w/{key}/review?read", DESKTOP, room.BOARD)
    judge.look("size of an item", judge.desk, f"/w/{key}/items/{item}", DESKTOP)
    session.play.name_owners(session.hall.world.team, pains)
    judge.look("publish", judge.desk, f"/w/{key}/steps/publish", DESKTOP)
    judge.look("cancel", judge.desk, f"/w/{key}/steps/cancel", DESKTOP)
    judge.look("settings", judge.desk, f"/w/{key}/edit", DESKTOP)
    step("publish")
    judge.all_three("published")
    follow(judge, guest)
    judge.look("inventory", judge.desk, session.play.now.rounds.sealed().first().inventory.get_absolute_url(), DESKTOP)
    judge.look("list", judge.desk, "/workshops", DESKTOP, PHONE)
    judge.look("new", judge.desk, "/workshops/new", DESKTOP, PHONE)


def follow(judge: Judge, guest: Phone) -> None:
    guest.window.go(f"/w/{judge.session.key}")
    path = guest.page.locator('a[href*="/w/f/"]').first.get_attribute("href")
    judge.look("followed card", guest.window, str(path), PHONE)
    state = guest.page.locator("main b").last.inner_text()
    assert state.strip(), "what became of a card names no state"


@pytest.mark.parametrize("language", ["en", pytest.param("zh-hans", marks=pytest.mark.slow)])
def test_no_page_of_a_workshop_has_a_serious_barrier(hall: Hall, language: str) -> None:
    with ExitStack() as stack:
        judge = Judge(begin(hall, language, stack))
        play(judge)
        assert judge.found == []
        assert len(judge.seen) == len(set(judge.seen)) == 30
        assert judge.session.troubles == []
