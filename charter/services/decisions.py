"""Go, Expand or Stop: prepared by the lead, proposed by one signatory, sealed by all; superseded, never edited."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from charter import notices
from charter.checks import decision_blockers
from charter.evidence import evidence_body, pins_of
from charter.models import Charter, Decision, DecisionPoint, EvidencePack, Outcome, RunningService, Signature
from charter.services.pilots import REVIEW_EVERY
from charter.services.signing import give_signature, own_seat
from charter.states import missing_signatories
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical, digest
from foundation.errors import Invalid, NotReady, Reason, Stale, refuse_if
from foundation.refs import next_ref
from foundation.versions import save_version
from foundation.work import service
from metrics.services import end_pilot

TERMS = ("deviation_reason", "conditions", "owner_id", "run_cost", "exit_plan", "follow_ups", "summary", "options")


@service
def freeze_evidence(*, actor: Actor, charter: Charter, point: DecisionPoint) -> EvidencePack:
    """The facts as they stand, with the reading for the question of `point`."""
    require(actor, "charter.decision.prepare", charter)
    now = clock.now()
    body = evidence_body(charter, now, at_end=point.is_end)
    text = canonical(body)
    pack = EvidencePack.objects.create(charter=charter, body=text, digest=digest(text), as_of=now, pins=pins_of(body))
    record(actor, "evidence.frozen", charter, digest=pack.digest)
    return pack


@service
def prepare_decision(
    *,
    actor: Actor,
    charter: Charter,
    point: DecisionPoint,
    outcome: str,
    rationale: str = "",
    scope: str = "",
    **terms: Any,
) -> Decision:
    """The lead's draft on frozen evidence; the reading of the rules stands beside the choice."""
    require(actor, "charter.decision.prepare", charter)
    if charter.state not in (Charter.State.SIGNED, Charter.State.DECIDED):
        raise NotReady(Reason("not_signed", _("Only a signed charter can be decided.")))
    if charter.decisions.filter(point=point, state__in=["prepared", "proposed"]).exists():
        raise NotReady(Reason("decision_open", _("A decision on this date is already being prepared.")))
    _known_outcome(outcome)
    evidence = freeze_evidence(actor=actor, charter=charter, point=point)
    decision = Decision.objects.create(
        key=next_ref("D"),
        charter=charter,
        point=point,
        evidence=evidence,
        outcome=outcome,
        reading=evidence.reading,
        rationale=rationale.strip(),
        scope=scope.strip(),
        terms=_terms(terms),
        prepared_by_id=actor.user_key,
        replaces=charter.decisions.filter(point=point, state=Decision.State.SIGNED).first(),
    )
    record(actor, "decision.prepared", decision, reading=decision.reading)
    return decision


def _known_outcome(outcome: str) -> None:
    if outcome not in Outcome.values:
        raise Invalid(Reason("outcome_unknown", _("Choose one of the outcomes on offer."), field="outcome"))


def _terms(given: dict[str, Any]) -> dict[str, Any]:
    unknown = set(given) - set(TERMS)
    if unknown:
        raise TypeError(f"unknown terms {sorted(unknown)}")
    return {k: str(v) if k == "owner_id" else v for k, v in given.items() if v not in (None, "")}


@service
def edit_decision(
    *, actor: Actor, decision: Decision, version: int | None = None, terms: dict[str, Any] | None = None, **changes: Any
) -> Decision:
    """While it is prepared; `refresh_evidence=True` freezes the facts anew."""
    require(actor, "charter.decision.prepare", decision)
    if decision.state != Decision.State.PREPARED:
        raise NotReady(Reason("already_proposed", _("A proposed decision is never edited, only replaced.")))
    if changes.pop("refresh_evidence", False):
        evidence = freeze_evidence(actor=actor, charter=decision.charter, point=decision.point)
        changes |= {"evidence": evidence, "reading": evidence.reading}
    if terms is not None:
        changes["terms"] = {**decision.terms, **_terms(terms)}
    save_version(decision, version=version, **changes)
    record(actor, "decision.edited", decision)
    return decision


