"""Weighted totals on fixed anchors, in exact fractions; nothing is normalised over the set.

`rank()` takes and gives the forms of `manage.py rank`. Figures of robustness (resampling, weight tipping, SMAA,
Kendall's W) are not computed by this version and are absent from its output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

METHOD = "fixed-anchor-weighted-sum/1"
MIN_COVERAGE = Fraction(60, 100)  # answered cells; below this a candidate cannot be ranked
FLAG_RANGE = 2  # scorers this far apart on a cell talk about it
EPSILON = Fraction(1, 10**9)
_KEY = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")
_TOP = {"criteria", "scale", "candidates", "scorers", "scores", "gates", "weight_order", "seed"}
_OPTIONAL = {"blocked", "conflicts", "draws"}
CHANNELS = ("A8", "A9", "other")

Cell = Fraction | None


class RankInputError(Exception):
    """All faults of an input at once, as `[{"path": …, "message": …}]`."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{e['path']}: {e['message']}" for e in errors))


@dataclass(frozen=True)
class Sheet:
    """A checked input: everything in file order."""

    criteria: list[str]
    weights: dict[str, Fraction]  # points of 100
    low: int
    high: int
    candidates: list[str]
    channels: dict[str, str]
    scorers: list[str]
    scores: dict[str, list[list[int | None]]]
    gates: list[tuple[str, Fraction]]
    blocked: dict[str, list[str]]
    conflicts: dict[str, list[str]]
    warnings: list[str]


def rank(data: Mapping[str, Any]) -> dict[str, Any]:
    """Totals, ranks, eligibility, panel and explanation. Figures are Decimals with six places, ranks integers.

    Raises RankInputError with every fault of the input.
    """
    sheet = read(data)
    means = mean_scores(sheet)
    values = {c: [_value(m, sheet) for m in row] for c, row in means.items()}
    totals = {c: _total(values[c], [sheet.weights[k] / 100 for k in sheet.criteria]) for c in sheet.candidates}
    equal = {c: _total(values[c], [Fraction(1, len(sheet.criteria))] * len(sheet.criteria)) for c in sheet.candidates}
    faults = {c: list(_faults(c, sheet, means)) for c in sheet.candidates}
    order = [c for c in ordered(totals) if not faults[c]]
    result: dict[str, Any] = {
        "method": METHOD,
        "weights": {k: six(sheet.weights[k]) for k in sheet.criteria},
        "warnings": sheet.warnings,
        "totals": _six_all(totals),
        "ranks": competition_ranks(totals),
        "equal_weights": {"totals": _six_all(equal), "ranks": competition_ranks(equal)},
        "eligible": {"order": order, "not_eligible": {c: f for c, f in faults.items() if f}},
        "explanation": explain(sheet, order, totals, values),
        "panel": {
            "mean_scores": {c: [six(m) for m in row] for c, row in means.items()},
            "values": {c: [six(v) for v in row] for c, row in values.items()},
            "coverage": {c: six(coverage(c, sheet)) for c in sheet.candidates},
            "flags": list(_flags(sheet)),
        },
    }
    if sheet.conflicts:
        result["without_conflicts"] = _without_conflicts(sheet)
    return result


def six(value: Fraction | None) -> Decimal | None:
    """Six decimals, half-even, from the exact fraction."""
    if value is None:
        return None
    scaled = value * 10**6
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest
    if twice > scaled.denominator or (twice == scaled.denominator and whole % 2):
        whole += 1
    return (Decimal(whole) / Decimal(10**6)).quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN)


def _six_all(totals: Mapping[str, Fraction | None]) -> dict[str, Decimal | None]:
    return {c: six(v) for c, v in totals.items()}


def mean_scores(sheet: Sheet) -> dict[str, list[Cell]]:
    """Mean over the scorers who answered; None for a cell nobody answered."""
    return {
        name: [_mean(_answers(sheet, row, column)) for column in range(len(sheet.criteria))]
        for row, name in enumerate(sheet.candidates)
    }


def _answers(sheet: Sheet, row: int, column: int) -> list[int]:
    given = (sheet.scores[s][row][column] for s in sheet.scorers)
    return [score for score in given if score is not None]


def _mean(numbers: list[int]) -> Cell:
    return Fraction(sum(numbers), len(numbers)) if numbers else None


def _value(mean: Cell, sheet: Sheet) -> Cell:
    return None if mean is None else 100 * (mean - sheet.low) / (sheet.high - sheet.low)


def _total(values: list[Cell], weights: list[Fraction]) -> Fraction | None:
    if any(v is None for v in values):
        return None
    return sum((w * v for w, v in zip(weights, values, strict=True) if v is not None), Fraction(0))


