"""Verbs are `object.past`; the timeline sentence stands beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Choices
from django.db.models.enums import ChoicesType

Words = type[Choices] | Mapping[str, Any] | Callable[[str], Any]


@dataclass(frozen=True)
class Verb:
    text: Any
    words: Mapping[str, Words]


_verbs: dict[str, Verb] = {}


def verb(name: str, text: Any, **words: Words) -> str:
    """Register a verb with its lazy sentence; placeholders: actor, subject and any key of the entry's data.

    `words` names what turns a code kept in that data into the reader's language: choices, a mapping or a function.
    """
    _verbs[name] = Verb(text, words)
    return name


def verbs() -> dict[str, Any]:
    return {name: known_verb.text for name, known_verb in _verbs.items()}


def known(name: str) -> bool:
    return name in _verbs


def sentence(name: str, facts: Mapping[str, Any]) -> str:
    told = _verbs[name]
    shown = {k: _said(told.words[k], v) if k in told.words else v for k, v in facts.items()}
    return str(told.text) % defaultdict(lambda: "–", shown)


def _said(words: Words, code: Any) -> Any:
    if isinstance(words, ChoicesType):
        return dict(words.choices).get(code, code)
    return words.get(code, code) if isinstance(words, Mapping) else words(code)
