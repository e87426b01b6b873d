"""Reads of people and units."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.models import ApiToken, Installation, Invitation, Membership, Unit, User, is_demo, root_unit
from foundation.access import ancestors, within
from foundation.actor import Actor


def members(actor: Actor) -> QuerySet[Membership]:
    """Live roles in scope with names: one query, whatever their number."""
    seen = Membership.objects.visible_to(actor).filter(pk__in=Membership.objects.live().values("pk"))
    return seen.select_related("user", "unit")


def waiting(actor: Actor) -> list[Membership]:
    """Proposed roles in scope, longest waiting first."""
    return list(members(actor).filter(confirmed_at=None).select_related("given_by").order_by("since"))


def open_invitations(actor: Actor) -> list[Invitation]:
    """Invitations this person could take back, newest first."""
    query = Invitation.objects.open().filter(within(actor.paths("accounts.member.invite")))
    return list(query.select_related("unit", "invited_by").order_by("-created_at"))


def heirs(membership: Membership) -> list[str]:
    """Who else holds this role at the unit or above, by name: open tasks of the role pass on to them."""
    same = Membership.objects.counting().filter(role=membership.role, unit__path__in=ancestors(membership.unit.path))
    others = same.exclude(user=membership.user_id).filter(user__is_active=True)
    return list(others.order_by("user__name").values_list("user__name", flat=True).distinct())


def unit_tree(actor: Actor) -> QuerySet[Unit]:
    """Units in scope with how many people hold a role there; by path, parents come before children."""
    people = Count(
        "memberships__user", distinct=True, filter=Q(memberships__ended_at=None, memberships__user__is_active=True)
    )
    return Unit.objects.visible_to(actor).select_related("parent").annotate(people=people).order_by("path")


def units_below(unit: Unit) -> QuerySet[Unit]:
    """Open units in the subtree, the unit itself included."""
    return Unit.objects.open().filter(within([unit.path], "path")).order_by("path")


def units_with(actor: Actor, permission: str) -> QuerySet[Unit]:
    """Open units where the actor holds the permission in full: what a unit field of a form offers."""
    units = Unit.objects.open().order_by("path")
    return units if actor.is_system else units.filter(within(actor.paths(permission), "path"))


def tokens_of(user: User) -> list[ApiToken]:
    return list(ApiToken.objects.filter(user=user).select_related("unit").order_by("revoked_at", "-created_at"))


def persona_user(key: str) -> User | None:
    """The person behind a persona; nobody outside a marked demo."""
    if not key or not is_demo():
        return None
    return User.objects.filter(persona=key, is_active=True).order_by("created_at").first()


def demo_refusal() -> str:
    """`DEMO=1` must not open the persona switch on the data of a real installation."""
    real = Unit.objects.exists() and not Installation.objects.filter(demo=True).exists()
    if not (settings.DEMO and real):
        return ""
    return "DEMO=1 was asked for, but this database holds real data. Start without DEMO, or with another VAR_DIR."


__all__ = [
    "heirs",
    "is_demo",
    "members",
    "open_invitations",
    "persona_user",
    "root_unit",
    "tokens_of",
    "unit_tree",
    "units_below",
    "units_with",
    "demo_refusal",
    "waiting",
]
