"""Estimates run outside requests."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.jobs import JobRun, job
from metrics.models import Measure
from metrics.services.estimates import DETECTABLE, KIND, detectable_now, estimate_now


@job(KIND, label=_("Estimate a gain"))
def run(run: JobRun, *, measure_id: str, look_back: list[str] | None = None) -> dict[str, Any]:
    measure = Measure.objects.select_related("unit", "pilot").get(pk=measure_id)
    run.progress(0, 1, _("Reading records and computing"))
    kept = estimate_now(actor=run.actor, measure=measure, spans=look_back)
    return {"estimate": str(kept.pk), "verdict": kept.verdict, "word": kept.word}


@job(DETECTABLE, label=_("Find the least change that could be shown"))
def detectable(run: JobRun, *, measure_id: str) -> dict[str, Any]:
    measure = Measure.objects.select_related("unit", "pilot").get(pk=measure_id)
    run.progress(0, 1, _("Trying the plan on the weeks before"))
    return detectable_now(measure)
