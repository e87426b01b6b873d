from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from foundation.access import get_visible, may, require
from foundation.audit import timeline
from foundation.bilingual import twin
from foundation.errors import NotVisible, Reason
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import submit, version_of
from usecases import services
from usecases.forms import ContractForm, ItemForm, TextFilter, group
from usecases.models import Contract, ContractItem
from usecases.selectors import contracts_listed
from usecases.views.common import form_page, hours_words

COLUMNS = [
    ListColumn("key", gettext_lazy("Row id"), shown=False),
    ListColumn(
        "title", gettext_lazy("Contract"), cell=lambda c: Cell(c.title, href=c.get_absolute_url(), sub=c.vendor)
    ),
    ListColumn("vendor", gettext_lazy("Vendor"), sort="vendor", shown=False),
    ListColumn("kind", gettext_lazy("Kind"), value=lambda c: c.get_kind_display()),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda c: c.unit.name),
    ListColumn("item_count", gettext_lazy("Items"), "number"),
    ListColumn("renewal_due", gettext_lazy("Renewal to be decided by"), "date"),
    ListColumn("ends_on", gettext_lazy("Ends on"), "date", sort="ends"),
]
SORTS = {"vendor": ("vendor", "id"), "ends": ("ends_on", "id")}


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    found = ListPage(
        request, contracts_listed(actor), COLUMNS, name="contracts", title=_("Contracts"), filters=TextFilter,
        sorts=SORTS, order=("turn", "due", "id"),
    )  # fmt: skip
    if found.wants_export:
        return found.export()
    context = {"page": found, "can_add": may(actor, "usecases.contract.edit")}
    return render(request, "usecases/contracts.html", context, status=found.status)


def _groups(form: ContractForm) -> list[Any]:
    return [
        group(form, "", "unit", "vendor", "title_en", "title_zh", "kind", "renewal_on"),
        group(form, _("More about it"), "scope", "starts_on", "ends_on", "notice_days", "price_model", "owner_role",
              "win_win", folded=True),
    ]  # fmt: skip


def _item_groups(form: ItemForm, title: Any = "") -> list[Any]:
    return [
        group(form, title, "title_en", "title_zh", "kind", "repeated", "evidence"),
        {"title": _("How big is it?"), "note": _("A quick answer is kept as a guess."),
         "fields": form.quick, "pairs": True},
        {"title": _("Exact ranges"), "ranges": form.ranges, "folded": not form.errors, "note": _("low, likely, high"),
         "fields": [form["load_n"], form["load_coverage"], form["load_query"]]},
    ]  # fmt: skip


def new(request: HttpRequest) -> HttpResponseBase:
    """One form: the contract and its first item; further items on the contract's page."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.contract.edit")
    form = ContractForm(request.POST or None, actor=actor)
    item = ItemForm(request.POST or None, prefix="item")
    if request.method == "POST" and (contract := _add(actor, form, item)):
        messages.success(request, _("Added as %(key)s.") % {"key": contract.key})
        return redirect(contract)
    return form_page(
        request, form, title=_("A vendor contract"), cancel="/contracts", crumb=(_("Contracts"), "/contracts"),
        lede=_("Repeated work a vendor is paid for is where candidates of channel A8 come from."),
        groups=[*_groups(form), *_item_groups(item, _("First piece of work in it"))], button=_("Add"),
    )  # fmt: skip


def _add(actor: Any, form: ContractForm, item: ItemForm) -> Contract | None:
    if not item.is_valid():
        if form.is_bound:  # an empty POST binds neither form
            form.add_error(None, _("Look at the piece of work below."))
        return None
    filled = item.cleaned_data["title_en"] or item.cleaned_data["title_zh"]
    items = [item.cleaned_data] if filled else []
    return submit(form, lambda data: services.add_contract(actor=actor, items=items, **data))


def page(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    contract = get_visible(Contract.objects.select_related("unit"), actor, key=key)
    items = list(contract.items.prefetch_related("candidates"))
    for item in items:
        item.words = hours_words(item)
    context = {
        "contract": contract, "twin": twin(contract, "title"), "items": items,
        "can_edit": may(actor, "usecases.contract.edit", contract),
        "can_draft": may(actor, "usecases.candidate.edit", contract.unit),
        "history": timeline(contract, actor),
    }  # fmt: skip
    return render(request, "usecases/contract.html", context)


def edit(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    contract = get_visible(Contract, actor, key=key)
    require(actor, "usecases.contract.edit", contract)
    title, form = contract.title, ContractForm(request.POST or None, instance=contract, actor=actor)
    if request.method == "POST" and submit(
        form, lambda data: services.edit_contract(actor=actor, contract=contract, version=version_of(request), **data)
    ):
        return redirect("usecases:contract", key)
    return form_page(
        request, form, title=title, cancel=f"/contracts/{key}", groups=_groups(form), version=contract.version,
        crumb=(_("Contracts"), "/contracts"),
    )  # fmt: skip


def _item(request: HttpRequest, key: str, position: int) -> ContractItem:
    contract = get_visible(Contract.objects.select_related("unit"), request.actor, key=key)  # type: ignore[attr-defined]
    found = contract.items.select_related("contract__unit").filter(position=position).first()
    if found is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


def item_new(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    contract = get_visible(Contract, actor, key=key)
    require(actor, "usecases.contract.edit", contract)
    form = ItemForm(request.POST or None)
    if request.method == "POST" and submit(
        form, lambda data: services.add_contract_item(actor=actor, contract=contract, **data)
    ):
        return redirect(contract)
    return form_page(
        request, form, title=_("A piece of work in this contract"), cancel=f"/contracts/{key}", button=_("Add"),
        lede=contract.title, groups=_item_groups(form), crumb=(_("Contracts"), "/contracts"),
    )  # fmt: skip


def item_edit(request: HttpRequest, key: str, position: int) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    item = _item(request, key, position)
    require(actor, "usecases.contract.edit", item.contract)
    title, form = item.title, ItemForm(request.POST or None, instance=item)
    if request.method == "POST" and submit(
        form, lambda data: services.edit_contract_item(actor=actor, item=item, version=version_of(request), **data)
    ):
        return redirect("usecases:contract", key)
    return form_page(
        request, form, title=title, cancel=f"/contracts/{key}", groups=_item_groups(form), version=item.version,
        crumb=(_("Contracts"), "/contracts"),
    )  # fmt: skip


@require_POST
def item_candidate(request: HttpRequest, key: str, position: int) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    candidate = services.draft_from_item(actor=actor, item=_item(request, key, position))
    messages.success(request, _("Now say what help it needs, and mark it as shaped."))
    return redirect(candidate)
