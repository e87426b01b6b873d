"""A person stops or restarts their own jobs; others' only with the right to manage jobs there."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import root_unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotReady, Reason
from foundation.jobs import cancel
from foundation.jobs.models import Job
from foundation.jobs.queue import send
from foundation.work import service

MANAGE = "desk.job.manage"
ENDED_BADLY = (Job.State.FAILED, Job.State.REFUSED, Job.State.CANCELLED)


@dataclass(frozen=True)
class OwnedJob:
    """A job as permissions see it: work of the house without a unit belongs to the root."""

    job: Job

    @property
    def unit_path(self) -> str:
        root = root_unit()
        return self.job.unit_path or (root.path if root else "")

    def is_own(self, actor: Actor, permission: str) -> bool:
        return bool(actor.user_id) and self.job.owner_id == actor.user_id


@service
def cancel_job(*, actor: Actor, job: Job) -> Job:
    require(actor, MANAGE, OwnedJob(job))
    if not cancel(job):
        raise NotReady(Reason("job_over", _("This job is over already.")))
    record(actor, "job.cancelled", job)
    job.refresh_from_db()
    return job


@service
def retry_job(*, actor: Actor, job: Job) -> Job:
    """Jobs are safe to run twice, so starting one again needs no more than the queue."""
    require(actor, MANAGE, OwnedJob(job))
    again = Job.objects.filter(pk=job.pk, state__in=ENDED_BADLY).update(
        state=Job.State.QUEUED, attempts=0, message="", next_try_at=clock.now(), finished_at=None, lease_until=None
    )
    if not again:
        raise NotReady(
            Reason("job_not_ended", _("Only a job that failed, was refused or was cancelled can run again."))
        )
    record(actor, "job.retried", job)
    transaction.on_commit(lambda: send(job.pk))
    job.refresh_from_db()
    return job
