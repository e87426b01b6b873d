"""From a person or a token to an `Actor`: live, confirmed memberships become grants."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import QuerySet
from django.utils.translation import get_language, gettext_noop

from accounts.models import ApiToken, Membership, Unit, User
from accounts.roles import ROLES, allowed_by, roles_with
from foundation import clock
from foundation.access import ancestors
from foundation.actor import Actor, Grant

GUEST = "guest"
DEMO_PERSONA = gettext_noop("demo persona")  # one word in the ledger; the timeline says it in the reader's language


def guest(door: str = "page") -> Actor:
    """Nobody signed in: no grants at all."""
    return Actor(kind="guest", label=GUEST, door=door, language=get_language() or "en")


def held_by(user: User) -> list[Membership]:
    """What counts for this person now, in one query; nothing for the deactivated."""
    if not user.is_active:
        return []
    held = Membership.objects.counting().filter(user=user).select_related("unit").order_by("since", "id")
    return [m for m in held if m.role in ROLES]


def grant_of(membership: Membership) -> Grant:
    role = ROLES[membership.role]
    return Grant(membership.unit.path, role.full, role.own, str(role.label), str(membership.pk))


def actor_for(user: User, door: str = "page") -> Actor:
    """The person, or the service account, acting through this door."""
    held = held_by(user)
    return Actor(
        kind="service" if user.kind == User.Kind.SERVICE else "user",
        label=user.name,
        door=door,
        user_id=str(user.pk),
        acting_for=DEMO_PERSONA if user.persona else None,
        grants=tuple(grant_of(m) for m in held),
        language=user.language or get_language() or "en",
        zone=user.zone,
        demo=bool(user.persona),
        extra={"held": tuple(held)},
    )


def load_actor(user_id: str, token_id: str | None = None) -> Actor:
    """For jobs: whoever asked, with the rights they hold now; none when they, or their token, are gone."""
    if token_id:
        token = ApiToken.objects.select_related("user", "unit").filter(pk=token_id).first()
        return token_actor(token, "task") if token and token.is_live else guest("task")
    user = User.objects.filter(pk=user_id).first()
    return actor_for(user, "task") if user else guest("task")


def token_actor(token: ApiToken, door: str = "rest") -> Actor:
    """The holder's grants, cut to the token's scopes and unit, without any binding act."""
    actor = actor_for(token.user, door)
    allowed = allowed_by(token.scopes)
    cut = [narrowed(grant, allowed, token.unit) for grant in actor.grants]
    return replace(
        actor,
        kind="agent" if door == "mcp" else "token",
        label=f"{token.label} ({token.prefix}…)",
        token_id=str(token.pk),
        acting_for=token.user.name,
        grants=tuple(g for g in cut if g is not None),
    )


def narrowed(grant: Grant, allowed: frozenset[str], unit: Unit | None) -> Grant | None:
    path = grant.path
    if unit is not None:
        if unit.path.startswith(path):
            path = unit.path
        elif not path.startswith(unit.path):
            return None
    return replace(grant, path=path, full=grant.full & allowed, own=grant.own & allowed)


def holders(permission: str, *paths: str) -> QuerySet[Membership]:
    """Live, confirmed memberships that give the permission at one of these paths."""
    codes = [r.code for r in roles_with(permission)]
    above = {above for path in paths for above in ancestors(path)}
    held = Membership.objects.counting().filter(role__in=codes, unit__path__in=above)
    return held.select_related("user", "unit").order_by("user__name", "role")


def people_who_may(permission: str, *units: Unit | str) -> list[User]:
    """Everybody who may at one of these units (rights on own records included), each once, by name."""
    paths = (unit if isinstance(unit, str) else unit.path for unit in units)
    return list({m.user_id: m.user for m in holders(permission, *paths)}.values())


def who_may(permission: str, path: str | None) -> list[str]:
    """Roles that may, each with at most three names of holders at the unit; for the sentence of a refusal."""
    names: dict[str, list[str]] = {}
    if path:
        for held in holders(permission, path):
            names.setdefault(held.role, []).append(held.user.name)
    return [_role_with_names(str(r.label), names.get(r.code, [])) for r in roles_with(permission)]


def _role_with_names(label: str, names: list[str]) -> str:
    if not names:
        return label
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return f"{label} ({shown})"


def live_token(secret: str) -> ApiToken | None:
    """The token this secret opens, while it and its holder are alive; notes the day of use."""
    from accounts.secrets import digest_of

    token = ApiToken.objects.select_related("user", "unit").filter(digest=digest_of(secret)).first()
    if token is None or not token.is_live or not token.user.is_active:
        return None
    today = clock.now().date()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token
