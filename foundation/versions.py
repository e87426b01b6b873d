"""Edits guarded by the version the editor saw."""

from __future__ import annotations

from typing import Any

from django.db import models

from foundation.errors import Stale


def save_version(obj: models.Model, *, version: int | None, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write `changes` if `version` is still current (None: whatever it is), refresh `obj`, return (before, after).

    Only differing fields are written; without any the version stays. Raises Stale with the record as it stands.
    """
    before = {k: getattr(obj, k) for k, v in changes.items() if getattr(obj, k) != v}
    after = {k: changes[k] for k in before}
    expected = obj.version if version is None else version  # type: ignore[attr-defined]
    rows = type(obj)._default_manager.filter(pk=obj.pk, version=expected)
    done = rows.update(**after, version=expected + 1) if after else rows.count()
    if not done:
        raise Stale(current=type(obj)._default_manager.filter(pk=obj.pk).first())
    obj.refresh_from_db()
    return before, after


def small_number(text: str) -> int | None:
    """A version, size or round as a form or header sends it; None for anything else (“²” and a thousand digits too)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
