"""What is decided on one screen and one sheet: the charter review and the KPI report."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP

LANGUAGES = ("en", "zh-hans")
SHEETS = (("cio", "/charters/EC-CN-01"), ("pilot_lead", "/measures/M-0001"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_to_decide_stands_on_one_screen(browse: Callable[..., Any], language: str) -> None:
    window = browse("cio", language=language)
    assert window.go("/charters/EC-CN-01") == 200
    assert window.page.evaluate("document.documentElement.scrollHeight") <= DESKTOP["height"]
    assert window.sideways(DESKTOP) <= 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("who", "path"), SHEETS, ids=[path for _who, path in SHEETS])
def test_it_prints_to_exactly_one_sheet(browse: Callable[..., Any], who: str, path: str, language: str) -> None:
    from pypdf import PdfReader

    window = browse(who, language=language)
    assert window.go(path) == 200
    pages = PdfReader(io.BytesIO(window.page.pdf(prefer_css_page_size=True, print_background=True))).pages
    box = pages[0].mediabox
    assert len(pages) == 1 and box.width > box.height
