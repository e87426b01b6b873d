"""Records of operations and task times: read once, kept by key, never written back, never a person."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, Reason, Stale, refuse_if
from foundation.jobs import enqueue
from foundation.models import Job, Upload
from foundation.work import service
from metrics.connectors.records.base import IncidentRecord, RecordsRead
from metrics.connectors.records.forensics import examine
from metrics.models import OpsRecord, SourceImport
from metrics.recordfiles import Choices

BATCH = 1000
MAX_RECORDS = 250_000  # one transaction must end well before the lease of its job does
LOOK, READ, COMMIT = "metrics.look_at_records", "metrics.read_records", "metrics.import_records"
SKEW = timedelta(minutes=5)  # two clocks may differ that much
PERMISSION = "metrics.record.import"
_SOURCE = re.compile(r"^\w[\w .:-]{0,59}$")
FIELDS = {
    "opened_at": "opened_at",
    "first_ack_at": "first_ack_at",
    "resolved_at": "resolved_at",
    "closed_at": "closed_at",
    "created_in_source_at": "created_at",
    "priority": "priority",
    "group": "group",
    "service": "service",
    "category": "category",
    "subcategory": "subcategory",
    "contact_type": "contact_type",
    "reassignments": "reassignment_count",
    "reopens": "reopen_count",
    "made_sla": "made_sla",
    "parent_key": "parent_key",
    "state": "state",
}
TEXTS = ("priority", "group", "service", "category", "subcategory", "contact_type", "parent_key", "state")
LENGTHS: dict[str, int] = {f.name: f.max_length or 0 for f in OpsRecord._meta.concrete_fields}
LONGEST = {name: LENGTHS[name] for name in TEXTS}
LONGEST_KEY = LENGTHS["source_key"]


@dataclass(frozen=True)
class SourceFile:
    """What an import says of its file. `as_of`: the moment at which the source was complete."""

    name: str
    sha256: str
    kind: str  # csv, zip, xlsx, rest
    source: str
    mapping: str
    zone: str
    as_of: datetime


@dataclass(frozen=True)
class ImportOutcome:
    """`source_import` is None when the file changed nothing; `newer` records were known from a later state."""

    source_import: SourceImport | None
    added: int
    changed: int
    unchanged: int
    newer: int = 0


@dataclass(frozen=True)
class Comparison:
    """What an import would do with records beside those already here."""

    added: list[IncidentRecord]
    changed: list[IncidentRecord]
    unchanged: int
    newer: int
    hashes: dict[str, str]


@service
def import_records(
    *,
    actor: Actor,
    unit: Unit,
    read: RecordsRead,
    file: SourceFile,
    progress: Callable[[int], None] | None = None,
) -> ImportOutcome:
    """All rows or none, in one transaction; the same file again changes nothing.

    A record is told by (unit, source, key); a changed one is updated and keeps the moment it first arrived. A file
    that shows the source at an earlier moment never overwrites what a later one told.
    """
    require(actor, PERMISSION, unit)
    refuse_if([*record_faults(file.source, read.records), *_from_the_future(file.as_of)], Invalid)
    Unit.objects.select_for_update().filter(pk=unit.pk).first()  # two imports at once would both insert
    found = compare(unit, file.source, file.as_of, read.records)
    if not (found.added or found.changed) and file.as_of <= _latest_as_of(unit, file.source):
        return ImportOutcome(None, 0, 0, found.unchanged, found.newer)
    kept = _source_import(unit, read, file, found)
    _insert(unit, kept, file.source, found.added, found.hashes, progress)
    _update(unit, kept, file.source, found.changed, found.hashes)
    counts: dict[str, Any] = {"added": len(found.added), "changed": len(found.changed), "unchanged": found.unchanged}
    record(actor, "records.imported", kept, **counts, sha256=file.sha256)
    return ImportOutcome(kept, **counts, newer=found.newer)


def _from_the_future(as_of: datetime) -> Iterator[Reason]:
    """Nobody has seen a source later than now; a verdict would be read before its day."""
    if as_of > clock.now() + SKEW:
        text = _("The source cannot be complete at a moment still to come. State when it was read.")
        yield Reason("as_of_ahead", text, field="as_of")


def record_faults(source: str, records: Sequence[IncidentRecord]) -> Iterator[Reason]:
    if not _SOURCE.match(source):
        text = _("Name the source in 1 to 60 letters, digits, blanks, dots, colons or hyphens.")
        yield Reason("source_name", text, field="source")
    if not records:
        yield Reason("nothing_kept", _("No record can be kept: the file holds none, or every row is left out."))
    if len(records) > MAX_RECORDS:
        text = _("The file holds more than %(limit)s records. Split it by date.")
        yield Reason("too_many_records", text % {"limit": f"{MAX_RECORDS:,}"})
    long = _("Row %(row)s: the text for %(field)s is longer than %(limit)s characters. Map a column of codes.")
    for name, limit in {**LONGEST, "key": LONGEST_KEY}.items():
        if bad := next((r for r in records if len(getattr(r, name) or "") > limit), None):
            yield Reason("too_long", long % {"row": bad.row, "field": name, "limit": limit}, field=name)


def compare(unit: Unit, source: str, as_of: datetime, records: Sequence[IncidentRecord]) -> Comparison:
    rows = OpsRecord.objects.filter(unit=unit, kind="incident", source=source)
    known = {k: (h, at) for k, h, at in rows.values_list("source_key", "content_hash", "source_import__as_of")}
    hashes = {r.key: content_hash(r) for r in records}
    differ = [r for r in records if r.key in known and known[r.key][0] != hashes[r.key]]
    changed = [r for r in differ if known[r.key][1] <= as_of]
    added = [r for r in records if r.key not in known]
    unchanged = len(records) - len(added) - len(differ)
    return Comparison(added, changed, unchanged, len(differ) - len(changed), hashes)


def _latest_as_of(unit: Unit, source: str) -> datetime:
    found = SourceImport.objects.filter(unit=unit, source=source).aggregate(at=Max("as_of"))["at"]
    return found or datetime.min.replace(tzinfo=UTC)


@service
def look_at_file(*, actor: Actor, unit: Unit, upload: Upload, given: dict[str, str]) -> Job:
    """Ask for the columns of a file, so that a person can match them. `given`: what the person said so far."""
    require(actor, PERMISSION, unit)
    return enqueue(LOOK, actor=actor, unit_path=unit.path, upload_id=upload.pk, given=given)


@service
def read_file(*, actor: Actor, unit: Unit, upload: Upload, choices: Choices) -> Job:
    """Ask for the dry run of an import: reads everything, writes nothing."""
    require(actor, PERMISSION, unit)
    return enqueue(READ, actor=actor, unit_path=unit.path, upload_id=upload.pk, choices=choices.as_args())


@service
def commit_file(*, actor: Actor, unit: Unit, upload: Upload, choices: Choices, sha256: str) -> Job:
    """Ask for the import of exactly the bytes that were previewed."""
    require(actor, PERMISSION, unit)
    if sha256 != upload.sha256:
        raise Stale(Reason("other_file", _("This is not the file that was previewed. Look at the preview again.")))
    args = {"upload_id": upload.pk, "sha256": sha256, "choices": choices.as_args()}
    return enqueue(COMMIT, actor=actor, unit_path=unit.path, **args)


@service
def note_raw_export(*, actor: Actor, unit: Unit, source: str, fmt: str, filters: str) -> None:
    """Records leaving the house one by one are a ledger entry."""
    require(actor, "metrics.read", unit)
    newest = SourceImport.objects.filter(unit=unit, source=source).order_by("-created_at").first()
    record(actor, "raw.exported", newest or unit, source=source, format=fmt, filter=filters[:300])


def content_hash(item: IncidentRecord) -> str:
    facts = [str(getattr(item, name)) for name in FIELDS.values()]
    return hashlib.sha256(json.dumps([item.key, *facts], ensure_ascii=False).encode()).hexdigest()


def _source_import(unit: Unit, read: RecordsRead, file: SourceFile, found: Comparison) -> SourceImport:
    return SourceImport.objects.create(
        unit=unit,
        kind=file.kind,
        source=file.source,
        file_name=file.name[:200],
        sha256=file.sha256,
        mapping=file.mapping,
        zone=file.zone,
        as_of=file.as_of,
        rows_read=read.rows_read,
        records=len(read.records),
        added=len(found.added),
        changed=len(found.changed),
        unchanged=found.unchanged,
        facts=read_facts(read) | ({"newer_kept": found.newer} if found.newer else {}),
        forensics=[finding_facts(f) for f in examine(read.records)],
    )


def read_facts(read: RecordsRead) -> dict[str, Any]:
    """The counts an import prints."""
    return {
        "rows_read": read.rows_read,
        "incidents": read.incidents,
        "kept": len(read.records),
        "missing_resolved_at": read.missing_resolved,
        "negative_durations": dict(read.negative),
        "unusual_states": dict(read.unusual_states),
        "reopened": read.reopened,
        "group_not_recorded": read.group_not_recorded,
        "excluded": dict(read.excluded),
    }


def finding_facts(finding: Any) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": finding.level,
        "count": finding.count,
        "of": finding.of,
        "sentence": dict(finding.sentence),
    }


def _values(item: IncidentRecord) -> dict[str, Any]:
    values = {field: getattr(item, source) for field, source in FIELDS.items()}
    return values | {field: values[field] or "" for field in TEXTS}


def _insert(
    unit: Unit,
    kept: SourceImport,
    source: str,
    items: list[IncidentRecord],
    hashes: dict[str, str],
    progress: Callable[[int], None] | None,
) -> None:
    now = clock.now()
    for start in range(0, len(items), BATCH):
        rows = [
            OpsRecord(
                unit=unit,
                source_import=kept,
                source=source,
                source_key=item.key,
                content_hash=hashes[item.key],
                received_at=now,
                **_values(item),
            )
            for item in items[start : start + BATCH]
        ]
        OpsRecord.objects.bulk_create(rows)
        if progress:
            progress(start + len(rows))


def _update(unit: Unit, kept: SourceImport, source: str, items: list[IncidentRecord], hashes: dict[str, str]) -> None:
    by_key = {i.key: i for i in items}
    for keys in _chunks(list(by_key), BATCH):
        rows = list(OpsRecord.objects.filter(unit=unit, kind="incident", source=source, source_key__in=keys))
        for row in rows:
            for field, value in _values(by_key[row.source_key]).items():
                setattr(row, field, value)
            row.source_import, row.content_hash = kept, hashes[row.source_key]
        OpsRecord.objects.bulk_update(rows, [*FIELDS, "source_import", "content_hash"], batch_size=200)


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
