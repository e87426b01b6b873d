"""An approval is never changed: events beside it suspend, lift and revoke."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotPermitted, NotReady, Reason
from foundation.notify import tell
from foundation.work import service
from governance.models import Approval, ApprovalEvent
from governance.selectors import effective, suspension_of


@service
def suspend_approval(*, actor: Actor, approval: Approval, reason: str) -> ApprovalEvent:
    """At once, by an approver of a lane that approved it, with a reason."""
    require(actor, "governance.approval.suspend", approval)
    lane = _own_lane(actor, approval)
    _needs_reason(reason)
    _standing(approval, ("active", "suspended"))
    if suspension_of(approval):
        raise NotReady(Reason("already_suspended", _("This approval is suspended already.")))
    event = _event(actor, approval, "suspended", lane, reason)
    record(actor, "approval.suspended", approval, reason=reason)
    _tell_owner(approval, _("An approval was suspended"), reason)
    return event


@service
def lift_suspension(*, actor: Actor, approval: Approval, reason: str = "") -> ApprovalEvent:
    """By the lane that suspended it, not by the person who caused it."""
    require(actor, "governance.approval.lift", approval)
    cause = suspension_of(approval)
    if cause is None:
        raise NotReady(Reason("not_suspended", _("Nobody suspended this approval.")))
    if str(cause.by_id) == actor.user_id:
        raise NotPermitted(Reason("own_suspension", _("You suspended it, so somebody else of your lane lifts it.")))
    if cause.lane not in _lanes_held(actor, approval):
        raise NotPermitted(Reason("not_your_lane", _("The lane that suspended it lifts it.")))
    event = _event(actor, approval, "lifted", cause.lane, reason)
    record(actor, "approval.lifted", approval, reason=reason)
    return event


@service
def revoke_approval(*, actor: Actor, approval: Approval, reason: str) -> ApprovalEvent:
    """For good; the way back is a new request."""
    require(actor, "governance.approval.revoke", approval)
    lane = _own_lane(actor, approval)
    _needs_reason(reason)
    _standing(approval, ("active", "suspended", "not_yet"))
    event = _event(actor, approval, "revoked", lane, reason)
    record(actor, "approval.revoked", approval, reason=reason)
    _tell_owner(approval, _("An approval was revoked"), reason)
    return event


def _lanes_held(actor: Actor, approval: Approval) -> list[str]:
    lanes = ("data",) if approval.category_use_id else ("architecture", "security")
    exposed = f"exposure:{approval.item_key.partition(':')[2]}" in approval.decision.item_outcomes
    lanes = (*lanes, "security") if exposed else lanes
    judged = approval.decision.pack.lanes
    return [x for x in lanes if x in judged and actor.may(f"governance.lane.{x}", approval.unit.path)]


def _own_lane(actor: Actor, approval: Approval) -> str:
    held = _lanes_held(actor, approval)
    if not held:
        raise NotPermitted(Reason("not_your_lane", _("Only a lane that approved this may do that.")))
    return held[0]


def _needs_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(Reason("reason_missing", _("Say why."), field="reason"))


def _standing(approval: Approval, states: tuple[str, ...]) -> None:
    row = effective(Approval.objects.filter(pk=approval.pk), clock.now())[0]
    if row.state not in states:
        raise NotReady(Reason("illegal_transition", _("The approval is %(state)s now.") % {"state": row.state_label}))


def _event(actor: Actor, approval: Approval, kind: str, lane: str, reason: str) -> ApprovalEvent:
    return ApprovalEvent.objects.create(
        approval=approval, unit=approval.unit, kind=kind, lane=lane, reason=reason.strip(),
        by_id=actor.user_id, by_label=actor.label, effective_at=clock.now(),
    )  # fmt: skip


def _tell_owner(approval: Approval, subject: object, reason: str) -> None:
    submitter = approval.decision.submission.submitter
    if submitter:
        tell([submitter], subject, reason, approval.get_absolute_url())
