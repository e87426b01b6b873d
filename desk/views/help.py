"""Help: first steps, words, keys, and what each refusal means."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from desk.glossary import GLOSSARY
from desk.links import address
from foundation import errors
from foundation.access import may

EVERYBODY = ""
STEPS = (  # title, what it is, url name, permission
    (
        _("Record a pain"),
        _("One sentence about work that costs time. Hours describe work, not people."),
        "usecases:pain_new",
        "usecases.pain.record",
    ),
    (
        _("Open a charter"),
        _("What was promised, what was measured, and what there is to decide."),
        "charter:charters",
        EVERYBODY,
    ),
    (
        _("Look at a measure"),
        _("Every number stands with its evidence word, its n and its range."),
        "metrics:measures",
        EVERYBODY,
    ),
    (_("See the journey"), _("Where a unit stands and what comes next."), "desk:journey_home", EVERYBODY),
)
REFUSALS = (
    errors.NotPermitted, errors.NotVisible, errors.NotReady, errors.Stale, errors.Invalid, errors.TooMany,
)  # fmt: skip
REMEDIES = {
    "not_permitted": _("Ask one of the roles named in the sentence, or have the role given to you under People."),
    "not_found": _("Check the id, or ask whether you should see the unit it belongs to."),
    "not_ready": _("Every reason is listed with a link to the page where it can be settled."),
    "stale": _("Both texts are shown. Take over what you want to keep and save again."),
    "invalid": _("The fields are named, your input is kept. Correct and send again."),
    "too_many": _("Wait as long as the answer says and send again."),
}


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    steps = [{"title": t, "text": x, "url": address(n)} for t, x, n, right in STEPS if not right or may(actor, right)]
    return render(request, "desk/help.html", {"steps": steps, "glossary": GLOSSARY})


@require_GET
def help_errors(request: HttpRequest) -> HttpResponse:
    kinds = [{"code": e.code, "status": e.status, "title": e.title, "remedy": REMEDIES[e.code]} for e in REFUSALS]
    return render(request, "desk/help_errors.html", {"kinds": kinds})
