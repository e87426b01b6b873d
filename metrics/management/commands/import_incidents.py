"""Incidents from a file, as from the import page, for operators."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import Unit
from foundation.actor import system_actor
from foundation.errors import Invalid, Reason, Refused, refuse_if
from foundation.uploads import MAX_UPLOAD, MIB, extension
from metrics.connectors.records.forensics import examine
from metrics.connectors.records.mapping import Mapping, zone_of
from metrics.forms.records import CODE_OF, DELIMITER_CODES
from metrics.recordfiles import (
    ACCEPTED,
    BUILT_IN,
    ENCODING_WORDS,
    Choices,
    FileRead,
    built_in,
    mapping_file,
    moment_of,
    read_chosen,
)
from metrics.services.records import (
    ImportOutcome,
    SourceFile,
    finding_facts,
    import_records,
    read_facts,
    record_faults,
)

DONE, REFUSED = 0, 1
ENCODINGS = {word.lower(): code for code, word in ENCODING_WORDS.items()}
NAMES = {"tta": "time to acknowledge", "ttr": "time to resolve", "ttc": "time to close"}
SHOWN_ERRORS = 10


@dataclass(frozen=True)
class Asked:
    path: Path
    unit: Unit | None
    mapping: Mapping
    choices: Choices
    dry_run: bool


@dataclass(frozen=True)
class Done:
    sha256: str
    found: FileRead
    as_of: datetime
    outcome: ImportOutcome | None


class Command(BaseCommand):
    help = (
        "Import incidents from a CSV, XLSX or ZIP file (a ZIP with one member is read as that member). "
        "The same file again changes nothing. Exit 0 done, 1 refused (every reason is printed)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        known = ", ".join(BUILT_IN)
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", required=True, help=f"built in ({known}), or a JSON file with a saved mapping")
        parser.add_argument("--unit", help="code of the unit the records belong to; not needed for a dry run")
        parser.add_argument("--source", default="servicenow", help="name of the source (default servicenow)")
        parser.add_argument("--as-of", help="when the source was complete, ISO 8601 (event log: its latest event)")
        parser.add_argument("--zone", help="zone of times written without one (event log: UTC)")
        parser.add_argument(
            "--encoding", choices=sorted(ENCODINGS), help="of a CSV file (default: guessed, and printed)"
        )
        parser.add_argument("--separator", choices=sorted(DELIMITER_CODES), help="of its cells (default: guessed)")
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = _asked(options)
            done = self._run(asked)
        except Refused as refusal:
            self._refused(refusal, as_json=options["json"])
            sys.exit(REFUSED)
        facts = _facts(asked, done)
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if options["json"] else "\n".join(_lines(facts)))

    def _run(self, asked: Asked) -> Done:
        with asked.path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            found = read_chosen(source, asked.path.name, asked.choices, self._progress)
        as_of = found.read.as_of
        if as_of is None:
            raise Invalid(Reason("nothing_kept", "The file holds no record: there is no row below the column names."))
        refuse_if(record_faults(asked.choices.source, found.read.records), Invalid)
        if asked.dry_run or asked.unit is None:
            return Done(sha256, found, as_of, None)
        file = SourceFile(
            name=asked.path.name,
            sha256=sha256,
            kind=extension(asked.path.name),
            source=asked.choices.source,
            mapping=asked.mapping.name[:60],
            zone=asked.mapping.zone or "",
            as_of=as_of,
        )
        outcome = import_records(actor=system_actor("command"), unit=asked.unit, read=found.read, file=file)
        return Done(sha256, found, as_of, outcome)

    def _progress(self, rows: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{rows:,} of about {total:,} lines read", ending="")
            self.stderr.flush()

    def _refused(self, refusal: Refused, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"code": refusal.code, "reasons": [r.as_dict() for r in refusal.reasons]}))
        else:
            self.stderr.write("\n".join(["Nothing was imported.", *(str(r.text) for r in refusal.reasons)]))


def _asked(options: dict[str, Any]) -> Asked:
    path: Path = options["file"]
    reasons = [*_file_faults(path), *_option_faults(options)]
    refuse_if(reasons, Invalid)
    zone = options["zone"] or ""
    name = options["mapping"]
    mapping = built_in(name, zone) if name in BUILT_IN else mapping_file(Path(name), zone)
    as_of = moment_of(options["as_of"], mapping.zone or "UTC").isoformat() if options["as_of"] else ""
    choices = Choices(
        source=options["source"],
        mapping=replace(mapping).to_dict(),
        as_of=as_of,
        encoding=ENCODINGS.get(options["encoding"], ""),
        delimiter=DELIMITER_CODES.get(options["separator"], ""),
    )
    unit = Unit.objects.filter(code=options["unit"]).first() if options["unit"] else None
    return Asked(path, unit, mapping, choices, options["dry_run"])


def _file_faults(path: Path) -> list[Reason]:
    if not path.is_file():
        return [Reason("no_file", f"There is no file “{path}”.", "file")]
    if extension(path.name) not in ACCEPTED:
        return [Reason("wrong_type", f"“{path.name}” is none of: {', '.join(f'.{e}' for e in ACCEPTED)}.", "file")]
    if path.stat().st_size > MAX_UPLOAD:
        text = f"“{path.name}” is larger than {MAX_UPLOAD // MIB} MiB. Split it, or pack it as a ZIP."
        return [Reason("upload_too_large", text, "file")]
    return []


def _option_faults(options: dict[str, Any]) -> list[Reason]:
    found = []
    code = options["unit"]
    if code and not Unit.objects.filter(code=code).exists():
        units = ", ".join(Unit.objects.order_by("path").values_list("code", flat=True)[:20]) or "none yet"
        found.append(Reason("no_unit", f"There is no unit with the code “{code}”. Known: {units}.", "unit"))
    if not code and not options["dry_run"]:
        found.append(Reason("unit_needed", "Name the unit with --unit CODE, or look first with --dry-run.", "unit"))
    if options["zone"] and zone_of(options["zone"]) is None:
        text = f"“{options['zone']}” is not a time zone. Write UTC, +08:00 or a name such as Asia/Shanghai."
        found.append(Reason("unknown_zone", text, "zone"))
    return found


def _facts(asked: Asked, done: Done) -> dict[str, Any]:
    outcome = done.outcome
    return {
        "file": asked.path.name,
        "member": done.found.member,
        "sha256": done.sha256,
        "encoding": ENCODING_WORDS[done.found.dialect.encoding] if done.found.dialect else None,
        "separator": CODE_OF[done.found.dialect.delimiter] if done.found.dialect else None,
        "mapping": asked.mapping.name,
        "zone": asked.mapping.zone,
        "as_of": done.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "as_of_is_latest_event": not asked.choices.as_of,
        **read_facts(done.found.read),
        "errors": [e.sentence["en"] for e in done.found.read.errors[:SHOWN_ERRORS]],
        "forensics": [finding_facts(f) for f in examine(done.found.read.records)],
        "dry_run": asked.dry_run,
        "unit": asked.unit.code if asked.unit else None,
        "source": asked.choices.source,
        "outcome": None
        if outcome is None
        else {
            "added": outcome.added,
            "changed": outcome.changed,
            "unchanged": outcome.unchanged,
            "newer_kept": outcome.newer,
        },
    }


def _lines(facts: dict[str, Any]) -> list[str]:
    event_log = bool(facts["as_of_is_latest_event"])
    member = f", member {facts['member']}" if facts["member"] else ""
    rows = [
        ("File", facts["file"] + member),
        *([("Read as", f"{facts['encoding']}, {facts['separator']}")] if facts["encoding"] else []),
        ("Mapping", facts["mapping"]),
        ("Zone of the times", facts["zone"] or "as written in the file"),
        ("As of", facts["as_of"] + (" (latest event in the file)" if event_log else " (as stated)")),
        ("Event rows read" if facts["mapping"] in BUILT_IN else "Rows read", f"{facts['rows_read']:,}"),
        ("Incidents", f"{facts['incidents']:,}"),
        ("  kept", f"{facts['kept']:,}"),
        ("  excluded by reason", _counts(facts["excluded"])),
        ("Missing resolved_at", f"{facts['missing_resolved_at']:,}"),
        ("Negative durations", _counts({NAMES[k]: n for k, n in facts["negative_durations"].items()}, zeros=True)),
        ("Rows in an unusual state", _counts(facts["unusual_states"])),
        ("Reopened incidents", f"{facts['reopened']:,}"),
        ("Group not recorded", f"{facts['group_not_recorded']:,}"),
    ]
    found = [f"{label:<26}{value}" for label, value in rows]
    found += [f"  {text}" for text in facts["errors"]]
    found += ["", "What the times give away"]
    found += [f"  {f['level']:<11}{f['sentence']['en']}" for f in facts["forensics"]]
    return [*found, "", _end(facts)]


def _counts(counts: dict[str, int], *, zeros: bool = False) -> str:
    shown = [f"{name} {count:,}" for name, count in counts.items() if count or zeros]
    return ", ".join(shown) or "none"


def _end(facts: dict[str, Any]) -> str:
    outcome = facts["outcome"]
    if outcome is None:
        return "Dry run: nothing was written."
    if not outcome["added"] and not outcome["changed"]:
        kept = f" ({outcome['newer_kept']:,} are known from a later state)" if outcome["newer_kept"] else ""
        return (
            f"Nothing changed: all {outcome['unchanged'] + outcome['newer_kept']:,} records were there already{kept}."
        )
    return (
        f"Imported into {facts['unit']} as {facts['source']}: {outcome['added']:,} new, "
        f"{outcome['changed']:,} changed, {outcome['unchanged']:,} as before."
    )
