"""Near-duplicates of short sentences, by shared pairs of characters; works for English and Chinese alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nsmallest
from itertools import combinations

LIKELY_SAME = Fraction(30, 100)
MOST_SUGGESTIONS = 50


@dataclass(frozen=True)
class Suggestion:
    first: str
    second: str
    similarity: Fraction


def bigrams(text: str) -> frozenset[str]:
    """Pairs of neighbouring characters after NFKC, case folding and folding of blanks; one character stands alone."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1)) or frozenset({plain} - {""})


def similarity(first: str, second: str) -> Fraction:
    """Jaccard: shared pairs among all pairs; 0 when there are none."""
    a, b = bigrams(first), bigrams(second)
    return Fraction(len(a & b), len(a | b)) if a | b else Fraction(0)


def suggestions(
    texts: Mapping[str, Sequence[str]],
    *,
    apart: frozenset[frozenset[str]] = frozenset(),
    by_hand: frozenset[str] = frozenset(),
) -> list[Suggestion]:
    """Pairs of groups that say nearly the same, best first; `texts`: group -> its wordings.

    A group made by hand is left alone, and so is a pair somebody decided to keep apart.
    """
    bits = _as_bits({group: words for group, words in texts.items() if group not in by_hand})
    found = []
    for a, b in combinations(bits, 2):
        shared, either = _closest(bits[a], bits[b])
        if shared * LIKELY_SAME.denominator >= either * LIKELY_SAME.numerator and frozenset((a, b)) not in apart:
            found.append((-shared / either, a, b, shared, either))
    return [
        Suggestion(a, b, Fraction(shared, either)) for _s, a, b, shared, either in nsmallest(MOST_SUGGESTIONS, found)
    ]


def _as_bits(texts: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Each pair of characters is one bit, so that comparing 500 cards takes a moment."""
    places: dict[str, int] = {}
    return {
        group: [sum(1 << places.setdefault(pair, len(places)) for pair in bigrams(text)) for text in words]
        for group, words in texts.items()
    }


def _closest(first: Sequence[int], second: Sequence[int]) -> tuple[int, int]:
    """Shared pairs and all pairs, of any wording of the one to any wording of the other; whole numbers for speed."""
    best = (0, 1)
    for a in first:
        for b in second:
            shared = (a & b).bit_count()
            if shared and shared * best[1] > best[0] * (a | b).bit_count():
                best = (shared, (a | b).bit_count())
    return best
