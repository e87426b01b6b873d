"""From the facts of a report to what its page says. A live page and a frozen one are read from the same facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from foundation.bilingual import pick
from foundation.templatetags.house import day, num, pct, unit
from metrics import charts
from metrics.estimators.model import is_left_undone
from metrics.reports import primary_facts
from metrics.words import GUARDS, excluded_word, guard_status, method_word, source_word, window_word

TAIL = {"en": re.compile(r"\s*\d+ of 13 checks passed.*$", re.S), "zh": re.compile(r"13项检查中\d+项通过.*$", re.S)}
DATES = {
    "en": re.compile(r" \((\d[^()]*? to [^()]*?\d{4})\)"),
    "zh": re.compile(r"（(\d{4}年[^（）]*?至[^（）]*?日)）"),
}
SIZE = re.compile(r"，(?=(?:低|高|减少|增加)[\d不])")
STOP = {"en": re.compile(r"(?<=[.;])\s+(?=[A-Z])"), "zh": re.compile(r"(?<=。)")}
_LANG = {"en": "en", "zh": "zh-Hans"}  # as `lang` says it
SPOKEN = ("clear_gain", "gain_size_uncertain", "no_meaningful_change", "worse", "cannot_tell")
MINIMUM = {"duration_task": 20, "duration_incident": 30}


@dataclass(frozen=True)
class Said:
    """A stored sentence cut for a page: its finding, what belongs to it, the days it speaks of."""

    title: str
    rest: str
    days: str


def cut(text: str, language: str) -> Said:
    """The words stay those of the estimate; only the place where they stand differs."""
    body = TAIL[language].sub("", text).strip()
    days = DATES[language].search(body)
    body = DATES[language].sub("", body, count=1)
    first, *rest = [part for part in STOP[language].split(body) if part]
    if language == "zh" and (sized := SIZE.split(first, maxsplit=1))[1:]:
        first, rest = sized[0], [sized[1], *rest]
    if language == "en" and first.rstrip(":") == first and len(rest) and first.endswith(";"):
        first = f"{first} {rest.pop(0)}"
    joined = (" " if language == "en" else "").join(rest)
    return Said(first.rstrip("。" if language == "zh" else ""), joined, days.group(1) if days else "")


def language() -> str:
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True)
class Line:
    term: Any
    value: Any
    note: Any = ""
    href: str = ""


@dataclass(frozen=True)
class Scale:
    """The certainty scale: improvement on the deciding estimate's own scale."""

    value: float
    low: float
    high: float
    bar: float | None
    unit: str
    spans_zero: bool
    worse: bool
    drawing: SafeString | str


