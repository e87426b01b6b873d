"""Truth is rows: queue, lease, run, retry. The message on the broker only wakes a worker."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from foundation.actor import Actor, system_actor
from foundation.errors import Refused, TooMany
from foundation.jobs.models import Job, Schedule
from foundation.jobs.registry import KINDS, LEASE, JobRun, LeaseLost

log = logging.getLogger("pilotage.jobs")

ActorLoader = Callable[[str, str | None], Actor]
_load_actor: ActorLoader | None = None
_subscribers: dict[str, list[str]] = {}


def install_actor_loader(loader: ActorLoader) -> None:
    """Accounts tells how to build an actor for the task door from the ids of a user and, if one asked, a token."""
    global _load_actor
    _load_actor = loader


def enqueue(kind: str, *, actor: Actor, unit_path: str = "", **args: Any) -> Job:
    """Write the job in the caller's transaction and send it on commit."""
    if kind not in KINDS:
        raise KeyError(f"unknown job kind {kind}")
    job = Job.objects.create(
        kind=kind,
        args={k: str(v) if isinstance(v, uuid.UUID) else v for k, v in args.items()},
        actor={"kind": actor.kind, "user_id": actor.user_id, "token_id": actor.token_id, "label": actor.label},
        owner_id=actor.user_id or "",
        unit_path=unit_path,
        next_try_at=timezone.now(),
    )
    transaction.on_commit(lambda: send(job.pk))
    return job


def subscribe(event: str, kind: str) -> None:
    """A higher layer asks for news of a lower one."""
    kinds = _subscribers.setdefault(event, [])
    if kind not in kinds:
        kinds.append(kind)


def emit(event: str, *, actor: Actor, **args: Any) -> None:
    """News travels up: one job per subscriber, in the emitting transaction."""
    for kind in _subscribers.get(event, []):
        enqueue(kind, actor=actor, **args)


def send(job_id: uuid.UUID) -> None:
    """Wake a worker; a broker that is away is no harm, the tick sends again."""
    if not settings.JOBS_SENDER:
        return
    from kombu.exceptions import OperationalError

    wake = import_string(settings.JOBS_SENDER)
    try:
        wake(str(job_id))
    except (OSError, OperationalError) as error:
        log.warning("broker away, job waits for the tick", extra={"job": str(job_id), "error": str(error)})


def execute(job_id: str) -> str:
    """Take the lease and run; returns the state it ended in, or "" when there was nothing to take."""
    job = _claim(job_id)
    if job is None:
        return ""
    run = JobRun(str(job.pk), _actor_of(job), job.lease_token, job.attempts)
    try:
        result = KINDS[job.kind].function(run, **job.args)
    except LeaseLost:
        return ""
    except TooMany as refusal:
        return _again(job, str(refusal), timedelta(seconds=refusal.retry_after))
    except Refused as refusal:
        return _finish(job, Job.State.REFUSED, str(refusal))
    except Exception as error:  # the edge of a job: log with context, then mark
        log.exception("job failed", extra={"job": str(job.pk), "kind": job.kind, "attempt": job.attempts})
        if job.attempts < KINDS[job.kind].tries:
            return _again(job, _("Something went wrong; it will be tried again."), backoff(job.attempts))
        text = _("This failed %(n)s times and was given up. The log has the details (%(kind)s).")
        return _finish(job, Job.State.FAILED, text % {"n": job.attempts, "kind": type(error).__name__})
    return _finish(job, Job.State.DONE, None, result if isinstance(result, dict) else {})


def backoff(attempt: int) -> timedelta:
    """Full jitter, doubling, at most 15 minutes."""
    return timedelta(seconds=random.uniform(1, min(900, 5 * 2**attempt)))  # noqa: S311 - spreading load, not security


def _claim(job_id: str) -> Job | None:
    now = timezone.now()
    free = Q(state=Job.State.QUEUED, next_try_at__lte=now) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    token = str(uuid.uuid4())
    taken = Job.objects.filter(free, pk=job_id).update(
        state=Job.State.RUNNING, lease_token=token, lease_until=now + LEASE, started_at=now
    )
    if not taken:
        return None
    job = Job.objects.get(pk=job_id)
    if job.attempts >= KINDS[job.kind].tries:  # it took its worker down each time
        _finish(job, Job.State.FAILED, _("This stopped its worker %(n)s times and was given up.") % {"n": job.attempts})
        return None
    job.attempts += 1
    Job.objects.filter(pk=job_id).update(attempts=job.attempts)
    return job


def _actor_of(job: Job) -> Actor:
    """Whoever asked, with the rights they hold now: a token stays as narrow as it is."""
    if not (job.actor.get("user_id") and _load_actor):
        return system_actor()
    return _load_actor(job.actor["user_id"], job.actor.get("token_id"))


def _finish(job: Job, state: str, message: str | None, result: dict[str, Any] | None = None) -> str:
    changes: dict[str, Any] = {"state": state, "finished_at": timezone.now(), "result": result or {}}
    if message is not None:
        changes["message"] = message[:500]
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(**changes)
    return state


def _again(job: Job, message: str, after: timedelta) -> str:
    when = timezone.now() + after
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(
        state=Job.State.QUEUED, next_try_at=when, message=message[:500], lease_until=None
    )
    return Job.State.QUEUED


def cancel(job: Job) -> bool:
    """Only what has not started or can be interrupted between slices."""
    live = Job.objects.filter(pk=job.pk, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    return bool(live.update(state=Job.State.CANCELLED, lease_token="", finished_at=timezone.now()))


def schedule(name: str, kind: str, *, every: timedelta, **args: Any) -> Schedule:
    """Create or change recurring work."""
    defaults = {"kind": kind, "args": args, "every_seconds": int(every.total_seconds()), "enabled": True}
    row, _made = Schedule.objects.update_or_create(
        name=name, defaults=defaults, create_defaults={**defaults, "next_run_at": timezone.now() + every}
    )
    return row


def unschedule(name: str) -> None:
    Schedule.objects.filter(name=name).delete()


def tick() -> int:
    """Every minute: start what is due, wake what waits too long. Two ticks at once do no harm."""
    now = timezone.now()
    for row in Schedule.objects.filter(enabled=True, next_run_at__lte=now):
        moved = Schedule.objects.filter(pk=row.pk, next_run_at=row.next_run_at).update(
            next_run_at=now + timedelta(seconds=row.every_seconds)
        )
        if moved and row.kind in KINDS:
            enqueue(row.kind, actor=system_actor(), **row.args)
    waiting = Q(state=Job.State.QUEUED, next_try_at__lte=now) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    ids = list(Job.objects.filter(waiting).order_by("next_try_at").values_list("pk", flat=True)[:200])
    for job_id in ids:
        send(job_id)
    return len(ids)


def run_due(limit: int = 100) -> list[str]:
    """Run everything due in this process, oldest first (tests and the demo loader)."""
    states = []
    for _round in range(limit):
        due = Job.objects.filter(state=Job.State.QUEUED, next_try_at__lte=timezone.now()).order_by("queued_at").first()
        if due is None:
            break
        states.append(execute(str(due.pk)))
    return states
