"""Reads of charters for pages, REST and the layers above."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actors import people_who_may
from accounts.models import Unit, User
from charter import rules
from charter.checks import can_pilot
from charter.criteria import evaluate_criteria
from charter.models import Breach, Charter, CharterPilot, Decision, DecisionPoint, RunningService
from charter.states import (
    charter_of_pilot,
    current_signatures,
    effective_state,
    latest_signed,
    live_decision,
    missing_signatories,
    open_breaches,
    open_point,
    signatory_of,
    subjects_of,
)
from foundation import clock
from foundation.actor import Actor
from foundation.errors import Invalid, Reason

# What the calendar makes of a signed charter, in the five words people see.
WORDS = {
    "signed": "running",
    "blocked": "running",
    "suspended": "running",
    "lapsed": "decision_due",
    "closed": "decided",
}


def word_shown(state: str) -> str:
    return WORDS.get(state, state)


def charters_for(actor: Actor) -> QuerySet[Charter]:
    """The list: newest decision date first, with what a row shows in a fixed number of queries."""
    sealed = Decision.objects.filter(state=Decision.State.SIGNED).order_by("state_since")
    cases = CharterPilot.objects.select_related("candidate")
    rows = Charter.objects.visible_to(actor).select_related("unit", "lead")
    return rows.prefetch_related(Prefetch("decisions", sealed, to_attr="sealed"), Prefetch("cases", cases), "points")


def list_word(charter: Charter, now: datetime | None = None) -> str:
    """`effective_state` in five words, without a query."""
    at = now or clock.now()
    suspended = charter.suspended_at is not None
    state = rules.word_of(charter.state, charter.starts_at, charter.ends_at, at, cleared=True, suspended=suspended)
    return word_shown(state)


def box_over(now: datetime) -> Q:
    """Charters whose last day has passed in their own zone: the same rule as `word_of`, in SQL."""
    found = Q(pk__in=[])
    for zone in Charter.objects.values_list("unit__zone", flat=True).distinct().order_by():
        found |= Q(unit__zone=zone, ends_on__lt=now.astimezone(ZoneInfo(zone)).date())
    return found


def with_word(rows: QuerySet[Charter], word: str) -> QuerySet[Charter]:
    signed = Q(state=Charter.State.SIGNED)
    if word == "running":
        return rows.filter(signed).exclude(box_over(clock.now()))
    if word == "decision_due":
        return rows.filter(signed & box_over(clock.now()))
    return rows.filter(state=word)


def next_point_day(charter: Charter) -> date:
    """The next decision date, from prefetched rows."""
    answered = {d.point_id for d in charter.sealed}  # type: ignore[attr-defined]
    waiting = [p.on for p in charter.points.all() if p.pk not in answered]
    return min(waiting, default=charter.ends_on)


def decisions_for(actor: Actor) -> QuerySet[Decision]:
    return Decision.objects.visible_to(actor).select_related("charter__unit", "point", "evidence", "replaces")


def services_for(actor: Actor) -> QuerySet[RunningService]:
    return RunningService.objects.visible_to(actor).select_related("unit", "candidate", "owner", "decision__charter")


def breaches_of(charter: Charter) -> list[Breach]:
    return list(charter.breaches.select_related("reported_by").order_by("number"))


def point_asked(charter: Charter, on: date | None = None) -> DecisionPoint:
    """The decision date that was named, else the open one, else the last."""
    if on is None:
        found = open_point(charter) or charter.points.order_by("-on").first()
    else:
        found = charter.points.filter(on=on).first()
    if found is None:
        raise Invalid(Reason("point_unknown", _("The charter has no decision on this day."), field="on"))
    return found


def lead_named(unit: Unit, email: str, actor: Actor) -> User:
    """Somebody who may lead in the unit, by address; without one the person who asks."""
    return _named("charter.decision.prepare", unit, email, actor.user_id or "", "lead")


def owner_named(unit: Unit, email: str) -> User:
    """The owner of a running service, by address, among those who read the charter."""
    return _named("charter.read", unit, email, "", "owner")


def _named(permission: str, unit: Unit, email: str, default: str, field: str) -> User:
    for person in people_who_may(permission, unit):
        if (person.email == email.casefold()) if email else (str(person.pk) == default):
            return person
    text = _("Nobody who may do this in the unit has this address.") if email else _("Name the person by address.")
    raise Invalid(Reason(f"{field}_unknown", text, field=field))


def review_facts(charter: Charter, actor: Actor, since: datetime | None = None) -> Any:
    """Everything the review page shows; see `charter.review`."""
    from charter.review import read_review

    return read_review(charter, actor, since)


__all__ = [
    "breaches_of",
    "can_pilot",
    "charter_of_pilot",
    "charters_for",
    "current_signatures",
    "decisions_for",
    "effective_state",
    "evaluate_criteria",
    "latest_signed",
    "lead_named",
    "list_word",
    "live_decision",
    "missing_signatories",
    "next_point_day",
    "open_breaches",
    "open_point",
    "owner_named",
    "point_asked",
    "review_facts",
    "services_for",
    "signatory_of",
    "subjects_of",
    "with_word",
    "word_shown",
]
