"""A workshop in every phase, played once a module; what a test does to it is rolled back after that test.

A module takes part by `played, stage, _django_db_helper = FIXTURES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import transaction

from tests.usecases.workshops import Play, a_clustering, a_collecting, a_reviewing, a_voting
from tests.world import World, a_world


@dataclass
class Stage:
    world: World
    plays: dict[str, Play]

    def __getattr__(self, phase: str) -> Play:
        """A fresh hand at the same workshop."""
        if phase not in self.plays:
            raise AttributeError(phase)
        return replace(self.plays[phase], seats=list(self.plays[phase].seats))


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = a_world()
        plays = {
            "collecting": a_collecting(world),
            "clustering": a_clustering(world, ("A", "B", "C", "D", "E")),
            "voting": a_voting(world),
            "reviewing": a_reviewing(world),
        }
        yield Stage(world, plays)
        transaction.set_rollback(True)


@pytest.fixture
def stage(played: Stage) -> Iterator[Stage]:
    with transaction.atomic():
        yield played
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper() -> None:
    """The stage holds the one transaction of the module."""


FIXTURES = (played, stage, _django_db_helper)
