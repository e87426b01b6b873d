"""What must hold before a server opens its door; upper layers add their sentences here."""

from __future__ import annotations

from collections.abc import Callable

_checks: list[Callable[[], str]] = []


def register_start_check(check: Callable[[], str]) -> None:
    """`check` runs after the migrations and returns why the start is refused, or ""."""
    if check not in _checks:
        _checks.append(check)


def start_refusals() -> list[str]:
    return [sentence for check in _checks if (sentence := check())]
