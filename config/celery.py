"""The alarm clock of the jobs: rows are the truth, messages only wake a worker."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")

from django.conf import settings

TICK_SECONDS = 60

app = Celery("pilotage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    broker_url=settings.BROKER_URL,
    imports=("foundation.jobs.tasks",),
    beat_schedule={
        "tick": {
            "task": "foundation.jobs.tick",
            "schedule": TICK_SECONDS,
            # A tick nobody fetched is worth nothing once the next one is there.
            "options": {"expires": TICK_SECONDS, "ignore_result": True},
        }
    },
    timezone="UTC",
)
app.set_default()


def wake(job_id: str) -> None:
    """Named by JOBS_SENDER: one message that says which job is due."""
    app.send_task("foundation.jobs.run_job", args=[job_id], retry=False, ignore_result=True)


def __getattr__(name: str) -> Any:
    """`config.celery.run_job` and `.tick`: loaded on first use, because tasks need the models."""
    if name in ("run_job", "tick"):
        from foundation.jobs import tasks

        return getattr(tasks, name)
    raise AttributeError(name)


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """A receiver is enough: Celery then leaves the handlers of foundation.logs alone."""


@worker_ready.connect
def first_tick(**_: Any) -> None:
    """What waited while no worker ran starts now, not a minute later."""
    app.send_task("foundation.jobs.tick", expires=TICK_SECONDS, ignore_result=True)
