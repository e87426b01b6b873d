"""States are declared once on the model; nobody assigns them elsewhere.

The database triggers on births and state pairs are generated from the same table (foundation.db).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import may, not_allowed, path_of, require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotReady, Reason, Stale, refuse_if
from foundation.work import unit_of_work

M = TypeVar("M", bound=models.Model)
Requirement = Callable[[Any], Iterator[Reason]]
LIFECYCLES: list[Lifecycle] = []


@dataclass(frozen=True)
class Transition:
    name: str
    sources: tuple[str, ...]
    target: str
    permission: str
    verb: str
    label: Any = ""
    requires: tuple[Requirement, ...] = ()


@dataclass(frozen=True)
class Offer:
    """One open step, with everything that is still missing; page, REST and MCP render the same."""

    transition: Transition
    reasons: list[Reason] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.transition.name

    @property
    def label(self) -> Any:
        return self.transition.label or self.transition.name

    @property
    def is_open(self) -> bool:
        return not self.reasons


class Lifecycle:
    """`lifecycle = Lifecycle("state", "draft", Transition(…), …)` on a model with `version` and `state_since`."""

    model: type[models.Model]

    def __init__(self, field_name: str, initial: str, *transitions: Transition) -> None:
        self.field_name, self.initial, self.transitions = field_name, initial, transitions
        self.by_name = {t.name: t for t in transitions}

    def contribute_to_class(self, model: type[models.Model], name: str) -> None:
        self.model = model
        setattr(model, name, self)
        if not model._meta.abstract:
            LIFECYCLES.append(self)

    def pairs(self) -> set[tuple[str, str]]:
        return {(source, t.target) for t in self.transitions for source in t.sources}

    def state_of(self, obj: models.Model) -> str:
        return str(getattr(obj, self.field_name))

    def legal(self, obj: models.Model) -> list[Transition]:
        return [t for t in self.transitions if self.state_of(obj) in t.sources]

    def offers(self, obj: models.Model, actor: Actor) -> list[Offer]:
        """Open steps this actor may see, each with every missing reason."""
        return [Offer(t, self.missing(obj, t)) for t in self.legal(obj) if may(actor, t.permission, obj)]

    def missing(self, obj: models.Model, transition: Transition) -> list[Reason]:
        return [reason for requirement in transition.requires for reason in requirement(obj)]

    def apply(self, obj: M, name: str, *, actor: Actor, version: int | None = None, **data: Any) -> M:
        """One step: re-read locked, permission, source, version, requirements, guarded write, ledger entry.

        Extra keywords that are fields of the model are written with the step. Returns the fresh record.
        """
        transition = self.by_name[name]
        with unit_of_work():
            fresh = type(obj)._default_manager.select_for_update().get(pk=obj.pk)
            require(actor, transition.permission, fresh)
            self._check_source(fresh, transition)
            if version is not None and version != fresh.version:  # type: ignore[attr-defined]
                raise Stale(current=fresh)
            refuse_if(self.missing(fresh, transition), NotReady)
            return self._write(fresh, transition, actor, data)

    def _check_source(self, obj: models.Model, transition: Transition) -> None:
        if self.state_of(obj) in transition.sources:
            return
        legal = ", ".join(str(t.label or t.name) for t in self.legal(obj)) or "–"
        state = getattr(obj, f"get_{self.field_name}_display", lambda: self.state_of(obj))()
        text = _("This is %(state)s now, so that step is no longer open. Open steps: %(legal)s.")
        raise NotReady(Reason("illegal_transition", text % {"state": state, "legal": legal}))

    def _write(self, obj: M, transition: Transition, actor: Actor, data: dict[str, Any]) -> M:
        names = {f.name for f in obj._meta.concrete_fields}
        fields = {k: v for k, v in data.items() if k in names}
        before = {self.field_name: self.state_of(obj)}
        held: int = obj.version  # type: ignore[attr-defined]
        changed = (
            type(obj)
            ._default_manager.filter(pk=obj.pk, version=held)
            .update(**{self.field_name: transition.target}, state_since=clock.now(), version=held + 1, **fields)
        )
        if not changed:
            raise Stale(current=type(obj)._default_manager.get(pk=obj.pk))
        obj.refresh_from_db()
        told = {k: v for k, v in data.items() if k not in names}
        record(actor, transition.verb, obj, before=before, after={self.field_name: transition.target}, **told)
        return obj


__all__ = ["LIFECYCLES", "Lifecycle", "Offer", "Reason", "Transition", "not_allowed", "path_of"]
