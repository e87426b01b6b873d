"""May a pilot start, may a charter be sent, may a decision be taken? Every missing reason at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from charter import rules
from charter.models import Charter, CharterCriterion, CharterPilot, Decision, Outcome, SignRole
from charter.states import effective_state, needs_of, open_breaches, running_charter, unnamed_pilots
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.errors import Reason
from governance.checks import pilot_pins, pilot_reasons, pilot_warnings
from governance.needs import PilotNeeds
from metrics.selectors import measure_gaps, plan_locked, primary_version
from usecases.checks import flagship_reasons
from usecases.models import Candidate

PACK_AGE = timedelta(days=14)  # evidence frozen longer ago no longer carries Go or Expand


@dataclass(frozen=True)
class Answer:
    """`yes` only without any reason; pins are the approvals relied on."""

    answer: str
    on: datetime
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "answer": self.answer,
            "on": self.on,
            "reasons": [r.as_dict() for r in self.reasons],
            "warnings": [w.as_dict() for w in self.warnings],
            "pins": self.pins,
        }


def can_pilot(*, actor: Actor, candidate: Candidate, unit: Any, on: datetime | None = None) -> Answer:
    """Everything a pilot stands on, read now: approvals, flagship, locked measure, charter in its box."""
    require(actor, "charter.read", unit)
    now = on or clock.now()
    needs = PilotNeeds(unit, candidate.pattern_version, list(candidate.categories.all()))
    charter = running_charter(candidate, unit)
    case = charter.cases.filter(candidate=candidate).select_related("pilot").first() if charter else None
    reasons = [
        *pilot_reasons(needs, now),
        *flagship_reasons(candidate),
        *_plan_reasons(case),
        *charter_reasons(charter, now),
    ]
    return Answer(
        "no" if reasons else "yes", now, reasons, list(pilot_warnings(needs, now)), list(pilot_pins(needs, now))
    )


def _plan_reasons(case: CharterPilot | None) -> Iterator[Reason]:
    if case is not None and case.pilot is not None:
        yield from plan_locked(case.pilot)
    elif case is not None and _is_drafted(case):
        yield _to_be_named(case)
    else:
        yield Reason(
            "pilot_missing", _("No pilot with a measure is drafted for this case."), fix=("metrics:pilot_new", [])
        )


def _is_drafted(case: CharterPilot) -> bool:
    """Its pilot exists and only has to be named in the terms of a draft."""
    return case.charter.state == Charter.State.DRAFT and unnamed_pilots(case).exists()


def _to_be_named(case: CharterPilot) -> Reason:
    text = _("A pilot of %(case)s is drafted; name it in the terms of the charter.") % {"case": case}
    return Reason("pilot_missing", text, fix=("charter:edit", [case.charter.key]))


def charter_reasons(charter: Charter | None, now: datetime) -> Iterator[Reason]:
    if charter is None:
        yield Reason("charter_missing", _("No charter names this case."), fix=("charter:new", []))
        return
    here = ("charter:charter", [charter.key])
    state = effective_state(charter, now)
    sentences = {
        "draft": _("The charter is a draft; it is not signed yet."),
        "for_signature": _("The charter waits for signatures."),
        "withdrawn": _("The charter was withdrawn."),
        "signed": _("The time-box of the charter has not begun."),
        "suspended": _("The charter is stopped."),
        "decision_due": _("The time-box of the charter is over; its decision is due."),
        "lapsed": _("The charter lapsed: it stayed undecided 14 days after its time-box."),
        "decided": _("The charter is decided."),
    }
    codes = {"suspended": "charter_suspended", "lapsed": "charter_lapsed"}
    if state in sentences:
        yield Reason(codes.get(state, "charter_not_running"), sentences[state], fix=here)
    if open_breaches(charter).exists():
        yield Reason("breach_open", _("A breach of a guardrail is open."), fix=("charter:evidence", [charter.key]))


def charter_gaps(charter: Charter) -> Iterator[Reason]:
    """What keeps a charter from being sent; all of it, named by field."""
    if not (charter.question_en or charter.question_zh):
        yield Reason("question_missing", _("Write the question the charter is to answer."), field="question_en")
    days = (charter.ends_on - charter.starts_on).days + 1
    if not rules.MIN_DAYS <= days <= rules.MAX_DAYS:
        yield Reason("box_limits", _("A time-box lasts 7 to 366 days."), field="ends_on")
    elif not rules.NORMAL_DAYS[0] <= days <= rules.NORMAL_DAYS[1] and not charter.length_reason:
        yield Reason(
            "box_reason", _("Outside 30 to 190 days a time-box needs a printed reason."), field="length_reason"
        )
    kinds = set(CharterCriterion.objects.filter(objective__charter=charter).values_list("kind", flat=True))
    if "must" not in kinds:
        yield Reason("must_missing", _("At least one criterion must be a “must”."), field="criteria")
    if "stop" not in kinds:
        yield Reason("stop_missing", _("At least one criterion must say when to stop."), field="criteria")
    yield from _signatory_gaps(charter)
    yield from _case_gaps(charter)


def _signatory_gaps(charter: Charter) -> Iterator[Reason]:
    people = {s.role: s for s in charter.signatories.select_related("user")}
    for role in (SignRole.CIO, SignRole.OPS_HEAD):
        found = people.get(role)
        if found is None or not (found.user_id or found.waits_for):
            text = _("Name the person who signs as %(role)s.") % {"role": role.label}
            yield Reason("signatory_missing", text, field=f"signer_{role.value}")
    users = [s.user_id for s in people.values() if s.user_id]
    addresses = [s.user.email if s.user else s.waits_for for s in people.values() if s.user or s.waits_for]
    if len(users) != len(set(users)) or len(addresses) != len({a.casefold() for a in addresses}):
        yield Reason("two_people", _("CIO and head of operations are two people."), field="signer_cio")
    if charter.lead_id in users or (charter.lead and charter.lead.email.casefold() in map(str.casefold, addresses)):
        yield Reason("pilot_lead_signs", _("The pilot lead prepares and never signs."), field="lead")


def _case_gaps(charter: Charter) -> Iterator[Reason]:
    for case in charter.cases.select_related("candidate", "pilot"):
        if case.pilot is None and _is_drafted(case):
            yield _to_be_named(case)
            continue
        if case.pilot is None:
            text = _("Draft the pilot of %(case)s with its measure.") % {"case": case}
            yield Reason("pilot_missing", text, fix=("metrics:pilot_new", []))
            continue
        version = primary_version(case.pilot)
        fix = ("metrics:pilot", [case.pilot.key])
        if version is None:
            yield Reason("measure_missing", _("%(case)s has no primary measure.") % {"case": case}, fix=fix)
        else:
            yield from measure_gaps(version)


def decision_blockers(decision: Decision) -> Iterator[Reason]:
    """What keeps an outcome from being proposed or signed. Stop asks for its exit plan alone."""
    terms: dict[str, Any] = decision.terms
    if decision.outcome == Outcome.STOP and not (terms.get("exit_plan") or decision.charter.exit_plan):
        yield Reason(
            "exit_plan_missing", _("Say what is kept, what access ends and what data is deleted."), field="exit_plan"
        )
    if decision.outcome in (Outcome.GO, Outcome.EXPAND):
        yield from _go_blockers(decision, terms)
    if (
        decision.outcome != Outcome.CONTINUE
        and decision.reading != decision.outcome
        and not terms.get("deviation_reason")
    ):
        yield Reason(
            "deviation_unexplained", _("The choice differs from the reading; say why."), field="deviation_reason"
        )
    if decision.point.is_end and decision.outcome == Outcome.CONTINUE:
        yield Reason("continue_at_end", _("At the end the choice is Go, Expand or Stop."), field="outcome")


def _go_blockers(decision: Decision, terms: dict[str, Any]) -> Iterator[Reason]:
    charter = decision.charter
    now = clock.now()
    if open_breaches(charter).exists():
        yield Reason("breach_open", _("A breach of a guardrail is open."), fix=("charter:evidence", [charter.key]))
    if not terms.get("owner_id"):
        yield Reason("owner_missing", _("Name the owner of the running service."), field="owner")
    if not terms.get("run_cost"):
        yield Reason(
            "run_cost_missing",
            _("Say what running it costs, as reported, or that it is not reported."),
            field="run_cost",
        )
    yield from pilot_reasons(needs_of(charter), now)
    for case in charter.cases.select_related("pilot"):
        if case.pilot:
            yield from plan_locked(case.pilot)
    if now - decision.evidence.as_of > PACK_AGE:
        yield Reason("evidence_old", _("The evidence was frozen more than 14 days ago; freeze it anew."))