class ReportPage:
    def __init__(self, facts: dict[str, Any], key: str) -> None:
        self.facts, self.key = facts, key
        self.main = primary_facts(facts)
        self.answer: dict[str, Any] | None = (self.main or {}).get("estimate")

    # --- words at the top ---

    @property
    def name(self) -> str:
        return pick(self.facts["pilot"]["name"]) or pick(self.facts["pilot"]["candidate"])

    @property
    def interim(self) -> bool:
        return bool(self.facts["interim"])

    @property
    def not_begun(self) -> bool:
        today = datetime.fromisoformat(self.facts["as_of"]).astimezone(ZoneInfo(self.facts["pilot"]["zone"])).date()
        return today < date.fromisoformat(self.facts["pilot"]["starts_on"])

    @property
    def spoken(self) -> bool:
        """A verdict may be read: the decision date has passed and an estimate gave one."""
        return bool(self.answer and self.answer["verdict"]) and not self.interim

    @property
    def has_finding(self) -> bool:
        return self.spoken and bool(self.answer) and self.answer["verdict"] in SPOKEN  # type: ignore[index]

    @property
    def word(self) -> str:
        return self.answer["word"] if self.answer and self.spoken else "early"

    @cached_property
    def said(self) -> Said:
        lang = language()
        if self.spoken and self.answer:
            return cut(self.answer["text"][lang] or pick(self.answer["text"]), lang)
        return Said(self._sufficiency(), self._missing(), "")

    @property
    def title(self) -> str:
        return self.said.title

    @property
    def twin(self) -> str:
        """The finding in the other language; "" where it would only repeat."""
        other = "en" if language() == "zh" else "zh"
        if self.spoken and self.answer:
            return cut(self.answer["text"][other], other).title if self.answer["text"][other] else ""
        with override("zh-hans" if other == "zh" else "en"):
            told = self._sufficiency()
        return "" if told == self._sufficiency() else told

    @property
    def lang(self) -> str:
        return _LANG[language()]

    @property
    def twin_lang(self) -> str:
        return _LANG["en" if language() == "zh" else "zh"]

    def _sufficiency(self) -> str:
        """Counts only: no gain, no median, no verdict."""
        if self.main is None:
            return _("This pilot has no measure yet.")
        n0, n1 = self.counts
        given = {"day": day(date.fromisoformat(self.facts["decision_on"])), "before": num(n0), "pilot": num(n1)}
        if self.interim:
            return _("No verdict before %(day)s: %(before)s cases before and %(pilot)s in the pilot so far") % given
        return _("%(before)s cases before and %(pilot)s in the pilot wait to be estimated") % given

    def _missing(self) -> str:
        if self.main is None:
            return ""
        if self.not_begun:
            begins = day(date.fromisoformat(self.facts["pilot"]["starts_on"]))
            return _("The pilot begins on %(day)s.") % {"day": begins}
        if (
            not self.interim
            and self.data_to
            and self.answer
            and "interim" in self.answer["reasons"]
            and not self.is_task
        ):
            text = _("The records end on %(day)s, before the decision date; newer ones are needed.")
            return text % {"day": day(self.data_to)}
        need = MINIMUM.get(self.main["kind"], 20)
        short = [n for n in self.counts if n < need]
        if not short:
            return _("Both windows hold enough cases to be judged on the decision date.") if self.interim else ""
        more = ngettext(
            "At least %(need)s cases are needed in each window; %(more)s more is missing.",
            "At least %(need)s cases are needed in each window; %(more)s more are missing.",
            sum(need - n for n in short),
        )
        return more % {"need": need, "more": sum(need - n for n in short)}

    @property
    def counts(self) -> tuple[int, int]:
        found = (self.main or {}).get("counts") or {"baseline": 0, "pilot": 0}
        return found["baseline"], found["pilot"]

    @property
    def copied(self) -> str:
        """What “Copy statement” copies: the published words, else the stored ones, with their evidence word."""
        statement = (self.main or {}).get("statement")
        if statement:
            return pick(statement["text"])
        if self.spoken and self.answer:
            return pick(self.answer["text"])
        return self.sentence

    @property
    def sentence(self) -> str:
        """The finding and what belongs to it, with one full stop between them."""
        stop, gap = ("。", "") if language() == "zh" else (".", " ")
        return f"{self.title.rstrip(stop)}{stop}{gap}{self.said.rest}".strip()

    # --- the plot ---

    @cached_property
    def plot(self) -> charts.WeeklyPlot | None:
        return _plot(self.facts, self.main, self.spoken) if self.main and self.main["weeks"] else None

    @property
    def figure_title(self) -> str:
        if self.main is None:
            return ""
        if self.is_task:
            return _("Minutes of hands-on work per case")
        return _("Time from opened to resolved") if self.draws_dots else _("Share of incidents still open")

    @property
    def figure_note(self) -> str:
        if self.draws_dots:
            return _("each dot is one case, by week")
        if self.draws_curves:
            return _("by time since opening; open incidents are counted as open")
        return _("cases by week; single values are too many to draw")

    @property
    def is_task(self) -> bool:
        return bool(self.main) and self.main["kind"] == "duration_task"  # type: ignore[index]

    @property
    def draws_dots(self) -> bool:
        return bool(self.plot and self.plot.has_dots)

    @property
    def draws_curves(self) -> bool:
        return bool(not self.draws_dots and self.main and self.main.get("curves"))

    @property
    def svg(self) -> SafeString | str:
        return self._draw("screen", "weeks")

    @property
    def narrow_svg(self) -> SafeString | str:
        """The same picture for a phone: as wide as its screen, so that the pilot is not out of sight."""
        return self._draw("screen", "", charts.NARROW)

    @property
    def paper_svg(self) -> SafeString | str:
        return self._draw("print", "")

    def _draw(self, palette: str, element_id: str, sheet: charts.Sheet = charts.WIDE) -> SafeString | str:
        if self.plot is None or self.main is None:
            return ""
        if self.draws_dots:
            return charts.weekly_dots_svg(self.plot, palette=palette, element_id=element_id, sheet=sheet)
        if self.draws_curves:
            before, pilot = (_curve(self.main["curves"][role]) for role in ("baseline", "pilot"))
            until = _float(((self.answer or {}).get("rmst") or {}).get("tau")) or 0
            return charts.steps_svg(before, pilot, self._curve_label(), palette=palette, until=until, sheet=sheet)
        return charts.weekly_counts_svg(self.plot, palette=palette, element_id=element_id, sheet=sheet)

    def _curve_label(self) -> str:
        return _("Share of incidents still open by time since opening, before and in the pilot.")

    @cached_property
    def figure(self) -> dict[str, Any] | None:
        return charts.weekly_figure(self.plot) if self.plot and self.draws_dots else None

    @property
    def shows_medians(self) -> bool:
        return bool(self.plot and any(w.median is not None for w in self.plot.weeks))

    @property
    def shows_ramp(self) -> bool:
        return bool(self.plot and any(w.period == "ramp" for w in self.plot.weeks))

    @property
    def week_rows(self) -> list[list[Any]]:
        if self.plot is None:
            return []
        scale = charts.unit_for(self.plot.top)
        return [
            [
                f"{w.number}".replace("-", "−"),
                w.monday,
                str(window_word(w.period)),
                w.n,
                *([scale.show(w.median) if w.median is not None else None] if self.shows_medians else []),
                ", ".join(num(round(v / scale.per, 1)) for v in w.values),
            ]
            for w in self.plot.weeks
        ]

    @property
    def value_unit(self) -> str:
        return charts.unit_for(self.plot.top).word if self.plot else ""

    # --- how sure ---

    @cached_property
    def scale(self) -> Scale | None:
        if not self.has_finding or self.answer is None or self.main is None or not self.answer.get("deciding"):
            return None
        return _scale(self.answer, self.main)

    @property
    def checks_line(self) -> str:
        given = {"passed": self._states.count("pass"), "all": len(self._states)}
        return ", ".join([_("%(passed)s of %(all)s checks passed") % given, *self._beside])

    @property
    def _states(self) -> list[str]:
        return [g["status"] for g in self.guards]

    @property
    def _beside(self) -> list[str]:
        """Remarks, what was not run and what does not apply: never counted as passed."""
        idle = self._states.count("not_run")
        undone = sum(is_left_undone(g) for g in self.guards)
        remarks = len(self._states) - self._states.count("pass") - idle
        counted = {
            ngettext("%(n)s remark", "%(n)s remarks", remarks): remarks,
            ngettext("%(n)s not run", "%(n)s not run", undone): undone,
            ngettext("%(n)s does not apply", "%(n)s do not apply", idle - undone): idle - undone,
        }
        return [words % {"n": count} for words, count in counted.items() if count]

    def _checks(self) -> list[Line]:
        if not self.guards:
            return []
        passed = _("%(passed)s of %(all)s") % {"passed": self._states.count("pass"), "all": len(self._states)}
        return [Line(_("Checks passed"), passed, ", ".join(self._beside), "#checks")]

    @property
    def guards(self) -> list[dict[str, Any]]:
        return (self.answer or {}).get("guards") or []

    @property
    def guard_rows(self) -> list[dict[str, Any]]:
        tones = {"pass": "ok", "warn": "warn", "refuse": "bad", "not_run": "open"}
        return [
            {
                "name": GUARDS.get(g["id"], g["id"]),
                "tone": tones[g["status"]],
                "state": guard_status(g),
                "text": pick(g["sentence"]) if g["sentence"] else "",
            }
            for g in self.guards
        ]

    @property
    def facts_lines(self) -> list[Line]:
        n0, n1 = self.answer["n"] if self.spoken and self.answer else self.counts
        lines = [Line(_("Cases measured"), num(n1), _("and %(n)s before") % {"n": num(n0)})]
        if self.main:
            lines += [*self._coverage(), *self._agreed(), *self._open(), *self._checks()]
        usage = self.facts.get("usage")
        if usage:
            lines.append(Line(_("Runs by the runtime"), num(usage["runs"]), _usage_note(usage)))
        return lines

    def _coverage(self) -> list[Line]:
        found = (self.answer or {}).get("coverage")
        if not found:
            return []
        before, pilot = _float(found["baseline"]), _float(found["pilot"])
        return [Line(_("Usable records"), pct(pilot), _("before: %(share)s") % {"share": pct(before)}, "#left-out")]

    def _agreed(self) -> list[Line]:
        assert self.main is not None
        effect, lock = _float(self.main["minimum_effect"]), self.main["lock"]
        bar = pct(effect) if effect is not None else "–"
        if lock is None:
            return [Line(_("Smallest change that matters"), bar, _("not locked"))]
        if lock["days_late"]:
            late = ngettext("%(n)s day after the pilot began", "%(n)s days after the pilot began", lock["days_late"])
            return [
                Line(_("Smallest change that matters"), bar),
                Line(_("Registered"), late % {"n": lock["days_late"]}),
            ]
        return [Line(_("Bar agreed before the pilot"), bar, self._met())]

    def _met(self) -> str:
        if self.scale is None or self.scale.bar is None:
            return ""
        return _("met") if self.scale.low >= self.scale.bar else _("not met")

    def _open(self) -> list[Line]:
        found = (self.answer or {}).get("censored") or {}
        still = sum(found.values()) if found else 0
        return [Line(_("Still open, counted as open"), num(still))] if still else []

    # --- the lower row ---

    @cached_property
    def minutes_rows(self) -> list[charts.Bar]:
        """Human review stands in the same picture as the difference."""
        if not (self.spoken and self.is_task and self.answer and self.answer.get("median")):
            return []
        middle = self.answer["median"]
        rows = [charts.Bar(_("All hands-on minutes"), _float(middle["baseline"]), _float(middle["pilot"]))]
        review = self.main["review"] if self.main else None
        if review:
            given = (_float(review["baseline"]["median"]), _float(review["pilot"]["median"]))
            rows.append(charts.Bar(_("Review by a person"), *given, watched=True))
        return rows

    @property
    def minutes_svg(self) -> SafeString:
        label = _("Median minutes per case before and in the pilot, with the review by a person.")
        return charts.bars_svg(self.minutes_rows, label)

    @property
    def review_note(self) -> str:
        review = self.main["review"] if self.main else None
        if not review:
            return _("Nobody recorded minutes of review; they are inside all minutes.")
        return _("Review is a part of all minutes; recorded for %(pilot)s cases, %(before)s before.") % {
            "pilot": num(review["pilot"]["n"]), "before": num(review["baseline"]["n"]),
        }  # fmt: skip

    @property
    def guardrail_lines(self) -> list[Line]:
        lines = []
        found = self.main["watched"] if self.main else None
        if found:
            term = _("Cases done again") if found["what"] == "second_runs" else _("Incidents reopened")
            note = _("of %(n)s; before: %(hits)s of %(all)s") % {
                "n": num(found["pilot_n"]), "hits": num(found["baseline_hits"]), "all": num(found["baseline_n"]),
            }  # fmt: skip
            lines.append(Line(term, num(found["pilot_hits"]), note))
        usage = self.facts.get("usage")
        if usage and usage["cost"] is not None:
            cost = f"{usage['currency']} {num(float(usage['cost']), 2)}"
            lines.append(Line(_("Run cost as the runtime reports it"), cost, _usage_note({**usage, "runs_ok": None})))
        elif usage and usage["tokens"]:
            note = _usage_note({**usage, "runs_ok": None})
            lines.append(Line(_("Tokens as the runtime reports them"), num(usage["tokens"]), note))
        return lines

    @property
    def others(self) -> list[dict[str, Any]]:
        """The other measures of the pilot in the reader's language; no words before there is a verdict."""
        return [_other(m) for m in self.facts["measures"] if m is not self.main]

    @property
    def limits(self) -> list[tuple[str, str]]:
        """What this does not say: the published box first, then what the design and the checks leave open."""
        statement = (self.main or {}).get("statement")
        found = [(line, "") for line in pick(statement["does_not_say"]).splitlines() if line] if statement else []
        found.append((_("Nothing about a person."), _("Data is per case; names are not stored.")))
        if self.spoken and self.answer and self.answer["grade"] == "D":
            found.append(
                (_("Not what caused it."), _("Before and after are compared; other causes are not ruled out."))
            )
        if not statement:
            found.append((_("Not a saving."), _("Minutes are not money, and time freed is not headcount.")))
        warned = [pick(g["sentence"]) for g in self.guards if g["status"] in ("warn", "refuse") and g["sentence"]]
        return [*found, *(("", text) for text in warned[: max(0, 4 - len(found))])]

    @property
    def exclusions(self) -> list[list[Any]]:
        rows: list[list[Any]] = []
        for line in (self.answer or {}).get("excluded") or []:
            where = str(window_word(line["window"])) if line["window"] else ""
            rows.append([str(excluded_word(line["reason"])), where, line["count"]])
        rows += [[line["reason"], _("by hand"), line["count"]] for line in (self.main or {}).get("left_out", [])]
        return rows

    @property
    def looked_back(self) -> list[dict[str, Any]]:
        return [{"text": pick(line["text"]), "word": line["word"]} for line in self.facts["looked_back"]]

    # --- the foot ---

    @property
    def source(self) -> str:
        if self.main is None:
            return ""
        return _("Source: %(source)s") % {"source": source_word(self.main["source"])}

    @property
    def data_to(self) -> datetime | None:
        stamp = self.answer["as_of"] if self.answer else self.facts["as_of"]
        return datetime.fromisoformat(stamp) if stamp else None

    @property
    def interval(self) -> str:
        found = (self.answer or {}).get("deciding") if self.spoken else None
        if not found or self.answer is None:
            return ""
        level = pct(_float(found["level"]))
        return _("Interval: %(level)s, %(method)s") % {"level": level, "method": method_word(self.answer["decides"])}

    @property
    def short_hash(self) -> str:
        return self.answer["result_hash"].removeprefix("sha256:")[:12] if self.answer else ""


