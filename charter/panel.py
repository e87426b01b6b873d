"""The decision panel: what this person may or must do with this charter now, and everything that is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from charter.checks import can_pilot, charter_gaps, decision_blockers
from charter.models import Charter, CharterPilot, Decision, DecisionPoint, OpenQuestion, Outcome, Signature, SignRole
from charter.states import signatory_of
from foundation import clock
from foundation.access import may
from foundation.actor import Actor
from foundation.audit.models import AuditEvent
from foundation.audit.timeline import label_of
from foundation.errors import Reason
from foundation.templatetags.house import day
from governance.selectors import conditions_blocking

STATE_WORDS = {
    "draft": gettext_lazy("draft"),
    "for_signature": gettext_lazy("for signature"),
    "withdrawn": gettext_lazy("withdrawn"),
    "signed": gettext_lazy("running"),
    "blocked": gettext_lazy("running"),
    "running": gettext_lazy("running"),
    "suspended": gettext_lazy("running"),
    "decision_due": gettext_lazy("decision due"),
    "lapsed": gettext_lazy("decision due"),
    "decided": gettext_lazy("decided"),
    "closed": gettext_lazy("decided"),
}
STATE_TONES = {
    "draft": "open", "for_signature": "seal", "withdrawn": "plain", "signed": "ok", "blocked": "blocked",
    "running": "ok", "suspended": "warn", "decision_due": "seal", "lapsed": "warn", "decided": "plain",
}  # fmt: skip
STARTABLE = ("signed", "blocked", "running", "suspended")
AT_END = (Outcome.GO, Outcome.EXPAND, Outcome.STOP)
AT_MIDPOINT = (Outcome.CONTINUE, Outcome.STOP)
NOTES = {
    Outcome.GO: gettext_lazy("Run it at today's scope, with an owner"),
    Outcome.EXPAND: gettext_lazy("Go, and a new charter for more teams or cases"),
    Outcome.STOP: gettext_lazy("End; keep the assets and lessons"),
    Outcome.CONTINUE: gettext_lazy("The charter runs on as signed"),
}
CONSEQUENCES = {
    Outcome.GO: gettext_lazy("The cases run on as services; their owner accepts them and reviews them once a year."),
    Outcome.EXPAND: gettext_lazy(
        "The cases run on as services, and a new charter for more teams or cases is expected."
    ),
    Outcome.STOP: gettext_lazy("The pilots end. What was learned and built is kept; the exit plan is carried out."),
    Outcome.CONTINUE: gettext_lazy("Nothing changes; the charter runs on to its next decision date."),
}
QUIET = ("charter.edited", "decision.edited", "decision.signature_given", "evidence.frozen", "question.added")
WARNINGS = ("breach.reported", "charter.stopped", "decision.disagreed", "charter.returned")


def status_tone(status: str, kind: str) -> str:
    """A stop criterion that is not met is no warning; one that is met is."""
    if kind == "stop":
        return {"met": "warn", "not_met": "plain"}.get(status, "open")
    return {"met": "ok", "not_met": "warn"}.get(status, "open")


def state_word(state: str) -> str:
    return str(STATE_WORDS.get(state, state))


@dataclass(frozen=True)
class Given:
    charter: Charter
    actor: Actor
    state: str
    decision: Decision | None
    point: DecisionPoint | None
    reading: str
    signatures: list[Signature]

    @property
    def is_signatory(self) -> bool:
        return signatory_of(self.charter, self.actor) is not None

    @property
    def may_sign_text(self) -> bool:
        seat = signatory_of(self.charter, self.actor)
        return seat is not None and seat.role not in {s.role for s in self.signatures}


@dataclass
class StartOffer:
    """A case whose pilot may start, or every reason why not."""

    case: CharterPilot
    reasons: list[Reason]
    warnings: list[Reason]

    @property
    def is_open(self) -> bool:
        return not self.reasons


@dataclass
class Panel:
    kind: str
    title: str
    options: list[dict[str, Any]] = field(default_factory=list)
    signatures: list[dict[str, Any]] = field(default_factory=list)
    action: str = ""
    button: str = ""
    note: str = ""
    reasons: list[Reason] = field(default_factory=list)
    go_blockers: list[Reason] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    starts: list[StartOffer] = field(default_factory=list)
    may_edit: bool = False
    may_withdraw: bool = False
    may_stop: bool = False
    may_resume: bool = False
    may_prepare: bool = False
    may_start: bool = False
    reading: str = ""
    decision: Decision | None = None

    @property
    def told(self) -> str:
        """The note under the button, with what the criteria read."""
        if self.kind not in ("deciding", "due"):
            return self.note
        if self.reading == "INCONCLUSIVE":
            return f"{_('The criteria do not settle it.')} {self.note}".strip()
        reading = _("The criteria read %(word)s.") % {"word": outcome_word(self.reading)}
        return f"{reading} {self.note}".strip()


def read_panel(given: Given) -> Panel:
    decision = given.decision
    if given.state in ("draft", "withdrawn"):
        return _draft(given)
    if given.state == "for_signature":
        return _for_signature(given)
    if decision and decision.state in ("prepared", "proposed"):
        return _deciding(given, decision)
    if given.state == "decided" and decision:
        return _sealed(given, decision)
    if given.state in ("decision_due", "lapsed") or _point_has_come(given):
        return _due(given)
    return _running(given)


def _point_has_come(given: Given) -> bool:
    zone = given.charter.unit.zone
    return given.point is not None and (given.point.on - clock.today(zone)).days <= 7


def _draft(given: Given) -> Panel:
    charter, actor = given.charter, given.actor
    may_edit = may(actor, "charter.text.draft", charter)
    if given.state == "withdrawn":
        return Panel("withdrawn", _("Withdrawn"), note=_("A withdrawn charter is kept and changes no more."))
    return Panel(
        "draft",
        _("Before it is sent"),
        signatures=_text_signatures(given),
        button=_("Send for signature") if may(actor, "charter.text.send", charter) else "",
        reasons=list(charter_gaps(charter)),
        note=_("Sending freezes the text; an edit afterwards makes a new version to sign."),
        may_edit=may_edit,
        may_withdraw=may(actor, "charter.text.withdraw", charter),
    )


def _for_signature(given: Given) -> Panel:
    charter, actor = given.charter, given.actor
    blocked = [
        Reason(
            "condition_open",
            _("A condition must be met before the charter is signed: %(condition)s.") % {"condition": condition},
            fix=("governance:home", []),
        )
        for condition in conditions_blocking(charter.unit, "charter")
    ]
    mine = given.may_sign_text and str(charter.lead_id) != actor.user_id
    return Panel(
        "for_signature",
        _("Signatures on the charter"),
        signatures=_text_signatures(given),
        action=reverse("charter:sign", args=[charter.key]),
        button=_("Read and sign") if mine and may(actor, "charter.text.sign", charter) else "",
        reasons=blocked,
        note=_("The first signature locks the text and its measures; the last makes them binding."),
        may_edit=may(actor, "charter.text.draft", charter),
        may_withdraw=may(actor, "charter.text.withdraw", charter),
    )


def _running(given: Given) -> Panel:
    charter, actor = given.charter, given.actor
    may_start = may(actor, "charter.pilot.start", charter)
    return Panel(
        "running",
        _("What holds today"),
        facts=_facts(given),
        starts=_starts(given),
        may_start=may_start,
        note=_("Stopping ends the authority to run pilots at once; the runtime itself is not switched off."),
        may_stop=given.state != "suspended" and may(actor, "charter.stop.press", charter),
        may_resume=given.state == "suspended" and may(actor, "charter.stop.resume", charter),
        may_prepare=may(actor, "charter.decision.prepare", charter),
    )


def _has_begun(case: CharterPilot) -> bool:
    return case.pilot is not None and case.pilot.status != "draft"


def _starts(given: Given) -> list[StartOffer]:
    """Only while the box may still start something."""
    cases = given.charter.cases.select_related("candidate", "pilot")
    return [_start(given, c) for c in cases if not _has_begun(c)] if given.state in STARTABLE else []


def _start(given: Given, case: CharterPilot) -> StartOffer:
    found = can_pilot(actor=given.actor, candidate=case.candidate, unit=given.charter.unit)
    return StartOffer(case, found.reasons, found.warnings)


def _facts(given: Given) -> list[tuple[str, str]]:
    charter = given.charter
    facts = [("ok", _("Signed by %(n)s people") % {"n": len(given.signatures)})]
    states = {
        "signed": ("open", _("The time-box opens on %(day)s") % {"day": day(charter.starts_on)}),
        "running": ("ok", _("Inside its time-box; pattern and data are approved")),
        "blocked": ("blocked", _("An approval is missing or has ended")),
        "suspended": ("warn", _("Stopped; nobody may run a pilot")),
    }
    facts.append(states.get(given.state, ("open", state_word(given.state))))
    running = [c for c in charter.cases.select_related("pilot") if c.pilot and c.pilot.status == "running"]
    facts += [("ok", _("Pilot running: %(case)s") % {"case": c}) for c in running]
    if given.point:
        facts.append(("open", _("Next decision on %(day)s") % {"day": day(given.point.on)}))
    return facts


def _due(given: Given) -> Panel:
    """The point is here and nobody prepared yet: the reading of the rules, and whose turn it is."""
    charter, actor = given.charter, given.actor
    lead = may(actor, "charter.decision.prepare", charter)
    point = given.point
    return Panel(
        "due",
        _title(point),
        options=[_option(o, disabled=True) for o in offered(point)],
        signatures=_seats(given, None),
        action=reverse("charter:decide", args=[charter.key]),
        button=_("Prepare the decision") if lead else "",
        note="" if lead else _("The pilot lead prepares the decision; then you choose."),
        reading=given.reading,
        may_stop=given.state not in ("suspended", "decision_due", "lapsed")
        and may(actor, "charter.stop.press", charter),
        may_resume=given.state == "suspended" and may(actor, "charter.stop.resume", charter),
        starts=_starts(given),
        may_start=may(actor, "charter.pilot.start", charter),
    )


def _deciding(given: Given, decision: Decision) -> Panel:
    charter, actor = given.charter, given.actor
    signed = _decision_signatures(decision)
    seat = signatory_of(charter, actor)
    turn = seat is not None and seat.role not in {s.role for s in signed} and str(charter.lead_id) != actor.user_id
    first = decision.state == "prepared"
    chooses = turn and may(actor, "charter.decision.propose" if first else "charter.decision.sign", charter)
    lead = first and may(actor, "charter.decision.prepare", charter)
    proposed = "" if first else decision.outcome
    blockers = _go_blockers(decision) if chooses and not first else []
    closed = (Outcome.GO, Outcome.EXPAND) if blockers else ()
    return Panel(
        "deciding",
        _title(decision.point),
        options=[
            _option(o, proposed=proposed, scope=decision.scope, disabled=not chooses or o in closed)
            for o in offered(decision.point)
        ],
        signatures=_seats(given, decision),
        action=reverse("charter:decide", args=[charter.key]),
        button=_("Review and sign") if chooses else _("Edit the prepared decision") if lead else "",
        note=_("You confirm on the next screen. A signed decision is never edited.")
        if chooses
        else _("Waiting for the signatories."),
        reading=decision.reading,
        go_blockers=blockers,
        decision=decision,
        may_stop=given.state in ("running", "blocked") and may(actor, "charter.stop.press", charter),
        may_resume=given.state == "suspended" and may(actor, "charter.stop.resume", charter),
    )


def _go_blockers(decision: Decision) -> list[Reason]:
    """Why a proposed Go or Expand cannot be signed now; the other outcomes stay open whatever holds."""
    return list(decision_blockers(decision)) if decision.outcome in (Outcome.GO, Outcome.EXPAND) else []


def _sealed(given: Given, decision: Decision) -> Panel:
    return Panel(
        "sealed",
        _("The decision"),
        signatures=_seats(given, decision),
        decision=decision,
        reading=decision.reading,
        may_prepare=may(given.actor, "charter.decision.prepare", given.charter),
        note=_("Sealed. It is never edited; a later decision can replace it."),
    )


def offered(point: DecisionPoint | None) -> tuple[Outcome, ...]:
    return AT_END if point is None or point.is_end else AT_MIDPOINT


def _title(point: DecisionPoint | None) -> str:
    if point is None or point.is_end:
        return _("Decision at the end of the time-box")
    return _("Decision at the midpoint")


def _option(outcome: Outcome, proposed: str = "", scope: str = "", disabled: bool = False) -> dict[str, Any]:
    is_proposed = proposed == outcome.value
    return {
        "value": outcome.value,
        "outcome": outcome.value.lower(),
        "word": outcome_word(outcome),
        "note": scope if is_proposed and scope else NOTES[outcome],
        "proposed": is_proposed,
        "disabled": disabled,
    }


def outcome_word(outcome: str) -> str:
    words = {
        "GO": pgettext("decision", "Go"),
        "EXPAND": pgettext("decision", "Expand"),
        "STOP": pgettext("decision", "Stop"),
        "CONTINUE": pgettext("decision", "Continue"),
    }
    return words.get(str(outcome), str(outcome))


def _text_signatures(given: Given) -> list[dict[str, Any]]:
    return [_seat(given, s, {x.role: x for x in given.signatures}) for s in _signatories(given.charter)]


def _seats(given: Given, decision: Decision | None) -> list[dict[str, Any]]:
    signed = {s.role: s for s in _decision_signatures(decision)} if decision else {}
    return [_seat(given, s, signed) for s in _signatories(given.charter)]


def _signatories(charter: Charter) -> list[Any]:
    return list(charter.signatories.filter(required=True).select_related("user").order_by("-role"))


def _seat(given: Given, signatory: Any, signed: dict[str, Signature]) -> dict[str, Any]:
    name = signatory.user.name if signatory.user else _("waiting for %(who)s") % {"who": signatory.waits_for}
    who = _("%(name)s, %(role)s") % {"name": name, "role": signatory.get_role_display()}
    given_ = signed.get(signatory.role)
    if given_:
        return {"who": who, "when": short_day(given_.at), "state": "signed"}
    if signatory.user_id and str(signatory.user_id) == given.actor.user_id:
        return {"who": who, "when": _("you"), "state": "you"}
    return {"who": who, "when": _("not yet"), "state": "waiting"}


def _decision_signatures(decision: Decision) -> list[Signature]:
    return list(Signature.objects.filter(target="decision", target_id=decision.pk).order_by("at"))


def short_day(on: date | datetime) -> str:
    """27 Nov, 11月27日: where the year is plain from the page."""
    local = timezone.localtime(on) if isinstance(on, datetime) else on
    return date_format(local, "n月j日" if (get_language() or "").startswith("zh") else "j M")


def short_line(event: AuditEvent) -> str:
    """The few words the rail of a charter shows; "" leaves the ledger's own sentence."""
    data, label = event.data, label_of(event)
    label = label.partition(" ")[2] or label
    answers = dict(OpenQuestion.Answer.choices)
    roles = dict(SignRole.choices)
    outcomes = {k: outcome_word(k) for k in Outcome.values}
    told = {
        "charter.drafted": _("Drafted"),
        "charter.sent": _("Sent for signature"),
        "charter.signature_given": _("Signed as %(role)s") % {"role": roles.get(data.get("role", ""), "")},
        "charter.signed": _("All signatures given"),
        "charter.returned": _("Returned: %(reason)s") % {"reason": data.get("reason", "")},
        "charter.stopped": _("Stopped: %(reason)s") % {"reason": data.get("reason", "")},
        "charter.resumed": _("Resumed: %(reason)s") % {"reason": data.get("reason", "")},
        "charter.decided": _("Decided"),
        "pilot.authorised": _("Pilot started: %(case)s") % {"case": data.get("case", "")},
        "question.answered": _("%(text)s %(answer)s") % {
            "text": label, "answer": answers.get(data.get("answer", ""), data.get("answer", "")),
        },
        "breach.reported": _("Breach reported: %(what)s") % {"what": label_of(event).partition(" (")[0]},
        "breach.closed": _("Breach closed"),
        "decision.prepared": _("Decision prepared"),
        "decision.proposed": _("%(outcome)s proposed") % {"outcome": outcomes.get(data.get("choice", ""), label)},
        "decision.signed": _("Decision sealed"),
        "decision.disagreed": _("The second signatory chose otherwise"),
    }  # fmt: skip
    return str(told.get(event.verb, ""))
