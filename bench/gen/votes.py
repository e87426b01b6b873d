"""What people write and vote in a workshop: seeded, pure, the same for every side of a round."""

from __future__ import annotations

import random
from collections.abc import Iterator
from uuid import UUID

SEED = 11
VERBS = ("reconcile", "re-type", "check by hand", "restart", "copy", "chase", "export", "merge", "sort", "confirm")
THINGS = (
    "disk alarms", "the backup report", "tickets without owner", "the night batch", "certificates", "SLA figures",
    "user accounts", "the capacity sheet", "change approvals", "the monitoring gaps", "备份报告", "夜间批次",
)  # fmt: skip
WHEN = ("Every morning", "Every Monday", "Twice a shift", "At month end", "每天早上", "After each release")


def sentences(n: int, seed: int = SEED) -> list[str]:
    """Cards as people type them, no two alike, both languages."""
    dice = random.Random(seed)
    return [
        f"{dice.choice(WHEN)} I have to {dice.choice(VERBS)} {dice.choice(THINGS)} in system {number:02d}"
        for number in range(n)
    ]


def uuids(n: int, seed: int = SEED) -> list[UUID]:
    dice = random.Random(seed)
    return [UUID(int=dice.getrandbits(128), version=4) for _ in range(n)]


def ballot(items: list[str], budget: int, cap: int, dice: random.Random) -> dict[str, int]:
    """Whole points within budget and cap, on few items, as people do."""
    points: dict[str, int] = {}
    left = budget
    for item in dice.sample(items, min(len(items), 6)):
        given = min(left, dice.randint(1, cap))
        if given:
            points[item] = given
        left -= given
    return points


def ballots(
    seats: int, items: list[str], budget: int, cap: int, seed: int = SEED
) -> Iterator[tuple[int, dict[str, int]]]:
    """Without end: who saves next, and the whole ballot. Everybody votes once before anybody changes their mind."""
    dice = random.Random(seed)
    while True:
        order = list(range(seats))
        dice.shuffle(order)
        for seat in order:
            yield seat, ballot(items, budget, cap, dice)
