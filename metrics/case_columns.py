"""The list of cases as a table anyone can take away: what the page shows, and nothing it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.lists import ListColumn
from foundation.templatetags.house import GRADE_WORDS
from metrics.selectors.boards import CaseRow, case_rows
from metrics.words import verdict_word


def _said(row: CaseRow, shown: Any) -> str:
    """Before the decision date there are counts, no results."""
    return str(shown(row.estimate)) if row.has_verdict else ""


def _count(row: CaseRow, side: int) -> int:
    if row.has_verdict and row.estimate:
        return (row.estimate.n_before, row.estimate.n_pilot)[side]
    return row.counts[side]


CASE_COLUMNS = (
    ListColumn("pilot", _("Pilot"), value=lambda r: r.pilot.key),
    ListColumn("case", _("Case"), value=lambda r: r.pilot.name),
    ListColumn("unit", _("Unit"), value=lambda r: r.pilot.unit.name),
    ListColumn("state", _("State"), value=lambda r: str(r.pilot.get_status_display())),
    ListColumn("starts_on", _("First day"), "date", value=lambda r: r.pilot.starts_on),
    ListColumn("ends_on", _("Last day"), "date", value=lambda r: r.pilot.ends_on),
    ListColumn("decision_on", _("Decision date"), "date", value=lambda r: r.pilot.decision_on),
    ListColumn("measure", _("Measure"), value=lambda r: r.measure.name if r.measure else ""),
    ListColumn("lock", _("Lock"), value=lambda r: str(r.lock_word) if r.measure else ""),
    ListColumn("before", _("Cases before"), "number", value=lambda r: _count(r, 0)),
    ListColumn("during", _("Cases in the pilot"), "number", value=lambda r: _count(r, 1)),
    ListColumn("usable", _("Usable"), "number", value=lambda r: r.coverage),
    ListColumn("verdict", _("Verdict"), value=lambda r: _said(r, lambda e: verdict_word(e.verdict))),
    ListColumn("evidence", _("Evidence"), value=lambda r: _said(r, lambda e: GRADE_WORDS.get(e.word, ""))),
    ListColumn("sentence", _("What may be said"), value=lambda r: _said(r, lambda e: e.sentence)),
    ListColumn("report", _("Report"), value=lambda r: r.pilot.report.key if hasattr(r.pilot, "report") else ""),
)


def exported(actor: Actor) -> Iterator[list[Any]]:
    return ([column.read(row) for column in CASE_COLUMNS] for row in case_rows(actor, None))
