"""The review: read what is new, decide each item, confirm on its own page."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from foundation.errors import Invalid, Stale
from governance import services
from governance.forms import read_choices
from governance.reliance import replacements
from governance.reviewing import Review, headline, headline_twin, review_of
from governance.services.reviews import choice_reasons
from governance.views.common import request_of


def review(request: HttpRequest, key: str) -> HttpResponse:
    submission = request_of(request, key)
    actor = request.actor  # type: ignore[attr-defined]
    found = review_of(submission, actor, request.POST.get("lane") or request.GET.get("lane", ""))
    if found is None:
        raise Http404
    if request.method == "POST":
        return _decide(request, found)
    return _page(request, found)


def _page(
    request: HttpRequest, found: Review, template: str = "governance/review.html", status: int = 200
) -> HttpResponse:
    submission = found.submission
    context = {
        "review": found,
        "submission": submission,
        "headline": headline(submission, found.base, found.changes),
        "twin": headline_twin(submission, found.base, found.changes),
        "replacements": replacements(submission, request.actor),  # type: ignore[attr-defined]
        "comment": request.POST.get("comment", ""),
        "can_decide": found.lane in found.mine,
        "more": [lane for lane in found.mine if lane != found.lane],
        "show_reasons": status == 422,
        "reasons": found.faults if status == 422 else [],
    }
    return render(request, template, context, status=status)


def _decide(request: HttpRequest, found: Review) -> HttpResponse:
    """`count` shows how far it is, `restate` the confirm page, `confirm` casts the vote."""
    _read(request, found)
    step = request.POST.get("step", "restate")
    if step == "count":
        return _page(request, found, "governance/review.html#rail")
    if step == "change":
        return _page(request, found)
    if step == "restate" and found.lane in found.mine:
        _mark(found)
        if request.POST.get("digest") != found.pack.digest:
            raise Stale(current=found.submission)
        template = "governance/review_confirm.html" if found.is_complete else "governance/review.html"
        return _page(request, found, template, 200 if found.is_complete else 422)
    return _confirm(request, found)


def _read(request: HttpRequest, found: Review) -> None:
    people = {str(p.pk): p for p in found.people}
    given = {c.key: c for c in read_choices(request.POST, [row.key for row in found.rows], people)}
    for row in found.rows:
        row.choice = given.get(row.key)


def _mark(found: Review) -> None:
    """The same reasons the service would give, beside their rows."""
    chosen = [row.choice for row in found.rows if row.choice]
    reasons = list(choice_reasons(found.submission, found.pack, found.lane, chosen))
    for row in found.rows:
        row.reasons = [r for r in reasons if r.field == row.key]


def _confirm(request: HttpRequest, found: Review) -> HttpResponse:
    try:
        vote = services.cast_vote(
            actor=request.actor,  # type: ignore[attr-defined]
            submission=found.submission,
            lane=found.lane,
            pack_digest=request.POST.get("digest", ""),
            items=[row.choice for row in found.rows if row.choice],
            comment=request.POST.get("comment", "")[:2000],
        )
    except Invalid:
        _mark(found)
        return _page(request, found, status=422)
    done = _("Your decision is recorded: %(choice)s. Receipt %(receipt)s.")
    messages.success(request, done % {"choice": vote.get_choice_display(), "receipt": str(vote.pk)[:8]})
    return redirect("governance:review", found.submission.key)
