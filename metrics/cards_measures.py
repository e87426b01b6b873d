"""What Today shows of pilots, reports and statements: only what this actor can do."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import within
from foundation.actor import Actor
from foundation.cards import Card
from metrics.models import Observation, Pilot, ReportFreeze
from metrics.selectors.boards import waiting_statements

MOST = 10


def today_cards(actor: Actor) -> list[Card]:
    return [*_to_freeze(actor), *_to_publish(actor), *_week_in(actor)]


def _led(actor: Actor) -> list[Pilot]:
    """Pilots this actor leads, or may report on where nobody else leads them here."""
    rows = Pilot.objects.filter(
        within(actor.paths("metrics.report.freeze")), report__isnull=False, lead_id=actor.user_id
    )
    return list(rows.exclude(status=Pilot.State.DRAFT).select_related("unit", "report").order_by("decision_on")[:MOST])


def _to_freeze(actor: Actor) -> list[Card]:
    """From the decision date on, until a report is frozen after it."""
    found = []
    for pilot in _led(actor):
        if clock.today(pilot.unit.zone) < pilot.decision_on:
            continue
        if any(f.frozen_at.date() >= pilot.decision_on for f in _freezes(pilot)):
            continue
        found.append(
            Card(
                "metrics.freeze", _("Freeze the report of"), pilot.name, pilot.report.get_absolute_url(),
                _("The decision date has come; the verdict may be read."), due=pilot.decision_on,
                overdue=clock.today(pilot.unit.zone) > pilot.decision_on, rank=20,
            )
        )  # fmt: skip
    return found


def _freezes(pilot: Pilot) -> list[ReportFreeze]:
    return list(ReportFreeze.objects.filter(report__pilot=pilot).only("frozen_at", "report_id"))


def _week_in(actor: Actor) -> list[Card]:
    """A running pilot whose last whole week brought task times."""
    found = []
    for pilot in _led(actor):
        today = clock.today(pilot.unit.zone)
        if pilot.status != Pilot.State.RUNNING or today >= pilot.decision_on:
            continue
        week = (today - pilot.starts_on).days // 7
        since = clock.now() - timedelta(days=7 + today.weekday())
        if week < 1 or not Observation.objects.filter(measure__pilot=pilot, at__gte=since, excluded_why="").exists():
            continue
        why = _("Week %(week)s is in.") % {"week": week}
        found.append(
            Card("metrics.week", _("Read the report of"), pilot.name, pilot.report.get_absolute_url(), why, rank=60)
        )
    return found


def _to_publish(actor: Actor) -> list[Card]:
    return [
        Card(
            "metrics.publish", _("Publish the statement on"), s.estimate.measure.name,
            f"{s.estimate.measure.pilot.get_absolute_url()}#statements",
            _("Drafted by somebody else; a second person publishes it."), rank=40,
        )
        for s in waiting_statements(actor)
        if s.estimate.measure.pilot
    ]  # fmt: skip
