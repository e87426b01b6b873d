"""What Today shows: cards of every app in one order, what waits for others, what changed, the next date."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charter.models import Charter, Decision, DecisionPoint
from charter.selectors import current_signatures, missing_signatories
from desk.links import link_to, pages_of
from foundation import clock
from foundation.access import require, within
from foundation.actor import Actor
from foundation.audit.models import AuditEvent
from foundation.audit.timeline import entries_for, line
from foundation.audit.verbs import known
from foundation.cards import Card
from governance.models import Condition, Lane
from governance.selectors import waiting as requests_waiting

SHOWN = 4
LINES = 8
READ_BACK = 300  # ledger entries looked at for "what changed"
FIRST_VISIT = timedelta(days=7)
SOURCES = (
    "charter.cards",
    "governance.cards",
    "metrics.cards_measures",
    "metrics.cards_records",
    "metrics.cards_usage",
    "usecases.cards",
)
QUIET = (  # housekeeping, and steps on the way whose result is told by another sentence
    "user.", "token.", "access.", "job.", "upload.", "sync.", "probe.", "connection.", "raw.", "import.started",
    "checklist.answered", "category_use.", "slot.", "reuse.", "evidence.", "pack.", "review.", "estimate.",
    "task_time.", "measure.bound", "ranking.scored", "report.opened", "selection.", "decision.prepared",
    "question.added",
)  # fmt: skip


@dataclass(frozen=True)
class Wait:
    """Something of this person's that somebody else must do now."""

    text: str
    url: str


@dataclass(frozen=True)
class Change:
    """The last sentence on a record that day; `more` other records had the same done to them."""

    at: datetime
    sentence: str
    url: str
    more: int


@dataclass(frozen=True)
class NextDate:
    on: date
    text: str
    url: str


@dataclass(frozen=True)
class Today:
    cards: list[Card]
    rest: list[Card]  # can wait
    waits: list[Wait]
    changes: list[Change]
    next_date: NextDate | None

    @property
    def more(self) -> int:
        return len(self.rest)

    @property
    def decisions(self) -> int:
        return sum(c.decision for c in self.cards)


def card_sources() -> list[Callable[[Actor], Iterable[Card]]]:
    return [import_module(module).today_cards for module in SOURCES]


def all_cards(actor: Actor) -> list[Card]:
    """Overdue first, then by due day, then in the order of the role; read once a request."""
    if "desk.cards" not in actor.extra:
        found = [card for source in card_sources() for card in source(actor)] if actor.user_id else []
        actor.extra["desk.cards"] = sorted(found, key=_order)
    return actor.extra["desk.cards"]


def _order(card: Card) -> tuple[bool, date, int, str]:
    return (not card.overdue, card.due or date.max, card.rank, str(card.name))


def decisions_waiting(actor: Actor) -> int:
    """The badge: cards that need this person's decision."""
    return sum(c.decision for c in all_cards(actor))


def read_today(actor: Actor, since: datetime | None = None) -> Today:
    require(actor, "desk.read")
    cards = all_cards(actor)
    return Today(
        cards=cards[:SHOWN],
        rest=cards[SHOWN:],
        waits=waiting_for_others(actor)[:5],
        changes=what_changed(actor, since or clock.now() - FIRST_VISIT),
        next_date=next_date(actor),
    )


# --- waiting for others -------------------------------------------------------------------------------------------


def waiting_for_others(actor: Actor) -> list[Wait]:
    if not actor.user_id:
        return []
    return [*_requests(actor), *_signatures(actor), *_decisions(actor)]


def _requests(actor: Actor) -> Iterable[Wait]:
    for row in requests_waiting(actor):
        if str(row.submission.submitter_id) == actor.user_id and row.lanes:
            lanes = ", ".join(str(Lane(x).label) for x in row.lanes)
            words = {"pattern": row.submission.pattern_version.pattern.name, "lanes": lanes}
            yield Wait(_("The request for %(pattern)s waits for: %(lanes)s.") % words, link_to(row.submission))


def _mine(actor: Actor) -> Any:
    return Q(signatories__user_id=actor.user_id) | Q(lead_id=actor.user_id) | Q(created_by_id=actor.user_id)


