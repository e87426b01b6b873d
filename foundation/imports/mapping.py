"""Which column fills which field: guessed by label and synonym in both languages, always changeable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation

from foundation.imports.kinds import Field


def both_languages(label: Any) -> list[str]:
    found = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            found.append(str(label))
    return list(dict.fromkeys(found))


def plain(name: str) -> str:
    """For comparing: without case, blanks, marks and a unit in brackets."""
    narrow = unicodedata.normalize("NFKC", name).casefold()
    narrow = re.sub(r"\[[^\]]*\]|\([^)]*\)", "", narrow) or narrow
    return re.sub(r"[\s_\-.:*/]+", "", narrow)


def names_of(field: Field) -> set[str]:
    return {plain(n) for n in (field.name, *both_languages(field.label), *field.synonyms)}


def guess_mapping(columns: Sequence[str], fields: Sequence[Field]) -> dict[str, str]:
    """Field name -> column. Each column is used once; a field without a column is left out."""
    found: dict[str, str] = {}
    for field in fields:
        names = names_of(field)
        free = [c for c in columns if c and c not in found.values() and plain(c) in names]
        if free:
            found[field.name] = free[0]
    return found


def unknown_columns(columns: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """Columns nothing is read from: shown, so that nobody believes they were imported."""
    return [c for c in columns if c and c not in mapping.values()]
