"""Compare a frozen record with what the same input gives today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from foundation.canonical import canonical
from usecases.rules.ranking import rank

GROWS = ("", "explanation")  # later versions add figures here; elsewhere a missing key is a difference


def check_snapshot(facts: Mapping[str, Any]) -> str | None:
    """None when equal, else the first differing field. Figures that were not computed then are not compared."""
    recorded = json.loads(canonical(facts["output"]))
    computed = json.loads(canonical(rank(facts["input"])))
    return first_difference(recorded, computed)


def first_difference(recorded: Any, computed: Any, path: str = "") -> str | None:
    if isinstance(recorded, dict) and isinstance(computed, dict):
        return _in_objects(recorded, computed, path)
    if isinstance(recorded, list) and isinstance(computed, list) and len(recorded) == len(computed):
        for place, (old, new) in enumerate(zip(recorded, computed, strict=True)):
            if found := first_difference(old, new, f"{path}[{place}]"):
                return found
        return None
    return None if recorded == computed else path


def _in_objects(recorded: dict[str, Any], computed: dict[str, Any], path: str) -> str | None:
    extra = [] if path in GROWS else sorted(set(computed) - set(recorded))
    for key in [*sorted(recorded), *extra]:
        here = f"{path}.{key}".lstrip(".")
        if key not in computed or key not in recorded:
            return here
        if found := first_difference(recorded[key], computed[key], here):
            return found
    return None
