"""The chain of tests/journeys in a real Chromium: every field filled, every button pressed, by the role at its step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

from accounts.models import User
from foundation.db import thaw
from tests.browser.conftest import Window, opened_window
from tests.journeys.chain import Chain, lay_catalogue
from tests.journeys.hands import Hand, spaced
from tests.world import a_world

FIRST = datetime.fromisoformat("2026-03-01T09:00:00+08:00")
UNFOLD = "document.querySelectorAll('main details:not([open])').forEach(d => d.open = true)"


class ClickHand(Hand):
    """One window of Chromium; whoever sits down brings their own session."""

    def __init__(self, window: Window, language: str) -> None:
        self.window, self.language, self.page = window, language, window.page

    def sit(self, user: User) -> None:
        self.page.context.clear_cookies()
        self.page.context.add_cookies([{**c, "url": self.window.site.url} for c in self._cookies(user)])

    def _cookies(self, user: User) -> list[dict[str, str]]:
        return [self.window.site.cookie_of(user), {"name": settings.LANGUAGE_COOKIE_NAME, "value": self.language}]

    def open(self, path: str, status: int = 200) -> None:
        code = self.window.go(path)
        assert code == status, f"{code} at {path}:\n{self.text}"
        self._unfold()

    def _unfold(self) -> None:
        """What is folded away is opened, as a reader does before writing in it."""
        self.page.evaluate(UNFOLD)

    def write(self, **fields: object) -> None:
        for name, value in fields.items():
            self.page.locator(f'[name="{name}"]:visible').first.fill(str(value))

    def choose(self, name: str, *values: object) -> None:
        field = self.page.locator(f'[name="{name}"]')
        if field.first.evaluate("e => e.tagName") == "SELECT":
            field.first.select_option([str(v) for v in values])
            return
        wanted = {str(v) for v in values}
        for place in self._to_click(name, field, wanted):
            around = field.nth(place).locator("xpath=ancestor::label")
            (around if around.count() else field.nth(place)).click()

    def _to_click(self, name: str, field: Any, wanted: set[str]) -> list[int]:
        """The boxes to click so that exactly `wanted` is chosen; a radio is clicked only when it is wanted."""
        found = field.evaluate_all("es => es.map(e => [e.value, e.type, e.checked])")
        assert wanted <= {value for value, _kind, _on in found}, f"{name} offers no {wanted}: {found}"
        return [
            place
            for place, (value, kind, on) in enumerate(found)
            if (value in wanted) != on and (kind == "checkbox" or value in wanted)
        ]

    def attach(self, name: str, filename: str, content: bytes) -> None:
        file = {"name": filename, "mimeType": "application/octet-stream", "buffer": content}
        self.page.locator(f'[name="{name}"]').set_input_files([file])

    def _button(self, words: str) -> Any:
        return self.page.get_by_role("button", name=words, exact=True)

    def offers(self, text: str, **values: object) -> bool:
        found = self._button(self.say(text, **values))
        return found.count() > 0 and found.first.is_enabled()

    def press(self, text: str, **values: object) -> None:
        self._click(self._button(self.say(text, **values)).first)

    def press_value(self, name: str, value: str) -> None:
        self._click(self.page.locator(f'button[name="{name}"][value="{value}"]').first)

    def _click(self, button: Any) -> None:
        with self.page.expect_navigation(wait_until="load"):
            button.click()
        status = self.page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
        assert status == 200, f"{status} at {self.page.url}:\n{self.text}"
        self._unfold()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def text(self) -> str:
        return spaced(self.page.evaluate("document.body.innerText"))

    @property
    def heading(self) -> str:
        return spaced(self.page.locator("h1").first.inner_text())

    @property
    def page_language(self) -> str:
        return str(self.page.evaluate("document.documentElement.lang"))


def _empty() -> None:
    with thaw():
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def alone(served: Any) -> Iterator[Any]:
    """The installation with nothing in it but this test's own cast; the demo comes back if it was there."""
    from desk.demo.loader import load_demo

    had_demo = User.objects.exclude(persona="").exists()
    _empty()
    world = a_world()
    lay_catalogue(world)
    yield world
    _empty()
    if had_demo:
        load_demo("sail by landmarks")


def play(served: Any, chromium: Any, world: Any, language: str) -> tuple[Chain, list[str]]:
    """The chain to its end and the journey after it; what the browser complained about on the way."""
    with (
        time_machine.travel(FIRST) as traveller,
        opened_window(served, chromium, world.reader, language) as window,
    ):
        chain = Chain(world, ClickHand(window, language), traveller.move_to, typed=3)
        chain.run()
        chain.on(chain.day(7, 31), "cio").open("/journey/CN")
        chain.hand.reads(chain.words["pain"], chain.words["question"])
        chain.note("journey")
    return chain, window.troubles


FIXED = (
    "Today", "Charters", "Governance", "Journey", "Where it stands", "What happened", "Signatures on the charter",
    "What holds today", "Approvals today", "How sure are we?", "What this does not say", "The decision", "State",
)  # fmt: skip


def english_left_over(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Fixed words of the key pages that stand there in English although the catalogue has them in Chinese."""
    with translation.override("zh-hans"):
        known = [words for words in FIXED if translation.gettext(words) != words]
    assert known, "the Chinese catalogue has none of the fixed words"
    return [
        (step, words) for step, text in texts.items() for words in known if re.search(rf"\b{re.escape(words)}\b", text)
    ]


def test_the_chain_is_walked_in_a_browser_in_chinese(served: Any, chromium: Any, alone: Any) -> None:
    _walk(served, chromium, alone, "zh-hans")


@pytest.mark.slow
@pytest.mark.bothdb
def test_the_chain_is_walked_in_a_browser_in_english(served: Any, chromium: Any, alone: Any) -> None:
    _walk(served, chromium, alone, "en")


def _walk(served: Any, chromium: Any, world: Any, language: str) -> None:
    chain, troubles = play(served, chromium, world, language)
    assert troubles == []
    assert chain.headings["charter sent"] == chain.words["question"]
    if language == "en":
        assert "median" in chain.headings["report frozen"]
        return
    assert [step for step, heading in chain.headings.items() if heading.isascii()] == []
    assert english_left_over(chain.texts) == []
