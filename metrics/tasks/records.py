"""Files of records are read by a worker, never in a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit
from foundation.errors import Invalid, NotVisible, Reason, refuse_if
from foundation.imports.kinds import unit_at
from foundation.jobs import JobRun, job
from foundation.jobs.models import Job
from foundation.models import Upload
from foundation.uploads import extension, open_upload
from foundation.work import unit_of_work
from metrics.connectors.records.forensics import examine
from metrics.connectors.records.table import Dialect
from metrics.recordfiles import Choices, FileRead, guess_columns, look, read_chosen, sample_of
from metrics.services.records import (
    COMMIT,
    LOOK,
    PERMISSION,
    READ,
    SourceFile,
    compare,
    finding_facts,
    import_records,
    read_facts,
    record_faults,
)

SHOWN_ERRORS = 200


def _place(run: JobRun, upload_id: str) -> tuple[Upload, Unit]:
    """Rights are those the actor holds when the work is done, not when it was asked for."""
    upload = Upload.objects.filter(pk=upload_id, purpose="records").first()
    path = Job.objects.values_list("unit_path", flat=True).get(pk=run.id)
    if upload is None or upload.unit_path != path:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return upload, unit_at(run.actor, PERMISSION, path)


def _in_own_language(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Only whoever asked sees the answer: sentences are kept in their language."""

    def inner(run: JobRun, **args: Any) -> dict[str, Any]:
        with translation.override(run.actor.language):
            return function(run, **args)

    return inner


@job(LOOK, label=gettext_lazy("Look at a file of records"))
@_in_own_language
def look_at(run: JobRun, *, upload_id: str, given: dict[str, str]) -> dict[str, Any]:
    upload, _unit = _place(run, upload_id)
    run.progress(0, 0, _("Reading the column names"))
    stated = Dialect(given.get("encoding", ""), given.get("delimiter", ""))
    with open_upload(upload) as source:
        found = look(source, upload.name, stated)
    return {
        **_file_facts(upload, found.member, found.dialect),
        "columns": found.columns,
        "people": found.people,
        "rows": found.rows,
        "formats": found.formats,
        "guess": guess_columns(found.columns),
        "given": given,
    }


def _file_facts(upload: Upload, member: str, dialect: Dialect | None) -> dict[str, Any]:
    return {
        "upload": str(upload.pk),
        "file": upload.name,
        "sha256": upload.sha256,
        "member": member,
        "encoding": dialect.encoding if dialect else "",
        "delimiter": dialect.delimiter if dialect else "",
    }


def _read(run: JobRun, upload: Upload, choices: Choices) -> FileRead:
    def told(rows: int, total: int) -> None:
        run.progress(rows, total, _("Reading rows"))

    run.progress(0, 0, _("Opening the file"))
    with open_upload(upload) as source:
        return read_chosen(source, upload.name, choices, told)


@job(READ, label=gettext_lazy("Read a file of records"))
@_in_own_language
def read(run: JobRun, *, upload_id: str, choices: dict[str, Any]) -> dict[str, Any]:
    """The dry run. What it found is the job's result, shown by the preview page."""
    upload, unit = _place(run, upload_id)
    chosen = Choices(**choices)
    found = _read(run, upload, chosen)
    as_of = _as_of(found)
    refuse_if((r for r in record_faults(chosen.source, found.read.records) if r.code != "nothing_kept"), Invalid)
    would = compare(unit, chosen.source, as_of, found.read.records)
    return {
        **_file_facts(upload, found.member, found.dialect),
        "choices": {**chosen.as_args(), "as_of": as_of.isoformat()},
        "default_as_of": not chosen.as_of,
        "columns": {name: column for name, (_at, column) in found.positions.items()},
        "facts": read_facts(found.read),
        "sample": sample_of(found),
        "errors": [[e.row, e.column, dict(e.sentence)] for e in found.read.errors[:SHOWN_ERRORS]],
        "forensics": [finding_facts(f) for f in examine(found.read.records)],
        "would": {
            "added": len(would.added),
            "changed": len(would.changed),
            "unchanged": would.unchanged,
            "newer": would.newer,
        },
    }


def _as_of(found: FileRead) -> Any:
    if found.read.as_of is None:
        raise Invalid(Reason("nothing_kept", _("The file holds no record: there is no row below the column names.")))
    return found.read.as_of


@job(COMMIT, label=gettext_lazy("Import records"))
@_in_own_language
def commit(run: JobRun, *, upload_id: str, sha256: str, choices: dict[str, Any]) -> dict[str, Any]:
    """Reads the same bytes again and writes them in one transaction under the lease."""
    upload, unit = _place(run, upload_id)
    chosen = Choices(**choices)
    found = _read(run, upload, chosen)
    run.progress(found.read.rows_read, found.read.rows_read, _("Writing the records"))
    file = SourceFile(
        name=upload.name,
        sha256=sha256,
        kind=extension(upload.name),
        source=chosen.source,
        mapping=chosen.columns.name[:60],
        zone=chosen.columns.zone or "",
        as_of=_as_of(found),
    )
    with unit_of_work():
        outcome = import_records(actor=run.actor, unit=unit, read=found.read, file=file)
        run.fence()
    return {
        "added": outcome.added,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "newer": outcome.newer,
        "import": str(outcome.source_import.pk) if outcome.source_import else "",
        "source": chosen.source,
        "unit": unit.code,
        "file": upload.name,
    }
