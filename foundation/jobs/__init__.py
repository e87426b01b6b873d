"""Work outside a request: enqueue in the caller's transaction, run under a lease, safe to run twice."""

from foundation.jobs.queue import cancel, emit, enqueue, run_due, schedule, subscribe, tick, unschedule
from foundation.jobs.registry import JobRun, LeaseLost, job

__all__ = [
    "JobRun", "LeaseLost", "cancel", "emit", "enqueue", "job", "run_due", "schedule", "subscribe", "tick", "unschedule",
]  # fmt: skip
