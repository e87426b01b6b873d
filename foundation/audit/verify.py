"""Walk the chain and name the first bad entry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from foundation.audit.ledger import FACTS, chain
from foundation.audit.models import AuditEvent, AuditHead
from foundation.canonical import canonical
from foundation.models import RefCounter


@dataclass(frozen=True)
class Verdict:
    ok: bool
    count: int
    head: str
    bad_seq: int | None = None
    kind: str = ""  # altered, column_mismatch, gap, order, rewritten, tail_missing


def verify_ledger(earlier: Mapping[int, str] | None = None) -> Verdict:
    """Reads every entry in order; memory stays flat.

    `earlier`, number to hash of an export kept elsewhere, also finds a chain that somebody wrote anew from some
    entry on, or cut off together with its head: nothing inside one database can tell that.
    """
    previous, expected = "0" * 64, 1
    for event in AuditEvent.objects.order_by("seq").iterator(chunk_size=2000):
        kind = _fault(event, previous, expected)
        if not kind and earlier and earlier.get(event.seq, event.hash) != event.hash:
            kind = "rewritten"
        if kind:
            return Verdict(False, expected - 1, previous, event.seq if kind != "gap" else expected, kind)
        previous, expected = event.hash, expected + 1
    if _is_cut(expected - 1, previous) or (earlier and max(earlier) >= expected):
        return Verdict(False, expected - 1, previous, expected, "tail_missing")
    return Verdict(True, expected - 1, previous)


def _is_cut(last: int, last_hash: str) -> bool:
    head = AuditHead.objects.filter(id=1).first()
    if head is None:  # never written to; spoken ids are only ever given by acts that left an entry
        return last > 0 or RefCounter.objects.filter(value__gt=0).exists()
    return (head.seq, head.hash) != (last, last_hash)


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
