from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation.access import get_visible, may, require
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import submit, version_of
from usecases import services
from usecases.forms import SourceForm, SystemForm, TextFilter
from usecases.models import System
from usecases.views.common import form_page

COLUMNS = [
    ListColumn("name", gettext_lazy("System"), sort="name", cell=lambda s: Cell(s.name, href=f"/systems/{s.key}")),
    ListColumn("kind", gettext_lazy("Kind"), value=lambda s: s.get_kind_display()),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda s: s.unit.name),
    ListColumn("owner_team", gettext_lazy("Owner team"), value=lambda s: s.owner_team.name if s.owner_team else None),
    ListColumn("by_program", gettext_lazy("By program"), value=lambda s: s.data_source.get_by_program_display()),
    ListColumn("how_often", gettext_lazy("How often"), value=lambda s: s.data_source.get_how_often_display()),
    ListColumn("load", gettext_lazy("Load on the source"), value=lambda s: s.data_source.get_source_load_display()),
    ListColumn("objection", gettext_lazy("Owner's objection"), value=lambda s: s.data_source.get_objection_display()),
    ListColumn("proven_on", gettext_lazy("Last proof"), "date", value=lambda s: s.data_source.proven_on),
]


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    systems = System.objects.visible_to(actor).select_related("unit", "owner_team", "data_source")
    found = ListPage(
        request, systems, COLUMNS, name="systems", title=_("Systems"), filters=TextFilter, order=("name", "id"),
        sorts={"name": ("name", "id")},
    )  # fmt: skip
    if found.wants_export:
        return found.export()
    context = {"page": found, "can_add": may(actor, "usecases.system.edit")}
    return render(request, "usecases/systems.html", context, status=found.status)


def new(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.system.edit")
    form = SystemForm(request.POST or None, actor=actor)
    if request.method == "POST":
        system = submit(form, lambda data: services.add_system(actor=actor, **data))
        if system:
            messages.success(request, _("Added. Now say how its data can be had."))
            return redirect("usecases:system", system.key)
    return form_page(
        request, form, title=_("A system"), cancel="/systems", button=_("Add"), crumb=(_("Systems"), "/systems")
    )


def source(request: HttpRequest, key: str) -> HttpResponseBase:
    """The data freedom questions; whoever may not edit reads the answers."""
    actor = request.actor  # type: ignore[attr-defined]
    system = get_visible(System.objects.select_related("unit", "owner_team", "data_source"), actor, key=key)
    if not may(actor, "usecases.source.edit", system):
        require(actor, "usecases.source.edit" if request.method == "POST" else "usecases.read", system)
        return render(request, "usecases/system.html", {"system": system, "source": system.data_source})
    form = SourceForm(request.POST or None, instance=system.data_source)
    version = version_of(request)
    if request.method == "POST" and submit(
        form, lambda data: services.edit_source(actor=actor, system=system, version=version, **data)
    ):
        messages.success(request, _("Saved."))
        return redirect("usecases:systems")
    return form_page(
        request, form, title=_("How free is the data of %(system)s?") % {"system": system.name}, cancel="/systems",
        lede=_("“Unknown” is an answer: it says what to find out."), version=system.data_source.version,
        crumb=(_("Systems"), "/systems"),
    )  # fmt: skip
