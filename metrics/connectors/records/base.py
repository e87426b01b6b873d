"""Records of operations as read from a file: frozen, in UTC, without people and without text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from metrics.connectors.base import Sentence, say

# A cell the source left empty is a category of its own; None means the source has no such column.
NOT_RECORDED = "?"

MINUTES = ("tta", "ttr", "ttc")
_END_OF = {"tta": "first_ack_at", "ttr": "resolved_at", "ttc": "closed_at"}


class IncidentRecord(NamedTuple):
    """Times are UTC. `row` is the line of the record's first row in the file, the header being row 1."""

    key: str
    opened_at: datetime
    row: int
    first_ack_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    created_at: datetime | None = None
    last_reopen_at: datetime | None = None
    state: str | None = None
    priority: str | None = None
    group: str | None = None
    service: str | None = None
    category: str | None = None
    subcategory: str | None = None
    contact_type: str | None = None
    reassignment_count: int | None = None
    reopen_count: int | None = None
    made_sla: bool | None = None
    parent_key: str | None = None
    events: int = 1

    def minutes(self, name: str) -> float | None:
        """Minutes from opening to the end of `tta`, `ttr` or `ttc`; as written, so possibly negative."""
        end = getattr(self, _END_OF[name])
        return None if end is None else (end - self.opened_at).total_seconds() / 60

    def is_open(self, as_of: datetime) -> bool:
        """Unresolved at `as_of`: no end, or an end after it. An end at that very moment counts as closed."""
        return self.resolved_at is None or self.resolved_at > as_of

    @property
    def negative(self) -> tuple[str, ...]:
        """Durations whose end lies before the opening; no measure may use them."""
        return tuple(name for name in MINUTES if (self.minutes(name) or 0) < 0)


class RowError(NamedTuple):
    row: int
    column: str
    code: str
    sentence: Sentence


class RecordsRefused(Exception):
    """The file as a whole cannot be read; nothing of it may be kept."""

    def __init__(self, code: str, sentence: Sentence, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence["en"])
        self.code = code
        self.sentence = sentence
        self.params = dict(params or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.code, self.sentence, self.params))


def refuse(code: str, en: str, zh: str, /, **params: object) -> RecordsRefused:
    return RecordsRefused(code, say(en, zh, **params), params)


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """What an import read. `excluded` counts records left out by reason; `errors` lists at most MAX_LISTED of them.

    A negative duration leaves its record in and is counted in `negative`; `unusual_states` counts event rows whose
    state is none of the known ones."""

    records: tuple[IncidentRecord, ...]
    rows_read: int
    excluded: Mapping[str, int]
    errors: tuple[RowError, ...]
    as_of: datetime | None
    missing_resolved: int
    negative: Mapping[str, int]
    negative_keys: tuple[str, ...]
    unusual_states: Mapping[str, int]
    reopened: int
    group_not_recorded: int

    @property
    def incidents(self) -> int:
        return len(self.records) + sum(self.excluded.values())


MAX_LISTED = 500  # rows named one by one; the counts go on
