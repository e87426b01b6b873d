"""The tree of units and its changes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.forms import MoveForm, RenameForm, UnitForm
from accounts.models import Unit
from accounts.selectors import unit_tree
from foundation.access import get_visible, may
from foundation.audit import timeline
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit

COLUMNS = (
    ListColumn(
        "unit",
        _("Unit"),
        value=lambda u: u.name,
        cell=lambda u: Cell(u.indented, href=reverse("accounts:unit", args=[u.code])),
    ),
    ListColumn("code", _("Code")),
    ListColumn("kind", _("Kind"), value=lambda u: u.get_kind_display()),
    ListColumn("under", _("Under"), value=lambda u: u.parent.code if u.parent else "", shown=False),
    ListColumn("zone", _("Time zone")),
    ListColumn("people", _("People"), "number"),
    ListColumn("state", _("State"), value=lambda u: _("closed") if u.closed_at else _("open")),
)


@require_http_methods(["GET", "POST"])
def units(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    form = UnitForm(request.POST or None, actor=actor, initial={"parent": request.GET.get("parent", "")})
    added = submit(form, lambda data: services.add_unit(actor=actor, **data)) if form.is_bound else None
    if added:
        messages.success(request, _("The unit was added."))
        return redirect("accounts:units")
    table = ListPage(request, unit_tree(actor), COLUMNS, name="units", title=str(_("Units")), order=("path", "id"))
    if table.wants_export:
        return table.export()
    context = {"table": table, "form": form, "may_edit": may(actor, "accounts.unit.edit")}
    return render(request, "accounts/units.html", context, status=form_status(form))


@require_GET
def unit(request: HttpRequest, code: str) -> HttpResponse:
    return _unit_page(request, _unit(request, code))


def _unit(request: HttpRequest, code: str) -> Unit:
    return get_visible(Unit.objects.select_related("parent"), request.actor, code=code)  # type: ignore[attr-defined]


def _unit_page(
    request: HttpRequest, found: Unit, rename: RenameForm | None = None, move: MoveForm | None = None
) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    parent = found.parent.code if found.parent else ""
    sent = rename or move
    context = {
        "unit": found,
        "form": sent,
        "rename": rename or RenameForm(initial={"name_en": found.name_en, "name_zh": found.name_zh}),
        "move": move or MoveForm(actor=actor, initial={"parent": parent}),
        "may_edit": not found.closed_at and may(actor, "accounts.unit.edit", found),
        "history": [{"when": line.at, "text": line.sentence} for line in timeline(found, actor)],
    }
    return render(request, "accounts/unit.html", context, status=form_status(sent) if sent else 200)


@require_POST
def rename(request: HttpRequest, code: str) -> HttpResponse:
    found, form = _unit(request, code), RenameForm(request.POST)
    if submit(form, lambda data: services.rename_unit(actor=request.actor, unit=found, **data)):  # type: ignore[attr-defined]
        return redirect("accounts:unit", code)
    return _unit_page(request, found, rename=form)


@require_POST
def move(request: HttpRequest, code: str) -> HttpResponse:
    actor, found = request.actor, _unit(request, code)  # type: ignore[attr-defined]
    form = MoveForm(request.POST, actor=actor)
    if submit(form, lambda data: services.move_unit(actor=actor, unit=found, **data)):
        return redirect("accounts:unit", code)
    return _unit_page(request, found, move=form)


@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    services.close_unit(actor=request.actor, unit=_unit(request, code))  # type: ignore[attr-defined]
    messages.success(request, _("The unit is closed."))
    return redirect("accounts:units")
