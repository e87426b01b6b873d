"""What a guard may look at, and the forms its answer takes."""

from __future__ import annotations

from dataclasses import dataclass

from .data import Frame, Records
from .decide import Case, Deciding
from .model import BEFORE_DECISION, NOT_COMPUTED, Guard, Text
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
    return not_run(guard_id, BEFORE_DECISION["en"], BEFORE_DECISION["zh"])


def not_computed(guard_id: str, en: str, zh: str) -> Guard:
    return not_run(guard_id, f"{en}: {NOT_COMPUTED['en']}", f"{zh}：{NOT_COMPUTED['zh']}")


def not_run(guard_id: str, en: str, zh: str) -> Guard:
    return Guard(guard_id, "not_run", None, None, text(en, zh))


def text(en: str, zh: str) -> Text:
    return {"en": en, "zh": zh}
