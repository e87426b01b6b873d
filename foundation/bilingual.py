"""Text people wrote in English, Chinese or both; the reader's language first, the other as fall-back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language


class Bilingual:
    """`title = Bilingual("title")` reads `title_en` / `title_zh`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        if obj is None:
            return self
        return spoken(obj, self.name)


def spoken(obj: Any, name: str) -> str:
    zh = (get_language() or "en").startswith("zh")
    first, second = ("_zh", "_en") if zh else ("_en", "_zh")
    return getattr(obj, name + first) or getattr(obj, name + second) or ""


def twin(obj: Any, name: str) -> str:
    """The other language's text, "" when there is only one."""
    shown = spoken(obj, name)
    other = {getattr(obj, name + "_en"), getattr(obj, name + "_zh")} - {shown, ""}
    return other.pop() if other else ""


def pick(texts: Mapping[str, Any]) -> str:
    """From `{"en": …, "zh": …}`."""
    zh = (get_language() or "en").startswith("zh")
    return texts.get("zh" if zh else "en") or texts.get("en") or texts.get("zh") or ""
