"""The readable ledger, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from foundation.access import within
from foundation.actor import Actor
from foundation.audit.models import AuditEvent
from foundation.audit.verbs import known, sentence
from foundation.bilingual import pick
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


def label_of(event: AuditEvent) -> str:
    """What the subject was called then, in the reader's language."""
    return pick({"en": event.subject_label, "zh": event.subject_label_zh})


def subject_words(event: AuditEvent) -> str:
    """Its id and its label, the id once."""
    label = label_of(event)
    return label if label.startswith(event.subject_key) else f"{event.subject_key} {label}"


def line(event: AuditEvent) -> Line:
    # A name stays as it is; the words for a demo persona are known to the catalogue.
    actor = f"{event.actor_label} ({gettext(event.acting_for)})" if event.acting_for else event.actor_label
    facts = {**event.data, "actor": actor, "subject": subject_words(event)}
    text = sentence(event.verb, facts) if known(event.verb) else event.verb
    return Line(event.seq, event.at, event.verb, text, event)
