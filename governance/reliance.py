"""What relies on an approved pattern version. Higher layers register how they find it; governance only asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.models import Unit
from foundation.actor import Actor
from governance.models import PatternVersion, Submission
from governance.selectors import replaced_versions


@dataclass(frozen=True)
class Relying:
    """A record that stops counting when the version it names is replaced."""

    label: str
    url: str


Provider = Callable[[PatternVersion, Unit, Actor], Iterable[Relying]]
_providers: list[Provider] = []


def register_reliance(provider: Provider) -> Provider:
    """`provider(version, unit, actor)` yields what relies on the version in the unit and below and the actor sees."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def relying_on(version: PatternVersion, unit: Unit, actor: Actor) -> list[Relying]:
    return [found for provider in _providers for found in provider(version, unit, actor)]


@dataclass(frozen=True)
class Replacement:
    """A version that an approval of the request would replace, with what relies on it."""

    version: PatternVersion
    relying: list[Relying]


def replacements(submission: Submission, actor: Actor) -> list[Replacement]:
    """What to know before deciding: versions replaced at once while something relies on them."""
    if submission.state in (Submission.State.DECIDED, Submission.State.WITHDRAWN):
        return []
    found = [Replacement(v, relying_on(v, submission.unit, actor)) for v in replaced_versions(submission)]
    return [r for r in found if r.relying]
