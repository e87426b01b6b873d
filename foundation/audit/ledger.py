"""Append and hash. Entries are gathered by services and written last in their transaction."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from foundation import clock
from foundation.access import path_of
from foundation.actor import Actor
from foundation.audit.models import AuditEvent, AuditHead
from foundation.audit.verbs import known
from foundation.canonical import canonical
from foundation.subjects import subject_of
from foundation.work import current_work, request_id, unit_of_work

DOMAIN = b"pilotage/ledger/1\x00"
FACTS = (
    "seq", "at", "actor_kind", "actor_id", "actor_label", "acting_for", "door", "verb", "subject_kind", "subject_id",
    "subject_key", "subject_label", "subject_label_zh", "unit_path", "before", "after", "data", "request_id",
)  # fmt: skip


def record(
    actor: Actor,
    verb: str,
    subject: Any,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    as_role: str | None = None,
    **data: Any,
) -> None:
    """Gather one entry. `as_role` writes a role instead of the person (task times: never back to a person).

    No secrets, no figure about a person. An unregistered verb raises KeyError.
    """
    if not known(verb):
        raise KeyError(f"unregistered verb {verb}")
    named = subject_of(subject)
    current_work().entries.append(
        {
            "at": clock.now(),
            "actor_kind": actor.kind,
            "actor_id": "" if as_role else (actor.user_id or ""),
            "actor_label": as_role or actor.label,
            "acting_for": "" if as_role else (actor.acting_for or ""),
            "door": actor.door,
            "verb": verb,
            "subject_kind": named["kind"],
            "subject_id": named["id"],
            "subject_key": named["key"],
            "subject_label": named["label"],
            "subject_label_zh": named["label_zh"],
            "unit_path": _unit_path(subject),
            "before": _plain(before),
            "after": _plain(after),
            "data": _plain(data),
            "request_id": request_id.get(),
        }
    )


def _unit_path(subject: Any) -> str:
    try:
        return path_of(subject) or ""
    except AttributeError:
        return ""


def _plain(values: dict[str, Any] | None) -> dict[str, Any]:
    """JSON as it will be read back, so that column and body compare equal."""
    shown = {k: _shown(v) for k, v in (values or {}).items()}
    return json.loads(canonical(shown))


def _shown(value: Any) -> Any:
    if hasattr(value, "_meta"):
        return str(getattr(value, "key", "") or value)
    if isinstance(value, list | tuple | set):
        return [_shown(v) for v in value]
    if isinstance(value, dict):
        return {k: _shown(v) for k, v in value.items()}
    if isinstance(value, str | int | float | bool | type(None) | datetime) or hasattr(value, "isoformat"):
        return value
    return str(value)


def append(entries: list[dict[str, Any]]) -> None:
    """Write gathered entries under the lock of the single head row."""
    if not entries:
        return
    AuditHead.objects.get_or_create(id=1)
    head = AuditHead.objects.select_for_update().get(id=1)
    rows = []
    for entry in entries:
        facts = {"seq": head.seq + 1, **entry}
        body = canonical(facts)
        row = AuditEvent(**facts, body=body, prev_hash=head.hash, hash=chain(head.hash, body))
        head.seq, head.hash = row.seq, row.hash
        rows.append(row)
    AuditEvent.objects.bulk_create(rows)
    AuditHead.objects.filter(id=1).update(seq=head.seq, hash=head.hash)


def chain(previous: str, body: str) -> str:
    return hashlib.sha256(DOMAIN + bytes.fromhex(previous) + body.encode()).hexdigest()


def record_refusal(actor: Actor, verb_refused: str, code: str, subject: Any) -> None:
    """A refused write rolled back; the door then leaves this trace in a transaction of its own."""
    with unit_of_work():
        record(actor, "access.refused", subject, act=verb_refused, code=code)
