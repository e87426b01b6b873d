"""The order of the boxes, what each one leans on, and what their dates tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

State = Literal["not_started", "under_way", "done", "skipped"]

RECOMMENDED = ("A1", "A2", "A3", "A6", "A7", "CH", "A8", "A9", "SEL", "A4", "A5")
ADVISED = ("A3", "A7", "A5")  # a journey is whole without them
LEANS_ON: dict[str, tuple[tuple[str, ...], ...]] = {
    # every group must be met by one of its boxes
    "A2": (("A1",),),
    "A3": (("A2",),),
    "CH": (("A2",), ("A6",)),
    "A8": (("CH",),),
    "A9": (("CH",), ("A2",)),
    "SEL": (("CH",), ("A8", "A9")),
    "A4": (("SEL",),),
    "A5": (("A4",),),
}


@dataclass(frozen=True)
class Facts:
    """What the rules need of a box."""

    state: State
    first_on: date | None = None


@dataclass(frozen=True)
class Warning:
    """`box` began (or is done) although `before` had not."""

    box: str
    before: str


def is_begun(facts: Facts | None) -> bool:
    return facts is not None and facts.state in ("under_way", "done")


def warnings(boxes: Mapping[str, Facts]) -> list[Warning]:
    """Boxes that began before something they lean on was there; a skip satisfies nothing."""
    found = []
    for box in RECOMMENDED:
        if not is_begun(boxes.get(box)):
            continue
        for group in LEANS_ON.get(box, ()):
            if not any(_was_there(boxes.get(b), boxes[box].first_on) for b in group):
                found.append(Warning(box, group[0]))
    return found


def _was_there(needed: Facts | None, began: date | None) -> bool:
    if needed is None or needed.state != "done":
        return False
    return needed.first_on is None or began is None or needed.first_on <= began


def unmet(box: str, boxes: Mapping[str, Facts]) -> list[str]:
    """What a box still leans on, named by the first of each group."""
    return [
        group[0]
        for group in LEANS_ON.get(box, ())
        if not any(boxes.get(b, Facts("not_started")).state == "done" for b in group)
    ]


def next_box(boxes: Mapping[str, Facts]) -> str | None:
    """The first box of the recommended order that is neither done nor left out; advised ones never hold up."""
    waiting = [b for b in RECOMMENDED if boxes[b].state in ("not_started", "under_way")]
    firm = [b for b in waiting if b not in ADVISED]
    return next(iter(firm or waiting), None)


def happened(boxes: Mapping[str, Facts]) -> list[str]:
    """Boxes with evidence, in the order in which it came up; equal days in the recommended order."""
    begun = [b for b in RECOMMENDED if is_begun(boxes[b]) and boxes[b].first_on]
    return sorted(begun, key=lambda b: (boxes[b].first_on or date.max, RECOMMENDED.index(b)))


def crossings(order: Sequence[str]) -> int:
    """How many pairs happened the other way round than recommended."""
    places = [RECOMMENDED.index(b) for b in order]
    return sum(a > b for i, a in enumerate(places) for b in places[i + 1 :])
