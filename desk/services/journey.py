"""Notes of talks and boxes left out. No service ticks a box: done is read from the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from desk.models import ASPECTS, NOTED, BoxNote, BoxSkip, latest_skips
from desk.rules.journey import RECOMMENDED
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.work import service

BEFORE_DATA = ("A4", "A5")
FIGURE = re.compile(r"[0-9０-９%％]|[一二三四五六七八九十]成")


@service
def note_box(
    *, actor: Actor, unit: Unit, box: str, said_on: date, text: str = "", sources: Iterable[str] = (), **aspects: str
) -> BoxNote:
    require(actor, "desk.journey.edit", unit)
    said = {k: v.strip() for k, v in aspects.items() if v.strip()}
    named = [s.strip() for s in sources if s.strip()]
    refuse_if(_note_reasons(unit, box, said_on, text.strip(), said), Invalid)
    note = BoxNote.objects.create(
        unit=unit, box=box, said_on=said_on, text=text.strip(), aspects=said, sources=named, by_id=actor.user_id
    )
    record(actor, "journey.noted", note, box=box, unit=unit)
    return note


def _note_reasons(unit: Unit, box: str, said_on: date, text: str, aspects: dict[str, str]) -> Iterator[Reason]:
    if box not in NOTED:
        yield Reason("no_notes_here", _("This box is read from its records alone; a note adds nothing to it."), "box")
    if said_on > clock.today(unit.zone):
        yield Reason("in_the_future", _("The day lies in the future."), "said_on")
    if not text and not aspects:
        yield Reason("empty_note", _("Write at least one sentence."), "text")
    if unknown := sorted(set(aspects) - set(ASPECTS)):
        yield Reason("unknown_aspect", _("Not asked here: %(names)s.") % {"names": ", ".join(unknown)})
    if box in BEFORE_DATA and FIGURE.search(text):
        sentence = _("No figure about gains is kept before the pilot has data: it would be a guess people remember.")
        yield Reason("number_before_data", sentence, "text")


@service
def skip_box(*, actor: Actor, unit: Unit, box: str, reason: str) -> BoxSkip:
    require(actor, "desk.journey.skip", unit)
    refuse_if(_skip_reasons(box, reason), Invalid)
    row = BoxSkip.objects.create(unit=unit, box=box, reason=reason.strip(), by_id=actor.user_id)
    record(actor, "journey.skipped", row, box=box, unit=unit, reason=row.reason)
    return row


def _skip_reasons(box: str, reason: str) -> Iterator[Reason]:
    if box not in RECOMMENDED:
        yield Reason("unknown_box", _("There is no box of this name."), "box")
    if len(reason.strip()) < 3:
        yield Reason("no_reason", _("Say why this box is left out."), "reason")


@service
def take_up_box(*, actor: Actor, unit: Unit, box: str) -> BoxSkip:
    require(actor, "desk.journey.skip", unit)
    if box not in latest_skips(unit):
        raise NotReady(Reason("not_skipped", _("This box is not left out.")))
    row = BoxSkip.objects.create(unit=unit, box=box, is_skipped=False, by_id=actor.user_id)
    record(actor, "journey.taken_up", row, box=box, unit=unit)
    return row
