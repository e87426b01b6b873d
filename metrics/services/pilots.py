"""Pilots are drafted here; a charter opens them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.refs import next_ref
from foundation.versions import save_version
from foundation.work import service
from metrics.models import ChangeNote, Pilot
from metrics.selectors.measures import plan_locked
from metrics.services.reports import open_report
from usecases.models import Candidate


@service
def draft_pilot(
    *,
    actor: Actor,
    candidate: Candidate,
    starts_on: date,
    ends_on: date,
    decision_on: date | None = None,
    ramp_until: date | None = None,
    lead: User | None = None,
    name_en: str = "",
    name_zh: str = "",
    scope: str = "",
) -> Pilot:
    """A pilot of a candidate in its unit; `decision_on` is the first day a verdict may be read (default: the end)."""
    require(actor, "metrics.pilot.draft", candidate)
    _check_days(starts_on, ends_on, decision_on, ramp_until)
    pilot = Pilot.objects.create(
        key=next_ref("PL", 3),
        candidate=candidate,
        unit=candidate.unit,
        name_en=name_en or candidate.title_en,
        name_zh=name_zh or candidate.title_zh,
        scope=scope,
        starts_on=starts_on,
        ramp_until=ramp_until,
        ends_on=ends_on,
        decision_on=decision_on or ends_on,
        lead_id=lead.pk if lead else actor.user_key,
    )
    record(actor, "pilot.drafted", pilot, after={"candidate": candidate.key})
    open_report(actor=actor, pilot=pilot)
    return pilot


def _check_days(starts_on: date, ends_on: date, decision_on: date | None, ramp_until: date | None) -> None:
    reasons = []
    if ends_on <= starts_on:
        reasons.append(Reason("order", _("The pilot must end after it starts."), field="ends_on"))
    if decision_on and decision_on < starts_on:
        reasons.append(Reason("order", _("A verdict cannot be read before the pilot starts."), field="decision_on"))
    if ramp_until and not starts_on <= ramp_until < ends_on:
        reasons.append(Reason("order", _("The learning weeks end inside the pilot."), field="ramp_until"))
    refuse_if(reasons, Invalid)


@service
def edit_pilot(*, actor: Actor, pilot: Pilot, version: int | None = None, **changes: Any) -> Pilot:
    require(actor, "metrics.pilot.draft", pilot)
    if pilot.status != Pilot.State.DRAFT:
        raise NotReady(Reason("pilot_started", _("A started pilot is not edited any more.")))
    after = {**{f: getattr(pilot, f) for f in ("starts_on", "ends_on", "decision_on", "ramp_until")}, **changes}
    _check_days(after["starts_on"], after["ends_on"], after["decision_on"], after["ramp_until"])
    before, written = save_version(pilot, version=version, **changes)
    record(actor, "pilot.edited", pilot, before=before, after=written)
    return pilot


@service
def open_pilot(*, actor: Actor, pilot: Pilot, permit_digest: str) -> Pilot:
    """Called by the charter alone, with the digest of its answer; no door shows it."""
    refuse_if(plan_locked(pilot), NotReady)
    return Pilot.lifecycle.apply(pilot, "open", actor=actor, permit_digest=permit_digest)


@service
def end_pilot(*, actor: Actor, pilot: Pilot, decided: bool) -> Pilot:
    """Ended at the end of its box or by Stop; decided with the signed decision. No door shows it."""
    return Pilot.lifecycle.apply(pilot, "decide" if decided else "end", actor=actor)


@service
def add_change_note(
    *,
    actor: Actor,
    pilot: Pilot,
    from_on: date,
    until_on: date | None = None,
    text_en: str = "",
    text_zh: str = "",
) -> ChangeNote:
    """What else happened, drawn on the plot; a bad week stays in the data."""
    require(actor, "metrics.note.add", pilot)
    if not (text_en.strip() or text_zh.strip()):
        raise Invalid(Reason("text_missing", _("Say what happened."), field="text_en"))
    if until_on and until_on < from_on:
        raise Invalid(Reason("order", _("The note ends before it begins."), field="until_on"))
    note = ChangeNote.objects.create(
        unit=pilot.unit,
        pilot=pilot,
        from_on=from_on,
        until_on=until_on or from_on,
        text_en=text_en.strip(),
        text_zh=text_zh.strip(),
        created_by_id=actor.user_id,
    )
    record(actor, "change_note.added", note)
    return note
