"""Who judges: the lanes a person holds at a unit, and the people who hold a lane."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Membership, Unit, User
from accounts.roles import ROLES, roles_with
from foundation.access import ancestors
from foundation.actor import Actor
from governance.models import Lane


def lanes_of(actor: Actor, path: str) -> list[str]:
    return [lane for lane in Lane.values if actor.may(f"governance.lane.{lane}", path)]


def role_in(actor: Actor, lane: str, path: str) -> str:
    """Code of the role under which the actor decides in a lane; its label is read in the reader's language."""
    permission = f"governance.lane.{lane}"
    held = (m for m in actor.extra.get("held", ()) if path.startswith(m.unit.path))
    return next((m.role for m in held if permission in ROLES[m.role].full), "")


def holders(lane: str, unit: Unit) -> QuerySet[User]:
    """People who may decide in a lane for a unit: the role held there or above."""
    roles = [role.code for role in roles_with(f"governance.lane.{lane}")]
    held = Membership.objects.counting().filter(role__in=roles, unit__path__in=ancestors(unit.path))
    return User.objects.filter(pk__in=held.values("user")).order_by("name")


def people_at(unit: Unit) -> QuerySet[User]:
    """People with sight of a unit: who may own a condition there."""
    held = Membership.objects.counting().filter(unit__path__in=ancestors(unit.path))
    return User.objects.filter(pk__in=held.values("user"), kind=User.Kind.PERSON).order_by("name")
