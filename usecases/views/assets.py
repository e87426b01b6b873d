from __future__ import annotations

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
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import submit, version_of
from usecases import services
from usecases.forms import AssetForm, RerunForm, ReviewForm, TextFilter
from usecases.models import Asset
from usecases.selectors import assets_listed
from usecases.views.common import form_page, state_cell

COLUMNS = [
    ListColumn("key", gettext_lazy("Row id"), shown=False),
    ListColumn(
        "title", gettext_lazy("Asset"), cell=lambda a: Cell(a.title, href=a.get_absolute_url(), sub=a.stored_at)
    ),
    ListColumn("kind", gettext_lazy("Kind"), value=lambda a: a.get_kind_display()),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda a: a.unit.name),
    ListColumn("owner_team", gettext_lazy("Owner team"), value=lambda a: a.owner_team.name if a.owner_team else None),
    ListColumn("stored_at", gettext_lazy("Stored at"), shown=False),
    ListColumn("candidate", gettext_lazy("Made by"), value=lambda a: a.candidate.title if a.candidate else None),
    ListColumn("rerun_count", gettext_lazy("Re-runs that worked"), "number"),
    ListColumn("state", gettext_lazy("State"), value=lambda a: a.get_state_display(), cell=state_cell),
]
CRUMB = (gettext_lazy("Assets"), "/assets")


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    found = ListPage(request, assets_listed(actor), COLUMNS, name="assets", title=_("Assets"), filters=TextFilter)
    if found.wants_export:
        return found.export()
    context = {"page": found, "can_add": may(actor, "usecases.asset.edit")}
    return render(request, "usecases/assets.html", context, status=found.status)


def new(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.asset.edit")
    form = AssetForm(request.POST or None, actor=actor)
    if request.method == "POST":
        asset = submit(form, lambda data: services.add_asset(actor=actor, **data))
        if asset:
            return redirect(asset)
    return form_page(
        request, form, title=_("Know-how others can use again"), cancel="/assets", button=_("Add"), crumb=CRUMB
    )


def page(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    asset = get_visible(assets_listed(actor), actor, key=key)
    own = str(asset.author_id) == str(actor.user_id)
    context = {
        "asset": asset, "twin": twin(asset, "title"), "own": own,
        "reviews": asset.reviews.order_by("-reviewed_at").select_related("reviewer"),
        "reruns": asset.reruns.order_by("-on").select_related("team"),
        "can_edit": may(actor, "usecases.asset.edit", asset) and asset.state != Asset.State.RETIRED,
        "can_review": may(actor, "usecases.asset.review", asset) and asset.state == Asset.State.DRAFT and not own,
        "can_rerun": may(actor, "usecases.asset.rerun", asset) and asset.state != Asset.State.RETIRED and not own,
        "history": timeline(asset, actor),
    }  # fmt: skip
    return render(request, "usecases/asset.html", context)


def edit(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    asset = get_visible(Asset, actor, key=key)
    require(actor, "usecases.asset.edit", asset)
    title, form = asset.title, AssetForm(request.POST or None, instance=asset, actor=actor)
    if request.method == "POST" and submit(
        form, lambda data: services.edit_asset(actor=actor, asset=asset, version=version_of(request), **data)
    ):
        return redirect("usecases:asset", key)
    return form_page(
        request, form, title=title, cancel=f"/assets/{key}", version=asset.version, crumb=CRUMB,
        lede=_("A reviewed asset goes back to draft when it changes."),
    )  # fmt: skip


def review(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    asset = get_visible(Asset, actor, key=key)
    require(actor, "usecases.asset.review", asset)
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and submit(form, lambda data: services.review_asset(actor=actor, asset=asset, **data)):
        messages.success(request, _("Reviewed."))
        return redirect(asset)
    lede = _("Does it run in other hands, and does it hold no secret and no personal data?")
    return form_page(
        request, form, title=asset.title, lede=lede, cancel=f"/assets/{key}", button=_("Save review"), crumb=CRUMB
    )


def rerun(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    asset = get_visible(Asset, actor, key=key)
    require(actor, "usecases.asset.rerun", asset)
    form = RerunForm(request.POST or None, actor=actor)
    if request.method == "POST" and submit(form, lambda data: services.record_rerun(actor=actor, asset=asset, **data)):
        return redirect(asset)
    lede = _("Which team used it again, and how did that go?")
    return form_page(
        request, form, title=asset.title, lede=lede, cancel=f"/assets/{key}", button=_("Record"), crumb=CRUMB
    )


@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    asset = get_visible(Asset, actor, key=key)
    services.retire_asset(actor=actor, asset=asset, version=version_of(request))
    return redirect(asset)
