"""What Today shows of charters: only what this person can do now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from charter.checks import can_pilot, charter_gaps
from charter.models import Breach, Charter, CharterPilot, CharterText, Decision, OpenQuestion, RunningService
from charter.panel import outcome_word
from charter.states import effective_states, open_point, read_seats
from foundation import clock
from foundation.access import may
from foundation.actor import Actor
from foundation.cards import Card
from foundation.templatetags.house import day

DECIDE_BREACH = timedelta(days=5)  # a signatory settles a breach within
SOON = 14  # days before a decision date at which Today speaks of it
DRAFTS = 3  # own drafts Today speaks of, the earliest first; the list of charters holds the others


def today_cards(actor: Actor) -> list[Card]:
    if not actor.user_id:
        return []
    charters = _live(actor)
    return [*_as_signatory(charters, actor), *_as_lead(charters, actor), *_drafts(charters, actor), *_services(actor)]


def _live(actor: Actor) -> list[Charter]:
    """Charters in scope somebody may have to act on; what a card needs of them is read for all at once below."""
    states = (Charter.State.DRAFT, Charter.State.FOR_SIGNATURE, Charter.State.SIGNED)
    found = list(Charter.objects.visible_to(actor).filter(state__in=states).select_related("unit").order_by("key"))
    read_seats(found, actor)
    return found


def _of(charters: list[Charter], state: str) -> list[Charter]:
    return [c for c in charters if c.state == state]


def _as_signatory(charters: list[Charter], actor: Actor) -> Iterator[Card]:
    seated = [c for c in charters if c.seat_of(actor) and str(c.lead_id) != actor.user_id]
    waiting, signed = _of(seated, Charter.State.FOR_SIGNATURE), _of(seated, Charter.State.SIGNED)
    texts = CharterText.objects.only("charter", "number", "digest").order_by("number")
    prefetch_related_objects(waiting, Prefetch("texts", texts), "signatures")
    open_ = Breach.objects.filter(state=Breach.State.OPEN).order_by("number")
    prefetch_related_objects(signed, "decisions__point", "signatures", Prefetch("breaches", open_))
    for charter in waiting:
        yield from _to_sign(charter, actor)
    for charter in signed:
        yield from _to_decide(charter, actor)
        yield from _breaches(charter, actor)


def _to_sign(charter: Charter, actor: Actor) -> Iterator[Card]:
    seat, text = charter.seat_of(actor), max(charter.texts.all(), key=lambda t: t.number, default=None)
    if seat is None or text is None or not may(actor, "charter.text.sign", charter):
        return
    if any(s.role == seat.role and s.digest == text.digest for s in charter.signatures.all()):
        return
    why = _("Its time-box opens on %(day)s.") % {"day": day(charter.starts_on)}
    url = charter.get_absolute_url()
    yield Card(
        "charter.sign", gettext_lazy("Sign"), charter.question, url, why, charter.starts_on, decision=True, rank=10
    )


def _under_way(charter: Charter) -> Decision | None:
    live = (Decision.State.PREPARED, Decision.State.PROPOSED)
    rows = [d for d in charter.decisions.all() if d.state in live]
    return max(rows, key=lambda d: d.created_at, default=None)


def _to_decide(charter: Charter, actor: Actor) -> Iterator[Card]:
    seat, found = charter.seat_of(actor), _under_way(charter)
    if found is None or seat is None:
        return
    url = f"{charter.get_absolute_url()}#decision"
    due, late = found.point.on, found.point.on < clock.today(charter.unit.zone)
    if found.state == Decision.State.PREPARED and may(actor, "charter.decision.propose", charter):
        why = _("The decision is prepared; the first signatory proposes.")
        yield Card(
            "decision.propose", gettext_lazy("Propose a decision"), charter.question, url, why, due, late, True, 11
        )
    signed = any(s.target_id == found.pk and s.role == seat.role for s in charter.signatures.all())
    if found.state == Decision.State.PROPOSED and not signed and may(actor, "charter.decision.sign", charter):
        why = _("%(outcome)s is proposed; nothing is chosen for you.") % {"outcome": outcome_word(found.outcome)}
        yield Card("decision.sign", gettext_lazy("Decide"), charter.question, url, why, due, late, True, 10)


def _breaches(charter: Charter, actor: Actor) -> Iterator[Card]:
    if not may(actor, "charter.breach.decide", charter):
        return
    for breach in charter.breaches.all():
        url = f"{charter.get_absolute_url()}/evidence#b{breach.number}"
        due = (breach.seen_at + DECIDE_BREACH).date()
        why = _("An open breach blocks Go, Expand and every new pilot.")
        name = str(breach.get_guardrail_display())
        late = due < clock.today(charter.unit.zone)
        yield Card("breach.decide", gettext_lazy("Settle a breach"), name, url, why, due, late, True, 5)


def _as_lead(charters: list[Charter], actor: Actor) -> Iterator[Card]:
    signed = _of(charters, Charter.State.SIGNED)
    starting = [c for c in signed if may(actor, "charter.pilot.start", c)]
    preparing = [c for c in signed if may(actor, "charter.decision.prepare", c)]
    own = [c for c in signed if str(c.lead_id) == actor.user_id and may(actor, "charter.question.answer", c)]
    yield from _to_start(starting, actor)
    prefetch_related_objects(preparing, "points", "decisions")
    for charter in preparing:
        yield from _to_prepare(charter)
    open_ = OpenQuestion.objects.filter(answer=OpenQuestion.Answer.OPEN).order_by("number")
    prefetch_related_objects(own, Prefetch("questions", open_, to_attr="open_questions"))
    for charter in own:
        yield from _questions(charter)


def _to_start(charters: list[Charter], actor: Actor) -> Iterator[Card]:
    """A case whose drafted pilot may start; the whole question is asked only where the box is open and cleared."""
    cases = CharterPilot.objects.select_related("candidate__pattern_version", "pilot")
    prefetch_related_objects(charters, Prefetch("cases", cases))
    drafted = {c: [row for row in c.cases.all() if row.pilot and row.pilot.status == "draft"] for c in charters}
    waiting = [c for c in charters if drafted[c]]
    prefetch_related_objects(waiting, "categories")
    states = effective_states(waiting)
    for charter in waiting:
        if states[charter.pk] == "running":
            for case in drafted[charter]:
                yield from _start(charter, case, actor)


def _start(charter: Charter, case: Any, actor: Actor) -> Iterator[Card]:
    if can_pilot(actor=actor, candidate=case.candidate, unit=charter.unit).reasons:
        return
    why = _("Approvals, charter and measure all hold today.")
    due, url = case.pilot.starts_on, charter.get_absolute_url()
    late = due < clock.today(charter.unit.zone)
    yield Card("pilot.start", gettext_lazy("Start the pilot"), str(case), url, why, due, late, rank=20)


def _to_prepare(charter: Charter) -> Iterator[Card]:
    point, today = open_point(charter), clock.today(charter.unit.zone)
    if point is None or (point.on - today).days > SOON or _under_way(charter):
        return
    why = _("The signatories choose on what you prepare.")
    url = f"{charter.get_absolute_url()}/decide"
    verb, late = gettext_lazy("Prepare the decision"), point.on < today
    yield Card("decision.prepare", verb, charter.question, url, why, point.on, late, rank=15)


def _questions(charter: Any) -> Iterator[Card]:
    waiting = charter.open_questions
    if waiting:
        url = f"{charter.get_absolute_url()}/evidence#questions"
        why = _("%(n)s open questions; “no” closes one too.") % {"n": len(waiting)}
        yield Card("question.answer", gettext_lazy("Answer"), waiting[0].text, url, why, charter.ends_on, rank=60)


def _drafts(charters: list[Charter], actor: Actor) -> Iterator[Card]:
    """One's own draft, as its lead or drafter: what is missing, or that it can be sent."""
    drafts = _of(charters, Charter.State.DRAFT)
    own = [c for c in drafts if actor.user_id in (str(c.lead_id), str(c.created_by_id))]
    for charter in sorted(own, key=lambda c: c.starts_on)[:DRAFTS]:
        if may(actor, "charter.text.draft", charter):
            yield _draft(charter, actor)


def _draft(charter: Charter, actor: Actor) -> Card:
    missing = len(list(charter_gaps(charter)))
    due, late = charter.starts_on, charter.starts_on < clock.today(charter.unit.zone)
    name, url = charter.question or charter.key, f"{charter.get_absolute_url()}#decision"
    if not missing and may(actor, "charter.text.send", charter):
        why = _("Nothing is missing; sending asks for the signatures.")
        return Card("charter.send", gettext_lazy("Send for signature"), name, url, why, due, late, rank=17)
    why = ngettext("%(n)s thing is still missing.", "%(n)s things are still missing.", missing) % {"n": missing}
    return Card("charter.finish", gettext_lazy("Finish the charter"), name, url, why, due, late, rank=18)


def _services(actor: Actor) -> Iterator[Card]:
    offered = RunningService.objects.visible_to(actor).filter(
        owner_id=actor.user_id, state=RunningService.State.OFFERED
    )
    for row in offered.select_related("candidate"):
        why = _("You are named as its owner.")
        url = reverse("charter:service", args=[row.pk])
        yield Card("service.accept", gettext_lazy("Accept the service"), str(row), url, why, rank=30)
