"""The rule table, every combination."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations_with_replacement, permutations, product

import pytest

from charter.rules import midpoint, objective_answer, read_rules, word_of

KINDS = ("must", "expand", "stop")
STATUSES = ("met", "not_met", "no_data")
CASES = [(k, s) for k, s in product(KINDS, STATUSES)]


def expected(criteria):
    must = [s for k, s in criteria if k == "must"]
    expand = [s for k, s in criteria if k == "expand"]
    stop = [s for k, s in criteria if k == "stop"]
    if stop.count("met"):
        return "STOP"
    if len(must) == 0 or (must + stop).count("no_data"):
        return "INCONCLUSIVE"
    if must.count("not_met"):
        return "STOP"
    if expand and expand.count("met") == len(expand):
        return "EXPAND"
    return "GO"


@pytest.mark.parametrize("size", range(5))
def test_every_combination_agrees_with_the_table(size):
    for criteria in combinations_with_replacement(CASES, size):
        assert read_rules(criteria) == expected(criteria)


def test_order_and_any_should_change_nothing():
    criteria = [("must", "met"), ("expand", "met"), ("stop", "not_met")]
    for order in permutations(criteria):
        assert read_rules(order) == "EXPAND"
        for status in STATUSES:
            assert read_rules([*order, ("should", status)]) == "EXPAND"


def test_an_objective_is_answered_when_each_must_has_a_reading():
    assert objective_answer(["met", "not_met"]) == "answered"
    assert objective_answer(["met", "no_data"]) == "partly"
    assert objective_answer(["no_data"]) == "open"
    assert objective_answer([]) == "open"


START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "cleared", "suspended", "word"),
    [
        (START - timedelta(days=1), True, False, "signed"),
        (START, True, False, "running"),
        (START, False, False, "blocked"),
        (START, True, True, "suspended"),
        (END, True, False, "decision_due"),
        (END + timedelta(days=14), True, False, "lapsed"),
    ],
)
def test_the_calendar_decides_when_it_is_read(moment, cleared, suspended, word):
    assert word_of("signed", START, END, moment, cleared=cleared, suspended=suspended) == word


def test_the_midpoint_is_week_six_of_thirteen_on_a_working_day():
    day = midpoint(date(2026, 6, 1), date(2026, 8, 30))
    assert day.weekday() < 5
    assert 35 <= (day - date(2026, 6, 1)).days <= 42
