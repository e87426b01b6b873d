"""The offline command: one plan and one data file in, one result out, no database and no network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

from . import canonical
from .engine import estimate
from .model import DataError, PlanError

WRITTEN, PLAN_INVALID, DATA_UNREADABLE, DIFFERS = 0, 2, 3, 4
TOLERANCE = 1e-9  # relative, where the library versions differ
BOOTSTRAP_TOLERANCE = 0.05  # the random stream may differ between library versions


def run(
    plan_path: str | Path,
    data_path: str | Path,
    out: str | Path | None = None,
    check: str | Path | None = None,
    *,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """0 a result was written, 2 plan invalid, 3 data unreadable, 4 the check differs."""
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    try:
        result = estimate(_plan(plan_path), [_data(data_path)])
    except PlanError as error:
        stderr.write(json.dumps(error.errors, ensure_ascii=False, indent=1) + "\n")
        return PLAN_INVALID
    except DataError as error:
        stderr.write(f"{error}\n")
        return DATA_UNREADABLE
    text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if out is not None:
        Path(out).write_text(text, encoding="utf-8")
    elif check is None:
        stdout.write(text)
    return WRITTEN if check is None else _check(result, Path(check), stderr)


def differences(result: dict[str, Any], stored: dict[str, Any]) -> tuple[str, list[str]]:
    """The rule that was used, and the places where the two results differ under it."""
    if result["libraries"] == stored.get("libraries"):
        names = [name for name in ("inputs_hash", "result_hash") if result[name] != stored.get(name)]
        # The stored hash could have been left alone while a figure was changed.
        if not names and canonical.canonical(result) != canonical.canonical(stored):
            names = [key for key in {**result, **stored} if result.get(key) != stored.get(key)]
        return "equal hashes", names
    rule = f"other library versions: within {TOLERANCE:g} relative, bootstrap ends within {BOOTSTRAP_TOLERANCE:.0%}"
    return rule, _apart("", _comparable(result), _comparable(stored), TOLERANCE)


def _check(result: dict[str, Any], path: Path, stderr: TextIO) -> int:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        stderr.write(f"the result to check cannot be read: {error}\n")
        return DATA_UNREADABLE
    if not isinstance(stored, dict):
        stderr.write("the result to check is not a JSON object\n")
        return DIFFERS
    rule, names = differences(result, stored)
    stderr.write(f"rule: {rule}\n" + "".join(f"differs: {name}\n" for name in names))
    return DIFFERS if names else WRITTEN


def _plan(path: str | Path) -> dict[str, Any]:
    try:
        plan: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise PlanError([{"path": "", "message": f"the plan cannot be read: {error}"}]) from error
    return plan


def _data(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"the data cannot be read: {error}") from error


def _comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Without what names the versions themselves; the reference stands in the last sentence of the statement."""
    kept = {key: item for key, item in result.items() if key not in ("libraries", "inputs_hash", "result_hash")}
    kept["statement"] = {
        language: text.rpartition("Ref." if language == "en" else "编号")[0]
        for language, text in (result.get("statement") or {}).items()
    }
    return kept


def _apart(path: str, one: Any, two: Any, tolerance: float) -> list[str]:
    if isinstance(one, dict) and isinstance(two, dict):
        bootstrap = "bootstrap" in str(one.get("method"))
        found = [] if set(one) == set(two) else [path or "keys"]
        for key in sorted(set(one) & set(two)):
            ends = BOOTSTRAP_TOLERANCE if bootstrap and key == "ci" else tolerance
            found += _apart(f"{path}.{key}".lstrip("."), one[key], two[key], ends)
        return found
    if isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two):
            return [path]
        pairs = enumerate(zip(one, two, strict=True))
        return [name for index, (a, b) in pairs for name in _apart(f"{path}[{index}]", a, b, tolerance)]
    if _is_number(one) and _is_number(two):
        return [] if abs(one - two) <= tolerance * max(abs(one), abs(two)) else [path]
    return [] if one == two else [path]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
