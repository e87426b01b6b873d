"""Hours a month a pain costs, as a worst-case interval with the grade of its weakest factor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

FACTORS = ("runs_per_month", "items_per_run", "minutes_per_item", "people_per_item")
GUESS, ESTIMATE, EARLY, MEASURED = "guess", "estimate", "early", "measured"
_ORDER = (GUESS, ESTIMATE, EARLY, MEASURED)
_MIN_RECORDS = 20  # below this a measured factor reads Early
_MIN_COVERAGE = Fraction(80, 100)


@dataclass(frozen=True)
class Factor:
    """Three numbers with `0 <= low <= likely <= high` and where they come from."""

    low: Fraction
    likely: Fraction
    high: Fraction
    provenance: str  # guess, team_agreed, vendor_statement, ticket_system, time_sample
    n: int | None = None
    coverage: Fraction | None = None

    @property
    def is_ordered(self) -> bool:
        return 0 <= self.low <= self.likely <= self.high

    @property
    def mean(self) -> Fraction:
        return (self.low + 4 * self.likely + self.high) / 6

    @property
    def grade(self) -> str:
        if self.provenance == "guess":
            return GUESS
        if self.provenance in ("team_agreed", "vendor_statement"):
            return ESTIMATE
        thin = self.n is None or self.n < _MIN_RECORDS or (self.coverage or 0) < _MIN_COVERAGE
        return EARLY if thin else MEASURED


@dataclass(frozen=True)
class Hours:
    """Hours a month: everything low, likely, high together, and the mean of the three-point estimate."""

    low: Fraction
    likely: Fraction
    high: Fraction
    mean: Fraction
    grade: str


def load_hours(factors: Mapping[str, Factor | None]) -> Hours | None:
    """runs x items x minutes x people / 60; None when a factor is missing (never taken as 1)."""
    found = [factors.get(name) for name in FACTORS]
    present = [f for f in found if f is not None]
    if len(present) < len(FACTORS):
        return None
    return Hours(
        low=_product(f.low for f in present) / 60,
        likely=_product(f.likely for f in present) / 60,
        high=_product(f.high for f in present) / 60,
        mean=_product(f.mean for f in present) / 60,
        grade=min((f.grade for f in present), key=_ORDER.index),
    )


def guess_share(loads: Iterable[Hours]) -> Fraction | None:
    """Share of likely hours that rest on guesses; None without hours."""
    rows = list(loads)
    total = sum((h.likely for h in rows), Fraction(0))
    if not total:
        return None
    return sum((h.likely for h in rows if h.grade == GUESS), Fraction(0)) / total


def pooled(ranges: Sequence[tuple[Fraction, Fraction, Fraction]]) -> tuple[Fraction, Fraction, Fraction]:
    """One range for several answers to the same question: least low, middle likely, most high."""
    likely = sorted(r[1] for r in ranges)
    middle = (likely[(len(likely) - 1) // 2] + likely[len(likely) // 2]) / 2
    return min(r[0] for r in ranges), middle, max(r[2] for r in ranges)


def _product(numbers: Iterable[Fraction]) -> Fraction:
    return reduce(lambda a, b: a * b, numbers, Fraction(1))
