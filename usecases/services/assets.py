"""Know-how others can use again: added, reviewed by somebody else, run again by somebody else."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotPermitted, NotReady, Reason
from foundation.refs import next_ref
from foundation.versions import save_version
from foundation.work import service
from usecases.models import Asset, AssetRerun, AssetReview
from usecases.models.assets import USABLE
from usecases.services.fields import assign, check, faults, known_only, titled

ASSET_FIELDS = ("kind", "title_en", "title_zh", "owner_team", "stored_at", "candidate")


@service
def add_asset(*, actor: Actor, unit: Unit, **details: Any) -> Asset:
    """Title, kind and the place where it is stored suffice."""
    require(actor, "usecases.asset.edit", unit)
    known_only(details, ASSET_FIELDS)
    asset = Asset(unit=unit, author_id=actor.user_id)
    assign(asset, details)
    check([*titled(asset), *faults(asset, {**details, "kind": "", "stored_at": ""})])
    asset.key = next_ref("KA")
    asset.save(force_insert=True)
    record(actor, "asset.added", asset, kind=asset.kind)
    return asset


@service
def edit_asset(*, actor: Actor, asset: Asset, version: int | None = None, **details: Any) -> Asset:
    """A reviewed asset goes back to draft: what was reviewed is no longer what stands there."""
    require(actor, "usecases.asset.edit", asset)
    known_only(details, ASSET_FIELDS)
    assign(asset, details)
    check([*titled(asset), *faults(asset, details)])
    changes = {name: getattr(asset, name) for name in details}
    asset.refresh_from_db()
    before, after = save_version(asset, version=version, **changes)
    if after:
        record(actor, "asset.edited", asset, before=before, after=after)
        if asset.state == Asset.State.REVIEWED:
            return Asset.lifecycle.apply(asset, "revise", actor=actor)
    return asset


@service
def review_asset(*, actor: Actor, asset: Asset, result: str, note: str = "") -> AssetReview:
    require(actor, "usecases.asset.review", asset)
    _not_own(actor, asset)
    if asset.state != Asset.State.DRAFT:
        raise NotReady(Reason("not_a_draft", _("Only a draft is reviewed.")))
    review = AssetReview(asset=asset, reviewer_id=actor.user_id, result=result, note=note.strip())
    check(faults(review, ("result", "note")))
    if result == AssetReview.Result.RETURN and not review.note:
        raise Invalid(Reason("note_missing", _("Say what has to change."), "note"))
    review.save(force_insert=True)
    record(actor, "asset.reviewed", asset, result=review.result)
    if result in USABLE:
        Asset.lifecycle.apply(asset, "accept", actor=actor)
    return review


@service
def record_rerun(
    *, actor: Actor, asset: Asset, team: Unit, outcome: str, on: date | None = None, note: str = ""
) -> AssetRerun:
    """Entered by somebody other than the author; never edited."""
    require(actor, "usecases.asset.rerun", asset)
    _not_own(actor, asset)
    if asset.state == Asset.State.RETIRED:
        raise NotReady(Reason("retired", _("This asset is retired.")))
    day = on or clock.today(team.zone)
    rerun = AssetRerun(asset=asset, team=team, outcome=outcome, note=note.strip(), on=day, entered_by_id=actor.user_id)
    check(faults(rerun, ("outcome", "note")))
    if day > clock.today(team.zone):
        raise Invalid(Reason("future", _("A re-run lies in the past."), "on"))
    rerun.save(force_insert=True)
    record(actor, "asset.rerun", asset, outcome=rerun.outcome, team=team.code)
    return rerun


def _not_own(actor: Actor, asset: Asset) -> None:
    if actor.user_id and str(asset.author_id) == str(actor.user_id):
        text = _("The author neither reviews nor re-runs their own asset. Ask somebody else.")
        raise NotPermitted(Reason("own_work", text))


@service
def retire_asset(*, actor: Actor, asset: Asset, version: int | None = None) -> Asset:
    return Asset.lifecycle.apply(asset, "retire", actor=actor, version=version)
