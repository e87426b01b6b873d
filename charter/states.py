"""What holds for a charter now: its word, its signatures, the point that is open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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

REQUIRED = (SignRole.CIO, SignRole.OPS_HEAD)


def needs_of(charter: Charter) -> PilotNeeds:
    return PilotNeeds(charter.unit, charter.pattern_version, list(charter.categories.all()))


def is_cleared(charter: Charter, at: datetime) -> bool:
    """Pattern and categories are active approvals at `at`."""
    return not pilot_reasons(needs_of(charter), at)


def effective_state(charter: Charter, at: datetime | None = None) -> str:
    """The word that holds at `at` (default now); see `rules.word_of`."""
    now = at or clock.now()
    inside = charter.state == Charter.State.SIGNED and charter.starts_at <= now < charter.ends_at
    return rules.word_of(
        charter.state,
        charter.starts_at,
        charter.ends_at,
        now,
        cleared=not inside or is_cleared(charter, now),
        suspended=charter.suspended_at is not None,
    )


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
    """Their own seat, also the one that waited for their address."""
    return charter.signatories.filter(own_seat_of(actor)).first() if actor.user_id else None


def open_point(charter: Charter, at: datetime | None = None) -> DecisionPoint | None:
    """The earliest point without a signed, unreplaced decision; one answered or come later overtakes it."""
    answered = charter.points.filter(decisions__state=Decision.State.SIGNED).order_by("on").last()
    ahead = charter.points.filter(on__gt=answered.on) if answered else charter.points.all()
    today = (at or clock.now()).astimezone(charter.zone).date()
    return ahead.filter(on__lte=today).order_by("on").last() or ahead.order_by("on").first()


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


def running_charter(candidate: Any, unit: Any) -> Charter | None:
    """The charter under which a candidate is a case in the unit, the newest that is not withdrawn."""
    found = Charter.objects.filter(cases__candidate=candidate, unit=unit).exclude(state=Charter.State.WITHDRAWN)
    return found.order_by("-created_at").first()


def subjects_of(charter: Charter) -> list[str]:
    """Ids whose ledger entries tell the story of a charter: its own, its decisions', questions', breaches'."""
    children = (charter.decisions, charter.questions, charter.breaches)
    return [str(charter.pk), *(str(pk) for rows in children for pk in rows.values_list("pk", flat=True))]
