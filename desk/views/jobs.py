"""Work in the background: one's own, and everybody's for who manages jobs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.models import root_unit
from desk import services
from desk.services.jobs import ENDED_BADLY, MANAGE
from foundation.access import require, within
from foundation.actor import Actor
from foundation.errors import NotVisible, Reason
from foundation.jobs.models import Job
from foundation.jobs.registry import KINDS
from foundation.lists import ListColumn, ListPage

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
def jobs(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "desk.read")
    page = ListPage(request, jobs_seen(actor), COLUMNS, name="jobs", title=_("Jobs"), order=("-queued_at", "id"))
    if page.wants_export:
        return page.export()
    return render(request, "desk/jobs.html", {"rows": [_row(job, actor) for job in page.items], "page": page})


def _label(job: Job) -> str:
    kind = KINDS.get(job.kind)
    return str(kind.label) if kind else job.kind


COLUMNS = (
    ListColumn("job", gettext_lazy("Job"), value=_label),
    ListColumn("state", gettext_lazy("State"), value=lambda j: j.get_state_display()),
    ListColumn("done", gettext_lazy("Steps done"), "number"),
    ListColumn("total", gettext_lazy("Steps in all"), "number"),
    ListColumn("message", gettext_lazy("Message")),
    ListColumn("who", gettext_lazy("Asked by"), value=lambda j: j.actor.get("label", "")),
    ListColumn("queued_at", gettext_lazy("Asked"), "datetime"),
    ListColumn("started_at", gettext_lazy("Started"), "datetime"),
    ListColumn("finished_at", gettext_lazy("Ended"), "datetime"),
)


def _row(job: Job, actor: Actor) -> dict[str, Any]:
    kind = KINDS.get(job.kind)
    return {
        "job": job, "label": _label(job), "tone": TONES[job.state],
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
