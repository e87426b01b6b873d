"""One person alone (ux.W4) from nothing to a ranked inventory, in counted clicks and keys; also without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser import workshop_play as room
from tests.browser.conftest import DESKTOP, Window, opened_window
from tests.browser.workshop_play import PAINS, Hall, say
from usecases.models import InventoryVersion, Pain, Workshop

hall = room.hall
MOST_CLICKS, LONGEST = 40, 5 * 60  # clicks; seconds
KEY, POINT, HOME, THINK = 0.28, 1.1, 0.4, 1.35  # seconds: the keystroke-level model
POINTS = (4, 3, 2, 1, 0)


@dataclass
class Hands:
    """Does nothing but click and type, and counts both; a thought before each click and each text."""

    page: Any
    language: str
    clicks: int = 0
    keys: int = 0
    moves: int = 0
    thoughts: int = 0
    on_keys: bool = False

    @property
    def seconds(self) -> float:
        return self.keys * KEY + self.clicks * (POINT + KEY) + self.moves * HOME + self.thoughts * THINK

    def _to(self, keys: bool) -> None:
        self.moves += keys != self.on_keys
        self.on_keys = keys

    def click(self, locator: Any, leads_on: bool = True) -> None:
        self._to(keys=False)
        self.clicks, self.thoughts = self.clicks + 1, self.thoughts + 1
        if leads_on:
            with self.page.expect_navigation(wait_until="load"):
                locator.click()
        else:
            locator.click()

    def link(self, text: str) -> None:
        self.click(self.page.get_by_role("link", name=say(self.language, text), exact=True).first)

    def press(self, text: str) -> None:
        self.click(self.page.get_by_role("button", name=say(self.language, text), exact=True).first)

    def unfold(self, text: str) -> None:
        self.click(self.page.locator("summary", has_text=say(self.language, text)), leads_on=False)

    def type(self, text: str) -> None:
        """Into what has the focus. Chinese costs its keys of pinyin: about three a character."""
        self._to(keys=True)
        self.keys, self.thoughts = self.keys + sum(1 if c.isascii() else 3 for c in text), self.thoughts + 1
        self.page.keyboard.insert_text(text)

    def strike(self, key: str, leads_on: bool = False) -> None:
        self._to(keys=True)
        self.keys += 1
        if leads_on:
            with self.page.expect_navigation(wait_until="load"):
                self.page.keyboard.press(key)
        else:
            self.page.keyboard.press(key)

    def choose(self, locator: Any, value: str) -> None:
        """A select box: one click opens it, one takes the line."""
        self._to(keys=False)
        self.clicks, self.thoughts = self.clicks + 2, self.thoughts + 1
        locator.select_option(value)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", pytest.param("zh-hans", marks=pytest.mark.slow)])
def test_one_person_makes_a_ranked_inventory_of_five_pains(
    hall: Hall, stack: ExitStack, language: str, record_testsuite_property: Any
) -> None:
    hall.renew()
    assert (Workshop.objects.count(), Pain.objects.count(), InventoryVersion.objects.count()) == (0, 0, 0)
    window = stack.enter_context(opened_window(hall.site, hall.chromium, hall.world.facilitator, language))
    hands = Hands(window.page, language)
    window.go("/")
    set_up(hands)
    collect(hands)
    vote(hands)
    review(hands, str(hall.world.team.pk))
    record_testsuite_property(f"alone.{language}.clicks", hands.clicks)
    record_testsuite_property(f"alone.{language}.seconds", round(hands.seconds))
    rows = InventoryVersion.objects.get().facts["vote"]["rounds"][0]["items"]
    assert [row["points"] for row in rows] == list(POINTS)
    assert Pain.objects.count() == 5
    assert hands.clicks <= MOST_CLICKS and hands.seconds <= LONGEST, (hands.clicks, hands.seconds)
    assert window.troubles == []


def set_up(hands: Hands) -> None:
    hands.link("Pains")
    hands.link("Workshops")
    hands.link("New workshop")
    field = hands.page.locator("[name=title_zh]" if hands.language != "en" else "[name=title_en]")
    hands.click(field, leads_on=False)
    hands.type("Pains of the night shift" if hands.language == "en" else "夜班痛点")
    if not hands.page.locator("[name=unit]").input_value():
        hands.choose(
            hands.page.locator("[name=unit]"), hands.page.locator("[name=unit] option").nth(1).get_attribute("value")
        )
    hands.press("button|Set up")
    hands.press("Start")


def collect(hands: Hands) -> None:
    """Five pains, Enter after each, and one paper seat to vote from."""
    for text in PAINS[hands.language]:
        hands.click(hands.page.locator("[name=text]"), leads_on=False)
        hands.type(text)
        hands.strike("Enter", leads_on=True)
    hands.unfold("Paper and recorded pains")
    hands.press("Add paper seats")
    hands.press("Show the cards")


def vote(hands: Hands) -> None:
    hands.press("Open the vote")
    hands.link("Type the paper ballots")
    hands.click(hands.page.locator("table.paper input").first, leads_on=False)
    for points in POINTS:
        hands.strike("Control+a"), hands.strike(str(points)), hands.strike("Tab")
    hands.press("Put these ballots in")
    hands.press("Close the vote")


def review(hands: Hands, team: str) -> None:
    for n in range(hands.page.locator("form.mark").count()):
        form = hands.page.locator("form.mark").nth(n)
        hands.choose(form.locator("[name=owner_team]"), team)
        hands.click(form.get_by_role("button"))
    hands.click(hands.page.get_by_role("link", name=say(hands.language, "Publish") + " …", exact=True))
    hands.press("Publish")


# --- without a mouse -------------------------------------------------------------------------------------------------


class Keys:
    """Tab to what is meant, then Enter or a space; the mouse is never used."""

    MOST_TABS = 120

    def __init__(self, window: Window, language: str) -> None:
        self.window, self.page, self.language = window, window.page, language

    def reach(self, wanted: str) -> None:
        """`wanted` is a selector; whatever has the focus must be seen to have it."""
        for _n in range(self.MOST_TABS):
            if self.page.evaluate("s => document.activeElement.matches(s)", wanted):
                break
            self.page.keyboard.press("Tab")
        assert self.page.evaluate("s => document.activeElement.matches(s)", wanted), f"no Tab leads to {wanted}"
        ring = self.page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.boxShadow }"
        )
        assert ring != "nonenone", f"{wanted} does not show that it has the focus"

    def enter(self, wanted: str, key: str = "Enter") -> None:
        self.reach(wanted)
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press(key)
        status = self.page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
        assert status == 200, f"{status} at {self.page.url}"

    def step(self, name: str) -> None:
        self.enter(f'#decision form[action$="/steps/{name}"] button')


def test_a_facilitator_runs_a_whole_workshop_without_a_mouse(hall: Hall, stack: ExitStack) -> None:
    window = stack.enter_context(opened_window(hall.site, hall.chromium, hall.world.facilitator, "en", DESKTOP))
    keys, pains = Keys(window, "en"), PAINS["en"]
    window.go("/workshops/new")
    keys.reach("[name=title_en]")
    window.page.keyboard.type("By hand")
    keys.enter("main form [type=submit], main form button:not([type=button]):not([name])")
    keys.step("start")
    for text in (*pains[:3], pains[0] + " again"):
        keys.reach("[name=text]")
        window.page.keyboard.type(text)
        with window.page.expect_navigation(wait_until="load"):
            window.page.keyboard.press("Enter")
    keys.reach("summary")
    while "Paper" not in window.page.evaluate("document.activeElement.textContent"):
        window.page.keyboard.press("Tab")
        keys.reach("summary")
    window.page.keyboard.press("Enter")
    keys.enter('form[action$="/paper"] button')
    keys.step("reveal")
    for _n in range(2):
        window.page.keyboard.press("Tab")
        keys.reach("#table [name=cluster]")
        window.page.keyboard.press("Space")
    with window.page.expect_navigation(wait_until="load"):
        window.page.keyboard.press("m")
    assert window.page.locator("#table [name=cluster]").count() == 3
    keys.enter('form[action$="/table/undo"] button')
    assert window.page.locator("#table [name=cluster]").count() == 4
    keys.step("open_vote")
    keys.enter('main a[href$="/ballots"]')
    for points in "4321":
        keys.reach(f"table.paper tbody tr:nth-child({5 - int(points)}) input")
        window.page.keyboard.press("Control+a")
        window.page.keyboard.type(points)
    keys.enter("main form button.primary, main form .btn.primary")
    keys.step("close_vote")
    _name_owners_by_keys(keys, window, hall.world.team.name)
    keys.enter('#decision a[href$="/steps/publish"]')
    keys.enter("main form button")
    made = InventoryVersion.objects.get(round__workshop__title_en="By hand")
    assert [i["points"] for i in made.facts["vote"]["rounds"][0]["items"]] == [4, 3, 2, 1]
    assert window.page.locator(f'a[href="{made.get_absolute_url()}"]').count() >= 1
    assert window.troubles == []


def _name_owners_by_keys(keys: Keys, window: Window, team: str) -> None:
    for place in range(1, 5):
        row = f"table.ranked tbody tr:nth-child({place}) "
        keys.reach(row + "[name=owner_team]")
        window.page.keyboard.type(team)
        keys.enter(row + "form button")
