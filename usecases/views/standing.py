"""A ranking's result in words, rows and bars: only ever given what may be seen."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from foundation.bilingual import pick
from foundation.kit import Cell, Row
from usecases.criteria import GATE_TEXTS
from usecases.models import Ranking
from usecases.models.ranking import ANONYMITY_FROM


def standing(result: dict[str, Any], entries: list[Any], ranking: Ranking) -> dict[str, Any]:
    output, candidates = result["output"], {e.candidate.key: e.candidate for e in entries}
    criteria = {c.code: c.name for c in ranking.criteria.all()}
    order = sorted(candidates, key=lambda k: (output["ranks"][k] is None, output["ranks"][k] or 0))
    eligible = output["eligible"]["order"]
    scorers = len(result["input"]["scorers"])
    return {
        "sentence": sentence(output, {k: c.title for k, c in candidates.items()}, criteria),
        "rows": [_row(k, candidates[k], output, criteria) for k in order],
        "bars": bars([(candidates[k].title, output["totals"][k], k in eligible) for k in order]),
        "gates": [_gates(candidates[k], result["gates"].get(k, [])) for k in order],
        "cells": _cells(result, order, candidates, criteria, scorers),
        "scorers": scorers,
        "small": 1 < scorers < ANONYMITY_FROM,
        "eligible": len(eligible),
        "n": len(order),
    }


def sentence(output: dict[str, Any], titles: dict[str, str], criteria: dict[str, str]) -> str:
    """The frozen sentence with names in place of keys and codes."""
    text = _in_tenths(pick(output["explanation"]["sentence"]), output["explanation"].get("total"))
    names = {**titles, **{code: f"“{name}”" for code, name in criteria.items()}}
    pattern = "|".join(re.escape(k) for k in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![A-Za-z0-9.-])(?:{pattern})(?![A-Za-z0-9])", lambda m: names[m[0]], text)


def _in_tenths(text: str, total: str | None) -> str:
    """The frozen sentence rounds the total to whole points, the lead to tenths; side by side both are tenths."""
    if total is None:
        return text
    whole = str(Decimal(total).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    return text.replace(f"{whole} of 100", f"{_points(total)} of 100", 1).replace(
        f"{whole}/100", f"{_points(total)}/100", 1
    )


def _row(key: str, candidate: Any, output: dict[str, Any], criteria: dict[str, str]) -> Row:
    failed = output["eligible"]["not_eligible"].get(key, [])
    total, equal = output["totals"][key], output["equal_weights"]["totals"][key]
    state = Cell(_("eligible"), tone="ok") if not failed else Cell(_("not eligible"), tone="blocked")
    return Row([
        Cell(output["ranks"][key] or "–", num=True),
        Cell(candidate.title, href=candidate.get_absolute_url(), sub=candidate.get_channel_display()),
        Cell(_points(total), num=True), Cell(_points(equal), num=True), state,
        "; ".join(why(code, criteria) for code in failed) or None,
    ])  # fmt: skip


def _points(total: str | None) -> str:
    """One decimal, so that a lead is the difference of two totals as printed."""
    if total is None:
        return "–"
    return str(Decimal(total).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)).removesuffix(".0")


def why(code: str, criteria: dict[str, str]) -> str:
    """A failed gate in words."""
    head, _colon, tail = code.partition(":")
    if head == "coverage":
        return _("fewer than 60 % of the questions were answered")
    if head == "no_score":
        return _("nobody answered “%(name)s”") % {"name": criteria.get(tail, tail)}
    gate = GATE_TEXTS.get(tail)
    return _("does not hold: %(gate)s") % {"gate": pick(gate) if gate else criteria.get(tail, tail)}


def _gates(candidate: Any, checks: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [{"text": pick(GATE_TEXTS[c["code"]]), "ok": c["ok"]} for c in checks]
    return {"candidate": candidate, "checks": rows}


def _cells(
    result: dict[str, Any], order: list[str], candidates: dict[str, Any], criteria: dict[str, str], scorers: int
) -> list[Row]:
    """Mean, range and n of every cell, unnamed; a list of single scores would name a small panel."""
    keys = [c["key"] for c in result["input"]["candidates"]]
    rows = []
    for key in order:
        at = keys.index(key)
        cells = [_spread(result, at, column) for column in range(len(criteria))]
        rows.append(Row([candidates[key].title, *cells]))
    return rows


def _spread(result: dict[str, Any], row: int, column: int) -> Cell:
    given = [m[row][column] for m in result["input"]["scores"].values() if m[row][column] is not None]
    if not given:
        return Cell("–", num=True, sub=_("n = %(n)s") % {"n": 0})
    mean = sum(given) / len(given)
    sub = _("%(low)s to %(high)s, n = %(n)s") % {"low": min(given), "high": max(given), "n": len(given)}
    return Cell(f"{mean:.1f}", num=True, sub=sub)


def bars(rows: list[tuple[str, str | None, bool]]) -> str:
    """Totals of 100 from zero; what is not eligible is drawn as an outline."""
    height = 34
    parts = [_bar(i * height, *row) for i, row in enumerate(rows)]
    label = "; ".join(f"{title}: {_points(total)}" for title, total, _ok in rows)
    return format_html(
        '<svg class="chart" viewBox="0 0 640 {}" role="img" aria-label="{}">{}</svg>',
        len(rows) * height + 4, label, format_html_join("", "{}", ((p,) for p in parts)),
    )  # fmt: skip


def _bar(y: int, title: str, total: str | None, eligible: bool) -> str:
    width = round(float(total) * 5.8, 1) if total is not None else 0
    return format_html(
        '<text class="t-label" x="0" y="{}">{}</text><line class="c-grid line" x1="0" x2="580" y1="{}" y2="{}"/>'
        '<rect class="{}" x="0" y="{}" width="{}" height="10" rx="2"/><text class="t-value" x="{}" y="{}">{}</text>',
        y + 12, title, y + 27, y + 27, "c-actual" if eligible else "c-plan", y + 18, max(width, 1), width + 8, y + 27,
        _points(total),
    )  # fmt: skip
