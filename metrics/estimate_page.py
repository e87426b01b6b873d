"""One stored estimate, and the strip of what could have been shown, in words and pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from foundation.bilingual import pick
from foundation.jobs.models import Job
from metrics import charts
from metrics.models import GainEstimate, Measure
from metrics.report_page import SPOKEN, Scale, _scale, cut, language
from metrics.services.estimates import DETECTABLE
from metrics.words import (
    GUARDS,
    WindowDays,
    excluded_word,
    guard_status,
    method_word,
    verdict_word,
    window_days,
    window_word,
)

TONES = {"pass": "ok", "warn": "warn", "refuse": "bad", "not_run": "open"}


class EstimatePage:
    def __init__(self, estimate: GainEstimate) -> None:
        self.estimate = estimate
        self.result: dict[str, Any] = json.loads(estimate.result)
        self.plan: dict[str, Any] = json.loads(estimate.plan)

    @cached_property
    def title(self) -> str:
        return cut(self.estimate.sentence, language()).title or str(self.verdict)

    @property
    def rest(self) -> str:
        return cut(self.estimate.sentence, language()).rest

    @property
    def verdict(self) -> Any:
        return verdict_word(self.estimate.verdict)

    @property
    def guards(self) -> list[dict[str, Any]]:
        return [
            {
                "name": GUARDS.get(g["id"], g["id"]),
                "tone": TONES[g["status"]],
                "state": guard_status(g),
                "text": pick(g["sentence"]) if g["sentence"] else "",
            }
            for g in self.result.get("guards") or []
        ]

    @property
    def remarks(self) -> list[str]:
        """What the checks leave open, in whole sentences."""
        found = [g for g in self.result.get("guards") or [] if g["status"] in ("warn", "refuse") and g["sentence"]]
        return [pick(g["sentence"]) for g in found]

    @property
    def scale(self) -> Scale | None:
        if self.estimate.verdict not in SPOKEN:
            return None
        decides = self.result.get("decides") or ""
        answer = {
            "deciding": (self.result.get("estimates") or {}).get(decides),
            "decides": decides,
            "rmst": self.result.get("rmst"),
            "n": [self.estimate.n_before, self.estimate.n_pilot],
        }
        version = self.estimate.version_of
        main = {"minimum_effect": version.minimum_effect, "direction": version.direction}
        return _scale(answer, main) if answer["deciding"] else None

    @property
    def exclusions(self) -> list[list[Any]]:
        return [
            [str(excluded_word(e["reason"])), str(window_word(e["window"])) if e["window"] else "", e["count"]]
            for e in self.result.get("excluded") or []
        ]

    @property
    def figures(self) -> list[list[Any]]:
        """Every estimate by name with its range; empty before the decision date."""
        return [
            [str(method_word(name)), _shown(found["value"], name), _range(found["ci"], name), found["method"]]
            for name, found in (self.result.get("estimates") or {}).items()
        ]

    @property
    def windows(self) -> list[WindowDays]:
        spans = {role: [datetime.fromisoformat(end) for end in span] for role, span in self.plan["windows"].items()}
        ordered = sorted(spans.items(), key=lambda item: item[1])
        return [window_days(role, span[0], span[1], self.plan["zone"]) for role, span in ordered]

    @property
    def placebo(self) -> SafeString | str:
        found = self.result.get("placebo")
        if not found or not found["windows"]:
            return ""
        decides = self.result.get("decides") or ""
        mark = ((self.result.get("estimates") or {}).get(decides) or {}).get("value")
        return _strip(found, decides, mark)

    @property
    def hashes(self) -> list[tuple[Any, str]]:
        return [
            (_("Inputs"), self.estimate.inputs_hash),
            (_("Result"), self.estimate.result_hash),
            (_("Engine"), self.result.get("engine") or ""),
        ]


def _shown(value: float | None, name: str) -> str | None:
    if value is None:
        return None
    text = f"{value:.3f}" if name.endswith("ratio") or name.startswith("share") else f"{value:,.1f}"
    return text.replace("-", "−")


def _range(ends: list[float] | None, name: str) -> str | None:
    if ends is None:
        return None
    return _("%(low)s to %(high)s") % {"low": _shown(ends[0], name), "high": _shown(ends[1], name)}


def _change(value: float, name: str) -> float:
    """In percent (points for shares); minutes stay minutes."""
    if name.endswith("ratio"):
        return (value - 1) * 100
    return value * 100 if name.startswith("share") else value


def _strip(found: dict[str, Any], name: str, mark: float | None) -> SafeString:
    values = [_change(w["value"], name) for w in found["windows"] if w["value"] is not None]
    span = [_change(v, name) for v in found["range"]] if found["range"] else None
    label = _("%(n)s invented pilots in the weeks before; the shaded range holds what quiet weeks show by themselves.")
    given = None if mark is None else _change(mark, name)
    return charts.placebo_svg(values, (span[0], span[1]) if span else None, given, label % {"n": len(values)})


@dataclass(frozen=True)
class Detectable:
    """What would make this measurable: from the weeks before alone."""

    sentences: list[str]
    svg: SafeString | str
    rows: list[list[Any]]
    outdated: bool


def detectable_page(measure: Measure) -> Detectable | None:
    rows = Job.objects.filter(kind=DETECTABLE, unit_path=measure.unit.path, state=Job.State.DONE).order_by(
        "-finished_at"
    )
    job = next((j for j in rows[:50] if j.args.get("measure_id") == str(measure.pk)), None)
    if job is None:
        return None
    found, current = job.result, measure.current
    svg = _strip(found, found["decides"], None) if found["windows"] else ""
    listed = [[w["from"], w["until"], w["n"], _shown(w["value"], found["decides"])] for w in found["windows"]]
    return Detectable(list(_told(found)), svg, listed, bool(current and found.get("version") != current.number))


def _told(found: dict[str, Any]) -> list[str]:
    told = [_("%(n)s cases are recorded in the weeks before.") % {"n": f"{found['n']:,}"}]
    if found["smallest_detectable"] is not None:
        size = abs(_change(found["smallest_detectable"], found["decides"]))
        unit = (
            "%"
            if found["decides"].endswith("ratio")
            else _("points")
            if found["decides"].startswith("share")
            else _("min")
        )
        text = _("With as many cases as before, a change under %(size)s %(unit)s could not be told from quiet weeks.")
        told.append(text % {"size": f"{size:,.0f}", "unit": unit})
    elif len(found["windows"]) < 8:
        told.append(_too_short(len(found["windows"])))
    if found["more_weeks_needed"]:
        more = found["more_weeks_needed"]
        text = ngettext(
            "No gain can be stated with these weeks; %(n)s more week of history is needed.",
            "No gain can be stated with these weeks; %(n)s more weeks of history are needed.",
            more,
        )
        told.append(text % {"n": more})
    return told


def _too_short(fitting: int) -> str:
    """A strip of invented pilots needs eight stretches of weeks as long as the real ones."""
    if not fitting:
        return _(
            "The history before the pilot is too short to compare with: it holds no earlier stretch of weeks as long "
            "as the baseline and the pilot together; at least 8 are needed to say what quiet weeks look like."
        )
    text = ngettext(
        "The history before the pilot holds only %(n)s earlier stretch of weeks as long as the baseline and the pilot "
        "together; at least 8 are needed to say what quiet weeks look like.",
        "The history before the pilot holds only %(n)s earlier stretches of weeks as long as the baseline and the "
        "pilot together; at least 8 are needed to say what quiet weeks look like.",
        fitting,
    )
    return text % {"n": fitting}
