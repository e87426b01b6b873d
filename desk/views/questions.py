"""The four questions every rollout is asked, answered from the records."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from desk.selectors.questions import read_questions
from desk.selectors.units import chosen_unit, regions_read
from foundation.access import require
from foundation.errors import NotVisible, Reason


@require_GET
def questions(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "desk.read")
    unit = chosen_unit(actor, request.GET.get("unit"))
    if unit is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return render(request, "desk/questions.html", {"found": read_questions(unit), "units": regions_read(actor)})
