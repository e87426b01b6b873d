"""The figures of a vote: the examples of the design to six decimals, and what must hold for any ballots."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.usecases.workshops import BALLOTS
from usecases.rules.clustering import bigrams, similarity, suggestions
from usecases.rules.load import pooled
from usecases.rules.text_guard import warnings
from usecases.rules.voting import (
    agreement_word,
    ballot_faults,
    is_split,
    kendalls_w,
    points_to_spend,
    proposed,
    suppressed,
    vote_figures,
)

ITEMS = "ABCD"


def example(**more):
    return vote_figures(BALLOTS, ITEMS, budget=10, cap=4, roll=6, **more)


def by_item(figures, name):
    return {f.item: getattr(f, name) for f in figures.items}


# --- the example of the design -------------------------------------------------------------------------------------


def test_the_example_of_the_design():
    figures = example()
    assert by_item(figures, "points") == {"A": 12, "B": 8, "C": 15, "D": 13}
    assert by_item(figures, "rank") == {"A": 3, "B": 4, "C": 1, "D": 2}
    assert by_item(figures, "voters") == {"A": 4, "B": 2, "C": 4, "D": 4}
    effective = {item: float(x) for item, x in by_item(figures, "effective").items()}
    assert effective == pytest.approx({"A": 3.6, "B": 2, "C": 3.947368, "D": 3.755556}, abs=1e-6)
    assert float(figures.unspent) == pytest.approx(0.04, abs=1e-6)
    assert [i for i, split in by_item(figures, "is_split").items() if split] == ["B"]
    assert float(figures.agreement) == pytest.approx(0.059091, abs=1e-6)
    assert (figures.ballots, figures.roll, figures.is_small) == (5, 6, False)
    assert [f.item for f in figures.items] == ["C", "D", "A", "B"]


def test_a_late_merge_is_capped_a_ballot_and_shows_what_was_cut():
    figures = example(into={"B": "A"})
    assert by_item(figures, "points") == {"C": 15, "A": 14, "D": 13}
    assert by_item(figures, "cut") == {"C": 0, "A": 6, "D": 0}
    assert sum(by_item(example(), "points")[i] for i in "AB") == 14 + 6


def test_kendalls_w_with_ties_as_in_the_ranking_example():
    assert float(kendalls_w([[3, 3, 1], [3, 2, 1]])) == pytest.approx(0.928571, abs=1e-6)
    assert float(kendalls_w([[70, 60, 15], [65, 75, 10], [55, 70, 25]])) == pytest.approx(0.777778, abs=1e-6)


@pytest.mark.parametrize("rows", [[], [[1, 2]], [[1], [2]], [[1, 1], [2, 2]]])
def test_agreement_is_undefined_without_two_orders_over_two_things(rows):
    assert kendalls_w(rows) is None
    assert agreement_word(None) == ""


def test_words_of_agreement():
    words = [agreement_word(Fraction(n, 100)) for n in (0, 29, 30, 69, 70, 100)]
    assert words == ["weak", "weak", "moderate", "moderate", "strong", "strong"]


def test_within_a_tie_more_voters_stand_first_and_share_the_rank():
    ballots = [{"A": 4}, {"B": 2}, {"B": 2}, {"C": 1}, {}]
    figures = vote_figures(ballots, "ABC", budget=10, cap=4, roll=5)
    assert [(f.item, f.rank) for f in figures.items] == [("B", 1), ("A", 1), ("C", 3)]


def test_in_a_small_group_the_order_inside_a_tie_tells_nothing():
    figures = vote_figures([{"A": 4}, {"B": 2}, {"B": 2}], "ABC", budget=10, cap=4, roll=3)
    assert figures.is_small and [f.item for f in figures.items] == ["A", "B", "C"]


def test_split_needs_a_third_at_both_ends():
    assert is_split([0, 0, 4, 4, 2, 2], 4) and is_split([0, 3, 1], 4)
    assert not is_split([0, 1, 4, 4, 2, 2], 4) and not is_split([], 4) and not is_split([0, 0, 1], 1)


# --- ballots -------------------------------------------------------------------------------------------------------


def test_the_budget_is_what_can_be_placed():
    assert points_to_spend(10, 4, 2) == 8 and points_to_spend(10, 4, 3) == 10


@pytest.mark.parametrize(
    ("choices", "codes"),
    [
        ({"A": 4, "B": 4, "C": 2}, []),
        ({}, []),
        ({"A": 5}, ["over_cap"]),
        ({"A": 4, "B": 4, "C": 3}, ["over_budget"]),
        ({"X": 1}, ["unknown_item"]),
        ({"A": -1}, ["not_whole"]),
        ({"A": True}, ["not_whole"]),
        ({"A": 1.5}, ["not_whole"]),
        ({"X": 9, "A": 4, "B": "2"}, ["unknown_item", "not_whole", "over_cap", "over_budget"]),
    ],
)
def test_all_faults_of_a_ballot_at_once(choices, codes):
    assert ballot_faults(choices, "ABC", 10, 4) == codes


def test_an_old_ballot_is_proposed_merged_and_capped():
    old = {"A": 4, "B": 3, "C": 2, "gone": 1}
    assert proposed(old, {"B": "A"}, ["A", "C", "D"], budget=10, cap=4) == {"A": 4, "C": 2}


BALLOT = st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 4)).filter(lambda b: sum(b.values()) <= 10)
INTO = st.dictionaries(st.sampled_from("BC"), st.just("A"))


@settings(max_examples=40, deadline=None)
@given(st.lists(BALLOT, max_size=12), INTO, st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_the_order_of_ballots(ballots, into, rng):
    shuffled = ballots[:]
    rng.shuffle(shuffled)
    given_figures = vote_figures(ballots, ITEMS, budget=10, cap=4, roll=12, into=into)
    assert given_figures == vote_figures(shuffled, ITEMS, budget=10, cap=4, roll=12, into=into)


@settings(max_examples=40, deadline=None)
@given(st.lists(BALLOT, min_size=1, max_size=12), INTO)
def test_no_point_gets_lost_or_made(ballots, into):
    figures = vote_figures(ballots, ITEMS, budget=10, cap=4, roll=12, into=into)
    counted = sum(f.points + f.cut for f in figures.items)
    assert counted == sum(sum(b.values()) for b in ballots)
    assert 0 <= figures.unspent <= 1
    for f in figures.items:
        assert sum(f.histogram) == len(ballots) and f.histogram[0] == len(ballots) - f.voters
        assert sum(x * n for x, n in enumerate(f.histogram)) == f.points <= 4 * f.voters
        assert f.effective <= f.voters and (f.effective > 0) == (f.points > 0)
    assert figures.agreement is None or 0 <= figures.agreement <= 1


@settings(max_examples=40, deadline=None)
@given(BALLOT, INTO, st.lists(st.sampled_from(ITEMS), unique=True, max_size=4), st.integers(1, 10))
def test_a_proposal_is_always_a_valid_ballot(ballot, into, items, budget):
    found = proposed(ballot, into, items, budget=budget, cap=4)
    assert ballot_faults(found, items, budget, 4) == []


# --- suppression ---------------------------------------------------------------------------------------------------


def test_complementary_suppression():
    assert suppressed({"yes": 12, "no": 7, "unsure": 3}) == {"yes": 12, "no": None, "unsure": None}
    assert suppressed({"yes": 12, "no": 7, "unsure": 8}) == {"yes": 12, "no": 7, "unsure": 8}
    assert suppressed({"yes": 14, "no": 0, "unsure": 0}) == {"yes": None, "no": None, "unsure": None}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), min_size=1))
def test_what_is_hidden_cannot_be_worked_out(counts):
    found = suppressed(counts)
    hidden = {group for group, n in found.items() if n is None}
    assert all(found[group] == counts[group] >= 5 for group in counts if group not in hidden)
    assert not hidden or len(hidden) == len(counts) or (len(hidden) >= 2 and sum(counts[g] for g in hidden) >= 5)


# --- near-duplicates, texts, pooled sizes --------------------------------------------------------------------------


def test_similarity_folds_width_case_and_blanks():
    assert similarity("Copy  vendor figures", "copy vendor FIGURES") == 1
    assert similarity("抄写供应商数据", "抄写供应商的数据") > Fraction(1, 2)
    assert similarity("ABC", "xyz") == 0 and similarity("", "") == 0
    assert bigrams("abc") == {"ab", "bc"} and bigrams("a") == {"a"}


def test_suggestions_are_the_likely_pairs_best_first():
    texts = {
        "1": ["Copy vendor figures into the report"],
        "2": ["Copying vendor figures into a report"],
        "3": ["copy vendor figures into the report"],
        "4": ["Restart the batch server at night"],
    }
    assert [(s.first, s.second) for s in suggestions(texts)] == [("1", "3"), ("1", "2"), ("2", "3")]
    apart = frozenset({frozenset({"1", "3"})})
    assert ("1", "3") not in [(s.first, s.second) for s in suggestions(texts, apart=apart)]
    assert suggestions(texts, by_hand=frozenset({"1", "2"})) == []


def test_at_most_fifty_suggestions():
    assert len(suggestions({str(n): ["the same words"] for n in range(20)})) == 50


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_similarity_is_symmetric_and_a_share(a, b):
    assert similarity(a, b) == similarity(b, a) and 0 <= similarity(a, b) <= 1


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Every Monday I have to copy vendor figures into the report", []),
        ("P1 incidents of 2024-01-02 took 45 minutes each", []),
        ("每周一手工抄写供应商数据", []),
        ("Grafana is slow every day and Jira needs 30 clicks", []),
        ("Peter always forgets the hand-over", ["name"]),
        ("王经理总是要报表", ["name"]),
        ("Mail it to jo.doe@example.org by hand", ["email"]),
        ("Call +86 138 1234 5678 when it hangs", ["phone"]),
        ("工号 12345 每天导出", ["employee_number"]),
    ],
)
def test_the_text_guard_warns_about_persons_only(text, codes):
    assert warnings(text) == codes


def test_several_answers_to_one_question_make_one_range():
    assert pooled([(2, 5, 10), (15, 30, 60)]) == (2, Fraction(35, 2), 60)
    assert pooled([(1, 1, 1)]) == (1, 1, 1)
