"""G1 to G13: all thirteen always answer, each with a sentence in both languages."""

from __future__ import annotations

from dataclasses import replace

from . import guards_data, guards_time
from .guards_data import tie_share
from .model import Guard
from .scene import Scene, not_computed

__all__ = ["Scene", "all_guards", "tie_share", "without_values"]


def all_guards(scene: Scene) -> list[Guard]:
    return [check(scene) for check in GUARDS]


def without_values(guard: Guard) -> Guard:
    """For a suppressed result: that the check ran may be said, not what it found."""
    hidden = {
        "en": f"{guard.id}: the finding is not shown (fewer than five people).",
        "zh": f"{guard.id}：结果不予显示（人数少于五）。",
    }
    return replace(guard, value=None, sentence=hidden)


def _mix(scene: Scene) -> Guard:
    return not_computed("G5", "A change in the mix of work was not checked", "未检查工作构成的变化")


def _changes(scene: Scene) -> Guard:
    return not_computed("G10", "Other changes in the windows were not checked", "未检查时间段内的其他变化")


def _coding(scene: Scene) -> Guard:
    return not_computed("G11", "The coding of arms was not checked", "未检查分组编码")


GUARDS = (
    guards_time.whole_weeks,
    guards_time.season,
    guards_time.trend_before,
    guards_time.placebo_pilots,
    _mix,
    guards_data.censoring,
    guards_data.timer_end,
    guards_data.ties,
    guards_data.volume,
    _changes,
    _coding,
    guards_data.clock,
    guards_data.self_selection,
)
