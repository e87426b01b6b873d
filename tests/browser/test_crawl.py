"""Every page a persona reaches by its links: works, fits, stays on its origin, is accessible in both themes."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.browser.conftest import DESKTOP, PHONE, Window

# persona, language, how many addresses of one route are opened
CAST = (("architect", "en", 1), ("cio", "zh-hans", 1), ("data_approver", "zh-hans", 1), ("pilot_lead", "en", 1))
LEFT_OUT = ("/accounts/", "/static/", "/api/v1/schema")  # signing out, files, the raw schema
ASKS_FOR_FILE = re.compile(r"[?&]format=|\.(csv|xlsx|ics|json|svg|md)$|/file$|/pack$")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\{|\{%|<c-|__proxy__|&lt;(?:span|b|a) ")
SERIOUS = ("serious", "critical")
MOST_ASKED = 6  # empty required fields of a form for something new (ux.B1)
LOOK = """() => {
  const shown = e => !!(e.offsetWidth || e.offsetHeight || e.getClientRects().length);
  return {
    lang: document.documentElement.lang,
    h1: [...document.querySelectorAll('h1')].filter(shown).length,
    text: document.body.innerText,
    links: [...document.querySelectorAll('a[href]')].map(a => a.href),
    empty: [...document.querySelectorAll('main :is(input, select, textarea)[required]')]
      .filter(e => shown(e) && !e.value).map(e => e.name),
  };
}"""
AXE = Path(__import__("axe_playwright_python").__file__).with_name("axe.min.js").read_text(encoding="utf-8")
STILL = """() => {  // colours under way from one theme to the other are nobody's choice
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('*, ::before, ::after { transition: none !important; animation: none !important }');
  document.adoptedStyleSheets = [sheet];
}"""
RUN = "options => axe.run(document, options).then(r => r.violations)"
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"]}
CONTRAST = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}


@dataclass
class Crawl:
    """What was found, gathered so that one run names everything."""

    visited: dict[str, list[str]] = field(default_factory=dict)  # persona: addresses
    reached: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # route, language: persona, address
    judged: dict[str, str] = field(default_factory=dict)  # route: language in which barriers were looked for
    broken: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)


def route_of(path: str) -> str | None:
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


def wanted(address: str, origin: str) -> str | None:
    """The address to follow, without its fragment; None for what is no page of ours."""
    parts = urlsplit(address)
    if f"{parts.scheme}://{parts.netloc}" != origin or parts.path.startswith(LEFT_OUT):
        return None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return None if ASKS_FOR_FILE.search(path) else path


def visit(window: Window, crawl: Crawl, who: str, path: str, language: str) -> list[str]:
    where = f"{who} {language} {path}"
    status = window.go(path)
    seen = window.page.evaluate(LOOK)
    if status != 200:
        crawl.broken.append(f"{where}: status {status}")
        return []
    crawl.broken += [f"{where}: {t}" for t in window.troubles]
    window.troubles.clear()
    crawl.unfit += [f"{where}: {t}" for t in _unfit(window, seen, language, path)]
    route = route_of(urlsplit(path).path) or path
    if route not in crawl.judged:
        crawl.judged[route] = language
        crawl.barriers += [f"{where}: {b}" for b in barriers(window, language)]
    crawl.reached.setdefault((route, language), (who, path))
    return [p for link in seen["links"] if (p := wanted(link, window.site.url))]


def _unfit(window: Window, seen: dict[str, Any], language: str, path: str) -> list[str]:
    if path.startswith("/api/"):
        return []  # the documentation page of the API is the library's own
    found = []
    if seen["h1"] != 1:
        found.append(f"{seen['h1']} visible h1")
    if seen["lang"] != language:
        found.append(f"lang is {seen['lang']}")
    if PLACEHOLDER.search(seen["text"]):
        found.append(f"raw text: {PLACEHOLDER.search(seen['text'])[0]}")  # type: ignore[index]
    if path.endswith("/new") and len(seen["empty"]) > MOST_ASKED:
        found.append(f"asks {len(seen['empty'])} things before anything exists: {seen['empty']}")
    for viewport in (PHONE, DESKTOP):
        over = window.sideways(viewport)
        if over > 0:
            found.append(f"{over} px wider than {viewport['width']}")
    return found


def barriers(window: Window, language: str) -> list[str]:
    """Serious findings: all rules in one theme, contrast in the other."""
    if window.page.url.endswith("/api/v1/docs/"):
        return []
    window.page.evaluate(STILL)
    window.page.evaluate(AXE)
    themes = ("light", "dark") if language == "en" else ("dark", "light")
    found = []
    for theme, rules in zip(themes, (ALL_RULES, CONTRAST), strict=True):
        window.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for violation in window.page.evaluate(RUN, rules):
            if violation["impact"] in SERIOUS:
                node = violation["nodes"][0]
                found.append(f"{theme}: {violation['id']} ×{len(violation['nodes'])}: {node['html'][:160]}")
    return found


def crawl_as(window: Window, crawl: Crawl, who: str, language: str, cap: int) -> None:
    waiting, counted, known = deque(["/"]), Counter[str](), {"/"}
    while waiting:
        path = waiting.popleft()
        route = route_of(urlsplit(path).path)
        if route is None:
            crawl.broken.append(f"{who}: a link leads to {path}, which is no address")
            continue
        counted[route] += 1
        if counted[route] > cap:
            continue
        crawl.visited.setdefault(who, []).append(path)
        for found in visit(window, crawl, who, path, language):
            if found not in known:
                known.add(found)
                waiting.append(found)


@pytest.fixture(scope="module")
def crawl(site: Any, chromium: Any) -> Crawl:
    from tests.browser.conftest import opened_window

    found = Crawl()
    for who, language, cap in CAST:
        with opened_window(site, chromium, who, language) as window:
            crawl_as(window, found, who, language, cap)
    _other_language(site, chromium, found, opened_window)
    return found


def _other_language(site: Any, chromium: Any, crawl: Crawl, opened_window: Callable[..., Any]) -> None:
    """What was met in one language only is opened in the other as well."""
    for language, other in (("en", "zh-hans"), ("zh-hans", "en")):
        missing = [
            v for (route, met), v in crawl.reached.items() if met == language and (route, other) not in crawl.reached
        ]
        for who in dict.fromkeys(w for w, _path in missing):
            with opened_window(site, chromium, who, other) as window:
                for path in [p for w, p in missing if w == who]:
                    visit(window, crawl, who, path, other)


def test_no_link_is_broken_no_script_fails_and_nothing_leaves_the_origin(crawl: Crawl) -> None:
    assert crawl.broken == []


def test_every_page_fits_says_its_language_and_has_one_heading(crawl: Crawl) -> None:
    assert crawl.unfit == []


def test_no_page_has_a_serious_barrier_in_either_theme(crawl: Crawl) -> None:
    assert crawl.barriers == []


@pytest.mark.slow
def test_no_page_has_a_serious_barrier_in_its_other_language_either(site: Any, chromium: Any, crawl: Crawl) -> None:
    """The crawl judges a page in the language it meets first; as many again are for `make test-all`."""
    from tests.browser.conftest import opened_window

    found: list[str] = []
    rest = [
        (who, language, path)
        for (route, language), (who, path) in crawl.reached.items()
        if crawl.judged[route] != language
    ]
    for persona, other in dict.fromkeys((who, language) for who, language, _path in rest):
        with opened_window(site, chromium, persona, other) as window:
            for path in [p for who, language, p in rest if (who, language) == (persona, other)]:
                window.go(path)
                found += [f"{persona} {other} {path}: {b}" for b in barriers(window, other)]
    assert len(rest) >= 60
    assert found == []


def test_the_crawl_reached_the_house(crawl: Crawl) -> None:
    """A crawl that found little proves little."""
    met = {route for route, _language in crawl.reached}
    for route in ("desk:today", "usecases:pain", "governance:review", "metrics:report", "charter:charter"):
        assert route in met, f"{route} is linked from no page a persona can reach"
    assert len(met) >= 60, sorted(met)
    assert set(crawl.visited) == {who for who, _language, _cap in CAST}
