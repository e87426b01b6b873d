"""Work of this app outside a request."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.jobs import JobRun, job
from usecases.services.workshops.rounds import CLEAN_UP
from usecases.services.workshops.wiping import TIDY, clean_up, tidy_workshops


@job(CLEAN_UP, label=_("Make deleted rows unreadable"))
def clean(run: JobRun) -> dict[str, Any]:
    return {"cleaned": clean_up()}


@job(TIDY, label=_("Close doors and delete what is due"))
def tidy(run: JobRun) -> dict[str, Any]:
    told = tidy_workshops(actor=run.actor)
    if told["wiped"] or told["seats"]:
        clean_up()
    return dict(told)