@service
def propose_decision(
    *,
    actor: Actor,
    decision: Decision,
    outcome: str,
    scope: str | None = None,
    version: int | None = None,
    **terms: Any,
) -> Decision:
    """The first signatory chooses and signs; from here on the content is frozen."""
    require(actor, "charter.decision.propose", decision)
    signatory = own_seat(decision.charter, actor)
    _known_outcome(outcome)
    if decision.state == Decision.State.PREPARED:
        changes: dict[str, Any] = {"outcome": outcome, "terms": {**decision.terms, **_terms(terms)}}
        if scope is not None:
            changes["scope"] = scope.strip()
        save_version(decision, version=version, **changes)
        refuse_if(decision_blockers(decision), NotReady)
    proposed = Decision.lifecycle.apply(
        decision,
        "propose",
        actor=actor,
        digest=digest(decision_content(decision)),
        proposed_by=actor.user_id,
        choice=outcome,
    )
    words = f"I propose {outcome}."
    give_signature(actor, proposed.charter, signatory, Signature.Target.DECISION, proposed.pk, proposed.digest, words)
    notices.decision_proposed(proposed, actor)
    return proposed


def decision_content(decision: Decision) -> dict[str, Any]:
    return {
        "schema": "decision/1",
        "key": decision.key,
        "charter": decision.charter.key,
        "text": decision.charter.current_text.digest if decision.charter.current_text else "",
        "point": decision.point.on,
        "evidence": decision.evidence.digest,
        "outcome": decision.outcome,
        "reading": decision.reading,
        "rationale": decision.rationale,
        "scope": decision.scope,
        "terms": decision.terms,
    }


@service
def sign_decision(*, actor: Actor, decision: Decision, outcome: str, digest: str, dissent: str = "") -> Decision:
    """The other signatory. Choosing otherwise signs nothing: the record reads “disagreed” and both texts stay."""
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    require(actor, "charter.decision.sign", decision)
    signatory = own_seat(decision.charter, actor)
    if decision.state != Decision.State.PROPOSED:
        raise NotReady(Reason("not_proposed", _("There is no proposed decision to sign.")))
    if decision.digest != digest:
        raise Stale(Reason("text_changed", _("The proposal changed after you opened it.")), current=decision)
    given = _signatures(decision)
    if any(s.role == signatory.role for s in given):
        raise NotReady(Reason("already_signed", _("You have signed this decision.")))
    if outcome != decision.outcome:
        return _disagree(actor, decision, signatory.role, outcome, dissent)
    refuse_if(decision_blockers(decision), NotReady)
    give_signature(
        actor,
        decision.charter,
        signatory,
        Signature.Target.DECISION,
        decision.pk,
        decision.digest,
        f"I sign {outcome}.",
    )
    record(actor, "decision.signature_given", decision, role=signatory.role, outcome=outcome)
    if missing_signatories(decision.charter, _signatures(decision)):
        return decision
    return _seal(actor, decision)


def _signatures(decision: Decision) -> list[Signature]:
    rows = Signature.objects.filter(target=Signature.Target.DECISION, target_id=decision.pk, digest=decision.digest)
    return list(rows.order_by("at"))


def _disagree(actor: Actor, decision: Decision, role: str, outcome: str, text: str) -> Decision:
    _known_outcome(outcome)
    if not text.strip():
        raise Invalid(Reason("dissent_missing", _("Write in one sentence why you choose otherwise."), field="dissent"))
    kept = [*decision.dissent, {"role": role, "outcome": outcome, "text": text.strip()}]
    found = Decision.lifecycle.apply(decision, "disagree", actor=actor, dissent=kept)
    notices.decision_disagreed(found)
    return found


def _seal(actor: Actor, decision: Decision) -> Decision:
    charter = decision.charter
    earlier = charter.decisions.filter(point=decision.point, state=Decision.State.SIGNED).first()
    if earlier is not None:
        Decision.lifecycle.apply(earlier, "replace", actor=actor)
    sealed = Decision.lifecycle.apply(decision, "seal", actor=actor)
    if sealed.outcome != Outcome.CONTINUE:
        _settle(actor, charter, sealed)
    notices.decision_sealed(sealed)
    return sealed


def _settle(actor: Actor, charter: Charter, decision: Decision) -> None:
    if charter.state == Charter.State.SIGNED:
        Charter.lifecycle.apply(charter, "decide", actor=actor, outcome=decision.outcome)
    for case in charter.cases.select_related("pilot", "candidate"):
        if case.pilot and case.pilot.status in ("running", "ended"):
            end_pilot(actor=actor, pilot=case.pilot, decided=True)
        if decision.outcome in (Outcome.GO, Outcome.EXPAND):
            _offer_service(actor, decision, case)


def _offer_service(actor: Actor, decision: Decision, case: Any) -> None:
    running = RunningService.objects.create(
        decision=decision,
        candidate=case.candidate,
        unit=decision.charter.unit,
        owner=User.objects.get(pk=decision.terms["owner_id"]),
        review_due=clock.today(decision.charter.unit.zone) + REVIEW_EVERY,
    )
    record(actor, "service.offered", running)
