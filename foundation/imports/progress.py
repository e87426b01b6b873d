"""The page of one job: how far it is, what came of it. Works without scripts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from foundation.actor import Actor
from foundation.errors import NotVisible, Reason
from foundation.imports.kinds import Outcome
from foundation.imports.tables import WORDS
from foundation.jobs.models import Job
from foundation.jobs.registry import KINDS

LIVE = (Job.State.QUEUED, Job.State.RUNNING)
SHOWN_AS = {
    Job.State.QUEUED: "queued",
    Job.State.RUNNING: "running",
    Job.State.DONE: "done",
    Job.State.REFUSED: "failed",
    Job.State.FAILED: "failed",
    Job.State.CANCELLED: "failed",
}


def own_job(actor: Actor, job_id: UUID) -> Job:
    """Only whoever started it sees it here; the list of all jobs is a page of its own."""
    found = Job.objects.filter(pk=job_id).exclude(owner_id="").filter(owner_id=actor.user_id or "").first()
    if found is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


@require_GET
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return render(request, "foundation/import_job.html", _context(request, job_id))


@require_GET
def fragment(request: HttpRequest, job_id: UUID) -> HttpResponse:
    return render(request, "foundation/import_job.html#progress", _context(request, job_id))


def _context(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    found = own_job(request.actor, job_id)  # type: ignore[attr-defined]
    kind = KINDS.get(found.kind)
    return {
        "job": found,
        "label": kind.label if kind else found.kind,
        "is_live": found.state in LIVE,
        "shown_as": SHOWN_AS[Job.State(found.state)],
        "total": found.total or 1,
        "facts": [(_word(n), value) for n, value in found.result.items() if isinstance(value, str | int | float)],
    }


def _word(name: str) -> Any:
    return WORDS[Outcome(name)][0] if name in list(Outcome) else name.replace("_", " ")
