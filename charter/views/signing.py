"""The whole text restated, then a POST that signs exactly that text."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from charter import services
from charter.models import Charter
from charter.selectors import current_signatures, review_facts, signatory_of
from charter.texts import text_shown
from charter.views.charters import actor_of, charter_of
from foundation.access import may
from foundation.errors import NotReady, Reason


@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, key: str) -> HttpResponse:
    actor, found = actor_of(request), charter_of(request, key)
    if request.method == "POST":
        services.sign_charter(actor=actor, charter=found, digest=request.POST.get("digest", ""))
        messages.success(request, _("Signed. Your name stands under the charter."))
        return redirect(found)
    text = found.current_text
    if text is None or found.state == Charter.State.DRAFT:
        raise NotReady(Reason("not_for_signature", _("The charter is not out for signature.")))
    review = review_facts(found, actor)
    seat = signatory_of(found, actor)
    context = {
        "charter": found,
        "text": text,
        "body": text_shown(text),
        "panel": review.panel,
        "seat": seat,
        "signatures": current_signatures(found),
        "may_sign": bool(seat) and bool(review.panel.button) and found.state == Charter.State.FOR_SIGNATURE,
        "may_return": seat is not None
        and found.state == Charter.State.FOR_SIGNATURE
        and may(actor, "charter.text.sign", found),
    }
    return render(request, "charter/sign.html", context)


@require_POST
def send_back(request: HttpRequest, key: str) -> HttpResponse:
    found = charter_of(request, key)
    services.return_charter(actor=actor_of(request), charter=found, reason=request.POST.get("reason", ""))
    messages.success(request, _("Returned to the pilot lead with your reason."))
    return redirect(found)
