"""Every write service leaves at least one entry in the ledger: by `record()`, a lifecycle, or a service it calls."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import get_resolver

from foundation.audit import verbs
from foundation.work import SERVICES

get_resolver().url_patterns  # noqa: B018 - loads every storey, and with it every service
WRITES = ("record", "apply")
SILENT = {  # most only hand work to a job: the job's own service leaves the entry, or nothing is kept at all
    "metrics.services.estimates.run_estimate": "the job ends in keep_estimate",
    "metrics.services.estimates.look_back": "the job ends in keep_estimate",
    "metrics.services.estimates.ask_detectable": "a figure to look at; no record is kept",
    "metrics.services.records.look_at_file": "a first look at a file; the upload itself left an entry",
    "metrics.services.records.read_file": "a dry run; the upload itself left an entry",
    "metrics.services.records.commit_file": "the job ends in import_records",
    **{  # an entry carries a time and a door: beside a seat, card or ballot it would tell whose it is
        f"usecases.services.workshops.{name}": "seats, cards and ballots leave nothing beside them"
        for name in (
            "seats.join_workshop",
            "seats.mark_done",
            "cards.add_card",
            "cards.edit_card",
            "cards.remove_card",
            "cards.type_card",
            "ballots.keep_ballot",
            "ballots.count_voter",
        )
    },
    **{
        f"usecases.services.workshops.{name}": "one entry a phase: the step that ends it tells of the ops"
        for name in (
            "clustering.merge_clusters",
            "clustering.split_cluster",
            "clustering.move_card",
            "clustering.move_cards",
            "clustering.keep_apart",
            "clustering.undo_cluster_op",
            "wording.reword_cluster",
        )
    },
}


def tree_of(function: Callable[..., Any]) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))


def calls_of(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """Names called, and the functions of ours they stand for."""
    plain = inspect.unwrap(function)
    module = sys.modules[plain.__module__]
    found = []
    for node in ast.walk(tree_of(plain)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            owner = getattr(node.func, "value", None)
            base = getattr(module, owner.id, None) if isinstance(owner, ast.Name) else module
            found.append((name, getattr(base, name, None)))
    return found


def leaves_an_entry(function: Callable[..., Any], seen: frozenset[str] = frozenset()) -> bool:
    name = f"{inspect.unwrap(function).__module__}.{inspect.unwrap(function).__qualname__}"
    if name in seen:
        return False
    for called, target in calls_of(function):
        if called in WRITES:
            return True
        ours = inspect.isfunction(target) and target.__module__.split(".")[0] in STOREYS
        if ours and leaves_an_entry(target, seen | {name}):
            return True
    return False


STOREYS = {"desk", "charter", "metrics", "usecases", "governance", "accounts", "foundation"}
OURS = {name: call for name, call in SERVICES.items() if not name.startswith("tests.")}


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_leaves_an_entry(name: str) -> None:
    assert leaves_an_entry(OURS[name]) != (name in SILENT), SILENT.get(name, "no entry on any path of this service")


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_takes_its_actor_by_name_first(name: str) -> None:
    parameters = list(inspect.signature(OURS[name]).parameters.values())
    assert parameters[0].name == "actor"
    assert all(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters)


def test_no_exception_is_stale() -> None:
    assert set(SILENT) <= set(OURS)


def test_every_verb_that_is_recorded_is_declared() -> None:
    known = verbs()
    wrong = []
    for name, function in OURS.items():
        for node in ast.walk(tree_of(function)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record" and len(node.args) > 1:
                verb = node.args[1]
                if isinstance(verb, ast.Constant) and verb.value not in known:
                    wrong.append(f"{name}: {verb.value}")
    assert wrong == []
