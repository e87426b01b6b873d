"""The facts a decision stands on, frozen as they stood; nothing here estimates, it only reads and pins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from charter.criteria import CriterionReading, answers, evaluate_criteria, reading_of
from charter.models import Charter
from foundation.audit.models import AuditHead
from governance.selectors import approval_lines
from metrics.selectors import gain_line, usage_of_pilot

SCHEMA = "charter-evidence/2"  # 1 held `told` and approval labels in the preparer's language only


def evidence_body(charter: Charter, at: datetime, *, at_end: bool) -> dict[str, Any]:
    """Facts and the one reading a decision stands on; `at_end` as in `reading_of`."""
    readings = evaluate_criteria(charter, at)
    told = _in_both(lambda: [r.value.sentence for r in evaluate_criteria(charter, at)])
    labels = _in_both(lambda: [line.label for line in approval_lines(charter.unit, at)])
    text = charter.current_text
    return {
        "schema": SCHEMA,
        "as_of": at,
        "charter": charter.key,
        "text": {"number": text.number, "digest": text.digest} if text else None,
        "question": {"en": charter.question_en, "zh": charter.question_zh},
        "criteria": [_criterion(r, t) for r, t in zip(readings, told, strict=True)],
        "objectives": answers(charter, readings, at),
        "reading": reading_of(readings, at_end=at_end),
        "cases": [_case(charter, c) for c in charter.cases.select_related("candidate", "pilot")],
        "approvals": [
            _approval(line, label) for line, label in zip(approval_lines(charter.unit, at), labels, strict=True)
        ],
        "questions": {
            "total": charter.questions.count(),
            "answered": charter.questions.exclude(answer="open").count(),
            "held": charter.questions.filter(answer__in=["held", "yes"]).count(),
        },
        "breaches": {"total": charter.breaches.count(), "open": charter.breaches.filter(state="open").count()},
    }


def _in_both(read: Callable[[], Iterable[object]]) -> list[dict[str, str]]:
    """Texts made of the same facts in both languages, side by side."""
    with translation.override("en"):
        english = [str(text) for text in read()]
    with translation.override("zh-hans"):
        chinese = [str(text) for text in read()]
    return [{"en": en, "zh": zh} for en, zh in zip(english, chinese, strict=True)]


def _criterion(reading: CriterionReading, told: dict[str, str]) -> dict[str, Any]:
    criterion = reading.criterion
    return {
        "code": criterion.code,
        "kind": criterion.kind,
        "sentence": {"en": criterion.sentence_en, "zh": criterion.sentence_zh},
        "rule": [criterion.metric, criterion.comparator, criterion.threshold, criterion.min_sample],
        "status": reading.status,
        "value": reading.value.number,
        "n": reading.value.n,
        "told": told,
        "source": reading.value.source,
    }


def _case(charter: Charter, case: Any) -> dict[str, Any]:
    line = gain_line(case.pilot) if case.pilot else None
    usage = usage_of_pilot(case.pilot, charter.starts_on, charter.ends_on + timedelta(days=1)) if case.pilot else None
    return {
        "candidate": case.candidate.key,
        "title": {"en": case.candidate.title_en, "zh": case.candidate.title_zh},
        "ranking_snapshot": case.snapshot_digest,
        "gain": {
            "sentence": {"en": line.sentence_en, "zh": line.sentence_zh},
            "verdict": line.verdict,
            "word": line.word,
            "n": [line.n_before, line.n_pilot],
            "estimate": line.estimate_id,
            "result_hash": line.result_hash,
        }
        if line
        else None,
        "usage": {
            "runs": usage.runs,
            "tokens": usage.tokens,
            "closed_through": usage.closed_through,
            "sync_runs": [str(s) for s in usage.sync_runs],
        }
        if usage
        else None,
    }


def _approval(line: Any, label: dict[str, str]) -> dict[str, Any]:
    return {"label": label, "state": line.state, "until": line.until, "id": str(line.approval_id or "")}


def pins_of(body: dict[str, Any]) -> dict[str, Any]:
    """Ids and hashes anyone can follow back to the records."""
    head = AuditHead.objects.filter(id=1).first()
    gains = [c["gain"] for c in body["cases"] if c["gain"]]
    return {
        "estimates": {str(g["estimate"]): g["result_hash"] for g in gains},
        "sync_runs": [s for c in body["cases"] if c["usage"] for s in c["usage"]["sync_runs"]],
        "approvals": [a["id"] for a in body["approvals"] if a["id"]],
        "ranking_snapshots": sorted({c["ranking_snapshot"] for c in body["cases"] if c["ranking_snapshot"]}),
        "ledger": {"seq": head.seq, "hash": head.hash} if head else {},
    }
