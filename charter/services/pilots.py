"""Under a signed charter: pilots start, questions get answers, breaches are reported and closed."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from charter.checks import can_pilot
from charter.models import Breach, Charter, CharterPilot, OpenQuestion, RunningService
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import digest
from foundation.errors import Invalid, NotPermitted, NotReady, Reason, refuse_if
from foundation.versions import save_version
from foundation.work import service
from metrics.models import Pilot
from metrics.services import open_pilot

REVIEW_EVERY = timedelta(days=365)
LONGEST_WHY = 300  # characters of the sentence beside a stop


@service
def link_pilot(*, actor: Actor, charter: Charter, case: CharterPilot, pilot: Pilot) -> CharterPilot:
    """Name the drafted pilot of a case while the text is a draft."""
    require(actor, "charter.text.draft", charter)
    if charter.state != Charter.State.DRAFT:
        raise NotReady(Reason("signed_text", _("A pilot is named while the charter is a draft.")))
    if pilot.candidate_id != case.candidate_id:
        raise Invalid(Reason("other_candidate", _("This pilot belongs to another candidate."), field="pilot"))
    CharterPilot.objects.filter(pk=case.pk).update(pilot=pilot)
    case.refresh_from_db()
    record(actor, "charter.edited", charter, after={"pilot": pilot.key})
    return case


@service
def start_pilot(*, actor: Actor, charter: Charter, case: CharterPilot) -> Pilot:
    """Refused with every reason unless approvals, charter, box and locked measure all hold today."""
    require(actor, "charter.pilot.start", charter)
    answer = can_pilot(actor=actor, candidate=case.candidate, unit=charter.unit)
    refuse_if(answer.reasons, NotReady)
    if case.pilot is None:
        raise NotReady(Reason("pilot_missing", _("No pilot with a measure is drafted for this case.")))
    pilot = open_pilot(actor=actor, pilot=case.pilot, permit_digest=digest(answer.as_dict()))
    record(actor, "pilot.authorised", charter, case=str(case), pilot=pilot.key, approvals=answer.pins)
    return pilot


@service
def answer_question(
    *, actor: Actor, question: OpenQuestion, answer: str, evidence: str, version: int | None = None
) -> OpenQuestion:
    """“No” and “did not hold” close a question too; each answer needs its evidence."""
    require(actor, "charter.question.answer", question)
    if answer == OpenQuestion.Answer.OPEN:
        save_version(question, version=version, answer=answer, answered_on=None)
    else:
        if not evidence.strip():
            raise Invalid(
                Reason("evidence_missing", _("Name the evidence: a record, a link or what was seen."), field="evidence")
            )
        day = clock.today(question.charter.unit.zone)
        save_version(question, version=version, answer=answer, evidence=evidence.strip(), answered_on=day)
    record(actor, "question.answered", question, charter=question.charter.key, answer=question.answer)
    return question


@service
def report_breach(
    *, actor: Actor, charter: Charter, guardrail: str, what: str, source: str = "", reached_production: bool = False
) -> Breach:
    """V3 and V4 stop the charter at once."""
    require(actor, "charter.breach.report", charter)
    if not what.strip():
        raise Invalid(Reason("what_missing", _("Say what happened."), field="what"))
    charter = _held(charter)
    breach = Breach.objects.create(
        charter=charter,
        number=charter.breaches.count() + 1,
        guardrail=guardrail,
        what=what.strip(),
        source=source,
        reached_production=reached_production,
        reported_by_id=actor.user_id,
    )
    record(actor, "breach.reported", breach, guardrail=guardrail)
    if guardrail in (Breach.Guardrail.HUMAN_APPROVES, Breach.Guardrail.APPROVED_DATA):
        _stop(actor, charter, str(breach.get_guardrail_display()))
    return breach


@service
def close_breach(*, actor: Actor, breach: Breach, judgement: str, note: str) -> Breach:
    """Judged by a signatory, never by the pilot lead."""
    require(actor, "charter.breach.decide", breach)
    if str(breach.charter.lead_id) == actor.user_id:
        raise NotPermitted(Reason("own_breach", _("A breach is closed by somebody other than the pilot lead.")))
    if not note.strip() or judgement not in Breach.Judgement.values:
        raise Invalid(
            Reason("judgement_missing", _("Say how the breach was settled, with its evidence."), field="note")
        )
    return Breach.lifecycle.apply(breach, "close", actor=actor, judgement=judgement, closing_note=note.strip())


@service
def press_stop(*, actor: Actor, charter: Charter, reason: str) -> Charter:
    """Any stop holder alone; authority to run pilots ends at once. The runtime itself is not switched off."""
    require(actor, "charter.stop.press", charter)
    why = _one_sentence(reason)
    charter = _held(charter)
    if charter.state != Charter.State.SIGNED:
        raise NotReady(Reason("not_running", _("Only a signed charter that is not decided yet can be stopped.")))
    if charter.suspended_at:
        raise NotReady(Reason("stopped_already", _("It is stopped already: %(why)s") % {"why": charter.suspended_why}))
    return _stop(actor, charter, why)


def _one_sentence(reason: str) -> str:
    why = reason.strip()
    if not why:
        raise Invalid(Reason("reason_missing", _("Say in one sentence why."), field="reason"))
    if len(why) > LONGEST_WHY:
        text = _("One sentence of at most %(most)s characters, please; these are %(n)s.")
        raise Invalid(Reason("reason_long", text % {"most": LONGEST_WHY, "n": len(why)}, field="reason"))
    return why


def _held(charter: Charter) -> Charter:
    """The charter as it stands, locked: two acts at once see each other."""
    return Charter.objects.select_for_update().get(pk=charter.pk)


def _stop(actor: Actor, charter: Charter, reason: str) -> Charter:
    """A second cause keeps the moment and the words of the first."""
    if charter.state != Charter.State.SIGNED or charter.suspended_at:
        return charter
    save_version(charter, version=None, suspended_at=clock.now(), suspended_why=reason[:300])
    record(actor, "charter.stopped", charter, reason=reason)
    return charter


@service
def resume_charter(*, actor: Actor, charter: Charter, reason: str) -> Charter:
    require(actor, "charter.stop.resume", charter)
    charter = _held(charter)
    if not charter.suspended_at or charter.state != Charter.State.SIGNED:
        raise NotReady(Reason("not_stopped", _("This charter is not stopped.")))
    if charter.breaches.filter(state=Breach.State.OPEN).exists():
        raise NotReady(Reason("breach_open", _("A breach of a guardrail is open.")))
    why = _one_sentence(reason)
    save_version(charter, version=None, suspended_at=None, suspended_why="")
    record(actor, "charter.resumed", charter, reason=why)
    return charter


@service
def accept_service(*, actor: Actor, running: RunningService) -> RunningService:
    """The named owner takes the service over."""
    if str(running.owner_id) != actor.user_id:
        raise NotPermitted(Reason("not_owner", _("Only the named owner accepts the service.")))
    return RunningService.lifecycle.apply(running, "accept", actor=actor)
