"""Which unit a page of the desk speaks about."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Membership, Unit
from charter.models import Charter
from foundation.access import require, within
from foundation.actor import Actor
from foundation.errors import NotVisible, Reason

READ = "desk.read"


def units_read(actor: Actor) -> QuerySet[Unit]:
    """Open units whose records this person sees (the names above them are no journeys of theirs)."""
    units = Unit.objects.filter(closed_at=None)
    return units if actor.is_system else units.filter(within(actor.paths(READ), "path"))


def unit_by_code(actor: Actor, code: str) -> Unit:
    found = units_read(actor).filter(code__iexact=code).first()
    if found is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


def own_unit(actor: Actor) -> Unit | None:
    """The unit of the person's first role; for a whole group its region with a charter, else its first region."""
    require(actor, READ)
    held: tuple[Membership, ...] = actor.extra.get("held", ())
    units = [m.unit for m in held if m.unit.closed_at is None] or list(units_read(actor).order_by("path")[:1])
    if not units:
        return None
    if units[0].kind != Unit.Kind.GROUP:
        return units[0]
    regions = units_read(actor).filter(within([units[0].path], "path"), kind=Unit.Kind.REGION)
    with_charter = Exists(Charter.objects.filter(unit=OuterRef("pk")))
    return regions.annotate(chartered=with_charter).order_by("-chartered", "path").first() or units[0]


def chosen_unit(actor: Actor, code: str | None) -> Unit | None:
    """The one asked for, else the person's own."""
    return unit_by_code(actor, code) if code else own_unit(actor)


def regions_read(actor: Actor, limit: int = 24) -> list[Unit]:
    """What a unit switch offers: regions, or what a person of a team has."""
    rows = units_read(actor)
    regions = list(rows.filter(kind=Unit.Kind.REGION).order_by("path")[:limit])
    return regions or list(rows.order_by("path")[:limit])
