"""Presets: three answers make a measure without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class PresetRules:
    kind: str
    source: str
    weeks_before: int
    rmst_tau: int | None  # minutes
    en: str
    zh: str
    watched_en: str
    watched_zh: str


PRESETS = {
    "time_per_task": PresetRules(
        "duration_task", "task_times", 4, None,
        "Minutes per {name}, from task times", "每次{name}所用分钟，取自任务用时",
        "cases done again", "重做的案例",
    ),
    "time_to_restore": PresetRules(
        "duration_incident", "", 8, 7 * 24 * 60,
        "Time to restore {name}, opened to resolved", "{name}的恢复时长，从开单到解决",
        "reopened incidents", "重新打开的事件",
    ),
}  # fmt: skip


def sentence(
    measure: Any,
    preset: PresetRules,
    direction: str,
    effect: Decimal | None,
    windows: dict[str, tuple[datetime, datetime]],
) -> dict[str, str]:
    """The measure in one sentence, in both languages."""
    weeks = {role: round((until - start).days / 7) for role, (start, until) in windows.items()}
    percent = f"{float(effect * 100):g}" if effect is not None else "?"
    en = preset.en.format(name=measure.name_en or measure.name_zh)
    zh = preset.zh.format(name=measure.name_zh or measure.name_en)
    if weeks:
        en += f", {weeks.get('baseline', 0)} weeks before against {weeks.get('pilot', 0)} of the pilot"
        zh += f"，试点前{weeks.get('baseline', 0)}周与试点{weeks.get('pilot', 0)}周相比"
    better_en, better_zh = ("more is better", "越多越好") if direction == "higher" else ("less is better", "越少越好")
    en += f", {better_en}; a change under {percent} % does not matter; watched: {preset.watched_en}."
    zh += f"，{better_zh}；小于{percent}%的变化不算数；同时关注：{preset.watched_zh}。"
    return {"en": en, "zh": zh}
