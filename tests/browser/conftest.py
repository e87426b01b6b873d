"""A real Chromium on the loopback against the demo organisation, loaded once for all tests of this folder.

`site` is the running installation, `browse(persona)` a signed-in window that remembers what went wrong in it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright keeps a loop in the thread of the tests

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = {"width": 1440, "height": 1050}, {"width": 390, "height": 844}
LOOSE_CONSOLE = ("Download the React DevTools",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What plays in a browser, and needs the database of the site."""
    for item in items:
        if "tests/browser" in str(item.fspath):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db)


def chromium_path() -> str | None:
    given = os.environ.get("CHROMIUM_PATH")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine: install one or set CHROMIUM_PATH to play the browser tests")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def _django_db_helper(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """No transaction around a test: the server reads through connections of its own."""
    with django_db_blocker.unblock():
        yield


@dataclass
class Site:
    url: str
    cookie_of: Callable[[Any], dict[str, str]]

    @property
    def origin(self) -> str:
        return self.url


@pytest.fixture(scope="package")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """The application on a free loopback port, with an empty database that is emptied again afterwards."""
    from django.core.management import call_command
    from pytest_django.live_server_helper import LiveServer

    from foundation.db import thaw

    with django_db_blocker.unblock():
        server = LiveServer("127.0.0.1")
        yield Site(server.url, _cookie)
        server.stop()
        with thaw():
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="package")
def site(served: Site, chromium: Any) -> Site:
    """The installation with the demo organisation in it."""
    from desk.demo.loader import load_demo

    load_demo("sail by landmarks")
    return served


def _cookie(user: Any) -> dict[str, str]:
    from django.conf import settings

    from tests.world import client_for

    return {"name": settings.SESSION_COOKIE_NAME, "value": client_for(user).cookies[settings.SESSION_COOKIE_NAME].value}


@dataclass
class Window:
    """One signed-in page and what its browser complained about."""

    page: Any
    site: Site
    troubles: list[str] = field(default_factory=list)

    def go(self, path: str) -> int:
        """Open an address of the site; the status it answered with."""
        response = self.page.goto(self.site.url + path, wait_until="load")
        return response.status if response else 0

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in LOOSE_CONSOLE):
            self.troubles.append(f"console: {message.text[:300]}")

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self.site.origin:
            self.troubles.append(f"request to another origin: {request.url}")
        if parts.path == "/csp-report":
            self.troubles.append(f"CSP violation: {request.post_data}")

    def sideways(self, viewport: dict[str, int]) -> int:
        """Pixels the page is wider than the window."""
        self.page.set_viewport_size(viewport)
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@contextmanager
def opened_window(
    site: Site, chromium: Any, who: Any, language: str = "en", viewport: dict[str, int] = DESKTOP, **options: Any
) -> Iterator[Window]:
    """`who` is a persona of the demo, a user, or None for a stranger; `language` the reader's choice."""
    context = chromium.new_context(viewport=viewport, reduced_motion="reduce", **options)
    try:
        context.set_default_timeout(45_000)
        context.add_cookies([{**c, "url": site.url} for c in _cookies(site, who, language)])
        window = Window(context.new_page(), site)
        window.watch()
        yield window
    finally:
        context.close()


@pytest.fixture
def browse(site: Site, chromium: Any) -> Iterator[Callable[..., Window]]:
    """`browse("cio")`, `browse(user, language="zh-hans")`, `browse(None)`."""
    with ExitStack() as stack:
        yield lambda who, *args, **options: stack.enter_context(opened_window(site, chromium, who, *args, **options))


def _cookies(site: Site, who: Any, language: str) -> list[dict[str, str]]:
    from django.conf import settings

    from accounts.models import User

    user = User.objects.filter(persona=who).first() if isinstance(who, str) else who
    chosen = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language}
    return [site.cookie_of(user), chosen] if user else [chosen]
