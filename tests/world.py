"""The cast: one person per role at the China unit, an outsider in another unit, and how to act as them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.actors import actor_for
from accounts.models import Membership, Unit, User
from accounts.roles import ROLES
from foundation import clock
from foundation.actor import Actor

PASSWORD = "correct horse battery"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass
class World:
    """`world.architect`, `world.cio` … hold that one role at `cn`; `world.outsider` is an architect at `em`."""

    root: Unit
    cn: Unit
    em: Unit
    team: Unit  # below cn
    people: dict[str, User]

    def __getattr__(self, role: str) -> User:
        try:
            return self.__dict__["people"][role]
        except KeyError:
            raise AttributeError(role) from None


def a_unit(code: str, parent: Unit | None = None, **fields: str) -> Unit:
    from accounts.services.units import new_unit

    given = {"name_en": code, "name_zh": "", "kind": "region", "zone": "UTC", "language": "en", **fields}
    return new_unit(parent, code=code, **given)


@cache
def _password() -> str:
    return make_password(PASSWORD)


def a_user(name: str, email: str = "", **fields: str) -> User:
    address = email or f"{name.lower().replace(' ', '.')}@example.org"
    return User.objects.create(name=name, email=address, password=_password(), **fields)


def a_member(user: User, role: str, unit: Unit, **fields: object) -> Membership:
    """A counting membership, as if an admin had given it."""
    given = {"source": Membership.Source.HAND, "confirmed_at": clock.now(), **fields}
    return Membership.objects.create(user=user, role=role, unit=unit, **given)


LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)  # everybody has been here since before any test's past


def a_world() -> World:
    with clock.pinned(LONG_AGO):
        return _a_world()


def _a_world() -> World:
    root = a_unit("GR", name_en="Meridian", name_zh="子午", kind="group")
    cn = a_unit("CN", root, name_en="China", name_zh="中国", zone="Asia/Shanghai")
    em = a_unit("EM", root, name_en="EMEA", name_zh="欧洲")
    team = a_unit("CN-OPS", cn, name_en="Shanghai operations", name_zh="上海运维", kind="team", zone="Asia/Shanghai")
    names = {role: role.replace("_", " ").title() for role in ROLES}
    people = {role: a_user(f"The {name}", f"{role}@example.org", zone="Asia/Shanghai") for role, name in names.items()}
    for role, user in people.items():
        a_member(user, role, cn)
    people["outsider"] = a_user("The Outsider", "outsider@example.org")
    a_member(people["outsider"], "architect", em)
    return World(root, cn, em, team, people)


def actor(user: User, door: str = "page") -> Actor:
    """The person on a page (or through another door), with the rights they hold now."""
    return actor_for(User.objects.get(pk=user.pk), door)


def client_for(user: User, **headers: str) -> Client:
    """A signed-in browser."""
    client = Client(headers=headers or None)
    client.force_login(user, backend=BACKEND)
    return client
