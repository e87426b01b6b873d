"""The only two messages that travel over the broker: "run this job" and "look what is due"."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from foundation.jobs.queue import execute
from foundation.jobs.queue import tick as start_what_is_due
from foundation.work import request_id

HEARTBEAT = "worker.heartbeat"


@shared_task(name="foundation.jobs.run_job")
def run_job(job_id: str) -> str:
    token = request_id.set(f"job-{job_id}")
    try:
        return execute(job_id)
    finally:
        request_id.reset(token)


@shared_task(name="foundation.jobs.tick")
def tick() -> int:
    """The heartbeat is written after the work: a worker that cannot reach the database is not alive."""
    sent = start_what_is_due()
    cache.set(HEARTBEAT, timezone.now(), timeout=None)
    return sent


def last_heartbeat() -> datetime | None:
    return cache.get(HEARTBEAT)
