"""The plan: every key known, every default written out, every fault named at once."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from .model import THRESHOLDS, PlanError, Settings
from .times import FORMATS, plan_instant

Fault = tuple[str, str]
KINDS = ("duration_task", "duration_incident")
KINDS_ELSEWHERE = ("count", "rate", "proportion", "paired", "series")
OPS = ("==", "!=", "<", "<=", ">", ">=", "in", "not_in", "present", "missing")
UNITS = {"second": 1 / 60, "minute": 1.0, "hour": 60.0, "day": 1440.0}
OTHER_KINDS_ONLY = ("event", "exposure", "pair", "series")
NOT_SUPPORTED = ("arm", "comparison", "covariates")
CHOICES = {
    "unit": tuple(UNITS),
    "date_format": FORMATS,
    "fold": ("ask", "first", "second"),
    "assignment": ("random", "alternating", "observed"),
    "method": ("system_log", "stopwatch", "self_report"),
    "direction": ("lower", "higher"),
    "role": ("primary", "secondary", "guardrail"),
}
COLUMNS = ("start", "end", "value", "open", "at", "key", "parent", "stratum", "person")
REQUIRED = ("plan_version", "kind", "direction", "minimum_effect", "windows")
DEFAULTS: dict[str, Any] = {
    "plan_version": 1,
    "id": None,
    "title": None,
    "kind": None,
    "start": None,
    "end": None,
    "value": None,
    "open": None,
    "at": None,
    "key": None,
    "parent": None,
    "unit": "minute",
    "date_format": "iso",
    "missing": [""],
    "zone": None,
    "fold": "ask",
    "as_of": None,
    "filter": [],
    "windows": None,
    "arm": None,
    "assignment": "observed",
    "method": "system_log",
    "event": None,
    "exposure": None,
    "pair": None,
    "series": None,
    "stratum": None,
    "covariates": None,
    "comparison": None,
    "within": [],
    "rmst_tau": None,
    "direction": None,
    "minimum_effect": None,
    "log_floor": 0.5,
    "bootstrap": 4999,
    "seed": 1,
    "alpha": 0.05,
    "thresholds": {},
    "other_events": [],
    "person": None,
    "usage": None,
    "changes": [],
    "role": "primary",
    "decision_on": None,
    "locked_at": None,
}


def plan_faults(plan: Any) -> list[dict[str, str]]:
    """Every reason why this plan cannot run, as {path, message}; empty when it can."""
    if not isinstance(plan, dict):
        return [{"path": "", "message": "the plan must be a JSON object"}]
    return [{"path": path, "message": message} for path, message in _faults(plan)]


def complete_plan(plan: Any) -> dict[str, Any]:
    """The plan with every default written out. Raises PlanError with all faults."""
    faults = plan_faults(plan)
    if faults:
        raise PlanError(faults)
    full = copy.deepcopy(DEFAULTS)
    full.update({key: copy.deepcopy(value) for key, value in plan.items() if value is not None})
    full["at"] = full["at"] or full["start"]
    full["windows"] = {"ramp": None, **full["windows"]}
    return full


def settings_of(plan: dict[str, Any]) -> Settings:
    thresholds = {**THRESHOLDS, **plan["thresholds"]}
    return Settings(plan["bootstrap"], plan["seed"], plan["alpha"], plan["log_floor"], thresholds)


def zone_of(plan: dict[str, Any]) -> ZoneInfo | None:
    return ZoneInfo(plan["zone"]) if plan.get("zone") else None


def _faults(plan: dict[str, Any]) -> Iterator[Fault]:
    for key in plan:
        if key not in DEFAULTS:
            yield key, "unknown key"
    for key in REQUIRED:
        if plan.get(key) is None and not (key == "windows" and plan.get("arm")):
            yield key, "required"
    yield from _kind(plan)
    for key, allowed in CHOICES.items():
        if plan.get(key) is not None and plan[key] not in allowed:
            yield key, f"must be one of {', '.join(allowed)}"
    for key in COLUMNS:
        if plan.get(key) is not None and not _is_text(plan[key]):
            yield key, "must be a column name"
    for check in (_source, _title, _filter, _times, _numbers, _effect, _thresholds, _lists, _usage, _changes):
        yield from check(plan)


def _kind(plan: dict[str, Any]) -> Iterator[Fault]:
    if plan.get("plan_version") not in (None, 1) or isinstance(plan.get("plan_version"), bool):
        yield "plan_version", "must be 1"
    kind = plan.get("kind")
    if kind in KINDS_ELSEWHERE:
        yield "kind", "kind not supported by this engine version"
    elif kind is not None and kind not in KINDS:
        yield "kind", f"must be one of {', '.join(KINDS + KINDS_ELSEWHERE)}"
    for key in NOT_SUPPORTED:
        if plan.get(key) is not None:
            yield key, "not supported by this engine version"
    for key in OTHER_KINDS_ONLY:
        if plan.get(key) is not None and kind in KINDS:
            yield key, "not used by this kind"


def _source(plan: dict[str, Any]) -> Iterator[Fault]:
    by_value, by_times = plan.get("value") is not None, plan.get("start") is not None and plan.get("end") is not None
    if plan.get("kind") in KINDS and not by_value and not by_times:
        yield "start", "a duration needs either value, or start and end"
    if by_value and plan.get("end") is not None:
        yield "value", "give either value, or start and end"
    if plan.get("open") is not None and not by_value:
        yield "open", "is used with value only; without an end a record is open already"
    if plan.get("at") is None and plan.get("start") is None:
        yield "at", "required where there is no start"
    if plan.get("kind") == "duration_incident":
        for key in ("as_of", "rmst_tau"):
            if plan.get(key) is None:
                yield key, "required for duration_incident"
    if plan.get("decision_on") is not None and plan.get("as_of") is None:
        yield "as_of", "required with decision_on"


def _title(plan: dict[str, Any]) -> Iterator[Fault]:
    title = plan.get("title")
    if title is not None and not (
        isinstance(title, dict) and set(title) == {"en", "zh"} and all(_is_text(text) for text in title.values())
    ):
        yield "title", "must be {en, zh}, both texts"
    if plan.get("id") is not None and not isinstance(plan["id"], str):
        yield "id", "must be a text"


def _filter(plan: dict[str, Any]) -> Iterator[Fault]:
    rules = plan.get("filter")
    if rules is None:
        return
    if not isinstance(rules, list):
        yield "filter", "must be a list of {column, op, value}"
        return
    for index, rule in enumerate(rules):
        message = _rule_fault(rule)
        if message:
            yield f"filter[{index}]", message


def _rule_fault(rule: Any) -> str | None:
    if not isinstance(rule, dict) or not set(rule) <= {"column", "op", "value"} or not _is_text(rule.get("column")):
        return "must be {column, op, value}"
    op, value = rule.get("op"), rule.get("value")
    if op not in OPS:
        return f"op must be one of {', '.join(OPS)}"
    if op in ("present", "missing"):
        return None if value is None else f"{op} takes no value"
    if op in ("in", "not_in"):
        return None if isinstance(value, list) and all(map(_is_scalar, value)) else f"{op} takes a list"
    return None if _is_scalar(value) else f"{op} takes a number or a text"


def _times(plan: dict[str, Any]) -> Iterator[Fault]:
    try:
        zone = zone_of(plan)
    except (KeyError, ValueError, TypeError, OSError):
        yield "zone", "must be the name of a time zone, such as Europe/Paris"
        return
    for key in ("as_of", "decision_on", "locked_at"):
        if plan.get(key) is not None and _moment(plan[key], zone) is None:
            yield key, "must be an ISO date or date-time"
    windows = plan.get("windows")
    if windows is not None:
        yield from _windows(windows, zone)


def _windows(windows: Any, zone: ZoneInfo | None) -> Iterator[Fault]:
    if not isinstance(windows, dict):
        yield "windows", "must be {baseline, pilot, ramp}"
        return
    spans: dict[str, tuple[int, int]] = {}
    for name, window in windows.items():
        if name not in ("baseline", "pilot", "ramp"):
            yield f"windows.{name}", "unknown key"
        elif window is None and name == "ramp":
            continue
        elif (span := _span(window, zone)) is None:
            yield f"windows.{name}", "must be [from, until], two ISO dates or date-times, from before until"
        else:
            spans[name] = span
    for name in ("baseline", "pilot"):
        if name not in windows:
            yield f"windows.{name}", "required"
    if "baseline" in spans and "pilot" in spans and spans["baseline"][1] > spans["pilot"][0]:
        yield "windows.pilot", "must begin at or after the end of the baseline"
    ramp = spans.pop("ramp", None)
    if ramp and any(ramp[0] < until and begin < ramp[1] for begin, until in spans.values()):
        yield "windows.ramp", "must not overlap another window"


def _span(window: Any, zone: ZoneInfo | None) -> tuple[int, int] | None:
    if not isinstance(window, list) or len(window) != 2:
        return None
    begin, until = (_moment(end, zone) for end in window)
    return (begin, until) if begin is not None and until is not None and begin < until else None


def _moment(text: Any, zone: ZoneInfo | None) -> int | None:
    try:
        return plan_instant(text, zone) if isinstance(text, str) else None
    except ValueError:
        return None


def _numbers(plan: dict[str, Any]) -> Iterator[Fault]:
    rules: dict[str, tuple[Callable[[Any], bool], str]] = {
        "rmst_tau": (lambda v: _is_number(v) and v > 0, "must be a number of minutes above 0"),
        "log_floor": (lambda v: _is_number(v) and v > 0, "must be a number of minutes above 0"),
        "bootstrap": (lambda v: _is_whole(v) and 99 <= v <= 99_999, "must be a whole number from 99 to 99999"),
        "seed": (lambda v: _is_whole(v) and v >= 0, "must be a whole number, 0 or more"),
        "alpha": (lambda v: _is_number(v) and 0 < v < 0.5, "must lie between 0 and 0.5"),
    }
    for key, (holds, message) in rules.items():
        if plan.get(key) is not None and not holds(plan[key]):
            yield key, message


def _effect(plan: dict[str, Any]) -> Iterator[Fault]:
    effect = plan.get("minimum_effect")
    if effect is None:
        return
    if not (isinstance(effect, dict) and len(effect) == 1 and set(effect) <= {"relative", "absolute"}):
        yield "minimum_effect", "must be {relative: x} or {absolute: x}"
    elif not all(_is_number(value) and value > 0 for value in effect.values()):
        yield "minimum_effect", "must be above 0"


def _thresholds(plan: dict[str, Any]) -> Iterator[Fault]:
    changed = plan.get("thresholds")
    if changed is None:
        return
    if not isinstance(changed, dict):
        yield "thresholds", "must be {name: number}"
        return
    for name, value in changed.items():
        if name not in THRESHOLDS:
            yield f"thresholds.{name}", "unknown setting"
        elif not _is_number(value) or value < 0:
            yield f"thresholds.{name}", "must be a number, 0 or more"
        elif name.startswith("min_") and value < THRESHOLDS[name]:
            yield f"thresholds.{name}", f"may only be raised above {THRESHOLDS[name]:g}"


def _lists(plan: dict[str, Any]) -> Iterator[Fault]:
    rules: dict[str, tuple[Callable[[Any], bool], str]] = {
        "missing": (lambda v: isinstance(v, str), "must be a list of texts"),
        "within": (lambda v: _is_number(v) and v > 0, "must be a list of minutes above 0"),
        "other_events": (_is_text, "must be a list of column names"),
    }
    for key, (holds, message) in rules.items():
        if plan.get(key) is not None and not (isinstance(plan[key], list) and all(map(holds, plan[key]))):
            yield key, message


def _usage(plan: dict[str, Any]) -> Iterator[Fault]:
    usage = plan.get("usage")
    if usage is not None and not (
        isinstance(usage, dict)
        and set(usage) == {"column", "used"}
        and _is_text(usage["column"])
        and isinstance(usage["used"], list)
        and all(isinstance(item, str) for item in usage["used"])
    ):
        yield "usage", "must be {column, used: [texts]}"


def _changes(plan: dict[str, Any]) -> Iterator[Fault]:
    changes = plan.get("changes")
    if changes is None:
        return
    if not isinstance(changes, list):
        yield "changes", "must be a list of {from, until, text}"
        return
    for index, change in enumerate(changes):
        if not (isinstance(change, dict) and set(change) == {"from", "until", "text"}):
            yield f"changes[{index}]", "must be {from, until, text}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str) or _is_number(value)
