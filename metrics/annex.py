"""The spreadsheet beside a KPI report: what it is, what may be said, every case without a person, every check."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from foundation.bilingual import pick
from foundation.templatetags.house import GRADE_WORDS
from metrics.words import excluded_word, guard_status, period_word, window_word

MIN_RUNS = 10


def annex_xlsx(key: str, facts: dict[str, Any]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, {**options, "in_memory": True}) as book:
        annex = _Annex(book, key, facts)
        annex.readme()
        annex.statements()
        annex.weekly()
        annex.runs()
        annex.checks()
        annex.exclusions()
    return buffer.getvalue()


class _Annex:
    def __init__(self, book: Any, key: str, facts: dict[str, Any]) -> None:
        self.book, self.key, self.facts = book, key, facts
        self.heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.run_rows: dict[tuple[int, str], tuple[int, int]] = {}

    def sheet(self, name: Any, headings: list[Any], widths: list[int]) -> Any:
        sheet = self.book.add_worksheet(str(name)[:31])
        sheet.freeze_panes(1, 0)
        for at, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, str(heading), self.heading)
        return sheet

    def write(self, sheet: Any, row: int, values: list[Any]) -> None:
        for at, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, date):
                sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), self.day)  # noqa: DTZ001
            elif isinstance(value, int | float):
                sheet.write_number(row, at, value)
            else:
                sheet.write_string(row, at, str(value)[:32_000], self.wrap)

    def readme(self) -> None:
        sheet, facts = self.sheet(_("README"), [_("What"), _("Value")], [30, 96]), self.facts
        pilot = facts["pilot"]
        rows = [
            [_("Report"), self.key],
            [_("Pilot"), f"{pick(pilot['name'])} ({pilot['key']})"],
            [_("Unit"), pick(pilot["unit"])],
            [_("Written at (UTC)"), facts["as_of"][:16].replace("T", " ")],
            [_("Decision date"), facts["decision_on"]],
            [_("The vow"), _("Nothing measured here will be used to cut headcount or to set targets for anybody.")],
            [_("Persons"), _("No row carries a person. Times are per case.")],
        ]
        for measure in facts["measures"]:
            rows.append([pick(measure["name"]), pick(measure["sentence"])])
            for role, span in measure["windows"].items():
                rows.append([window_word(role), f"{span[0][:16]}Z – {span[1][:16]}Z"])
            answer = measure["estimate"]
            if answer:
                rows += [
                    [_("Inputs hash"), answer["inputs_hash"]],
                    [_("Result hash"), answer["result_hash"]],
                    [_("Engine"), answer["engine"]],
                ]
        for at, row in enumerate(rows, start=1):
            self.write(sheet, at, row)

    def statements(self) -> None:
        headings = [_("Measure"), _("English"), _("中文"), _("Evidence"), _("Cases before"), _("Cases in the pilot")]
        sheet, row = self.sheet(_("Statement"), headings, [30, 70, 70, 12, 12, 12]), 0
        for measure in self.facts["measures"]:
            answer = measure["estimate"]
            if answer is None:
                continue
            row += 1
            text = answer["text"]
            self.write(
                sheet,
                row,
                [pick(measure["name"]), text["en"], text["zh"], GRADE_WORDS.get(answer["word"], ""), *answer["n"]],
            )
        for looked in self.facts["looked_back"]:
            row += 1
            self.write(
                sheet, row, [_("Looked back"), looked["text"]["en"], looked["text"]["zh"], GRADE_WORDS[looked["word"]]]
            )

    def weekly(self) -> None:
        headings = [_("Measure"), _("Week"), _("Monday"), _("Period"), _("Cases"), _("Median [min]")]
        sheet, row = self.sheet(_("Weekly"), headings, [30, 8, 12, 14, 8, 14]), 0
        for measure in self.facts["measures"]:
            for week in measure["weeks"]:
                row += 1
                shown = None if week["median"] is None else float(week["median"])
                day = date.fromisoformat(week["monday"])
                values = [pick(measure["name"]), week["week"], day, period_word(week["period"]), week["n"], shown]
                self.write(sheet, row, values)

    def runs(self) -> None:
        """One row a case without its name; left out below ten cases. The median is a formula anyone can follow."""
        listed = [m for m in self.facts["measures"] if sum(len(w["values"]) for w in m["weeks"]) >= MIN_RUNS]
        if not listed:
            return
        sheet, row = self.sheet(_("Runs"), [_("Measure"), _("Period"), _("Monday"), _("Minutes")], [30, 14, 12, 12]), 0
        spans: list[tuple[str, str, int, int]] = []
        for measure in listed:
            for period in ("baseline", "ramp", "pilot"):
                first = row + 1
                for week in (w for w in measure["weeks"] if w["period"] == period):
                    for value in week["values"]:
                        row += 1
                        day = date.fromisoformat(week["monday"])
                        self.write(sheet, row, [pick(measure["name"]), period_word(period), day, float(value)])
                shown = measure["estimate"] and measure["estimate"]["median"]
                if shown and period != "ramp" and row >= first:
                    spans.append((pick(measure["name"]), period, first, row))
        self.medians(sheet, spans)

    def medians(self, sheet: Any, spans: list[tuple[str, str, int, int]]) -> None:
        for at, (name, period, first, last) in enumerate(spans, start=1):
            sheet.write_string(at, 5, f"{name}: {_('median')}, {period_word(period)}")
            sheet.write_formula(at, 6, f"=MEDIAN(D{first + 1}:D{last + 1})")
        if spans:
            sheet.set_column(5, 5, 44)

    def checks(self) -> None:
        headings = [_("Measure"), _("Check"), _("State"), _("English"), _("中文")]
        sheet, row = self.sheet(_("Checks"), headings, [30, 8, 14, 70, 70]), 0
        for measure in self.facts["measures"]:
            for guard in (measure["estimate"] or {}).get("guards") or []:
                row += 1
                told = guard["sentence"] or {"en": "", "zh": ""}
                self.write(
                    sheet,
                    row,
                    [pick(measure["name"]), guard["id"], guard_status(guard), told["en"], told["zh"]],
                )

    def exclusions(self) -> None:
        headings = [_("Measure"), _("Reason"), _("Window"), _("Records")]
        sheet, row = self.sheet(_("Left out"), headings, [30, 44, 14, 10]), 0
        for measure in self.facts["measures"]:
            for line in (measure["estimate"] or {}).get("excluded") or []:
                row += 1
                window = window_word(line["window"]) if line["window"] else ""
                self.write(sheet, row, [pick(measure["name"]), excluded_word(line["reason"]), window, line["count"]])
            for line in measure["left_out"]:
                row += 1
                self.write(sheet, row, [pick(measure["name"]), line["reason"], _("by hand"), line["count"]])
