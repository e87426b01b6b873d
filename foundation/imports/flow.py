"""Store, preview, commit. A preview writes nothing; a commit is bound to the bytes that were previewed."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import available_timezones

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _

from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotVisible, Reason, Stale
from foundation.exports.tables import Column, write_csv
from foundation.imports.kinds import Field, ImportKind, Outcome, RowPlan, RowReason, TypedRow, unit_at
from foundation.imports.mapping import guess_mapping, unknown_columns
from foundation.imports.reading import Dialect, Problem, SourceRow, Table, read_table
from foundation.imports.values import BadValue, parse
from foundation.jobs import JobRun, enqueue
from foundation.models import Job, Upload
from foundation.uploads import open_upload, save_upload
from foundation.work import service, unit_of_work

SHOWN_ROWS = 20
SHOWN_PROBLEMS = 200  # on the page; the error file holds all


@dataclass(frozen=True)
class Options:
    """What the person chose; empty means: as guessed."""

    encoding: str = ""
    separator: str = ""
    mapping: Mapping[str, str] | None = None
    zone: str = ""
    skip_bad: bool = False
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect | None:
        return Dialect(self.encoding, self.separator) if self.encoding and self.separator else None

    def as_args(self) -> dict[str, Any]:
        return {
            "encoding": self.encoding,
            "separator": self.separator,
            "mapping": dict(self.mapping) if self.mapping is not None else None,
            "zone": self.zone,
            "skip_bad": self.skip_bad,
            "context": dict(self.context),
        }


@dataclass(frozen=True)
class SampleRow:
    """The raw cells and what was read from them, side by side."""

    number: int
    raw: Sequence[str]
    read: Sequence[Any]
    outcome: str


@dataclass
class Preview:
    kind: ImportKind
    upload: Upload
    table: Table
    mapping: dict[str, str]
    zone: str
    plans: list[RowPlan]
    problems: list[Problem]

    @cached_property
    def counts(self) -> dict[str, int]:
        found = Counter(str(p.outcome) for p in self.plans)
        return {o.value: found.get(o.value, 0) for o in Outcome}

    @property
    def rows_read(self) -> int:
        return len(self.table.rows)

    @property
    def to_write(self) -> list[RowPlan]:
        return [p for p in self.plans if p.outcome in (Outcome.NEW, Outcome.CHANGED)]

    @property
    def left_out(self) -> list[tuple[int, Reason]]:
        """Rows that are double, with the sentence that says of what."""
        return [(p.row_no, r) for p in self.plans if p.outcome == Outcome.DUPLICATE for r in p.reasons][:SHOWN_PROBLEMS]

    @property
    def file_problems(self) -> list[Problem]:
        """Of the header or the mapping: nothing can be imported until they are gone."""
        good = {p.row_no for p in self.plans}
        return [p for p in self.problems if p.row not in good]

    @property
    def unknown(self) -> list[str]:
        return unknown_columns(self.table.columns, self.mapping)

    @property
    def shown_problems(self) -> list[Problem]:
        return self.problems[:SHOWN_PROBLEMS]

    @property
    def fields(self) -> list[Field]:
        return [f for f in self.kind.fields if f.name in self.mapping]

    @cached_property
    def sample(self) -> list[SampleRow]:
        plans = {p.row_no: p for p in self.plans}
        rows = self.table.rows[:SHOWN_ROWS]
        return [self._sample(row, plans.get(row.number)) for row in rows]

    def _sample(self, row: SourceRow, plan: RowPlan | None) -> SampleRow:
        values = plan.values if plan else {}
        read = [values.get(f.name) for f in self.fields]
        return SampleRow(row.number, row.cells, read, str(plan.outcome) if plan else "")


def store_import(*, actor: Actor, kind: ImportKind, unit: Any, file: File | None = None, text: str = "") -> Upload:
    """Keep a file, or pasted text as a file, for a preview."""
    require(actor, kind.permission, unit)
    if file is None and not text.strip():
        raise Invalid(Reason("nothing_sent", _("Choose a file or paste a table."), field="file"))
    sent = file if file is not None else ContentFile(text.encode("utf-8", "replace"), name="pasted.csv")
    return save_upload(actor=actor, file=sent, purpose=kind.purpose, unit_path=unit.path)


def stored_import(actor: Actor, kind: ImportKind, upload_id: Any) -> tuple[Upload, Any]:
    """The upload and its unit, visible to whoever may import this kind there."""
    upload = Upload.objects.filter(pk=upload_id, purpose=kind.purpose).first()
    if upload is None or not actor.may(kind.permission, upload.unit_path):
        raise NotVisible(Reason("not_found", NotVisible.title))
    return upload, unit_at(actor, kind.permission, upload.unit_path)


def preview_import(*, actor: Actor, kind: ImportKind, upload: Upload, unit: Any, options: Options) -> Preview:
    """The dry run: reads, asks the kind what it would do, writes nothing."""
    require(actor, kind.permission, unit)
    with open_upload(upload) as source:
        table = read_table(io.BytesIO(source.read()), options.dialect, kind.max_rows)
    mapping = _mapping(kind, table, options)
    zone = options.zone if options.zone in available_timezones() else actor.zone
    problems = [*table.problems, *_refused_columns(kind, table), *_mapping_problems(kind, mapping)]
    problems += _strange_columns(kind, table.columns, mapping)
    typed, bad = ([], []) if _is_blocked(problems) else _typed(kind, table, mapping, zone)
    problems += bad
    refused_rows = {p.row for p in problems}
    asked = [row for row in typed if row.row_no not in refused_rows]
    plans = kind.plan(actor, unit, asked, **_context(kind, options)) if asked else []
    problems += [_problem(kind, mapping, plan, reason) for plan in plans for reason in _faults(plan)]
    plans += [RowPlan(row.number, Outcome.INVALID) for row in table.rows if row.number in refused_rows]
    plans.sort(key=lambda p: p.row_no)
    return Preview(kind, upload, table, mapping, zone, plans, sorted(problems, key=lambda p: p.row))


def _context(kind: ImportKind, options: Options) -> dict[str, Any]:
    return {"context": dict(options.context)} if kind.context_form else {}


def _faults(plan: RowPlan) -> Sequence[Reason]:
    return plan.reasons if plan.outcome == Outcome.INVALID else ()


def _mapping(kind: ImportKind, table: Table, options: Options) -> dict[str, str]:
    if options.mapping is None:
        return guess_mapping(table.columns, kind.fields)
    known = {f.name for f in kind.fields}
    return {name: column for name, column in options.mapping.items() if name in known and column in table.columns}


def _refused_columns(kind: ImportKind, table: Table) -> list[Problem]:
    found = [(c, kind.refuses(c)) for c in table.columns] if kind.refuses else []
    return [Problem(1, c, r.code, r.text, r.remedy if isinstance(r, RowReason) else "") for c, r in found if r]


def _mapping_problems(kind: ImportKind, mapping: Mapping[str, str]) -> list[Problem]:
    found = []
    for needed in kind.fields:
        if needed.required and needed.name not in mapping:
            text = _("No column is matched to “%(field)s”, which is needed.") % {"field": needed.label}
            found.append(
                Problem(1, "", "unmapped", text, _("Choose the column under “Columns”, or add it to the file."))
            )
    for column, uses in Counter(mapping.values()).items():
        if uses > 1:
            text = _("The column “%(column)s” is matched to more than one field.") % {"column": column}
            found.append(Problem(1, column, "mapped_twice", text, _("Choose another column for one of them.")))
    return found


def _strange_columns(kind: ImportKind, columns: Sequence[str], mapping: Mapping[str, str]) -> list[Problem]:
    text = _("The column “%(column)s” is not known here, and nothing may come in beside what is known.")
    remedy = _("Delete the column from the file, or match it to a field.")
    strange = unknown_columns(columns, mapping) if kind.closed else []
    return [Problem(1, name, "unknown_column", text % {"column": name[:60]}, remedy) for name in strange]


def _is_blocked(problems: Sequence[Problem]) -> bool:
    return any(p.code in ("unmapped", "mapped_twice", "duplicate_header", "unknown_column") for p in problems)


def _typed(
    kind: ImportKind, table: Table, mapping: Mapping[str, str], zone: str
) -> tuple[list[TypedRow], list[Problem]]:
    places = [(f, table.columns.index(mapping[f.name])) for f in kind.fields if f.name in mapping]
    rows, problems = [], []
    for number, cells in table.rows:
        values: dict[str, Any] = {f.name: None for f in kind.fields}
        for wanted, at in places:
            try:
                values[wanted.name] = parse(cells[at], wanted.kind, wanted.choices, zone)
            except BadValue as bad:
                problems.append(Problem(number, table.columns[at], bad.code, bad.text, bad.remedy))
                continue
            if wanted.required and values[wanted.name] is None:
                text = _("“%(field)s” is empty.") % {"field": wanted.label}
                problems.append(Problem(number, table.columns[at], "required", text, _("Fill the cell.")))
        rows.append(TypedRow(number, values))
    return rows, problems


def _problem(kind: ImportKind, mapping: Mapping[str, str], plan: RowPlan, reason: Reason) -> Problem:
    remedy = reason.remedy if isinstance(reason, RowReason) else ""
    return Problem(plan.row_no, mapping.get(reason.field or "", ""), reason.code, reason.text, remedy)


@service
def commit_import(
    *, actor: Actor, kind: ImportKind, upload: Upload, unit: Any, options: Options, sha256: str
) -> dict[str, Any]:
    """Everything previewed as new or changed, in one transaction, or nothing.

    Bad rows stop it unless the person ticked to leave them out. A file imported before finds every row unchanged.
    """
    require(actor, kind.permission, unit)
    if sha256 != upload.sha256:
        raise Stale(Reason("other_file", _("This is not the file that was previewed. Look at the preview again.")))
    preview = preview_import(actor=actor, kind=kind, upload=upload, unit=unit, options=options)
    _refuse_bad(preview, options)
    summary = dict(preview.counts)
    if preview.to_write:
        summary |= kind.commit(actor, unit, preview.to_write, upload, **_context(kind, options)) or {}
        record(
            actor,
            "import.committed",
            upload,
            kind=kind.code,
            sha256=sha256,
            counts=preview.counts,
            title=str(kind.title),
        )
    return summary


def _refuse_bad(preview: Preview, options: Options) -> None:
    if preview.file_problems:
        raise Invalid(*[_reason(p) for p in preview.file_problems[:SHOWN_PROBLEMS]])
    if preview.problems and not options.skip_bad:
        raise Invalid(*[_reason(p) for p in preview.problems[:SHOWN_PROBLEMS]])


def _reason(problem: Problem) -> Reason:
    place = _("Row %(row)s, column “%(column)s”:") if problem.column else _("Row %(row)s:")
    head = place % {"row": problem.row, "column": problem.column}
    return Reason(problem.code, f"{head} {problem.text} {problem.remedy}".strip())


@service
def start_import(*, actor: Actor, kind: ImportKind, upload: Upload, unit: Any, options: Options, sha256: str) -> Job:
    """The same as `commit_import`, in a job with progress."""
    require(actor, kind.permission, unit)
    record(actor, "import.started", upload, kind=kind.code, sha256=sha256, title=str(kind.title))
    return enqueue(
        "foundation.imports.commit",
        actor=actor,
        unit_path=unit.path,
        code=kind.code,
        upload_id=upload.pk,
        sha256=sha256,
        options=options.as_args(),
    )


def run_import(run: JobRun, kind: ImportKind, upload_id: str, sha256: str, options: Options) -> dict[str, Any]:
    """The job: progress before and after, the write itself in one transaction under the lease."""
    upload, unit = stored_import(run.actor, kind, upload_id)
    run.progress(0, 2, _("Reading and checking the file"))
    with unit_of_work():
        summary = commit_import(actor=run.actor, kind=kind, upload=upload, unit=unit, options=options, sha256=sha256)
        run.fence()
    run.progress(2, 2, _("Imported"))
    return summary


def error_file(preview: Preview) -> bytes:
    """Every problem beside the row it stands in, as CSV for a spreadsheet."""
    columns = [
        Column("row", _("Row"), "number"),
        Column("column", _("Column")),
        Column("reason", _("Reason")),
        Column("remedy", _("What to do")),
        *[Column(f"raw{n}", name or f"{n + 1}") for n, name in enumerate(preview.table.columns)],
    ]
    raw = {row.number: row.cells for row in preview.table.rows}
    empty = ("",) * len(preview.table.columns)
    rows = ([p.row, p.column, p.text, p.remedy, *raw.get(p.row, empty)] for p in preview.problems)
    return write_csv(columns, rows)
