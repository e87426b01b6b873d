"""One canonical text for everything that is hashed (packs, signed texts, snapshots, ledger)."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from typing import Any
from uuid import UUID

SIX = Decimal("0.000001")


def canonical(value: Any) -> str:
    """UTF-8 text: NFC, sorted keys, no blanks, times in UTC with Z, decimals and floats as six-decimal strings.

    Raises ValueError for NaN and infinity, TypeError for anything without a fixed form.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """`sha256:` + hex of the canonical text (a str is taken as canonical text already)."""
    text = value if isinstance(value, str) else canonical(value)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def fixed(value: Decimal | float) -> str:
    """Six decimals, half-even, never minus zero."""
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        raise ValueError("NaN and infinity have no canonical form")
    number = number.quantize(SIX, rounding=ROUND_HALF_EVEN)
    return str(number + 0 if number else abs(number))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float | Decimal):
        return fixed(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_plain(str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "_proxy____cast") or hasattr(value, "__str__") and type(value).__name__ == "__proxy__":
        return _plain(str(value))
    raise TypeError(f"no canonical form for {type(value).__name__}")
