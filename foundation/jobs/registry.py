"""Kinds of jobs and the frame they run in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from foundation.actor import Actor

LEASE = timedelta(seconds=90)  # longer than a slice; an expired lease is picked up by the next tick


class LeaseLost(Exception):
    """Another worker took this job over; the running transaction must roll back."""


@dataclass(frozen=True)
class JobKind:
    name: str
    function: Callable[..., Any]
    label: Any
    tries: int


KINDS: dict[str, JobKind] = {}


def job(name: str, *, label: Any = "", tries: int = 5) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register `function(run, **ids)`. A dict it returns is kept as the job's result."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        KINDS[name] = JobKind(name, function, label or name, tries)
        return function

    return register


@dataclass
class JobRun:
    """What a running job sees of itself."""

    id: str
    actor: Actor
    token: str
    attempt: int = 1
    _last: dict[str, Any] = field(default_factory=dict)

    def progress(self, done: int, total: int = 0, message: Any = "") -> None:
        """Show progress and renew the lease; call between slices, outside a transaction."""
        from foundation.jobs.models import Job

        held = Job.objects.filter(pk=self.id, lease_token=self.token, state=Job.State.RUNNING)
        changes = {"done": done, "total": total, "message": str(message)[:500], "lease_until": timezone.now() + LEASE}
        if not held.update(**changes):
            raise LeaseLost(self.id)

    def fence(self) -> None:
        """Inside the committing transaction: raise unless the lease is still ours."""
        from foundation.jobs.models import Job

        if not Job.objects.select_for_update().filter(pk=self.id, lease_token=self.token).exists():
            raise LeaseLost(self.id)
