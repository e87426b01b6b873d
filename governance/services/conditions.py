"""Conditions: evidence by the owner, judged by the lane that set them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor, system_actor
from foundation.audit import record
from foundation.errors import Invalid, NotPermitted, NotReady, Reason, refuse_if
from foundation.notify import tell
from foundation.versions import save_version
from foundation.work import service
from governance.lanes import holders
from governance.models import Condition, ConditionEvent, Evidence, Lane
from governance.rules import end_of_day
from governance.texts import later


@service
def submit_condition_evidence(
    *,
    actor: Actor,
    condition: Condition,
    label: str,
    effective_on: date,
    url: str = "",
    version: int | None = None,
) -> Condition:
    """By the owner; it then waits for the lane."""
    require(actor, "governance.condition.evidence", condition)
    refuse_if(_evidence_reasons(condition, label, effective_on), Invalid)
    condition = Condition.lifecycle.apply(condition, "evidence", actor=actor, version=version, evidence_label=label)
    evidence = Evidence.objects.create(
        unit=condition.unit, label=label.strip(), url=url, effective_on=effective_on, uploaded_by_id=actor.user_id
    )
    record(actor, "evidence.added", evidence, condition=condition.key)
    _event(actor, condition, "evidenced", evidence=evidence)
    tell(
        holders(condition.set_by_lane, condition.unit),
        _("Evidence waits for you"),
        later(lambda: condition.text),
        condition.get_absolute_url(),
    )
    return condition


def _evidence_reasons(condition: Condition, label: str, effective_on: date) -> Any:
    if not label.strip():
        yield Reason("evidence_missing", _("Say what was done and where it can be seen."), field="label")
    if effective_on > clock.today(condition.unit.zone):
        yield Reason("evidence_future", _("The date lies ahead."), field="effective_on")


@service
def close_condition(*, actor: Actor, condition: Condition, reason: str = "", version: int | None = None) -> Condition:
    require(actor, "governance.condition.close", condition)
    _judge(actor, condition)
    condition = Condition.lifecycle.apply(condition, "close", actor=actor, version=version, reason=reason)
    _event(actor, condition, "closed", reason=reason)
    return condition


@service
def reopen_condition(*, actor: Actor, condition: Condition, reason: str, version: int | None = None) -> Condition:
    """The evidence does not do, or what was closed no longer holds."""
    require(actor, "governance.condition.close", condition)
    _judge(actor, condition)
    _needs_reason(reason)
    condition = Condition.lifecycle.apply(condition, "reopen", actor=actor, version=version, reason=reason)
    _event(actor, condition, "reopened", reason=reason)
    tell([condition.owner], _("Your evidence was sent back"), reason, condition.get_absolute_url())
    return condition


@service
def waive_condition(*, actor: Actor, condition: Condition, reason: str, version: int | None = None) -> Condition:
    require(actor, "governance.condition.waive", condition)
    _judge(actor, condition)
    _needs_reason(reason)
    condition = Condition.lifecycle.apply(condition, "waive", actor=actor, version=version, reason=reason)
    _event(actor, condition, "waived", reason=reason)
    return condition


@service
def redate_condition(
    *, actor: Actor, condition: Condition, due: date, reason: str, version: int | None = None
) -> Condition:
    """An event that keeps both dates."""
    require(actor, "governance.condition.redate", condition)
    _judge(actor, condition)
    _needs_reason(reason)
    if not condition.is_open:
        raise NotReady(
            Reason("illegal_transition", _("The condition is %(state)s.") % {"state": condition.get_state_display()})
        )
    if due < clock.today(condition.unit.zone):
        raise Invalid(Reason("condition_due", _("The date lies in the past."), field="due"))
    until = end_of_day(due, condition.unit.zone)
    before, after = save_version(condition, version=version, due=due, due_until=until)
    if not after:
        raise Invalid(Reason("condition_due", _("This is the date it has already."), field="due"))
    ConditionEvent.objects.create(
        condition=condition, kind="redated", reason=reason.strip(), from_due=before["due"], to_due=due, to_until=until,
        by_id=actor.user_id, by_label=actor.label, at=clock.now(),
    )  # fmt: skip
    record(actor, "condition.redated", condition, before=before, after=after, reason=reason)
    return condition


@service
def close_conditions_by_charter(*, actor: Actor, unit: Unit, charter_label: str) -> list[Condition]:
    """A signed charter closes what waits for it; called by the charter, offered by no door."""
    rows = Condition.objects.filter(unit=unit, closes_by="charter", state__in=["open", "evidence_submitted"])
    return [_closed_by_charter(actor, row, charter_label) for row in rows.order_by("key")]


def _closed_by_charter(actor: Actor, condition: Condition, charter_label: str) -> Condition:
    """The signature is the right; whoever signs last need not hold the lane."""
    by = system_actor(door=actor.door, label=actor.label)
    reason = f"charter:{charter_label}"
    condition = Condition.lifecycle.apply(condition, "close", actor=by, reason=reason)
    _event(actor, condition, "closed", reason=reason)
    return condition


def _judge(actor: Actor, condition: Condition) -> None:
    """Only the lane that set it, and never its owner."""
    if str(condition.owner_id) == actor.user_id:
        raise NotPermitted(Reason("own_evidence", _("The condition is yours, so somebody else judges it.")))
    if not actor.may(f"governance.lane.{condition.set_by_lane}", condition.unit.path):
        lane = Lane(condition.set_by_lane).label
        raise NotPermitted(Reason("not_your_lane", _("The %(lane)s lane set it and judges it.") % {"lane": lane}))


def _needs_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(Reason("reason_missing", _("Say why."), field="reason"))


def _event(
    actor: Actor, condition: Condition, kind: str, *, reason: str = "", evidence: Evidence | None = None
) -> None:
    ConditionEvent.objects.create(
        condition=condition, kind=kind, reason=reason.strip(), evidence=evidence,
        by_id=actor.user_id, by_label=actor.label, at=clock.now(),
    )  # fmt: skip