def _signatures(actor: Actor) -> Iterable[Wait]:
    rows = Charter.objects.visible_to(actor).filter(_mine(actor), state="for_signature").distinct()
    for charter in rows.order_by("key")[:SHOWN]:
        others = [
            s for s in missing_signatories(charter, current_signatures(charter)) if str(s.user_id) != actor.user_id
        ]
        if others:
            roles = ", ".join(str(s.get_role_display()) for s in others)
            text = _("The charter “%(question)s” waits for the signature of: %(roles)s.")
            yield Wait(text % {"question": charter.question, "roles": roles}, link_to(charter))


def _decisions(actor: Actor) -> Iterable[Wait]:
    rows = Decision.objects.visible_to(actor).filter(state="proposed").select_related("charter__unit")
    for decision in rows.order_by("key")[:SHOWN]:
        charter = decision.charter
        signed = set(charter.signatures.filter(target_id=decision.pk).values_list("role", flat=True))
        seats = list(charter.signatories.all())
        if actor.user_id not in {str(charter.lead_id), *(str(s.user_id) for s in seats)}:
            continue
        others = [s for s in seats if s.required and s.role not in signed and str(s.user_id) != actor.user_id]
        if others:
            roles = ", ".join(str(s.get_role_display()) for s in others)
            words = {"outcome": decision.get_outcome_display(), "unit": charter.unit.name, "roles": roles}
            yield Wait(_("The decision %(outcome)s for %(unit)s waits for: %(roles)s.") % words, link_to(decision))


# --- what changed -------------------------------------------------------------------------------------------------


def what_changed(actor: Actor, since: datetime) -> list[Change]:
    """What the ledger in scope tells since a moment, newest first: a line a record and day, like ones folded."""
    entries = entries_for(actor).filter(at__gt=since).exclude(actor_id=actor.user_id or "-")
    groups: dict[Any, list[AuditEvent]] = {}
    for event in _last_of_the_day(e for e in entries[:READ_BACK] if _is_news(e)):
        groups.setdefault((event.verb, timezone.localdate(event.at)), []).append(event)
    shown = list(groups.values())[:LINES]
    pages = pages_of(rows[0] for rows in shown)
    return [_change(rows, pages) for rows in shown]


def _is_news(event: AuditEvent) -> bool:
    return known(event.verb) and not event.verb.startswith(QUIET) and not event.verb.endswith(".edited")


def _last_of_the_day(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Of a record the last act of each day; `events` come newest first."""
    found: dict[Any, AuditEvent] = {}
    for event in events:
        found.setdefault((event.subject_kind, event.subject_id, timezone.localdate(event.at)), event)
    return list(found.values())


def _change(rows: list[AuditEvent], pages: dict[tuple[str, str], str]) -> Change:
    told = line(rows[0])
    return Change(told.at, told.sentence, pages.get((rows[0].subject_kind, rows[0].subject_id), ""), len(rows) - 1)


# --- the next date ------------------------------------------------------------------------------------------------


def next_date(actor: Actor) -> NextDate | None:
    """The earliest day ahead that this person sees: a decision, or a condition of theirs."""
    today = clock.today(actor.zone)
    found = [*_points(actor, today), *_due(actor, today)]
    return min(found, key=lambda d: d.on, default=None)


def _points(actor: Actor, today: date) -> list[NextDate]:
    live = DecisionPoint.objects.filter(charter__state="signed", on__gte=today).exclude(decisions__state="signed")
    scope = live if actor.is_system else live.filter(within(actor.paths("charter.read"), "charter__unit__path"))
    point = scope.select_related("charter__unit").order_by("on").first()
    if point is None:
        return []
    text = _("decision on the charter of %(unit)s") % {"unit": point.charter.unit.name}
    return [NextDate(point.on, text, link_to(point.charter))]


def _due(actor: Actor, today: date) -> list[NextDate]:
    if not actor.user_id:
        return []
    rows = Condition.objects.visible_to(actor).filter(owner_id=actor.user_key, state="open", due__gte=today)
    first = rows.order_by("due").first()
    return [NextDate(first.due, _("condition: %(text)s") % {"text": first.text}, link_to(first))] if first else []


def finding(today: Today) -> str:
    """The title of the page: what needs this person, as a sentence."""
    if today.decisions:
        text = ngettext("%(n)s thing needs your decision", "%(n)s things need your decision", today.decisions)
        return text % {"n": today.decisions}
    if today.cards:
        count = len(today.cards) + today.more
        return ngettext("%(n)s thing to do, nothing to decide", "%(n)s things to do, nothing to decide", count) % {
            "n": count
        }
    return _("Nothing needs you today")
