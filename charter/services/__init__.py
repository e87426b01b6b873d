"""Every write of the charter."""

from charter.services.decisions import edit_decision, freeze_evidence, prepare_decision, propose_decision, sign_decision
from charter.services.drafting import (
    add_question,
    attach_selection,
    draft_charter,
    edit_charter,
    in_its_language,
    save_terms,
    send_charter,
    withdraw_charter,
)
from charter.services.pilots import (
    accept_service,
    answer_question,
    close_breach,
    link_pilot,
    press_stop,
    report_breach,
    resume_charter,
    start_pilot,
)
from charter.services.signing import return_charter, sign_charter

__all__ = [
    "accept_service",
    "add_question",
    "answer_question",
    "attach_selection",
    "close_breach",
    "draft_charter",
    "edit_charter",
    "edit_decision",
    "freeze_evidence",
    "in_its_language",
    "link_pilot",
    "prepare_decision",
    "press_stop",
    "propose_decision",
    "report_breach",
    "resume_charter",
    "return_charter",
    "save_terms",
    "send_charter",
    "sign_charter",
    "sign_decision",
    "start_pilot",
    "withdraw_charter",
]
