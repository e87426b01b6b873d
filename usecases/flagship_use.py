"""What stands on a flagship in the layers above: they register a reading, and nothing here names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from foundation.errors import Reason

Provider = Callable[[Sequence[Any]], Mapping[Any, Sequence[Reason]]]  # primary keys of candidates -> why each stays

_providers: list[Provider] = []


def register_flagship_use(provider: Provider) -> Provider:
    if provider not in _providers:
        _providers.append(provider)
    return provider


def uses_of(candidates: Iterable[Any]) -> dict[Any, list[Reason]]:
    """Candidate key to the reasons why it stays; who is not relied on is absent."""
    keys = [c.pk for c in candidates]
    found: dict[Any, list[Reason]] = {}
    for provider in _providers if keys else ():
        for key, reasons in provider(keys).items():
            found.setdefault(key, []).extend(reasons)
    return found


def not_relied_on(candidate: Any) -> Iterator[Reason]:
    """Requirement of every step that would take a flagship away."""
    yield from uses_of([candidate]).get(candidate.pk, [])
