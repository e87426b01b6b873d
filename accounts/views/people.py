"""Members, invitations, one person's role."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.forms import GiveRoleForm, InviteForm, MemberFilter
from accounts.models import Invitation, Membership
from accounts.secrets import invitation_secret
from accounts.selectors import heirs, members, open_invitations, waiting
from foundation.access import get_visible, may, require
from foundation.audit import timeline
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit

COLUMNS = (
    ListColumn(
        "name",
        _("Name"),
        value=lambda m: m.user.name,
        cell=lambda m: Cell(m.user.name, href=reverse("accounts:member", args=[m.pk])),
        sort="name",
    ),
    ListColumn("role", _("Role"), value=lambda m: m.role_label, sort="role"),
    ListColumn("unit", _("Unit"), value=lambda m: m.unit.name, sort="unit"),
    ListColumn("unit_code", _("Unit code"), value=lambda m: m.unit.code, shown=False),
    ListColumn("since", _("Since"), kind="date", value=lambda m: m.since.date()),
    ListColumn(
        "state",
        _("State"),
        value=lambda m: str(_("waits for confirmation")) if m.is_proposed else str(_("active")),
        cell=lambda m: Cell(
            _("waits for confirmation") if m.is_proposed else _("active"), tone="warn" if m.is_proposed else "ok"
        ),
    ),
)
SORTS = {"name": ("user__name", "id"), "role": ("role", "id"), "unit": ("unit__path", "id")}


@require_GET
def people(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    table = ListPage(
        request, members(actor), COLUMNS, name="people", filters=MemberFilter, order=("user__name", "id"), sorts=SORTS
    )
    if table.wants_export:
        return table.export()
    context = {
        "table": table,
        "waiting": waiting(actor),
        "invitations": open_invitations(actor),
        "may_invite": may(actor, "accounts.member.invite"),
    }
    return render(request, "accounts/people.html", context, status=table.status)


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    asked = {k: request.GET[k] for k in ("role", "unit", "email", "what_for") if k in request.GET}
    form = InviteForm(request.POST or None, initial=asked, actor=actor)
    made = submit(form, lambda data: services.invite_member(actor=actor, **data)) if form.is_bound else None
    if made:
        return redirect("accounts:invitation", made[0].pk)
    return render(request, "accounts/invite_form.html", {"form": form}, status=form_status(form))


@require_GET
def invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A copied link is shown to the person who asked for it, while it is open."""
    actor = request.actor  # type: ignore[attr-defined]
    found = get_visible(Invitation.objects.select_related("unit", "invited_by"), actor, pk=pk)
    mine = str(found.invited_by_id) == actor.user_id
    link = ""
    if mine and found.is_link and found.state == "open":
        link = request.build_absolute_uri(reverse("accounts:invite", args=[invitation_secret(found.pk)]))
    context = {"invitation": found, "link": link, "may_revoke": may(actor, "accounts.member.invite", found)}
    response = render(request, "accounts/invitation.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    services.revoke_invitation(actor=actor, invitation=get_visible(Invitation, actor, pk=pk))
    messages.success(request, _("The invitation was taken back."))
    return redirect("accounts:people")


@require_GET
def member(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = _membership(request, pk)
    others = members(actor).filter(user=found.user).exclude(pk=found.pk)
    context: dict[str, Any] = {
        "membership": found,
        "others": others,
        "may_confirm": found.is_proposed and not found.ended_at and may(actor, "accounts.member.confirm", found),
        "may_end": not found.ended_at and may(actor, "accounts.member.end", found),
        "may_deactivate": may(actor, "accounts.user.deactivate", found.user),
        "form": GiveRoleForm(actor=actor) if may(actor, "accounts.member.invite") else None,
        "history": [{"when": line.at, "text": line.sentence} for line in timeline(found, actor)],
    }
    return render(request, "accounts/member.html", context)


def _membership(request: HttpRequest, pk: UUID) -> Membership:
    query = Membership.objects.select_related("user", "unit", "given_by", "confirmed_by")
    return get_visible(query, request.actor, pk=pk)  # type: ignore[attr-defined]


@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    services.confirm_member(actor=request.actor, membership=_membership(request, pk))  # type: ignore[attr-defined]
    messages.success(request, _("The role counts from now on."))
    return redirect("accounts:member", pk)


@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor, found = request.actor, _membership(request, pk)  # type: ignore[attr-defined]
    require(actor, "accounts.member.end", found)
    if request.method == "GET":
        return render(request, "accounts/end_role.html", {"membership": found, "heirs": heirs(found)})
    services.end_membership(actor=actor, membership=found)
    words = {"name": found.user.name, "role": found.role_label, "unit": found.unit.name}
    messages.success(request, _("%(name)s is no longer %(role)s at %(unit)s.") % words)
    return redirect("accounts:people")


@require_POST
def give(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another role for the person this membership belongs to."""
    actor, found = request.actor, _membership(request, pk)  # type: ignore[attr-defined]
    form = GiveRoleForm(request.POST, actor=actor)
    given = submit(form, lambda data: services.give_role(actor=actor, user=found.user, **data))
    if given:
        return redirect("accounts:member", given.pk)
    return render(request, "accounts/give_role.html", {"form": form, "membership": found}, status=form_status(form))


@require_POST
def deactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _membership(request, pk)
    act = services.deactivate_user if found.user.is_active else services.reactivate_user
    act(actor=request.actor, user=found.user)  # type: ignore[attr-defined]
    return redirect("accounts:member", pk)
