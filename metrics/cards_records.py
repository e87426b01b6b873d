"""What Today asks about task times and imported incidents: only what this actor can do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from foundation import clock
from foundation.actor import Actor
from foundation.cards import Card
from foundation.templatetags.house import day
from metrics.models import Measure, Pilot
from metrics.selectors.records import PRESET, newest_by_source
from metrics.services.records import PERMISSION

WRITE = "metrics.record.write"
STALE_AFTER = timedelta(days=8)  # a weekly import, with a day of grace


def today_cards(actor: Actor) -> list[Card]:
    return [*_task_time_cards(actor), *_import_cards(actor)]


def _running(actor: Actor, permission: str) -> Q:
    pilots = Pilot.objects.visible_to(actor, permission).filter(status=Pilot.State.RUNNING)
    return Q(pilot__in=pilots)


def _task_time_cards(actor: Actor) -> Iterator[Card]:
    """For who does the work: whoever imports whole logs is not asked for single times."""
    if not actor.paths(WRITE) or actor.paths(PERMISSION):
        return
    since = clock.now() - timedelta(days=7)
    lately = Count("observations", filter=Q(observations__received_at__gte=since, observations__excluded_why=""))
    measures = Measure.objects.filter(_running(actor, WRITE), preset=PRESET, role=Measure.Role.PRIMARY)
    for measure in measures.select_related("pilot").annotate(lately=lately).order_by("pilot__key"):
        why = ngettext(
            "%(n)s was recorded in the last seven days; two fields on a phone are enough",
            "%(n)s were recorded in the last seven days; two fields on a phone are enough",
            measure.lately,
        )
        yield Card(
            "records.task_time",
            gettext_lazy("Record task times"),
            measure.pilot.name,
            reverse("metrics:task_time", args=[measure.pilot.key]),
            why % {"n": measure.lately},
            rank=60,
        )


def _import_cards(actor: Actor) -> Iterator[Card]:
    """A running pilot whose records are old, or were never imported."""
    if not actor.paths(PERMISSION):
        return
    wanted = Measure.objects.filter(_running(actor, PERMISSION)).exclude(preset=PRESET)
    measures = list(wanted.select_related("pilot", "unit").prefetch_related("versions").order_by("pilot__key"))
    newest = newest_by_source({m.unit_id for m in measures})
    asked = set()
    for measure in measures:
        version = max(measure.versions.all(), key=lambda v: v.number, default=None)
        place = (measure.unit_id, version.source if version else "")
        if not place[1] or place in asked:
            continue
        asked.add(place)
        as_of = newest.get(place)
        if as_of is None or clock.now() - as_of > STALE_AFTER:
            why = _("the last import is complete to %(day)s") % {"day": day(as_of)} if as_of else _("none imported yet")
            url = reverse("metrics:records_import")
            yield Card("records.import", gettext_lazy("Import fresh incidents"), place[1], url, why, rank=30)
