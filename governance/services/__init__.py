"""Every write of governance, by chapter."""

from governance.services.approvals import lift_suspension, revoke_approval, suspend_approval
from governance.services.catalogue import (
    add_component,
    draft_category_version,
    draft_pattern,
    draft_pattern_version,
    publish_gate,
)
from governance.services.conditions import (
    close_condition,
    close_conditions_by_charter,
    redate_condition,
    reopen_condition,
    submit_condition_evidence,
    waive_condition,
)
from governance.services.requests import (
    answer_checklist,
    bind_slots,
    declare_categories,
    edit_exit,
    edit_flow,
    edit_purpose,
    note_wait,
    open_submission,
    record_security_reuse,
    redraft_submission,
    submit_submission,
    withdraw_submission,
)
from governance.services.reviews import ConditionDraft, ItemChoice, cast_vote, claim_review

__all__ = [
    "ConditionDraft",
    "ItemChoice",
    "add_component",
    "answer_checklist",
    "bind_slots",
    "cast_vote",
    "claim_review",
    "close_condition",
    "close_conditions_by_charter",
    "declare_categories",
    "draft_category_version",
    "draft_pattern",
    "draft_pattern_version",
    "edit_exit",
    "edit_flow",
    "edit_purpose",
    "lift_suspension",
    "note_wait",
    "open_submission",
    "publish_gate",
    "record_security_reuse",
    "redate_condition",
    "redraft_submission",
    "reopen_condition",
    "revoke_approval",
    "submit_condition_evidence",
    "submit_submission",
    "suspend_approval",
    "waive_condition",
    "withdraw_submission",
]
