"""Before and beside the steps: create, settings, timer, pause, recorded pains put on the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotReady, Reason, refuse_if
from foundation.versions import save_version
from foundation.work import service
from usecases.models import Cluster, Pain, Workshop
from usecases.models.pains import LIVE as LIVE_PAINS
from usecases.models.workshops import LIVE, RUN
from usecases.services.fields import assign, check, faults, known_only, reason_given, titled
from usecases.services.workshops.common import in_phase, locked, next_key, run_by, touch

SETTINGS = (
    "title_en", "title_zh", "question", "language", "mode", "second_facilitator", "scribe", "observer", "sponsor",
    "budget", "cap", "top_n", "merge_by", "follow_links",
)  # fmt: skip
VOTE_SETTINGS = ("budget", "cap")
CREW = ("second_facilitator", "scribe", "observer")
TEMPLATE = {"collect": 10, "cluster": 12, "vote": 5, "review": 18}  # minutes of the 45-minute inventory


@service
def create_workshop(*, actor: Actor, unit: Unit, **settings: Any) -> Workshop:
    """Title and unit suffice; `settings` are any of SETTINGS, the rest is the 45-minute template."""
    require(actor, RUN, unit)
    known_only(settings, SETTINGS)
    workshop = Workshop(unit=unit, facilitator_id=actor.user_id)
    assign(workshop, {"language": unit.language, **settings})
    check(_reasons(workshop, ("language", *settings)))
    workshop.key = next_key()
    workshop.save(force_insert=True)
    record(actor, "workshop.created", workshop, after=workshop.facts())
    return workshop


def _reasons(workshop: Workshop, names: Iterable[str]) -> Iterator[Reason]:
    yield from titled(workshop)
    yield from faults(workshop, names)
    if isinstance(workshop.cap, int) and isinstance(workshop.budget, int) and workshop.cap > workshop.budget:
        yield Reason("cap_over_budget", _("One item cannot get more than all points of a person."), "cap")
    crew = [getattr(workshop, f"{name}_id") for name in CREW] + [workshop.facilitator_id]
    if workshop.observer_id and crew.count(workshop.observer_id) > 1:
        yield Reason("observer_runs_it", _("The observer neither facilitates nor writes."), "observer")


@service
def edit_workshop(*, actor: Actor, workshop: Workshop, version: int | None = None, **settings: Any) -> Workshop:
    """Points and cap are fixed once the first vote was opened: its ballots were given under them."""
    run_by(actor, workshop)
    known_only(settings, SETTINGS)
    workshop = locked(workshop)
    _live(workshop)
    assign(workshop, settings)
    check(_reasons(workshop, settings))
    changes = {name: getattr(workshop, name) for name in settings}
    workshop.refresh_from_db()
    if workshop.rounds.exists() and any(
        getattr(workshop, n) != changes.get(n, getattr(workshop, n)) for n in VOTE_SETTINGS
    ):
        raise NotReady(
            Reason("vote_was_open", _("Points and cap are fixed since the first vote was opened."), "budget")
        )
    before, after = save_version(workshop, version=version, **changes)
    if after:
        record(actor, "workshop.edited", workshop, before=before, after=after)
        touch(workshop)
    return workshop


def _live(workshop: Workshop) -> None:
    if workshop.state not in LIVE:
        text = _("This is over: the workshop is %(state)s.") % {"state": workshop.get_state_display()}
        raise NotReady(Reason("wrong_phase", text))


@service
def set_timer(*, actor: Actor, workshop: Workshop, until: datetime | None) -> Workshop:
    """It only signals: nothing happens when it runs out. None takes it away."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    _live(workshop)
    if until is not None and until <= clock.now():
        check([Reason("in_the_past", _("The end of a phase lies in the future."), "until")])
    Workshop.objects.filter(pk=workshop.pk).update(phase_until=until)
    record(actor, "workshop.timer_set", workshop, after={"until": until})
    return touch(workshop)


def timer_for(workshop: Workshop, phase: str) -> datetime | None:
    """Minutes of the template; with deadlines the facilitator sets each."""
    if workshop.mode == Workshop.Mode.DEADLINE or phase not in TEMPLATE:
        return None
    return clock.now() + timedelta(minutes=TEMPLATE[phase])


@service
def pause_workshop(*, actor: Actor, workshop: Workshop, reason: str, version: int | None = None) -> Workshop:
    """Cards, ballots, ops and steps are refused with the reason until it goes on."""
    run_by(actor, workshop)
    why = reason_given(reason)
    workshop = locked(workshop)
    _live(workshop)
    if workshop.is_paused:
        raise NotReady(Reason("paused", _("It is paused already.")))
    save_version(workshop, version=version, paused_at=clock.now(), paused_reason=why)
    record(actor, "workshop.paused", workshop, reason=why)
    return touch(workshop)


@service
def resume_workshop(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """The timer goes on where it stood."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    _live(workshop)
    if workshop.paused_at is None:
        raise NotReady(Reason("not_paused", _("It is not paused.")))
    until = workshop.phase_until and workshop.phase_until + (clock.now() - workshop.paused_at)
    save_version(workshop, version=version, paused_at=None, paused_reason="", phase_until=until)
    record(actor, "workshop.resumed", workshop)
    return touch(workshop)


@service
def seed_pains(*, actor: Actor, workshop: Workshop, pains: Iterable[Pain]) -> int:
    """Recorded pains of the unit become items and get points like any other; one that lies there already stays.

    Returns how many were added. Nothing of them is shown before the cards are.
    """
    run_by(actor, workshop)
    workshop = locked(workshop)
    in_phase(workshop, "prepare", "collect", "cluster")
    chosen = list(dict.fromkeys(pains))
    refuse_if((r for pain in chosen for r in _not_for_the_table(pain, workshop)), NotReady)
    known = set(workshop.clusters.exclude(pain=None).values_list("pain_id", flat=True))
    new = [pain for pain in chosen if pain.pk not in known]
    place = next_place(workshop)
    Cluster.objects.bulk_create(
        Cluster(workshop=workshop, pain=pain, place=place + n, title_en=pain.title_en, title_zh=pain.title_zh,
                kind=pain.kind, owner_team=pain.owner_team)
        for n, pain in enumerate(new)
    )  # fmt: skip
    record(actor, "workshop.seeded", workshop, count=len(new), pains=[p.key for p in new])
    touch(workshop)
    return len(new)


def _not_for_the_table(pain: Pain, workshop: Workshop) -> Iterator[Reason]:
    words = {"pain": pain.key, "state": pain.get_state_display()}
    if not pain.unit.path.startswith(workshop.unit.path):
        yield Reason("other_unit", _("%(pain)s belongs to another unit.") % words, "pains")
    if pain.state not in LIVE_PAINS:
        yield Reason("pain_not_live", _("%(pain)s is %(state)s.") % words, "pains")


def next_place(workshop: Workshop) -> int:
    return (workshop.clusters.aggregate(last=Max("place"))["last"] or 0) + 1
