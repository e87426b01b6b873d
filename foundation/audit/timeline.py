"""The readable ledger, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from foundation.access import within
from foundation.actor import Actor
from foundation.audit.models import AuditEvent
from foundation.audit.verbs import known, sentence
from foundation.subjects import subject_of


@dataclass(frozen=True)
class Line:
    seq: int
    at: datetime
    verb: str
    sentence: str
    event: AuditEvent


def entries_for(actor: Actor, permission: str = "audit.read") -> QuerySet[AuditEvent]:
    """Entries of records in the actor's scope, newest first."""
    entries = AuditEvent.objects.order_by("-seq")
    if actor.is_system:
        return entries
    return entries.filter(within(actor.paths(permission), "unit_path"))


def timeline(subject: Any, actor: Actor, limit: int = 50) -> list[Line]:
    named = subject_of(subject)
    own = Q(subject_kind=named["kind"], subject_id=named["id"])
    return [line(event) for event in entries_for(actor).filter(own)[:limit]]


def line(event: AuditEvent) -> Line:
    label = f"{event.subject_key} {event.subject_label}".strip() if event.subject_key else event.subject_label
    if event.subject_key and event.subject_label.startswith(event.subject_key):
        label = event.subject_label
    actor = event.actor_label if not event.acting_for else f"{event.actor_label} ({event.acting_for})"
    facts = {**event.data, "actor": actor, "subject": label}
    text = sentence(event.verb, facts) if known(event.verb) else event.verb
    return Line(event.seq, event.at, event.verb, text, event)
