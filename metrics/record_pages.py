"""Words and tables of the pages of records and task times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation.bilingual import pick
from foundation.kit import Cell
from foundation.lists import ListColumn
from foundation.templatetags.house import num
from metrics.connectors.records.base import NOT_RECORDED
from metrics.forms.records import FIELD_WORDS
from metrics.models import Observation, OpsRecord, SourceImport
from metrics.selectors.records import SourceLine

EXCLUDED = {
    "bad_time": gettext_lazy("a time cannot be read"),
    "zone_needed": gettext_lazy("a time has no zone"),
    "ambiguous_time": gettext_lazy("a time happened twice when the clock went back"),
    "nonexistent_time": gettext_lazy("a time was skipped when the clock went forward"),
    "bad_number": gettext_lazy("a number cannot be read"),
    "bad_flag": gettext_lazy("a yes or no cannot be read"),
    "too_long": gettext_lazy("a cell holds a long text"),
    "missing_key": gettext_lazy("no number"),
    "missing_opened_at": gettext_lazy("no opening time"),
    "duplicate_key": gettext_lazy("the number stands in the file twice"),
    "ragged_row": gettext_lazy("another number of cells than the header"),
    "opened_after_as_of": gettext_lazy("opened after the moment the file is complete to"),
}
DURATIONS = {
    "tta": gettext_lazy("time to acknowledge"),
    "ttr": gettext_lazy("time to resolve"),
    "ttc": gettext_lazy("time to close"),
}
LEVELS = {
    "warn": (gettext_lazy("look at this"), "warn"),
    "note": (gettext_lazy("note"), "info"),
    "clear": (gettext_lazy("nothing found"), "ok"),
    "not_enough": (gettext_lazy("too few to tell"), "open"),
}
ORDER = ("warn", "note", "not_enough", "clear")
EXCLUSIONS = {
    "replaced": gettext_lazy("replaced by a later entry"),
    "taken back": gettext_lazy("taken back by whoever typed it"),
}


def fact_rows(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """What an import states, always all of it."""
    left_out = sum(facts["excluded"].values())
    return [
        {"term": _("Rows read"), "value": num(facts["rows_read"])},
        {"term": _("Incidents"), "value": num(facts["incidents"])},
        {"term": _("Kept"), "value": num(facts["kept"])},
        {"term": _("Left out"), "value": num(left_out), "note": _listed(excluded_words(facts))},
        {
            "term": _("Without a resolution"),
            "value": num(facts["missing_resolved_at"]),
            "note": _("count as open, never dropped"),
        },
        {
            "term": _("Negative durations"),
            "value": num(sum(facts["negative_durations"].values())),
            "note": _listed(f"{DURATIONS[k]} {num(n)}" for k, n in facts["negative_durations"].items()),
        },
        {
            "term": _("Rows in an unusual state"),
            "value": num(sum(facts["unusual_states"].values())),
            "note": _listed(f"“{state}” {num(n)}" for state, n in facts["unusual_states"].items()),
        },
        {"term": _("Reopened incidents"), "value": num(facts["reopened"])},
        {
            "term": _("Group not recorded"),
            "value": num(facts["group_not_recorded"]),
            "note": _("a category of its own, not filled from earlier rows"),
        },
    ]


def excluded_words(facts: dict[str, Any]) -> Iterator[str]:
    return (f"{EXCLUDED.get(code, code)} {num(n)}" for code, n in facts["excluded"].items())


def _listed(words: Any) -> str:
    return " · ".join(str(w) for w in words)


def finding_rows(findings: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What to look at, warnings first, and the checks that found nothing or could not tell."""
    rows: dict[str, list[dict[str, Any]]] = {"found": [], "quiet": []}
    for finding in sorted(findings, key=lambda f: ORDER.index(f["level"])):
        word, tone = LEVELS[finding["level"]]
        place = "found" if finding["level"] in ("warn", "note") else "quiet"
        rows[place].append({"word": word, "tone": tone, "text": pick(finding["sentence"])})
    return rows


def sample_headings(sample: list[dict[str, Any]]) -> list[Any]:
    return [FIELD_WORDS.get(name, name) for name in (sample[0]["fields"] if sample else [])]


def sample_rows(sample: list[dict[str, Any]]) -> list[list[Any]]:
    return [_sample_row(row) for row in sample]


def _sample_row(row: dict[str, Any]) -> list[Any]:
    if row["why"] or not row["events"]:
        first = Cell(row["row"], sub=_("left out"), num=True)
    else:
        many = _("%(n)s rows") % {"n": row["events"]} if row["events"] > 1 else None
        first = Cell(row["row"], sub=many, num=True)
    return [first, *[Cell(read or "–", sub=raw if raw and raw != read else None) for read, raw in row["cells"]]]


def error_rows(errors: list[list[Any]]) -> list[list[Any]]:
    return [[row, column or "–", pick(sentence)] for row, column, sentence in errors]


# --- lists ---------------------------------------------------------------------------------------------------------


def _fact(name: str) -> Callable[[SourceImport], Any]:
    return lambda item: item.facts.get(name)


