"""What Today shows: verb, object, due and why. Each app lists its own, the desk orders them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Card:
    """`verb` is a lazy word ("Sign"), `name` the object's name, `decision` marks what needs this actor's decision."""

    code: str
    verb: Any
    name: str
    url: str
    why: Any
    due: date | None = None
    overdue: bool = False
    decision: bool = False
    rank: int = 50  # within one due date, the role's order of the design