def coverage(candidate: str, sheet: Sheet) -> Fraction:
    row = sheet.candidates.index(candidate)
    answered = sum(len(_answers(sheet, row, column)) for column in range(len(sheet.criteria)))
    return Fraction(answered, len(sheet.scorers) * len(sheet.criteria))


def competition_ranks(totals: Mapping[str, Fraction | None]) -> dict[str, int | None]:
    """1, 2, 2, 4; a candidate without a total has no rank."""
    known = [t for t in totals.values() if t is not None]
    return {c: None if t is None else 1 + sum(1 for o in known if o - t >= EPSILON) for c, t in totals.items()}


def ordered(totals: Mapping[str, Fraction | None]) -> list[str]:
    """Best first; within a tie in file order."""
    ranks = competition_ranks(totals)
    ranked = [(rank_, place, c) for place, (c, rank_) in enumerate(ranks.items()) if rank_ is not None]
    return [c for _rank, _place, c in sorted(ranked)]


def _faults(candidate: str, sheet: Sheet, means: Mapping[str, list[Cell]]) -> Iterator[str]:
    for criterion, mean in zip(sheet.criteria, means[candidate], strict=True):
        if mean is None:
            yield f"no_score:{criterion}"
    for criterion, minimum in sheet.gates:
        mean = means[candidate][sheet.criteria.index(criterion)]
        if mean is not None and mean < minimum - EPSILON:
            yield f"gate:{criterion}"
    if coverage(candidate, sheet) < MIN_COVERAGE:
        yield "coverage"
    for fact in sheet.blocked.get(candidate, []):
        yield f"blocked:{fact}"


def _flags(sheet: Sheet) -> Iterator[list[Any]]:
    """Cells to talk about: scorers far apart, or fewer than 60 % answered."""
    for row, name in enumerate(sheet.candidates):
        for column, criterion in enumerate(sheet.criteria):
            given = _answers(sheet, row, column)
            thin = Fraction(len(given), len(sheet.scorers)) < MIN_COVERAGE
            if thin or (given and max(given) - min(given) >= FLAG_RANGE):
                yield [name, criterion, min(given, default=None), max(given, default=None)]


def explain(
    sheet: Sheet, order: list[str], totals: Mapping[str, Fraction | None], values: Mapping[str, list[Cell]]
) -> dict[str, Any]:
    """Why the leader leads the runner-up; null without a second eligible candidate."""
    first = order[0] if order else None
    second = order[1] if len(order) > 1 else None
    facts: dict[str, Any] = {"first": first, "total": six(totals[first]) if first else None, "runner_up": second}
    if first is None or second is None:
        empty = {"lead": None, "contributions": None, "sum_of_contributions": None, "largest_gains": None}
        return {**facts, **empty, "largest_loss": None, "sentence": _sentence_alone(first, facts["total"])}
    parts = {
        k: sheet.weights[k] / 100 * ((values[first][i] or 0) - (values[second][i] or 0))
        for i, k in enumerate(sheet.criteria)
    }
    lead = sum(parts.values(), Fraction(0))
    gains = sorted((k for k in parts if parts[k] > 0), key=lambda k: (-parts[k], sheet.criteria.index(k)))[:2]
    losses = sorted((k for k in parts if parts[k] < 0), key=lambda k: (parts[k], sheet.criteria.index(k)))[:1]
    facts |= {
        "lead": six(lead),
        "contributions": {k: six(v) for k, v in parts.items()},
        "sum_of_contributions": six(lead),
        "largest_gains": [[k, six(parts[k])] for k in gains],
        "largest_loss": [losses[0], six(parts[losses[0]])] if losses else None,
    }
    facts["sentence"] = _sentence(first, second, facts["total"], lead, gains, losses)
    return facts


def _sentence(
    first: str, second: str, total: Decimal, lead: Fraction, gains: list[str], losses: list[str]
) -> dict[str, str]:
    points, ahead = _round(total, "1"), _round(six(lead) or Decimal(0), "0.1")
    if abs(lead) < EPSILON:
        en, zh = f"{first} and {second} are level with {points} of 100", f"{first}与{second}并列（{points}/100）"
    else:
        en = f"{first} is first with {points} of 100, {ahead} ahead of {second}"
        zh = f"{first}排名第一（{points}/100），领先{second} {ahead} 分"
    if gains:
        en += ": better on " + " and ".join(gains)
        zh += "：" + "、".join(gains) + "较强"
    if losses:
        en += (", worse on " if gains else ": worse on ") + losses[0]
        zh += ("，" if gains else "：") + losses[0] + "较弱"
    return {"en": en + ".", "zh": zh + "。"}


def _sentence_alone(first: str | None, total: Decimal | None) -> dict[str, str]:
    if first is None or total is None:
        return {"en": "No candidate is eligible.", "zh": "没有符合条件的候选。"}
    points = _round(total, "1")
    return {
        "en": f"{first} is the only eligible candidate, with {points} of 100.",
        "zh": f"{first}是唯一符合条件的候选（{points}/100）。",
    }


