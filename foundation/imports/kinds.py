"""What can be imported: each app registers its kinds; reading, mapping, preview and commit are written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from foundation.errors import NotVisible, Reason

FieldKind = Literal["text", "number", "integer", "date", "datetime", "bool", "choice"]


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


@dataclass(frozen=True)
class Field:
    name: str
    label: Any
    required: bool = False
    kind: FieldKind = "text"
    choices: Sequence[tuple[str, Any]] = ()
    help: Any = ""
    synonyms: Sequence[str] = ()
    example: str = ""  # a cell of the template file


@dataclass(frozen=True)
class RowReason(Reason):
    """A reason with what to do about it; `field` is the name of a Field."""

    remedy: Any = ""


@dataclass(frozen=True)
class TypedRow:
    """One row whose cells were read: `values` by field name, None for an empty or unmapped cell."""

    row_no: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class RowPlan:
    """What a commit would do with one row."""

    row_no: int
    outcome: str
    reasons: Sequence[Reason] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportKind:
    """`plan(actor, unit, rows)` only reads and answers one RowPlan a row. `commit(actor, unit, plans, upload)` gets the
    new and changed ones, runs inside the transaction of the import and answers a summary of plain values.

    With a `context_form` both also get `context=<its cleaned data as text>`; a `background` kind commits in a job.
    """

    code: str
    title: Any
    permission: str
    fields: Sequence[Field]
    plan: Callable[..., list[RowPlan]]
    commit: Callable[..., dict[str, Any]]
    help: Any = ""
    context_form: type[Any] | None = None
    background: bool = False
    closed: bool = False  # a column nothing is read from refuses the file
    max_rows: int = 100_000
    done_url: Callable[[Any], str] | None = None  # of the unit: where to look at what came in
    refuses: Callable[[str], Reason | None] | None = None  # a column name this kind must not hold, mapped or not

    @property
    def purpose(self) -> str:
        return f"import:{self.code}"


_kinds: dict[str, ImportKind] = {}


def register_import(kind: ImportKind) -> ImportKind:
    _kinds[kind.code] = kind
    return kind


def import_kind(code: str) -> ImportKind:
    if code not in _kinds:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return _kinds[code]


def import_kinds() -> list[ImportKind]:
    return list(_kinds.values())


_units_for: Callable[[Any, str], Sequence[Any]] | None = None


def install_units(units_for: Callable[[Any, str], Sequence[Any]]) -> None:
    """Accounts tells at which units (objects with `path`) an actor holds a permission."""
    global _units_for
    _units_for = units_for


def units_for(actor: Any, permission: str) -> list[Any]:
    return list(_units_for(actor, permission)) if _units_for else []


def unit_at(actor: Any, permission: str, path: str) -> Any:
    found = next((u for u in units_for(actor, permission) if u.path == path), None)
    if found is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found