def _usage_note(usage: dict[str, Any]) -> str:
    """Which days a count of the runtime counts, and how many ended well where that is told."""
    first, last = usage.get("first_day"), usage["closed_through"]
    found = []
    if first and last:
        days = {"first": day(date.fromisoformat(first)), "last": day(date.fromisoformat(last))}
        found.append(_("closed days of the pilot, %(first)s to %(last)s") % days)
    if usage["runs_ok"] is not None:
        found.append(_("%(n)s ended well") % {"n": num(usage["runs_ok"])})
    return ", ".join(found)


def _other(measure: dict[str, Any]) -> dict[str, Any]:
    answer = measure["estimate"] or {}
    spoken = bool(answer.get("verdict"))
    return {"name": pick(measure["name"]), "text": pick(answer["text"]) if spoken else "", "word": answer.get("word")}


def _curve(found: dict[str, Any]) -> charts.Curve:
    points = [(float(minutes), float(share)) for minutes, share in found["points"]]
    return charts.Curve(points, found["n"], found["open"])


def _plot(facts: dict[str, Any], main: dict[str, Any], spoken: bool) -> charts.WeeklyPlot:
    weeks = [
        charts.Week(
            w["week"], date.fromisoformat(w["monday"]), [float(v) for v in w["values"]], w["n"],
            _float(w["median"]) if spoken else None, w["period"],
        )
        for w in main["weeks"]
    ]  # fmt: skip
    before, pilot = _levels(main) if spoken else (None, None)
    notes = _notes(facts, weeks)
    return charts.WeeklyPlot(weeks, before, pilot, notes, _plot_label(weeks, before, pilot))


