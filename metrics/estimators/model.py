"""The frozen values that pass between the parts of the estimator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

ENGINE = "1.0.0"
Text = dict[str, str]  # {"en": …, "zh": …}
Scale = Literal["ratio", "difference", "share"]

# Every setting a plan may change through `thresholds`; those named min_* may only be raised.
THRESHOLDS: dict[str, float] = {
    "min_task": 20,  # tasks a side; below: not enough data
    "min_shown": 10,  # records a side; below: counts only, no estimate at all
    "min_incident_opened": 30,
    "min_incident_ended": 15,
    "min_share": 30,  # records a side for a share
    "min_people": 5,  # distinct people a window; below: suppressed
    "early_n": 20,
    "early_coverage": 0.8,
    "dropped_replicates": 0.01,
    "g4_windows": 8,
    "g4_week_p": 0.025,
    "g6_open_share": 0.10,
    "g7_share": 0.5,
    "g7_tolerance": 0.02,
    "g7_median_lag": 60,  # minutes
    "g8_share": 0.30,
    "g8_ended": 10,
    "g9_change": 0.30,
    "g12_share": 0.01,
    "g13_share": 0.80,
}


class PlanError(Exception):
    """The plan cannot be run; `errors` holds every reason as {path, message}."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['path']}: {error['message']}" for error in errors))
        self.errors = errors


class DataError(Exception):
    """The data cannot be read, or a column the plan names is missing."""


@dataclass(frozen=True)
class Settings:
    """The numbers of one run that are not data."""

    bootstrap: int
    seed: int
    alpha: float
    floor: float
    thresholds: dict[str, float]

    @property
    def z(self) -> float:
        from scipy.stats import norm

        return 1.959964 if self.alpha == 0.05 else float(norm.ppf(1 - self.alpha / 2))

    @property
    def level(self) -> float:
        return round(1 - self.alpha, 12)


@dataclass(frozen=True)
class Estimate:
    name: str
    scale: Scale
    value: float | None
    ci: tuple[float, float] | None
    method: str
    null_reason: str | None = None
    dropped: int | None = None


@dataclass(frozen=True)
class Sample:
    """One window: minutes ascending, ends before censored at ties, with the record number of each value."""

    minutes: np.ndarray
    ended: np.ndarray
    rows: np.ndarray
    eligible: int
    eligible_rows: np.ndarray
    open_tasks: int
    excluded: dict[str, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.minutes)

    @property
    def open(self) -> int:
        return int(self.n - self.ended.sum())

    @property
    def ended_n(self) -> int:
        return int(self.ended.sum())

    @property
    def ended_minutes(self) -> np.ndarray:
        values: np.ndarray = self.minutes[self.ended]
        return values

    @property
    def open_share(self) -> float:
        waiting = self.open + self.open_tasks
        total = self.n + self.open_tasks
        return waiting / total if total else 0.0

    @property
    def coverage(self) -> float | None:
        return self.n / self.eligible if self.eligible else None


NOT_COMPUTED: Text = {"en": "not computed in this version.", "zh": "本版本不计算。"}
BEFORE_DECISION: Text = {"en": "Not computed before the decision date.", "zh": "决定日期之前不计算。"}


def is_left_undone(guard: dict[str, Any]) -> bool:
    """Of a stored guard: nobody has looked yet, which is not the same as having nothing to look at."""
    told = (guard["sentence"] or {}).get("en", "")
    return guard["status"] == "not_run" and told.endswith((NOT_COMPUTED["en"], BEFORE_DECISION["en"]))


@dataclass(frozen=True)
class Guard:
    id: str
    status: Literal["pass", "warn", "refuse", "not_run"]
    value: float | None
    limit: float | None
    sentence: Text
    reason: str | None = None  # the code that changes the verdict, where one does

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "value": self.value,
            "limit": self.limit,
            "sentence": self.sentence,
        }
