"""Work in the background: one's own, and everybody's for who manages jobs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import root_unit
from desk import services
from desk.services.jobs import ENDED_BADLY, MANAGE
from foundation.access import require, within
from foundation.actor import Actor
from foundation.errors import NotVisible, Reason
from foundation.jobs.models import Job
from foundation.jobs.registry import KINDS
from foundation.keyset import keyset_page

TONES = {"queued": "open", "running": "info", "done": "ok", "refused": "warn", "failed": "bad", "cancelled": "blocked"}


def jobs_seen(actor: Actor) -> Any:
    """Own jobs; with the right to manage, those of the units below, and of the house from the root."""
    seen = Q(owner_id=actor.user_id or "-")
    paths = actor.paths(MANAGE)
    if paths:
        seen |= within(paths, "unit_path")
        root = root_unit()
        if root and root.path in paths:
            seen |= Q(unit_path="")
    return Job.objects.filter(seen)


@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "desk.read")
    page = keyset_page(jobs_seen(actor), ("-queued_at", "id"), after=request.GET.get("after"))
    rows = [_row(job, actor) for job in page.items]
    return render(request, "desk/jobs.html", {"rows": rows, "next": page.next_cursor})


def _row(job: Job, actor: Actor) -> dict[str, Any]:
    kind = KINDS.get(job.kind)
    return {
        "job": job, "label": kind.label if kind else job.kind, "tone": TONES[job.state],
        "is_own": job.owner_id == actor.user_id, "who": job.actor.get("label", ""),
        "may_cancel": job.state in ("queued", "running"), "may_retry": job.state in ENDED_BADLY and kind is not None,
    }  # fmt: skip


def _job(request: HttpRequest, pk: UUID) -> Job:
    found = jobs_seen(request.actor).filter(pk=pk).first()  # type: ignore[attr-defined]
    if found is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    services.cancel_job(actor=request.actor, job=_job(request, pk))  # type: ignore[attr-defined]
    messages.success(request, _("Cancelled."))
    return redirect("desk:jobs")


@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    services.retry_job(actor=request.actor, job=_job(request, pk))  # type: ignore[attr-defined]
    messages.success(request, _("It waits for a worker again."))
    return redirect("desk:jobs")