IMPORT_COLUMNS = (
    ListColumn(
        "file_name",
        gettext_lazy("File"),
        cell=lambda i: Cell(i.file_name, href=reverse("metrics:records_kept", args=[i.pk])),
        sort="file",
    ),
    ListColumn(
        "source",
        gettext_lazy("Source"),
        cell=lambda i: Cell(i.source, href=reverse("metrics:records_source", args=[i.unit.code, i.source])),
        sort="source",
    ),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda i: i.unit.name),
    ListColumn("as_of", gettext_lazy("Complete to"), kind="datetime", sort="as_of"),
    ListColumn("rows_read", gettext_lazy("Rows read"), kind="number"),
    ListColumn("records", gettext_lazy("Incidents kept"), kind="number"),
    ListColumn("added", gettext_lazy("New"), kind="number"),
    ListColumn("changed", gettext_lazy("Changed"), kind="number"),
    ListColumn(
        "excluded",
        gettext_lazy("Left out"),
        kind="number",
        value=lambda i: sum(i.facts.get("excluded", {}).values()),
    ),
    ListColumn("missing", gettext_lazy("Without a resolution"), kind="number", value=_fact("missing_resolved_at")),
    ListColumn("created_at", gettext_lazy("Imported"), kind="datetime", sort="imported"),
    ListColumn("mapping", gettext_lazy("Mapping"), shown=False),
    ListColumn("zone", gettext_lazy("Zone"), shown=False),
    ListColumn("sha256", "SHA-256", shown=False),
)
IMPORT_SORTS = {
    "file": ("file_name", "id"),
    "source": ("source", "id"),
    "as_of": ("as_of", "id"),
    "imported": ("created_at", "id"),
}


def _category(name: str) -> Callable[[OpsRecord], Any]:
    """A gap in the source is a category of its own."""

    def cell(item: OpsRecord) -> Any:
        value = getattr(item, name)
        return Cell(_("not recorded"), tone="open") if value == NOT_RECORDED else (value or None)

    return cell


def _minutes(item: OpsRecord) -> float | None:
    if item.resolved_at is None:
        return None
    return round((item.resolved_at - item.opened_at).total_seconds() / 60, 1)


INCIDENT_COLUMNS = (
    ListColumn("source_key", gettext_lazy("Number"), sort="number"),
    ListColumn("opened_at", gettext_lazy("Opened"), kind="datetime", sort="opened"),
    ListColumn("first_ack_at", gettext_lazy("First acknowledged"), kind="datetime"),
    ListColumn("resolved_at", gettext_lazy("Resolved"), kind="datetime"),
    ListColumn("closed_at", gettext_lazy("Closed"), kind="datetime"),
    ListColumn(
        "minutes",
        gettext_lazy("Minutes to resolve"),
        kind="number",
        value=_minutes,
        cell=lambda i: Cell(None, num=True) if i.resolved_at is None else _minutes(i),
    ),
    ListColumn("priority", gettext_lazy("Priority"), cell=_category("priority")),
    ListColumn("group", gettext_lazy("Group"), cell=_category("group")),
    ListColumn("category", gettext_lazy("Category"), cell=_category("category")),
    ListColumn("state", gettext_lazy("State"), cell=_category("state")),
    ListColumn("subcategory", gettext_lazy("Subcategory"), shown=False),
    ListColumn("service", gettext_lazy("Service"), shown=False),
    ListColumn("contact_type", gettext_lazy("Contact type"), shown=False),
    ListColumn("reassignments", gettext_lazy("Reassignments"), kind="number", shown=False),
    ListColumn("reopens", gettext_lazy("Reopenings"), kind="number", shown=False),
    ListColumn("made_sla", gettext_lazy("Service level met"), kind="bool", shown=False),
    ListColumn("parent_key", gettext_lazy("Number of the parent"), shown=False),
    ListColumn("received_at", gettext_lazy("First imported"), kind="datetime", shown=False),
)
INCIDENT_SORTS = {"number": ("source_key", "id"), "opened": ("opened_at", "id")}


def source_rows(lines: list[SourceLine]) -> list[list[Any]]:
    return [
        [
            Cell(line.source, href=reverse("metrics:records_source", args=[line.unit.code, line.source])),
            line.unit.name,
            line.records,
            line.first,
            line.last,
            line.as_of,
        ]
        for line in lines
    ]


def _usable(item: Observation) -> str:
    return {True: _("yes"), False: _("no"), None: _("not rated")}[item.usable]


def excluded_word(item: Observation) -> Any:
    return EXCLUSIONS.get(item.excluded_why, item.excluded_why)


def task_time_columns(may_exclude: bool) -> tuple[ListColumn, ...]:
    """Team, never a person: nobody's name stands in any column."""

    def case(item: Observation) -> Any:
        if not may_exclude or item.excluded_why:
            return item.case
        return Cell(item.case, href=reverse("metrics:task_time_row", args=[item.measure.pilot.key, item.pk]))

    return (
        ListColumn("at", gettext_lazy("When"), kind="datetime", sort="at"),
        ListColumn("case", gettext_lazy("Case"), cell=case, sort="case"),
        ListColumn("minutes", gettext_lazy("Minutes"), kind="number", sort="minutes"),
        ListColumn(
            "review_minutes",
            gettext_lazy("Of these, human review"),
            kind="number",
            cell=lambda o: Cell(None, num=True) if o.review_minutes is None else o.review_minutes,
        ),
        ListColumn(
            "second_run",
            gettext_lazy("Second run"),
            kind="bool",
            cell=lambda o: _("second run") if o.second_run else None,
        ),
        ListColumn("usable", gettext_lazy("Usable"), value=_usable),
        ListColumn("team", gettext_lazy("Team"), value=lambda o: o.team.name),
        ListColumn("method", gettext_lazy("How the time was taken"), value=lambda o: str(o.get_method_display())),
        ListColumn(
            "excluded_why",
            gettext_lazy("Left out because"),
            value=lambda o: str(excluded_word(o)),
            cell=lambda o: Cell(excluded_word(o), tone="open") if o.excluded_why else None,
        ),
        ListColumn("received_at", gettext_lazy("Recorded"), kind="datetime", shown=False),
    )


TASK_TIME_SORTS = {"at": ("at", "id"), "case": ("case", "id"), "minutes": ("minutes", "id")}
