"""The predicates of a plan's filter: which rows a measure is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .plan import zone_of
from .table import Table
from .times import FORMATS, MISSING, UNPARSABLE, Instant, number, parse_wall, plan_instant

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def passing_rows(plan: dict[str, Any], table: Table, read_time: Callable[[str], Instant]) -> list[int]:
    rows = list(range(table.n))
    times = {plan["start"], plan["end"], plan["at"], *plan["other_events"]}
    for rule in plan["filter"]:
        cells = table.columns[rule["column"]]
        holds = _predicate(rule, plan, read_time if rule["column"] in times else None)
        rows = [row for row in rows if holds(cells[row])]
    return rows


def _predicate(
    rule: dict[str, Any], plan: dict[str, Any], read_time: Callable[[str], Instant] | None
) -> Callable[[str], bool]:
    op, value = rule["op"], rule.get("value")
    if op in ("present", "missing"):
        return lambda cell: is_missing(cell, plan) == (op == "missing")
    if op in ("in", "not_in"):
        tests = [_comparison("==", item, plan, read_time) for item in value or []]
        return lambda cell: any(test(cell) for test in tests) == (op == "in")
    return _comparison(op, value, plan, read_time)


def _comparison(
    op: str, value: Any, plan: dict[str, Any], read_time: Callable[[str], Instant] | None
) -> Callable[[str], bool]:
    """A number compares as number, a text on a time column as time, else the raw text."""
    compare = COMPARE[op]
    absent = op == "!="  # what a missing or unreadable cell answers
    if not isinstance(value, str):
        return lambda cell: absent if is_missing(cell, plan) else _safe(compare, number(cell), value, absent)
    if read_time is not None and (wanted := _time_value(value, plan, read_time)) is not None:
        return lambda cell: _safe(compare, _us(read_time(cell)), wanted, absent)
    if op in ("==", "!="):
        return lambda cell: compare(cell, value)
    return lambda cell: not is_missing(cell, plan) and compare(cell, value)


def _time_value(value: str, plan: dict[str, Any], read_time: Callable[[str], Instant]) -> int | None:
    """Plans write ISO; the format of the column is understood as well."""
    if parse_wall(value, FORMATS[0]) is not None:
        return plan_instant(value, zone_of(plan))
    return _us(read_time(value))


def _us(found: Instant) -> int | None:
    return None if found.state in (MISSING, UNPARSABLE) else found.us


def _safe(compare: Callable[[Any, Any], bool], cell: Any, value: Any, absent: bool) -> bool:
    return absent if cell is None else compare(cell, value)


def is_missing(cell: str, plan: dict[str, Any]) -> bool:
    return cell in plan["missing"] or cell.strip() in plan["missing"]