def _levels(main: dict[str, Any]) -> tuple[float | None, float | None]:
    answer = main["estimate"] or {}
    if answer.get("median"):
        return _float(answer["median"]["baseline"]), _float(answer["median"]["pilot"])
    curve = answer.get("km_median")
    if curve:
        return _float(curve["baseline"]["value"]), _float(curve["pilot"]["value"])
    return None, None


def _plot_label(weeks: list[charts.Week], before: float | None, pilot: float | None) -> str:
    n0 = sum(w.n for w in weeks if w.period == "baseline")
    n1 = sum(w.n for w in weeks if w.period == "pilot")
    told = _("Cases by week: %(before)s before, %(pilot)s in the pilot.") % {"before": n0, "pilot": n1}
    if before is None or pilot is None:
        return told
    scale = charts.unit_for(max(before, pilot))
    given = {"before": scale.show(before), "pilot": scale.show(pilot)}
    return f"{told} {_('Median %(before)s before, %(pilot)s in the pilot.') % given}"


def _notes(facts: dict[str, Any], weeks: list[charts.Week]) -> list[charts.Note]:
    found = []
    first = next((i for i, w in enumerate(weeks) if w.period != "baseline"), None)
    if first is not None:
        begins = _short_day(date.fromisoformat(facts["pilot"]["starts_on"]))
        learning = weeks[first].period == "ramp"
        sub = _("%(day)s, learning week left out") % {"day": begins} if learning else begins
        found.append(charts.Note(first, _("Pilot starts"), sub))
    for note in facts["notes"]:
        index = _week_of(date.fromisoformat(note["from"]), weeks)
        if index is not None:
            kept = _("%(day)s, kept in the data") % {"day": _short_day(date.fromisoformat(note["from"]))}
            found.append(charts.Note(index, pick(note["text"]), kept))
    return found


