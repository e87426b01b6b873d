"""What the pages of governance share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from foundation.access import get_visible
from foundation.errors import NotReady, Reason
from foundation.kit import Cell
from governance.models import Submission
from governance.selectors import Effective

EFFECT_TONES = {
    "active": "ok",
    "suspended": "warn",
    "expired": "open",
    "revoked": "bad",
    "superseded": "plain",
    "not_yet": "info",
}
STATE_TONES = {
    "draft": "open",
    "submitted": "info",
    "in_review": "seal",
    "returned": "warn",
    "withdrawn": "plain",
    "decided": "ok",
}
CONDITION_TONES = {"open": "warn", "evidence_submitted": "seal", "closed": "ok", "waived": "plain"}


def request_of(request: HttpRequest, key: str) -> Submission:
    rows = Submission.objects.listed()  # type: ignore[attr-defined]
    return get_visible(rows, request.actor, key=key)  # type: ignore[attr-defined]


def outcome_tone(submission: Submission) -> str:
    decision = getattr(submission, "decision", None)
    if decision is None:
        return STATE_TONES[submission.state]
    return {"approved": "ok", "approved_with_conditions": "warn", "rejected": "bad"}[decision.outcome]


def effect_cell(row: Effective) -> Cell:
    return Cell(row.state_label, tone=EFFECT_TONES[row.state])


def unknown_act(act: str) -> NotReady:
    from django.utils.translation import gettext as _

    return NotReady(Reason("act_unknown", _("“%(act)s” is not offered here.") % {"act": act[:40]}))


def status_for(context: dict[str, Any]) -> int:
    return 422 if context.get("reasons") else 200
