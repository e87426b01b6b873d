"""Patterns, requests and approvals made through the services, as people do."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from accounts.models import Unit, User
from foundation import clock
from foundation.actor import system_actor
from governance import packs, preloaded, services
from governance.models import Component, DataCategory, Pattern, PatternVersion, Submission, Vote
from governance.selectors import current_pack
from governance.services.requests import AnswerDraft, CategoryDraft, ControlAnswer
from governance.services.reviews import ConditionDraft, ItemChoice
from tests.world import actor

FLOW = {
    "stored_in": "AliCloud Shanghai",
    "processed_in": "AliCloud Shanghai",
    "model_endpoint_region": "China (Shanghai)",
    "accessed_from": ["Shanghai"],
    "retention_days": 90,
    "masking": "Names are replaced by roles",
}
LANE_ROLES = {
    "architecture": "architecture_approver",
    "security": "security_approver",
    "data": "data_approver",
}


def a_loaded_catalogue(world: Any) -> Pattern:
    return preloaded.load(actor=system_actor("command"), unit=world.root)


def an_open_request(world: Any, unit: Unit | None = None, by: User | None = None) -> Submission:
    """A draft, prefilled by the house and otherwise empty."""
    pattern = a_loaded_catalogue(world)
    return services.open_submission(actor=actor(by or world.architect), pattern=pattern, unit=unit or world.cn)


def fill(world: Any, submission: Submission, by: User | None = None, core: dict[str, str] | None = None) -> Submission:
    """Every section answered; `core` maps a question to the category that answers yes."""
    me = actor(by or world.architect)
    services.edit_purpose(
        actor=me, submission=submission, version=None,
        purpose_en="Operations answers routine questions with its own runbooks.",
        purpose_zh="运维用自己的手册回答日常问题。",
    )  # fmt: skip
    services.declare_categories(
        actor=me, submission=submission, version=None,
        categories=[CategoryDraft(c) for c in DataCategory.objects.order_by("ordinal")],
    )  # fmt: skip
    if submission.pattern_version.state == "draft":
        _fill_pattern(me, submission)
    bound = packs.current_bindings(submission.pattern_version, submission.unit)
    missing = {
        s.code: Component.objects.filter(role=s.role).order_by("key")[0]
        for s in submission.pattern_version.slots.all()
        if s.pk not in bound
    }
    services.bind_slots(actor=me, submission=submission, version=None, components=missing)
    answers = {f"CN{n:02d}": AnswerDraft("no") for n in range(1, 13)}
    answers |= {code: AnswerDraft("no", (category,)) for code, category in (core or {}).items()}
    services.answer_checklist(actor=me, submission=submission, version=None, answers=answers)
    submission.refresh_from_db()
    return submission


def _fill_pattern(me: Any, submission: Submission) -> None:
    services.edit_flow(actor=me, submission=submission, version=None, flow=FLOW)
    proof = clock.today() - timedelta(days=60)
    controls = ("network", "firewall", "identity", "logging")
    services.record_security_reuse(
        actor=me, submission=submission, version=None,
        answers=[ControlAnswer(c, "reused", evidence="Landing-zone validation", evidence_on=proof) for c in controls],
    )  # fmt: skip
    services.edit_exit(
        actor=me, submission=submission, version=None, portable_assets=["prompts", "workflows", "tool_logic"],
        exit_plan_en="Export the workflows and run them by hand for a week.", exit_plan_zh="导出工作流，手工运行一周。",
    )  # fmt: skip


def a_submitted_request(world: Any, unit: Unit | None = None, by: User | None = None, **how: Any) -> Submission:
    submission = fill(world, an_open_request(world, unit, by), by, **how)
    return services.submit_submission(actor=actor(by or world.architect), submission=submission)


def choices(submission: Submission, lane: str, **special: ItemChoice) -> list[ItemChoice]:
    """Approve every item of a lane, but for the ones given (`know_how=…` for a category, `slots=…` for an item)."""
    pack = current_pack(submission)
    found = []
    for key in packs.lane_items(packs.read(pack.body))[lane]:
        name = key.partition(":")[2] or key
        found.append(special.get(name) or ItemChoice(key, "approve"))
    return found


def vote(world: Any, submission: Submission, lane: str, by: User | None = None, **special: ItemChoice) -> Vote:
    return services.cast_vote(
        actor=actor(by or getattr(world, LANE_ROLES[lane])), submission=submission, lane=lane,
        pack_digest=current_pack(submission).digest, items=choices(submission, lane, **special),
    )  # fmt: skip


def remove_names(world: Any, due: date | None = None, **more: Any) -> ItemChoice:
    """The condition of the demo: names leave the postmortems, owned by the architect."""
    draft = ConditionDraft(
        "Remove names from postmortems", "从事后复盘中去除姓名", world.architect,
        due or clock.today("Asia/Shanghai") + timedelta(days=60), **more,
    )  # fmt: skip
    return ItemChoice("category:know_how", "condition", condition=draft)


def decide(world: Any, submission: Submission, condition: bool = False, **more: Any) -> Submission:
    for lane in submission.lanes_called:
        special = {"know_how": remove_names(world, **more)} if condition and lane == "data" else {}
        vote(world, submission, lane, **special)
    submission.refresh_from_db()
    return submission


def an_approved_pattern(world: Any, condition: bool = False, **more: Any) -> PatternVersion:
    """The preloaded pattern with its six categories, approved for China by the three lanes."""
    return decide(world, a_submitted_request(world), condition, **more).pattern_version


def a_submitted_version(world: Any, pattern: Pattern, **flow: Any) -> Submission:
    """A new version of a decided pattern with another flow, everything else as it was."""
    me = actor(world.architect)
    submission = services.open_submission(actor=me, pattern=pattern, unit=world.cn, new_version=True)
    services.edit_flow(actor=me, submission=submission, version=None, flow=flow or {"retention_days": 180})
    services.edit_purpose(actor=me, submission=submission, version=None, purpose_en="Keep longer")
    return services.submit_submission(actor=me, submission=submission)
