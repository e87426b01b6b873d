"""Walk the chain and name the first bad entry."""

from __future__ import annotations

import json
from dataclasses import dataclass

from foundation.audit.ledger import FACTS, chain
from foundation.audit.models import AuditEvent, AuditHead
from foundation.canonical import canonical


@dataclass(frozen=True)
class Verdict:
    ok: bool
    count: int
    head: str
    bad_seq: int | None = None
    kind: str = ""  # altered, column_mismatch, gap, order, tail_missing


def verify_ledger() -> Verdict:
    """Reads every entry in order; memory stays flat."""
    previous, expected = "0" * 64, 1
    for event in AuditEvent.objects.order_by("seq").iterator(chunk_size=2000):
        kind = _fault(event, previous, expected)
        if kind:
            return Verdict(False, expected - 1, previous, event.seq if kind != "gap" else expected, kind)
        previous, expected = event.hash, expected + 1
    head = AuditHead.objects.filter(id=1).first()
    if head and (head.seq, head.hash) != (expected - 1, previous):
        return Verdict(False, expected - 1, previous, expected, "tail_missing")
    return Verdict(True, expected - 1, previous)


def _fault(event: AuditEvent, previous: str, expected: int) -> str:
    if event.seq != expected:
        return "gap"
    if event.prev_hash != previous:
        return "order"
    if event.hash != chain(previous, event.body):
        return "altered"
    columns = {name: getattr(event, name) for name in FACTS}
    if json.loads(canonical(columns)) != json.loads(event.body):
        return "column_mismatch"
    return ""