def _short_day(when: date) -> str:
    """Day and month: the plot's weeks tell the year."""
    return date_format(when, "n月j日" if language() == "zh" else "j M")


def _week_of(when: date, weeks: list[charts.Week]) -> int | None:
    return next((i for i, w in enumerate(weeks) if 0 <= (when - w.monday).days < 7), None)


def _scale(answer: dict[str, Any], main: dict[str, Any]) -> Scale | None:
    found, name = answer["deciding"], answer["decides"]
    if found["ci"] is None or found["value"] is None:
        return None
    value, low, high = float(found["value"]), float(found["ci"][0]), float(found["ci"][1])
    effect = _float(main["minimum_effect"])
    if name.endswith("ratio"):
        value, low, high = ((v - 1) * 100 for v in (value, low, high))
        word, bar = "%", None if effect is None else effect * 100
    elif name.startswith("share_within"):
        value, low, high = -value * 100, -low * 100, -high * 100
        word, bar = _("points"), None
    else:
        rmst = answer.get("rmst") or {}
        base = _float(rmst.get("baseline"))
        per = charts.unit_for(max(abs(value), abs(low), abs(high)))
        value, low, high = value / per.per, low / per.per, high / per.per
        word, bar = per.word, None if base is None or effect is None else effect * base / per.per
    sign = 1 if main["direction"] == "higher" else -1
    ends = sorted((sign * low, sign * high))
    return _drawn(sign * value, ends[0], ends[1], bar, word, min(answer["n"]))


def _drawn(value: float, low: float, high: float, bar: float | None, word: str, n: int) -> Scale:
    """Rounded by the one rule of the statement, so that page and sentence never differ."""
    from metrics.estimators.wording import percent_step, rounded

    step = percent_step(high - low, n) if word == "%" else "0.1" if max(abs(low), abs(high)) < 10 else "1"
    value, low, high = (float(rounded(v, step).replace(",", "")) for v in (value, low, high))
    bar = None if bar is None else round(bar, 1)
    straddles = low < 0 < high
    drawing: SafeString | str = ""
    if straddles:
        label = _("Plausible range %(low)s to %(high)s; no change lies inside it.")
        drawing = charts.range_svg(low, high, bar, word, label % {"low": unit(low, word), "high": unit(high, word)})
    return Scale(value, low, high, bar, word, straddles, high < 0, drawing)
