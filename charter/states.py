"""What holds for a charter now: its word, its signatures, the point that is open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from charter import rules
from charter.models import (
    Breach,
    Charter,
    CharterPilot,
    Decision,
    DecisionPoint,
    Signatory,
    Signature,
    SignRole,
    own_seat_of,
)
from foundation import clock
from foundation.actor import Actor
from governance.checks import pilot_reasons
from governance.needs import PilotNeeds
from metrics.models import Pilot

REQUIRED = (SignRole.CIO, SignRole.OPS_HEAD)


def needs_of(charter: Charter) -> PilotNeeds:
    return PilotNeeds(charter.unit, charter.pattern_version, list(charter.categories.all()))


def effective_state(charter: Charter, at: datetime | None = None) -> str:
    """The word that holds at `at` (default now); see `rules.word_of`."""
    return effective_states([charter], at)[charter.pk]


def effective_states(charters: Iterable[Charter], at: datetime | None = None) -> dict[UUID, str]:
    """`effective_state` of many by id: what several need alike is asked of governance once."""
    now = at or clock.now()
    cleared: dict[Any, bool] = {}
    return {c.pk: _word(c, now, cleared) for c in charters}


def _word(charter: Charter, now: datetime, cleared: dict[Any, bool]) -> str:
    inside = charter.state == Charter.State.SIGNED and charter.starts_at <= now < charter.ends_at
    return rules.word_of(
        charter.state,
        charter.starts_at,
        charter.ends_at,
        now,
        cleared=not inside or _is_cleared(charter, now, cleared),
        suspended=charter.suspended_at is not None,
    )


def _is_cleared(charter: Charter, now: datetime, known: dict[Any, bool]) -> bool:
    """Pattern and categories are active approvals at `now`; `known` remembers the answer for equal needs."""
    needs = needs_of(charter)
    key = (needs.unit.pk, charter.pattern_version_id, frozenset(c.pk for c in needs.categories))
    if key not in known:
        known[key] = not pilot_reasons(needs, now)
    return known[key]


def current_signatures(charter: Charter) -> list[Signature]:
    """Signatures on the current text; earlier ones read as void."""
    text = charter.current_text
    if text is None:
        return []
    return list(charter.signatures.filter(target=Signature.Target.TEXT, digest=text.digest).order_by("at"))


def missing_signatories(charter: Charter, signatures: list[Signature]) -> list[Signatory]:
    given = {s.role for s in signatures}
    return [s for s in charter.signatories.filter(required=True) if s.role not in given]


def signatory_of(charter: Charter, actor: Actor) -> Signatory | None:
    return charter.seat_of(actor)


def read_seats(charters: Iterable[Charter], actor: Actor) -> None:
    """Read the seats of one person in many charters at once, for `Charter.seat_of`."""
    rows = list(charters)
    seats = Signatory.objects.filter(own_seat_of(actor), charter__in=[c.pk for c in rows]) if rows else ()
    found = {s.charter_id: s for s in seats}
    for charter in rows:
        charter.__dict__["seats_read"] = {actor.user_id: found.get(charter.pk)}


def open_point(charter: Charter, at: datetime | None = None) -> DecisionPoint | None:
    """The earliest point without a signed, unreplaced decision; one answered or come later overtakes it."""
    points = {p.pk: p for p in charter.points.all()}
    signed = [d for d in charter.decisions.all() if d.state == Decision.State.SIGNED]
    today = (at or clock.now()).astimezone(charter.zone).date()
    day = rules.open_day((p.on for p in points.values()), (points[d.point_id].on for d in signed), today)
    return next((p for p in points.values() if p.on == day), None)


def live_decision(charter: Charter) -> Decision | None:
    """The one being prepared, proposed or disagreed about; else the newest signed one."""
    live = charter.decisions.filter(state__in=[Decision.State.PREPARED, Decision.State.PROPOSED])
    return live.order_by("-created_at").first() or latest_signed(charter)


def latest_signed(charter: Charter) -> Decision | None:
    return charter.decisions.filter(state=Decision.State.SIGNED).order_by("-state_since").first()


def open_breaches(charter: Charter) -> QuerySet[Breach]:
    return charter.breaches.filter(state=Breach.State.OPEN)


def charter_of_pilot(pilot: Any) -> Charter | None:
    case = pilot and _case_of(pilot)
    return case.charter if case else None


def _case_of(pilot: Any) -> Any:
    return (
        CharterPilot.objects.filter(pilot=pilot).exclude(charter__state="withdrawn").select_related("charter").first()
    )


def unnamed_pilots(case: CharterPilot) -> QuerySet[Pilot]:
    """Drafted pilots of the candidate in the unit that no charter names yet."""
    named = CharterPilot.objects.exclude(charter__state=Charter.State.WITHDRAWN).exclude(pilot=None).values("pilot")
    rows = Pilot.objects.filter(candidate=case.candidate_id, unit=case.charter.unit_id, status="draft")
    return rows.exclude(pk__in=named)


def running_charter(candidate: Any, unit: Any) -> Charter | None:
    """The charter under which a candidate is a case in the unit, the newest that is not withdrawn."""
    found = Charter.objects.filter(cases__candidate=candidate, unit=unit).exclude(state=Charter.State.WITHDRAWN)
    return found.order_by("-created_at").first()


def subjects_of(charter: Charter) -> list[str]:
    """Ids whose ledger entries tell the story of a charter: its own, its decisions', questions', breaches'."""
    children = (charter.decisions, charter.questions, charter.breaches)
    return [str(charter.pk), *(str(pk) for rows in children for pk in rows.values_list("pk", flat=True))]
