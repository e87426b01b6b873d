"""The text that is signed, as plain facts in a fixed form."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from charter import template
from charter.models import Charter, CharterCriterion, CharterText
from governance.models import DataCategory, PatternVersion
from metrics.models import MeasureVersion
from metrics.selectors import measures_of

SCHEMA = "charter-text/1"


def charter_body(charter: Charter) -> dict[str, Any]:
    """Everything the signatories see and sign, measures by their content hash."""
    return {
        "schema": SCHEMA,
        "key": charter.key,
        "number": charter.texts.count() + 1,
        "unit": charter.unit.code,
        "question": {"en": charter.question_en, "zh": charter.question_zh},
        "why_now": {"en": charter.why_now_en, "zh": charter.why_now_zh},
        "box": {"from": charter.starts_on, "until": charter.ends_on, "zone": charter.unit.zone},
        "length_reason": charter.length_reason,
        "lead": charter.lead.name,
        "vow": {"version": template.VOW_VERSION, **template.VOW},
        "guardrails": {
            "human_approves_changes": charter.human_approves_changes,
            "only_approved_data": charter.only_approved_data,
            "cost_cap": charter.cost_cap,
            "cost_currency": charter.cost_currency,
            "token_cap": charter.token_cap,
        },
        "pattern_version": str(charter.pattern_version_id or ""),
        "categories": sorted(charter.categories.values_list("code", flat=True)),
        "exit_plan": charter.exit_plan,
        "objectives": [_objective(o) for o in charter.objectives.all()],
        "cases": [_case(c) for c in charter.cases.select_related("candidate", "pilot")],
        "points": [{"on": p.on, "question": {"en": p.question_en, "zh": p.question_zh}} for p in charter.points.all()],
        "signatories": [
            {"role": s.role, "name": s.user.name if s.user else s.waits_for, "required": s.required}
            for s in charter.signatories.select_related("user").order_by("role")
        ],
        "questions": [{"number": q.number, "en": q.text_en, "zh": q.text_zh} for q in charter.questions.all()],
    }


def _objective(objective: Any) -> dict[str, Any]:
    return {
        "code": objective.code,
        "statement": {"en": objective.statement_en, "zh": objective.statement_zh},
        "criteria": [_criterion(c) for c in objective.criteria.all()],
    }


def _criterion(criterion: CharterCriterion) -> dict[str, Any]:
    return {
        "code": criterion.code,
        "kind": criterion.kind,
        "sentence": {"en": criterion.sentence_en, "zh": criterion.sentence_zh},
        "rule": [criterion.metric, criterion.comparator, criterion.threshold, criterion.min_sample],
    }


def _case(case: Any) -> dict[str, Any]:
    return {
        "slot": case.slot,
        "candidate": case.candidate.key,
        "title": {"en": case.candidate.title_en, "zh": case.candidate.title_zh},
        "ranking_snapshot": case.snapshot_digest,
        "pilot": case.pilot.key if case.pilot else "",
        "measures": sorted(v.content_hash for v in measures_of(case.pilot)) if case.pilot else [],
    }


# --- read again --------------------------------------------------------------------------------------------------


def text_shown(text: CharterText) -> dict[str, Any]:
    """The signed facts with names beside their codes; a hash nobody knows any more is shown as it was signed."""
    body = json.loads(text.body)
    box, caps = body["box"], body["guardrails"]
    return {
        **body,
        "box": {**box, "from": date.fromisoformat(box["from"]), "until": date.fromisoformat(box["until"])},
        "points": [{**p, "on": date.fromisoformat(p["on"])} for p in body["points"]],
        "guardrails": {**caps, "cost_cap": Decimal(caps["cost_cap"]) if caps["cost_cap"] else None},
        "categories": _category_names(body["categories"]),
        "pattern": _pattern_name(body["pattern_version"]),
        "cases": [{**c, "measures": _measure_facts(c["measures"])} for c in body["cases"]],
    }


def _category_names(codes: list[str]) -> list[str]:
    known = {c.code: c.name for c in DataCategory.objects.filter(code__in=codes)}
    return [known.get(code, code) for code in codes]


def _pattern_name(pk: str) -> str:
    found = PatternVersion.objects.select_related("pattern").filter(pk=pk).first() if pk else None
    return str(found or "")


def _measure_facts(hashes: list[str]) -> list[dict[str, str]]:
    known = {v.content_hash: v for v in MeasureVersion.objects.filter(content_hash__in=hashes)}
    return [{"hash": h, "short": h[:19], "sentence": known[h].sentence if h in known else ""} for h in hashes]
