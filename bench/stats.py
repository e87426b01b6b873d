"""Ratios per round, their spread, and the word that follows from a bound. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

CONFIDENCE = 0.95
LOOSE = 2.0  # a ratio whose largest round is more than twice its smallest is noise
PASS, FAIL, UNSTABLE = "PASS", "FAIL", "unstable"


@dataclass(frozen=True)
class Spread:
    """`lo` to `hi` holds the median with 95 % confidence; with few rounds that is everything seen."""

    median: float
    lo: float
    hi: float
    smallest: float
    largest: float

    @property
    def is_loose(self) -> bool:
        return self.largest > LOOSE * self.smallest if self.smallest > 0 else self.largest > 0


def spread(values: Sequence[float]) -> Spread:
    """Order statistics need no assumption about the noise, which on a shared machine is nothing like normal."""
    if not values:
        raise ValueError("no rounds")
    ordered = sorted(values)
    cut = _cut(len(ordered))
    return Spread(median(ordered), ordered[cut], ordered[-1 - cut], ordered[0], ordered[-1])


def _cut(n: int) -> int:
    """How many rounds may be left out at each end and still cover the median: 0 for 7, 1 for 9."""
    cut = 0
    while 2 * _tail(n, cut + 1) <= 1 - CONFIDENCE:
        cut += 1
    return cut


def _tail(n: int, k: int) -> float:
    """P(at most `k` of `n` values lie below the median)."""
    return sum(math.comb(n, i) for i in range(k + 1)) / 2**n


def ratios(ours: Sequence[float], floor: Sequence[float]) -> list[float]:
    """Round by round, because both sides of a round met the same machine."""
    if len(ours) != len(floor):
        raise ValueError("the sides played a different number of rounds")
    return [a / b for a, b in zip(ours, floor, strict=True)]


def verdict(found: Spread, bound: float, *, quick: bool, is_ratio: bool) -> str:
    """A whole run passes by its upper end, a quick one by its median; a ratio that jumps never passes."""
    if (found.median if quick else found.hi) > bound:
        return FAIL
    return UNSTABLE if is_ratio and found.is_loose else PASS


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank: a value that was really seen."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