def _round(value: Decimal, step: str) -> str:
    return str(value.quantize(Decimal(step), rounding=ROUND_HALF_EVEN))


def _without_conflicts(sheet: Sheet) -> dict[str, Any]:
    """The same totals with the flagged scorers' cells left out."""
    scores = {s: [list(row) for row in matrix] for s, matrix in sheet.scores.items()}
    for scorer, flagged in sheet.conflicts.items():
        for candidate in flagged:
            scores[scorer][sheet.candidates.index(candidate)] = [None] * len(sheet.criteria)
    clean = Sheet(**{**sheet.__dict__, "scores": scores, "conflicts": {}})
    means = mean_scores(clean)
    weights = [sheet.weights[k] / 100 for k in sheet.criteria]
    totals = {c: _total([_value(m, sheet) for m in means[c]], weights) for c in sheet.candidates}
    return {"totals": _six_all(totals), "ranks": competition_ranks(totals)}


# -- reading -----------------------------------------------------------------------------------------------------


def read(data: Mapping[str, Any]) -> Sheet:
    """Check an input; RankInputError names every fault with its path."""
    errors: list[dict[str, str]] = []
    _check_top(data, errors)
    if errors:
        raise RankInputError(errors)
    criteria = _keys([c.get("key") for c in data["criteria"]], "criteria", errors)
    candidates = _keys([c.get("key") for c in data["candidates"]], "candidates", errors)
    scorers = _keys(list(data["scorers"]), "scorers", errors)
    channels = _channels(data["candidates"], errors)
    low, high = _scale(data["scale"], errors)
    weights, warnings = _weights(data, criteria, errors)
    scores = _scores(data["scores"], scorers, len(candidates), len(criteria), low, high, errors)
    gates = _gates(data["gates"], criteria, errors)
    blocked = _named_lists(data.get("blocked", {}), candidates, None, "blocked", errors)
    conflicts = _named_lists(data.get("conflicts", {}), scorers, candidates, "conflicts", errors)
    if errors:
        raise RankInputError(errors)
    return Sheet(
        criteria, weights, low, high, candidates, channels, scorers, scores, gates, blocked, conflicts, warnings
    )


def _fault(errors: list[dict[str, str]], path: str, message: str) -> None:
    errors.append({"path": path, "message": message})


def _check_top(data: Mapping[str, Any], errors: list[dict[str, str]]) -> None:
    if not isinstance(data, Mapping):
        return _fault(errors, "", "an object is expected")
    for key in sorted(set(data) - _TOP - _OPTIONAL):
        _fault(errors, key, "unknown key")
    for key in sorted(_TOP - {"weight_order"} - set(data)):
        _fault(errors, key, "missing")
    for key in ("criteria", "candidates"):
        rows = data.get(key, [])
        if not isinstance(rows, list) or not rows or not all(isinstance(r, Mapping) for r in rows):
            _fault(errors, key, "a list of objects with at least one entry is expected")
    for key, kind in (("scorers", list), ("scores", Mapping), ("gates", list), ("scale", list)):
        if key in data and not isinstance(data[key], kind):
            _fault(errors, key, "has the wrong type")
    seed = data.get("seed")
    if "seed" in data and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= 2**32 - 3):
        _fault(errors, "seed", "a whole number from 0 to 4294967293 is expected")


def _keys(keys: list[Any], path: str, errors: list[dict[str, str]]) -> list[str]:
    if not keys:
        _fault(errors, path, "at least one entry is expected")
    for place, key in enumerate(keys):
        if not isinstance(key, str) or not _KEY.match(key):
            _fault(errors, f"{path}[{place}]", "keys are 1 to 64 letters, digits, dots, dashes or underscores")
        elif keys.index(key) != place:
            _fault(errors, f"{path}[{place}]", f"{key} occurs twice")
    return [str(k) for k in keys]


def _channels(rows: list[Mapping[str, Any]], errors: list[dict[str, str]]) -> dict[str, str]:
    for place, row in enumerate(rows):
        if set(row) - {"key", "channel"}:
            _fault(errors, f"candidates[{place}]", "unknown key")
        if row.get("channel") not in CHANNELS:
            _fault(errors, f"candidates[{place}].channel", "A8, A9 or other is expected")
    return {str(r.get("key")): str(r.get("channel")) for r in rows}


def _scale(scale: list[Any], errors: list[dict[str, str]]) -> tuple[int, int]:
    good = len(scale) == 2 and all(isinstance(x, int) and not isinstance(x, bool) for x in scale)
    if not good or scale[0] >= scale[1]:
        _fault(errors, "scale", "two whole numbers, the lower first, are expected")
        return 1, 5
    return scale[0], scale[1]


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    return Fraction(number) if number.is_finite() else None


