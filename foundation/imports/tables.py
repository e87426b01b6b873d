"""The tables of the preview page, as cells of the kit."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.imports.flow import Preview, SampleRow
from foundation.imports.kinds import Field, Outcome
from foundation.kit import Cell

WORDS = {
    Outcome.NEW: (_("new"), "ok"),
    Outcome.CHANGED: (_("changed"), "warn"),
    Outcome.UNCHANGED: (_("unchanged"), "open"),
    Outcome.DUPLICATE: (_("double"), "open"),
    Outcome.INVALID: (_("cannot be imported"), "bad"),
}
LONGEST = 200  # characters of a cell shown in the preview


def outcome_rows(preview: Preview) -> list[dict[str, Any]]:
    return [
        {"word": WORDS[Outcome(name)][0], "tone": WORDS[Outcome(name)][1], "count": count}
        for name, count in preview.counts.items()
        if count
    ]


def preview_rows(preview: Preview) -> list[list[Any]]:
    return [_sample(preview, row) for row in preview.sample]


def _sample(preview: Preview, row: SampleRow) -> list[Any]:
    word, tone = WORDS[Outcome(row.outcome)] if row.outcome else (_("not checked"), "open")
    cells = [row.number, Cell(word, tone=tone)]
    for field, value in zip(preview.fields, row.read, strict=True):
        raw = row.raw[preview.table.columns.index(preview.mapping[field.name])]
        read = _label(field, value) if field.kind == "choice" else _words(value)
        shown = read if read is not None else "–"
        cells.append(Cell(_cut(shown), sub=_cut(raw) if raw.strip() != shown else None))
    return cells


def _label(field: Field, value: Any) -> str | None:
    """What people call a code."""
    return None if value is None else str(dict(field.choices).get(value, value))


def _words(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def problem_rows(preview: Preview) -> list[list[Any]]:
    return [[p.row, p.column or "–", p.text, p.remedy] for p in preview.shown_problems]
