"""All figures of a vote by points, in exact fractions; late merges are folded in, ballots are never rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from usecases.rules.ranking import competition_ranks

Ballot = Mapping[str, int]  # item -> points; what is not named got 0

SMALL_GROUP = 5  # ballots; below this only points and ranks are shown
SPLIT_SHARE = Fraction(1, 3)
WEAK, STRONG = Fraction(3, 10), Fraction(7, 10)


@dataclass(frozen=True)
class ItemFigures:
    item: str
    points: int
    rank: int
    voters: int
    effective: Fraction  # effective supporters, 0 without points
    histogram: list[int]  # ballots with 0, 1 … cap points
    is_split: bool
    cut: int = 0  # points above the cap that a late merge took off


@dataclass(frozen=True)
class VoteFigures:
    """`items` best first: by points, then voters, then the order given."""

    items: list[ItemFigures]
    ballots: int
    roll: int
    unspent: Fraction | None
    agreement: Fraction | None  # Kendall's W over ballots

    @property
    def is_small(self) -> bool:
        return self.ballots < SMALL_GROUP


def points_to_spend(budget: int, cap: int, items: int) -> int:
    """The budget, or cap x items where fewer could be placed."""
    return min(budget, cap * items)


def ballot_faults(choices: Mapping[str, object], items: Iterable[str], budget: int, cap: int) -> list[str]:
    """Codes of everything wrong: unknown_item, not_whole, over_cap, over_budget."""
    known, found = set(items), []
    numbers = [v for v in choices.values() if isinstance(v, int) and not isinstance(v, bool)]
    if set(choices) - known:
        found.append("unknown_item")
    if len(numbers) < len(choices) or any(v < 0 for v in numbers):
        found.append("not_whole")
    if any(v > cap for v in numbers):
        found.append("over_cap")
    if sum(numbers) > points_to_spend(budget, cap, len(known)):
        found.append("over_budget")
    return found


def folded(ballot: Ballot, into: Mapping[str, str], cap: int) -> tuple[dict[str, int], dict[str, int]]:
    """Points after late merges, each sum cut at the cap, and what was cut; `into`: item -> what it was merged into."""
    sums: dict[str, int] = {}
    for item, points in ballot.items():
        target = into.get(item, item)
        sums[target] = sums.get(target, 0) + points
    kept = {item: min(cap, total) for item, total in sums.items()}
    return kept, {item: total - cap for item, total in sums.items() if total > cap}


def vote_figures(
    ballots: Sequence[Ballot],
    items: Sequence[str],
    *,
    budget: int,
    cap: int,
    roll: int,
    into: Mapping[str, str] | None = None,
) -> VoteFigures:
    """`items` as they stood on the ballot; those merged away since show up in what they were merged into."""
    moved = dict(into or {})
    table = list(dict.fromkeys(moved.get(item, item) for item in items))
    pairs = [folded(ballot, moved, cap) for ballot in ballots]
    kept = [pair[0] for pair in pairs]
    cut = {item: sum(pair[1].get(item, 0) for pair in pairs) for item in table}
    points = {item: sum(b.get(item, 0) for b in kept) for item in table}
    ranks = competition_ranks({item: Fraction(p) for item, p in points.items()})
    found = [_item(item, kept, cap, ranks[item] or 0, cut[item]) for item in table]
    small = len(ballots) < SMALL_GROUP  # the order inside a tie would tell how many voted for each
    found.sort(key=lambda f: (-f.points, 0 if small else -f.voters))
    spendable = len(ballots) * points_to_spend(budget, cap, len(items))
    return VoteFigures(
        items=found,
        ballots=len(ballots),
        roll=roll,
        unspent=1 - Fraction(sum(sum(b.values()) for b in ballots), spendable) if spendable else None,
        agreement=kendalls_w([[Fraction(b.get(item, 0)) for item in table] for b in kept]),
    )


def _item(item: str, ballots: Sequence[Ballot], cap: int, rank: int, cut: int) -> ItemFigures:
    given = [b.get(item, 0) for b in ballots]
    total, squares = sum(given), sum(x * x for x in given)
    return ItemFigures(
        item=item,
        points=total,
        rank=rank,
        voters=sum(x > 0 for x in given),
        effective=Fraction(total * total, squares) if squares else Fraction(0),
        histogram=[given.count(x) for x in range(cap + 1)],
        is_split=is_split(given, cap),
        cut=cut,
    )


def is_split(given: Sequence[int], cap: int) -> bool:
    """At least a third gave nothing and at least a third gave the cap or one less."""
    if not given or cap < 2:  # with a cap of 1 the upper end would be nothing at all
        return False
    least = SPLIT_SHARE * len(given)
    return sum(x == 0 for x in given) >= least and sum(x >= cap - 1 for x in given) >= least


def kendalls_w(rows: Sequence[Sequence[Fraction]]) -> Fraction | None:
    """Agreement of m orders over n things with mid-ranks for ties; None below two of either or without any order."""
    m, n = len(rows), len(rows[0]) if rows else 0
    if m < 2 or n < 2:
        return None
    ranked = [mid_ranks(row) for row in rows]
    sums = [sum((r[i] for r in ranked), Fraction(0)) for i in range(n)]
    mean = sum(sums, Fraction(0)) / n
    ties = sum(_ties(row) for row in rows)
    below = m * m * (n**3 - n) - m * ties
    return 12 * sum(((s - mean) ** 2 for s in sums), Fraction(0)) / below if below else None


def mid_ranks(values: Sequence[Fraction]) -> list[Fraction]:
    """1 for the largest; equal values share the mean of their places."""
    return [
        sum((1 for other in values if other > v), Fraction(1)) + Fraction(sum(other == v for other in values) - 1, 2)
        for v in values
    ]


def _ties(values: Sequence[Fraction]) -> int:
    return sum(t**3 - t for t in (values.count(v) for v in set(values)))


def agreement_word(w: Fraction | None) -> str:
    """weak, moderate or strong; "" where it is undefined. Agreement, not correctness."""
    if w is None:
        return ""
    return "weak" if w < WEAK else "strong" if w >= STRONG else "moderate"


def suppressed(counts: Mapping[str, int], k: int = SMALL_GROUP) -> dict[str, int | None]:
    """Groups under k become None, then the smallest ones left until what is hidden cannot be worked out."""
    hidden = {group for group, n in counts.items() if n < k}
    visible = sorted(set(counts) - hidden, key=lambda group: counts[group], reverse=True)
    while hidden and visible and (len(hidden) < 2 or sum(counts[group] for group in hidden) < k):
        hidden.add(visible.pop())
    return {group: None if group in hidden else n for group, n in counts.items()}


def proposed(ballot: Ballot, into: Mapping[str, str], items: Sequence[str], *, budget: int, cap: int) -> dict[str, int]:
    """An old ballot over a new set of items: merged points summed and capped, removed ones given back.

    Always a valid ballot: points over the new budget come off the largest first.
    """
    kept, _cut = folded(ballot, into, cap)
    found = {item: kept[item] for item in items if kept.get(item)}
    spendable = points_to_spend(budget, cap, len(items))
    while sum(found.values()) > spendable:
        largest = max(found, key=lambda item: found[item])
        found[largest] -= 1
    return {item: points for item, points in found.items() if points}
