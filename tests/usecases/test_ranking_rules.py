"""The weighted total on fixed anchors, checked by hand."""

from __future__ import annotations

import copy
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecases.rules.load import Factor, load_hours
from usecases.rules.ranking import RankInputError, centroid, rank

EXAMPLE = {
    "criteria": [{"key": "C1", "weight": 60}, {"key": "C2", "weight": 40}],
    "scale": [1, 5],
    "seed": 7,
    "scorers": ["S1", "S2", "S3"],
    "candidates": [
        {"key": "A", "channel": "A8"},
        {"key": "B", "channel": "A9"},
        {"key": "D", "channel": "A9"},
    ],
    "gates": [{"criterion": "C1", "min_mean": 2}],
    "weight_order": [["C1"], ["C2"]],
    "scores": {
        "S1": [[5, 2], [3, 4], [2, 1]],
        "S2": [[4, 3], [4, 4], [1, 2]],
        "S3": [[4, 2], [3, 5], [2, None]],
    },
}


def test_the_worked_example_comes_out_to_six_decimals():
    out = rank(EXAMPLE)
    assert out["totals"] == {"A": Decimal("63.333333"), "B": Decimal("68.333333"), "D": Decimal("15.000000")}
    assert out["ranks"] == {"A": 2, "B": 1, "D": 3}
    assert out["eligible"] == {"order": ["B", "A"], "not_eligible": {"D": ["gate:C1"]}}
    assert out["equal_weights"]["totals"] == {
        "A": Decimal("58.333333"),
        "B": Decimal("70.833333"),
        "D": Decimal("14.583333"),
    }
    assert out["panel"]["coverage"]["D"] == Decimal("0.833333")
    assert out["panel"]["flags"] == []
    assert out["explanation"]["lead"] == Decimal("5.000000")
    assert out["explanation"]["contributions"] == {"C1": Decimal("-15.000000"), "C2": Decimal("20.000000")}
    assert (
        out["explanation"]["sentence"]["en"] == "B is first with 68 of 100, 5.0 ahead of A: better on C2, worse on C1."
    )
    assert "bootstrap" not in out and "smaa" not in out


def test_a_cell_nobody_answered_leaves_the_candidate_without_total_and_rank():
    data = copy.deepcopy(EXAMPLE)
    for scorer in data["scores"].values():
        scorer[0][1] = None
    out = rank(data)
    assert out["totals"]["A"] is None and out["ranks"]["A"] is None
    assert out["eligible"]["not_eligible"]["A"] == ["no_score:C2", "coverage"]


def test_a_tie_shares_the_rank_and_is_listed_in_file_order():
    data = copy.deepcopy(EXAMPLE)
    for scorer in data["scores"].values():
        scorer[1] = list(scorer[0])
    out = rank(data)
    assert out["ranks"] == {"A": 1, "B": 1, "D": 3}
    assert out["eligible"]["order"] == ["A", "B"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d["criteria"][0].update(weight=59), "criteria"),
        (lambda d: d["scores"]["S1"][0].__setitem__(0, 6), "scores.S1[0][0]"),
        (lambda d: d["scores"]["S1"][0].__setitem__(0, True), "scores.S1[0][0]"),
        (lambda d: d["scores"]["S1"][0].__setitem__(0, 2.5), "scores.S1[0][0]"),
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d.pop("seed"), "seed"),
        (lambda d: d["candidates"].append({"key": "A", "channel": "A8"}), "candidates[3]"),
        (lambda d: d["gates"].append({"criterion": "C9", "min_mean": 1}), "gates[1]"),
    ],
)
def test_a_faulty_input_names_its_path(change, path):
    data = copy.deepcopy(EXAMPLE)
    change(data)
    with pytest.raises(RankInputError) as refused:
        rank(data)
    assert path in [e["path"] for e in refused.value.errors]


def test_order_only_weights_are_rank_order_centroids():
    assert centroid([["C1"], ["C2", "C3"]]) == {
        "C1": Fraction(1100, 18),
        "C2": Fraction(350, 18),
        "C3": Fraction(350, 18),
    }


scores = st.one_of(st.none(), st.integers(1, 5))


@given(st.lists(st.lists(st.lists(scores, min_size=2, max_size=2), min_size=4, max_size=4), min_size=2, max_size=4))
def test_withdrawing_a_candidate_moves_no_other_total(panel):
    data = {
        **copy.deepcopy(EXAMPLE),
        "scorers": [f"S{i}" for i in range(len(panel))],
        "candidates": [{"key": k, "channel": "A9"} for k in "ABDE"],
        "scores": {f"S{i}": matrix for i, matrix in enumerate(panel)},
    }
    whole = rank(data)["totals"]
    fewer = copy.deepcopy(data)
    fewer["candidates"].pop()
    for matrix in fewer["scores"].values():
        matrix.pop()
    assert rank(fewer)["totals"] == {k: v for k, v in whole.items() if k != "E"}


def factor(low, likely, high, provenance="guess", **extra):
    return Factor(Fraction(low), Fraction(likely), Fraction(high), provenance, **extra)


def test_hours_multiply_the_factors_and_keep_the_weakest_grade():
    hours = load_hours(
        {
            "runs_per_month": factor(2, 4, 6, "team_agreed"),
            "items_per_run": factor(1, 1, 1, "ticket_system", n=40, coverage=Fraction(9, 10)),
            "minutes_per_item": factor(30, 45, 90),
            "people_per_item": factor(1, 1, 2, "team_agreed"),
        }
    )
    assert (hours.low, hours.likely, hours.high) == (1, 3, 18)
    assert round(float(hours.mean), 6) == 3.888889
    assert hours.grade == "guess"


def test_a_missing_factor_gives_no_hours():
    assert load_hours({"runs_per_month": factor(1, 2, 3)}) is None
