"""Canonical JSON of plans and results: sorted keys, no blanks, NFC, numbers in shortest round-trip form."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

EXACT_INTEGERS = 2**53  # above this a float no longer stands for one integer


def canonical(value: Any) -> str:
    """Raises ValueError for NaN and infinity: they have no canonical form."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def sha256_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _number(value: float) -> float | int:
    # 20.0 and 20 are one number to JSON and to jsonb; both must give one hash.
    if math.isfinite(value) and value.is_integer() and abs(value) < EXACT_INTEGERS:
        return int(value)
    return value
