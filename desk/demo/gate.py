"""The pattern with its six categories, asked for, decided by three lanes, one condition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from desk.demo.calendar import Beat, Calendar
from desk.demo.cast import Cast
from foundation import clock
from foundation.actor import system_actor
from governance import packs, preloaded, services
from governance.models import Condition, DataCategory, PatternVersion, Submission
from governance.selectors import current_pack
from governance.services.requests import AnswerDraft, CategoryDraft, ControlAnswer
from governance.services.reviews import ConditionDraft, ItemChoice

FLOW = {
    "stored_in": "AliCloud Shanghai",
    "processed_in": "AliCloud Shanghai",
    "model_endpoint_region": "China (Shanghai)",
    "accessed_from": ["Shanghai"],
    "retention_days": 90,
    "masking": "Names are replaced by roles / 姓名替换为角色",
}
REUSED = "Landing-zone validation / 落地区验证"
LANES = (("architecture", "architecture"), ("security", "security"), ("data", "data"))


def approve_pattern(calendar: Calendar, cast: Cast) -> PatternVersion:
    with clock.pinned(calendar.at(-120, 9)):
        pattern = preloaded.load(actor=system_actor("command"), unit=cast.units["GR"])
    with clock.pinned(calendar.at(-106, 10)):
        request = services.open_submission(actor=cast.actor("architect"), pattern=pattern, unit=cast.units["CN"])
    with clock.pinned(calendar.at(-105, 15)):
        _fill(calendar, cast, request, "architect")
        request = services.submit_submission(actor=cast.actor("architect"), submission=request)
    for number, (lane, who) in enumerate(LANES):
        with clock.pinned(calendar.at(-102 + number, 11)):
            _vote(calendar, cast, request, lane, who)
    request.refresh_from_db()
    return request.pattern_version


def prove_condition(calendar: Calendar, cast: Cast) -> Iterator[Beat]:
    yield calendar.at(-20, 11), partial(_prove, calendar, cast)


def _prove(calendar: Calendar, cast: Cast) -> None:
    services.submit_condition_evidence(
        actor=cast.actor("architect"),
        condition=Condition.objects.get(),
        label="The script removes names; 23 postmortems were checked by hand. / 脚本去除姓名；人工核对了 23 份复盘。",
        effective_on=calendar.today - timedelta(days=21),
    )


def _fill(calendar: Calendar, cast: Cast, request: Submission, who: str) -> None:
    me = cast.actor(who)
    services.edit_purpose(
        actor=me, submission=request, version=None,
        purpose_en="Operations drafts reports and findings with its own runbooks and tickets; people sign.",
        purpose_zh="运维用自己的手册和工单起草报告与初步发现，由人核对并签发。",
    )  # fmt: skip
    services.declare_categories(
        actor=me, submission=request, version=None,
        categories=[CategoryDraft(c) for c in DataCategory.objects.order_by("ordinal")],
    )  # fmt: skip
    services.edit_flow(actor=me, submission=request, version=None, flow=FLOW)
    proof = calendar.today - timedelta(days=150)
    controls = ("network", "firewall", "identity", "logging")
    services.record_security_reuse(
        actor=me, submission=request, version=None,
        answers=[ControlAnswer(c, "reused", evidence=REUSED, evidence_on=proof) for c in controls],
    )  # fmt: skip
    services.edit_exit(
        actor=me, submission=request, version=None, portable_assets=["prompts", "workflows", "tool_logic"],
        exit_plan_en="Export workflows and prompts; run the reports by hand for two weeks.",
        exit_plan_zh="导出工作流与提示词；手工编写报告两周。",
    )  # fmt: skip
    bound = packs.current_bindings(request.pattern_version, request.unit)
    missing = {s.code: s for s in request.pattern_version.slots.all() if s.pk not in bound}
    if missing:
        from governance.models import Component

        chosen = {code: Component.objects.filter(role=s.role).order_by("key")[0] for code, s in missing.items()}
        services.bind_slots(actor=me, submission=request, version=None, components=chosen)
    answers = {f"CN{n:02d}": AnswerDraft("no") for n in range(1, 13)}
    services.answer_checklist(actor=me, submission=request, version=None, answers=answers)
    request.refresh_from_db()


def _vote(calendar: Calendar, cast: Cast, request: Submission, lane: str, who: str) -> None:
    pack = current_pack(request)
    if pack is None:
        raise RuntimeError("the request was not submitted")
    items = []
    for key in packs.lane_items(packs.read(pack.body))[lane]:
        if key == "category:know_how":
            draft = ConditionDraft(
                "Remove names from postmortems", "从事后复盘中去除姓名", cast["architect"],
                calendar.today + timedelta(days=28), blocking=True,
            )  # fmt: skip
            items.append(ItemChoice(key, "condition", condition=draft))
        else:
            items.append(ItemChoice(key, "approve"))
    services.cast_vote(actor=cast.actor(who), submission=request, lane=lane, pack_digest=pack.digest, items=items)


def ask_from_penang(calendar: Calendar, cast: Cast) -> None:
    """Another unit asks for the same pattern; its request waits for the lanes."""
    from governance.models import Pattern

    pattern = Pattern.objects.order_by("key")[0]
    with clock.pinned(calendar.at(-6, 10)):
        request = services.open_submission(actor=cast.actor("adopter"), pattern=pattern, unit=cast.units["SE"])
        _fill_again(calendar, cast, request)
    with clock.pinned(calendar.at(-5, 10)):
        services.submit_submission(actor=cast.actor("adopter"), submission=request)


def _fill_again(calendar: Calendar, cast: Cast, request: Submission) -> None:
    if request.pattern_version.state == "draft":
        _fill(calendar, cast, request, "adopter")
        return
    me = cast.actor("adopter")
    services.edit_purpose(
        actor=me, submission=request, version=None,
        purpose_en="Penang wants to run the Shanghai report workflow for its two plants.",
        purpose_zh="槟城希望为两座工厂运行上海的报告工作流。",
    )  # fmt: skip
    services.declare_categories(
        actor=me, submission=request, version=None,
        categories=[CategoryDraft(c) for c in DataCategory.objects.order_by("ordinal")],
    )  # fmt: skip
    bound = packs.current_bindings(request.pattern_version, request.unit)
    from governance.models import Component

    chosen = {
        s.code: Component.objects.filter(role=s.role).order_by("key")[0]
        for s in request.pattern_version.slots.all()
        if s.pk not in bound
    }
    if chosen:
        services.bind_slots(actor=me, submission=request, version=None, components=chosen)
    answers = {f"CN{n:02d}": AnswerDraft("no") for n in range(1, 13)}
    services.answer_checklist(actor=me, submission=request, version=None, answers=answers)
    request.refresh_from_db()
