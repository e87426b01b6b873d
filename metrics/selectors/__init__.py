"""Reads of the metrics, by aggregate."""

from metrics.selectors.boards import CaseLine, read_case_lines
from metrics.selectors.measures import (
    Dots,
    GainLine,
    dot_strip,
    gain_line,
    latest_estimate,
    live_lock,
    measure_gaps,
    measures_of,
    plan_locked,
    plans_locked,
    primary_version,
    proof_count,
)
from metrics.selectors.usage import Freshness, UsageFacts, freshness, usage_of_pilot

__all__ = [
    "CaseLine",
    "read_case_lines",
    "Freshness",
    "UsageFacts",
    "freshness",
    "usage_of_pilot",
    "Dots",
    "GainLine",
    "dot_strip",
    "gain_line",
    "latest_estimate",
    "live_lock",
    "measure_gaps",
    "measures_of",
    "plan_locked",
    "plans_locked",
    "primary_version",
    "proof_count",
]
