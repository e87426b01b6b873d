"""Verbs are `object.past`; the timeline sentence stands beside them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

_verbs: dict[str, Any] = {}


def verb(name: str, text: Any) -> str:
    """Register a verb with its lazy sentence; placeholders: actor, subject and any key of the entry's data."""
    _verbs[name] = text
    return name


def verbs() -> dict[str, Any]:
    return dict(_verbs)


def known(name: str) -> bool:
    return name in _verbs


def sentence(name: str, facts: dict[str, Any]) -> str:
    return str(_verbs[name]) % defaultdict(lambda: "–", facts)
