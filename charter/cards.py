"""What Today shows of charters: only what this person can do now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from charter.checks import can_pilot
from charter.models import Breach, Charter, Decision, OpenQuestion, RunningService, Signatory, own_seat_of
from charter.panel import outcome_word
from charter.states import current_signatures, effective_state, open_point, signatory_of
from foundation import clock
from foundation.access import may
from foundation.actor import Actor
from foundation.cards import Card
from foundation.templatetags.house import day

DECIDE_BREACH = timedelta(days=5)  # a signatory settles a breach within
SOON = 14  # days before a decision date at which Today speaks of it


def today_cards(actor: Actor) -> list[Card]:
    if not actor.user_id:
        return []
    return [*_as_signatory(actor), *_as_lead(actor), *_services(actor)]


def _live(actor: Actor) -> list[Charter]:
    states = (Charter.State.FOR_SIGNATURE, Charter.State.SIGNED)
    return list(Charter.objects.visible_to(actor).filter(state__in=states).select_related("unit"))


def _as_signatory(actor: Actor) -> Iterator[Card]:
    seats = set(Signatory.objects.filter(own_seat_of(actor)).values_list("charter", flat=True))
    for charter in (c for c in _live(actor) if c.pk in seats):
        if charter.state == Charter.State.FOR_SIGNATURE:
            yield from _to_sign(charter, actor)
        else:
            yield from _to_decide(charter, actor)
            yield from _breaches(charter, actor)


def _to_sign(charter: Charter, actor: Actor) -> Iterator[Card]:
    seat = signatory_of(charter, actor)
    if seat is None or seat.role in {s.role for s in current_signatures(charter)}:
        return
    if may(actor, "charter.text.sign", charter) and str(charter.lead_id) != actor.user_id:
        why = _("Its time-box opens on %(day)s.") % {"day": day(charter.starts_on)}
        url = charter.get_absolute_url()
        yield Card(
            "charter.sign", gettext_lazy("Sign"), charter.question, url, why, charter.starts_on, decision=True, rank=10
        )


def _to_decide(charter: Charter, actor: Actor) -> Iterator[Card]:
    seat = signatory_of(charter, actor)
    found = charter.decisions.filter(state__in=["prepared", "proposed"]).select_related("point").first()
    if found is None or seat is None or str(charter.lead_id) == actor.user_id:
        return
    url = f"{charter.get_absolute_url()}#decision"
    due, late = found.point.on, found.point.on < clock.today(charter.unit.zone)
    if found.state == Decision.State.PREPARED and may(actor, "charter.decision.propose", charter):
        why = _("The decision is prepared; the first signatory proposes.")
        yield Card(
            "decision.propose", gettext_lazy("Propose a decision"), charter.question, url, why, due, late, True, 11
        )
    signed = charter.signatures.filter(target="decision", target_id=found.pk, role=seat.role).exists()
    if found.state == Decision.State.PROPOSED and not signed and may(actor, "charter.decision.sign", charter):
        why = _("%(outcome)s is proposed; nothing is chosen for you.") % {"outcome": outcome_word(found.outcome)}
        yield Card("decision.sign", gettext_lazy("Decide"), charter.question, url, why, due, late, True, 10)


def _breaches(charter: Charter, actor: Actor) -> Iterator[Card]:
    if not may(actor, "charter.breach.decide", charter) or str(charter.lead_id) == actor.user_id:
        return
    for breach in charter.breaches.filter(state=Breach.State.OPEN):
        url = f"{charter.get_absolute_url()}/evidence#b{breach.number}"
        due = (breach.seen_at + DECIDE_BREACH).date()
        why = _("An open breach blocks Go, Expand and every new pilot.")
        name = str(breach.get_guardrail_display())
        late = due < clock.today(charter.unit.zone)
        yield Card("breach.decide", gettext_lazy("Settle a breach"), name, url, why, due, late, True, 5)


def _as_lead(actor: Actor) -> Iterator[Card]:
    for charter in _live(actor):
        if charter.state != Charter.State.SIGNED:
            continue
        yield from _to_start(charter, actor)
        yield from _to_prepare(charter, actor)
        yield from _questions(charter, actor)


def _to_start(charter: Charter, actor: Actor) -> Iterator[Card]:
    if not may(actor, "charter.pilot.start", charter) or effective_state(charter) != "running":
        return
    for case in charter.cases.select_related("candidate", "pilot"):
        if case.pilot is None or case.pilot.status != "draft":
            continue
        if not can_pilot(actor=actor, candidate=case.candidate, unit=charter.unit).reasons:
            why = _("Approvals, charter and measure all hold today.")
            due = case.pilot.starts_on
            late = due < clock.today(charter.unit.zone)
            yield Card(
                "pilot.start",
                gettext_lazy("Start the pilot"),
                str(case),
                charter.get_absolute_url(),
                why,
                due,
                late,
                rank=20,
            )


def _to_prepare(charter: Charter, actor: Actor) -> Iterator[Card]:
    point = open_point(charter)
    today = clock.today(charter.unit.zone)
    if point is None or (point.on - today).days > SOON or not may(actor, "charter.decision.prepare", charter):
        return
    if charter.decisions.filter(state__in=["prepared", "proposed"]).exists():
        return
    why = _("The signatories choose on what you prepare.")
    url = f"{charter.get_absolute_url()}/decide"
    yield Card(
        "decision.prepare",
        gettext_lazy("Prepare the decision"),
        charter.question,
        url,
        why,
        point.on,
        point.on < today,
        rank=15,
    )


def _questions(charter: Charter, actor: Actor) -> Iterator[Card]:
    if str(charter.lead_id) != actor.user_id or not may(actor, "charter.question.answer", charter):
        return
    waiting = charter.questions.filter(answer=OpenQuestion.Answer.OPEN).count()
    first = charter.questions.filter(answer=OpenQuestion.Answer.OPEN).first()
    if first is not None:
        url = f"{charter.get_absolute_url()}/evidence#questions"
        why = _("%(n)s open questions; “no” closes one too.") % {"n": waiting}
        yield Card("question.answer", gettext_lazy("Answer"), first.text, url, why, charter.ends_on, rank=60)


def _services(actor: Actor) -> Iterator[Card]:
    offered = RunningService.objects.visible_to(actor).filter(
        owner_id=actor.user_id, state=RunningService.State.OFFERED
    )
    for row in offered.select_related("candidate"):
        why = _("You are named as its owner.")
        url = reverse("charter:service", args=[row.pk])
        yield Card("service.accept", gettext_lazy("Accept the service"), str(row), url, why, rank=30)
