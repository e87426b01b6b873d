"""`require()` is the first line of every service, `visible_to()` the start of every read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.errors import NotPermitted, NotVisible, Reason

M = TypeVar("M", bound=models.Model)

# Set by accounts at start: sentence of a permission, whether it is binding, and who may.
_catalogue: dict[str, tuple[Any, bool]] = {}
_who_may: Callable[[str, str | None], list[str]] | None = None


def install_catalogue(
    permissions: dict[str, tuple[Any, bool]], who_may: Callable[[str, str | None], list[str]]
) -> None:
    global _who_may
    _catalogue.clear()
    _catalogue.update(permissions)
    _who_may = who_may


def is_binding(permission: str) -> bool:
    return _catalogue[permission][1]


def path_of(obj: Any) -> str | None:
    """The unit path a record lives under: its own `path`, its unit's, or what `unit_path` says."""
    if obj is None or isinstance(obj, str):
        return obj
    if hasattr(obj, "unit_path"):
        return obj.unit_path
    if hasattr(obj, "path"):
        return obj.path
    return obj.unit.path


def require(actor: Actor, permission: str, obj: Any = None) -> None:
    """Raise NotPermitted unless the actor holds `permission` at the unit of `obj` (a record, a unit, a path or None).

    A record that answers `is_own(actor, permission)` lets rights held "only as owner" through.
    """
    if may(actor, permission, obj):
        return
    if is_binding(permission) and not actor.is_person:
        raise NotPermitted(Reason("binding_act", _("Only a signed-in person on a page may do this.")))
    raise NotPermitted(not_allowed(permission, path_of(obj)))


def may(actor: Actor, permission: str, obj: Any = None) -> bool:
    """`require` as a question, for buttons and navigation; asks nothing of the database."""
    if permission not in _catalogue:
        raise KeyError(f"unknown permission {permission}")
    if actor.is_system:
        return True
    if is_binding(permission) and not actor.is_person:
        return False
    own = hasattr(obj, "is_own") and bool(obj.is_own(actor, permission))
    return actor.may(permission, path_of(obj), own=own)


def not_allowed(permission: str, path: str | None) -> Reason:
    sentence = _catalogue[permission][0]
    roles = _who_may(permission, path) if _who_may else []
    if roles:
        text = _("You may not %(act)s here. This may be done by: %(roles)s.") % {
            "act": sentence,
            "roles": ", ".join(roles),
        }
    else:
        text = _("You may not %(act)s here.") % {"act": sentence}
    return Reason("not_permitted", text)


def until(prefix: str) -> str:
    """End of the half-open range of paths under a prefix: the last `/` becomes `0`."""
    return prefix[:-1] + "0"


def within(prefixes: Iterable[str], field: str = "unit__path") -> Q:
    """Records under any prefix, as ranges the index on the path can use on both engines."""
    found = Q(pk__in=[])
    for prefix in prefixes:
        found |= Q(**{f"{field}__gte": prefix, f"{field}__lt": until(prefix)})
    return found


def ancestors(path: str) -> list[str]:
    """`/0001/0007/` gives `/0001/` and `/0001/0007/`."""
    parts = [p for p in path.split("/") if p]
    return ["/" + "/".join(parts[: i + 1]) + "/" for i in range(len(parts))]


class ScopedQuerySet(models.QuerySet[M]):
    """Start every read here. `unit_field` is the path column as seen from the model.

    A model handed down to lower units (patterns, categories, approvals …) sets `handed_down = True`.
    """

    unit_field = "unit__path"
    handed_down = False

    def visible_to(self, actor: Actor, permission: str | None = None) -> ScopedQuerySet[M]:
        if actor.is_system:
            return self
        permission = permission or f"{self.model._meta.app_label}.read"
        prefixes = actor.paths(permission)
        scope = within(prefixes, self.unit_field)
        if self.handed_down:
            above = sorted({a for p in prefixes for a in ancestors(p)})
            scope |= Q(**{f"{self.unit_field}__in": above})
        return self.filter(scope)


def get_visible(source: type[M] | models.QuerySet[M], actor: Actor, **lookup: Any) -> M:
    """The record if the actor may see it, else NotVisible: the invisible is the non-existent."""
    query = source._default_manager.all() if isinstance(source, type) else source
    found = query.visible_to(actor).filter(**lookup).first()  # type: ignore[attr-defined]
    if found is None:
        raise NotVisible(Reason("not_found", _("There is nothing here, or you may not see it.")))
    return found
