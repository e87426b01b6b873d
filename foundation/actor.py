"""Who is acting, through which door, with which rights. Foundation never sees a role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KINDS = ("user", "token", "service", "agent", "guest", "system")
DOORS = ("page", "rest", "mcp", "task", "command")


@dataclass(frozen=True)
class Grant:
    """Rights held at one unit and everything below it.

    `full` may be used on any record in scope, `own` only on records that say they are the actor's.
    """

    path: str
    full: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    title: str = ""  # the name of the role as printed beside a signature or vote
    membership_id: str | None = None


@dataclass(frozen=True)
class Actor:
    kind: str
    label: str
    door: str
    user_id: str | None = None
    token_id: str | None = None
    acting_for: str | None = None
    grants: tuple[Grant, ...] = ()
    language: str = "en"
    zone: str = "UTC"
    demo: bool = False
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def user_key(self) -> Any:
        """`user_id` for a lookup or a foreign key, where Django turns the text into the key's own type."""
        return self.user_id

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def is_person(self) -> bool:
        """A signed-in person on a page: the only one who may do binding acts."""
        return self.kind == "user" and self.door == "page"

    def paths(self, permission: str) -> list[str]:
        """Unit path prefixes where the permission is held in full."""
        return sorted({g.path for g in self.grants if permission in g.full})

    def may(self, permission: str, path: str | None = None, *, own: bool = False) -> bool:
        """`path=None` asks: anywhere at all?"""
        for grant in self.grants:
            held = permission in grant.full or (own and permission in grant.own)
            if held and (path is None or path.startswith(grant.path)):
                return True
        return False

    def title_at(self, permission: str, path: str) -> str:
        """The role title under which this actor holds the permission at the unit."""
        for grant in self.grants:
            if path.startswith(grant.path) and (permission in grant.full or permission in grant.own):
                return grant.title
        return ""


def system_actor(door: str = "task", label: str = "Pilotage") -> Actor:
    """Jobs and the tick: write down what reading already says; decide nothing."""
    return Actor(kind="system", label=label, door=door)
