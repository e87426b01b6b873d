"""What a guard may look at, and the forms its answer takes."""

from __future__ import annotations

from dataclasses import dataclass

from .data import Frame, Records
from .decide import Case, Deciding
from .model import Guard, Text
from .placebo import Strip


@dataclass(frozen=True)
class Scene:
    """All a guard may look at. `found` is None where no estimate may be shown, `strip` before the decision date."""

    case: Case
    records: Records
    frame: Frame
    found: Deciding | None
    strip: Strip | None
    interim: bool

    def limit(self, name: str) -> float:
        return self.case.settings.thresholds[name]


def before_decision(guard_id: str) -> Guard:
    return not_run(guard_id, "Not computed before the decision date.", "决定日期之前不计算。")


def not_run(guard_id: str, en: str, zh: str) -> Guard:
    return Guard(guard_id, "not_run", None, None, text(en, zh))


def text(en: str, zh: str) -> Text:
    return {"en": en, "zh": zh}
