"""The text that is signed, as plain facts in a fixed form."""

from __future__ import annotations

from typing import Any

from charter import template
from charter.models import Charter, CharterCriterion
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
