"""The Shanghai charter from draft to a proposed decision; Lyon ended in Stop; Penang is drafting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

from charter import services
from charter.models import Charter, Decision, DecisionPoint, OpenQuestion
from charter.template import default_criteria
from desk.demo import stories
from desk.demo.calendar import Beat, Calendar
from desk.demo.cases import Cases
from desk.demo.cast import Cast
from foundation import clock
from metrics.models import Pilot

CRITERIA = [
    replace(
        criterion,
        threshold=Decimal("0.75"),
        en="At least three quarters of the listed assumptions are tested with evidence; “did not hold” counts too.",
        zh="所列假设至少四分之三有证据地检验过；“不成立”也算。",
    )
    if criterion.code == "O1.a"
    else criterion
    for criterion in default_criteria(has_measure=True)
]
EXIT = (
    "Keep prompts, workflows and runbooks; end access within a week; delete exports within 30 days. / "
    "保留提示词、工作流与手册；一周内终止访问；30 天内删除导出数据。"
)


def sign_shanghai(calendar: Calendar, cast: Cast, cases: Cases, pilots: dict[str, Pilot]) -> Charter:
    lead = cast.actor("lead")
    with clock.pinned(calendar.at(-92, 15)):
        charter = services.draft_charter(
            actor=lead,
            unit=cast.units["CN"],
            question_en="Can AI assistants take the repetitive checks off Shanghai operations, safely and measurably?",
            question_zh="AI 助手能否安全、可衡量地替上海运维团队接走重复性检查？",
            starts_on=calendar.box_starts,
            ends_on=calendar.box_ends,
            lead=cast["lead"],
            cases=[cases.candidates["reports"], cases.candidates["triage"]],
            signers={"cio": cast["cio"], "ops_head": cast["ops_head"]},
            criteria=CRITERIA,
            exit_plan=EXIT,
        )
        for en, zh, _answer, _evidence in stories.ASSUMPTIONS:
            services.add_question(actor=lead, charter=charter, text_en=en, text_zh=zh)
        for case in charter.cases.all():
            key = next(k for k, c in cases.candidates.items() if c.pk == case.candidate_id)
            services.link_pilot(actor=lead, charter=charter, case=case, pilot=pilots[key])
    with clock.pinned(calendar.at(-91, 10)):
        charter = services.send_charter(actor=lead, charter=charter)
    for hour, who in ((10, "ops_head"), (16, "cio")):
        with clock.pinned(calendar.at(-89, hour)):
            charter = services.sign_charter(
                actor=cast.actor(who),
                charter=charter,
                digest=charter.current_text.digest,  # type: ignore[union-attr]
            )
    with clock.pinned(calendar.monday(0) + timedelta(hours=9)):
        for case in charter.cases.all():
            services.start_pilot(actor=lead, charter=charter, case=case)
    return charter


def answer_questions(calendar: Calendar, cast: Cast, charter: Charter) -> Iterator[Beat]:
    for number, question in enumerate(charter.questions.order_by("number")):
        _en, _zh, answer, evidence = stories.ASSUMPTIONS[number]
        if answer != "open":
            yield calendar.at(-70 + 5 * number, 16), partial(_answer, cast, question, answer, evidence)


def _answer(cast: Cast, question: OpenQuestion, answer: str, evidence: str) -> None:
    services.answer_question(actor=cast.actor("architect"), question=question, answer=answer, evidence=evidence)


def continue_at_midpoint(calendar: Calendar, cast: Cast, charter: Charter) -> Iterator[Beat]:
    point = charter.points.order_by("on")[0]
    day = (point.on - calendar.today).days
    yield calendar.at(day, 10), partial(_prepare_midpoint, cast, charter, point)
    yield calendar.at(day, 14), partial(_propose_midpoint, cast, point)
    yield calendar.at(day, 17), partial(_sign_midpoint, cast, point)


def _prepare_midpoint(cast: Cast, charter: Charter, point: DecisionPoint) -> None:
    services.prepare_decision(
        actor=cast.actor("lead"), charter=charter, point=point, outcome="CONTINUE",
        rationale="Both cases run every week; nothing speaks against going on. / 两个案例每周都在运行，没有理由中止。",
    )  # fmt: skip


def _propose_midpoint(cast: Cast, point: DecisionPoint) -> None:
    decision = Decision.objects.get(point=point)
    services.propose_decision(actor=cast.actor("ops_head"), decision=decision, outcome="CONTINUE")


def _sign_midpoint(cast: Cast, point: DecisionPoint) -> None:
    decision = Decision.objects.get(point=point)
    services.sign_decision(actor=cast.actor("cio"), decision=decision, outcome="CONTINUE", digest=decision.digest)


def propose_expand(calendar: Calendar, cast: Cast, charter: Charter) -> None:
    charter.refresh_from_db()
    point = charter.points.order_by("-on")[0]
    with clock.pinned(calendar.at(-2, 9)):
        decision = services.prepare_decision(
            actor=cast.actor("lead"), charter=charter, point=point, outcome="EXPAND",
            rationale="The report case is measured and reused; triage stays at its present size for another quarter. / "
            "报告案例已测量并被复用；排查案例再以现有规模运行一个季度。",
            scope="Reports to two more vendors; triage as it is. / 报告扩展到另外两家供应商；排查保持现状。",
            owner_id=str(cast["ops_head"].pk),
            run_cost="As reported by the runtime; see the usage page. / 以运行平台上报为准，见使用情况页。",
            summary="Reports are drafted by the assistant and signed by people. / 报告由助手起草、由人签发。",
        )  # fmt: skip
    with clock.pinned(calendar.at(-2, 16)):
        services.propose_decision(actor=cast.actor("ops_head"), decision=decision, outcome="EXPAND")


def stop_lyon(calendar: Calendar, cast: Cast) -> None:
    lead = cast.actor("lyon_lead")
    with clock.pinned(calendar.at(-170, 10)):
        charter = services.draft_charter(
            actor=lead,
            unit=cast.units["EM"],
            question_en="Can an assistant answer access requests in Lyon without a second look?",
            question_zh="助手能否在里昂独立答复权限申请？",
            starts_on=calendar.today - timedelta(days=160),
            ends_on=calendar.today - timedelta(days=76),
            lead=cast["lyon_lead"],
            signers={"cio": cast["cio"], "ops_head": cast["lyon_head"]},
            exit_plan=EXIT,
        )
        services.add_question(
            actor=lead, charter=charter, text_en="Request texts name the system.", text_zh="申请文本写明系统名称。"
        )
        charter = services.send_charter(actor=lead, charter=charter)
    for hour, who in ((10, "lyon_head"), (12, "cio")):
        with clock.pinned(calendar.at(-165, hour)):
            charter = services.sign_charter(
                actor=cast.actor(who),
                charter=charter,
                digest=charter.current_text.digest,  # type: ignore[union-attr]
            )
    with clock.pinned(calendar.at(-120, 11)):
        services.answer_question(
            actor=lead,
            question=charter.questions.get(),
            answer="did_not_hold",
            evidence="Six of ten requests do not. / 十份申请中有六份没有写明。",
        )
    point = charter.points.order_by("-on")[0]
    with clock.pinned(calendar.at(-75, 10)):
        decision = services.prepare_decision(
            actor=lead, charter=charter, point=point, outcome="STOP",
            rationale="We learned that request texts carry too little; the form is mended first. / "
            "我们了解到申请文本信息太少；先修改表单。",
            summary="Mend the request form before asking an assistant. / 先修改申请表单，再使用助手。",
            deviation_reason="The main assumption did not hold; more weeks would not change that. / "
            "主要假设不成立；延长几周也不会改变。",
        )  # fmt: skip
        decision = services.propose_decision(actor=cast.actor("lyon_head"), decision=decision, outcome="STOP")
    with clock.pinned(calendar.at(-74, 10)):
        services.sign_decision(actor=cast.actor("cio"), decision=decision, outcome="STOP", digest=decision.digest)


def draft_penang(calendar: Calendar, cast: Cast) -> None:
    with clock.pinned(calendar.at(-4, 11)):
        services.draft_charter(
            actor=cast.actor("adopter"),
            unit=cast.units["SE"],
            question_en="Does the Shanghai report workflow help Penang's two plants as well?",
            question_zh="上海的报告工作流对槟城两座工厂同样有用吗？",
            starts_on=calendar.today + timedelta(days=14),
            ends_on=calendar.today + timedelta(days=14 + 90),
            lead=cast["adopter"],
            signers={"cio": cast["cio"], "ops_head": cast["se_head"]},
        )