def _weights(
    data: Mapping[str, Any], criteria: list[str], errors: list[dict[str, str]]
) -> tuple[dict[str, Fraction], list[str]]:
    rows, order = data["criteria"], data.get("weight_order")
    for place, row in enumerate(rows):
        if set(row) - {"key", "weight"}:
            _fault(errors, f"criteria[{place}]", "unknown key")
    if order is not None:
        _check_order(order, criteria, errors)
    given = [row.get("weight") for row in rows]
    if all(w is None for w in given):
        if order is None:
            _fault(errors, "weight_order", "needed when no criterion has a weight")
            return {}, []
        return (centroid(order) if not errors else {}), []
    numbers = [_number(w) for w in given]
    for place, number in enumerate(numbers):
        if number is None or number < 0:
            _fault(errors, f"criteria[{place}].weight", "a number from 0 is expected")
    if any(n is None for n in numbers):
        return {}, []
    weights = {k: n for k, n in zip(criteria, numbers, strict=True) if n is not None}
    if abs(sum(weights.values(), Fraction(0)) - 100) > EPSILON:
        _fault(errors, "criteria", f"the weights add up to {float(sum(weights.values())):g}, 100 is expected")
    return weights, _order_warnings(order, weights, errors)


def _check_order(order: Any, criteria: list[str], errors: list[dict[str, str]]) -> None:
    groups = order if isinstance(order, list) and all(isinstance(g, list) for g in order) else []
    flat = [k for group in groups for k in group]
    if sorted(map(str, flat)) != sorted(criteria):
        _fault(errors, "weight_order", "every criterion once, in groups, heaviest first, is expected")


def _order_warnings(order: Any, weights: Mapping[str, Fraction], errors: list[dict[str, str]]) -> list[str]:
    if order is None or errors:
        return []
    for heavier, lighter in zip(order, order[1:], strict=False):
        if min(weights[k] for k in heavier) < max(weights[k] for k in lighter) - EPSILON:
            return ["weight_order goes against the weights"]
    return []


def centroid(order: list[list[str]]) -> dict[str, Fraction]:
    """Rank-order centroid weights in points of 100; a tied group shares the mean of its places."""
    q = sum(len(group) for group in order)
    places = [sum((Fraction(1, k) for k in range(i, q + 1)), Fraction(0)) / q for i in range(1, q + 1)]
    weights: dict[str, Fraction] = {}
    at = 0
    for group in order:
        share = sum(places[at : at + len(group)], Fraction(0)) / len(group)
        weights |= {k: 100 * share for k in group}
        at += len(group)
    return weights


def _scores(
    given: Mapping[str, Any], scorers: list[str], rows: int, columns: int, low: int, high: int, errors: list[Any]
) -> dict[str, list[list[int | None]]]:
    for name in sorted(set(given) ^ set(scorers)):
        _fault(errors, f"scores.{name}", "scorers and scores must name the same people")
    for name in [s for s in scorers if s in given]:
        matrix = given[name]
        if not isinstance(matrix, list) or [len(r) if isinstance(r, list) else -1 for r in matrix] != [columns] * rows:
            _fault(errors, f"scores.{name}", f"{rows} rows of {columns} scores are expected")
            continue
        for i, row in enumerate(matrix):
            for j, score in enumerate(row):
                if not _is_score(score, low, high):
                    _fault(errors, f"scores.{name}[{i}][{j}]", f"a whole number from {low} to {high} or null")
    return {str(k): v for k, v in given.items()}


def _is_score(score: Any, low: int, high: int) -> bool:
    return score is None or (isinstance(score, int) and not isinstance(score, bool) and low <= score <= high)


def _gates(rows: list[Any], criteria: list[str], errors: list[dict[str, str]]) -> list[tuple[str, Fraction]]:
    gates: list[tuple[str, Fraction]] = []
    for place, row in enumerate(rows):
        minimum = _number(row.get("min_mean")) if isinstance(row, Mapping) else None
        if minimum is None or set(row) != {"criterion", "min_mean"} or row["criterion"] not in criteria:
            _fault(errors, f"gates[{place}]", "a known criterion and a number min_mean are expected")
        else:
            gates.append((row["criterion"], minimum))
    return gates


def _named_lists(
    given: Any, names: list[str], inside: list[str] | None, path: str, errors: list[dict[str, str]]
) -> dict[str, list[str]]:
    if not isinstance(given, Mapping):
        _fault(errors, path, "an object is expected")
        return {}
    for name, items in given.items():
        known = isinstance(items, list) and all(isinstance(i, str) and (inside is None or i in inside) for i in items)
        if name not in names or not known:
            _fault(errors, f"{path}.{name}", "known names are expected")
    return {str(k): list(v) for k, v in given.items() if isinstance(v, list)}
