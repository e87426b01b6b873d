"""What governance asks of a person today."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from foundation import clock
from foundation.access import may
from foundation.actor import Actor
from foundation.cards import Card
from governance.checks import gaps
from governance.models import Condition, Lane, Submission
from governance.selectors import SOON, conditions_listed, ending_soon, submissions_listed, waiting


def today_cards(actor: Actor) -> list[Card]:
    if not actor.user_id:
        return []
    return [*_decisions(actor), *_conditions(actor), *_own_requests(actor), *_ending(actor)]


def _decisions(actor: Actor) -> list[Card]:
    return [
        Card(
            code="governance.decide",
            verb=_("Decide"),
            name=_("%(unit)s: %(pattern)s")
            % {"unit": w.submission.unit.name, "pattern": w.submission.pattern_version.pattern.name},
            url=reverse("governance:review", args=[w.submission.key]),
            why=_("waits for %(lanes)s") % {"lanes": ", ".join(str(Lane(x).label) for x in w.mine)},
            due=w.submission.due_on,
            overdue=bool(w.submission.due_on and w.submission.due_on < clock.today(actor.zone)),
            decision=True,
            rank=10,
        )
        for w in waiting(actor)
        if w.is_mine
    ]


def _conditions(actor: Actor) -> list[Card]:
    soon = clock.today(actor.zone) + SOON
    rows = conditions_listed(actor).filter(state__in=["open", "evidence_submitted"])
    own = [c for c in rows.filter(owner_id=actor.user_id, state="open", due__lte=soon)[:20]]
    judge = [
        c
        for c in rows.filter(state="evidence_submitted").exclude(owner_id=actor.user_id)[:50]
        if actor.may(f"governance.lane.{c.set_by_lane}", c.unit.path)
    ]
    return [_card(c, _("Give evidence")) for c in own] + [_card(c, _("Judge the evidence"), True) for c in judge]


def _card(condition: Condition, verb: str, decision: bool = False) -> Card:
    why = _("It suspends the approval when overdue.") if condition.blocking else _("A condition of an approval.")
    return Card(
        code="governance.condition", verb=verb, name=condition.text, url=condition.get_absolute_url(), why=why,
        due=condition.due, overdue=condition.is_overdue, decision=decision, rank=20,
    )  # fmt: skip


def _own_requests(actor: Actor) -> list[Card]:
    rows = submissions_listed(actor).filter(submitter_id=actor.user_id, state__in=["returned", "draft"])
    return [_own(row) for row in rows[:5]]


def _own(submission: Submission) -> Card:
    name = f"{submission.unit.name}: {submission.pattern_version.pattern.name}"
    url = submission.get_absolute_url()
    if submission.state == "returned":
        why = _("A lane sent it back with a reason.")
        return Card("governance.returned", _("Work on it again"), name, url, why, rank=15)
    missing = gaps(submission)
    if not missing:
        return Card("governance.submit", _("Submit"), name, url, _("Everything is filled in."), rank=30)
    why = _("%(n)s things are missing before it can be submitted.") % {"n": len(missing)}
    return Card("governance.gaps", _("Finish the request"), name, url, why, rank=40)


def _ending(actor: Actor) -> list[Card]:
    """Renewal is a new request, so it is shown to whoever may ask."""
    if not may(actor, "governance.submission.draft"):
        return []
    now = clock.now()
    patterns = [r for r in ending_soon(actor, now) if r.approval.pattern_version_id]
    return [
        Card(
            code="governance.renew", verb=_("Renew"), name=row.subject_label,
            url=row.approval.get_absolute_url(), why=_("The approval ends."), due=row.last_day, rank=25,
        )
        for row in patterns
        if actor.may("governance.submission.draft", row.approval.unit.path)
    ]  # fmt: skip
