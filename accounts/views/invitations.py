"""The page behind an invitation link. Opening it changes nothing."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms import AcceptForm
from accounts.middleware import public
from accounts.models import Invitation, User
from accounts.services.people import open_invitation
from accounts.views.me import BACKEND
from foundation.pages import form_status, submit


@public
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, secret: str) -> HttpResponse:
    found = open_invitation(secret)
    form = _form(request, found)
    if request.method == "POST":
        accepted = _accept(request, secret, form)
        if accepted:
            return accepted
    context = {"invitation": found, "form": form, "known": _has_account(found)}
    response = render(request, "accounts/invite.html", context, status=form_status(form) if form else 200)
    response["Cache-Control"] = "no-store"
    # "no-referrer" would make Chromium post `Origin: null`, which CSRF refuses; no other site ever gets the address.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _has_account(invitation: Invitation) -> bool:
    user = User.objects.filter(email=invitation.email).first() if invitation.email else None
    return user is not None and user.has_usable_password()


def _form(request: HttpRequest, invitation: Invitation) -> AcceptForm | None:
    """Whoever is signed in only presses the button."""
    if request.user.is_authenticated:
        return None
    known = User.objects.filter(email=invitation.email).first() if invitation.email else None
    form = AcceptForm(request.POST or None, initial={"email": invitation.email, "name": known.name if known else ""})
    if invitation.email:
        form.fields["email"].disabled = True
    return form


def _accept(request: HttpRequest, secret: str, form: AcceptForm | None) -> HttpResponse | None:
    actor = request.actor  # type: ignore[attr-defined]
    if form is None:
        services.accept_invitation(actor=actor, secret=secret)
        return redirect("/")
    accepted = submit(form, lambda data: services.accept_invitation(actor=actor, secret=secret, **data))
    if accepted is None:
        return None
    login(request, accepted[0], backend=BACKEND)
    return redirect("/")
