"""What a pilot needs of governance, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.models import Unit
from governance.models import DataCategory, PatternVersion


@dataclass(frozen=True)
class PilotNeeds:
    unit: Unit
    pattern_version: PatternVersion | None
    categories: list[DataCategory] = field(default_factory=list)
