"""What the 13-week template fills in: objectives, criteria with a data path, the vow and the guardrails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

VOW_VERSION = "1"
VOW = {
    "en": "Nothing measured here will be used to cut headcount or to set targets for a person.",
    "zh": "这里测量的任何数据，都不会用来减员，也不会用来给任何个人设定指标。",
}
WHY_NOW = {
    "en": "Test safely and cheaply whether AI can reduce pain in one or two concrete areas.",
    "zh": "安全、低成本地检验 AI 能否在一两个具体领域减轻痛点。",
}
OBJECTIVES = (
    ("O1", "Reduce uncertainty", "减少不确定性"),
    ("O2", "Prove technical and data feasibility", "验证技术与数据可行性"),
    ("O3", "Turn know-how into reusable assets", "把经验变成可复用资产"),
    ("O4", "Build confidence and guardrails", "建立信心与护栏"),
)


@dataclass(frozen=True)
class DefaultCriterion:
    code: str
    kind: str
    metric: str
    comparator: str
    threshold: Decimal
    en: str
    zh: str
    min_sample: int = 0
    unit: str = ""  # "%": the number is shown as a percentage

    @property
    def objective(self) -> str:
        return self.code.split(".")[0]

    @property
    def has_number(self) -> bool:
        return "{n}" in self.en

    @property
    def shown(self) -> Decimal:
        """The number as people read and type it."""
        return self.threshold * 100 if self.unit == "%" else self.threshold

    def told(self, threshold: Decimal | None = None) -> dict[str, str]:
        """The sentence in both languages, with its number in it."""
        number = self.threshold if threshold is None else threshold
        text = f"{(number * 100 if self.unit == '%' else number).normalize():f}"
        return {"en": self.en.replace("{n}", text), "zh": self.zh.replace("{n}", text)}

    def typed(self, number: Decimal) -> Decimal:
        """What was typed, as a threshold."""
        return number / 100 if self.unit == "%" else number


CRITERIA = (
    DefaultCriterion(
        "O1.a", "must", "answered_share", ">=", Decimal("0.8"),
        "At least {n} % of the listed open questions are closed with evidence; “no” closes one too.",
        "所列未决问题至少 {n}% 有证据地关闭；“否”也算关闭。", unit="%",
    ),
    DefaultCriterion(
        "O2.a", "must", "record_count", ">=", Decimal(30),
        "At least {n} cases are measured in the pilot under the locked measure.",
        "试点期间按锁定的度量至少测量 {n} 例。",
    ),
    DefaultCriterion(
        "O2.b", "expand", "verdict", "in", Decimal(0),
        "The primary measure of at least one case shows a clear gain, or a gain of uncertain size.",
        "至少一个案例的主要度量显示明确改善，或有改善但幅度不确定。",
    ),
    DefaultCriterion(
        "O2.c", "stop", "verdict_worse", "in", Decimal(0),
        "A measure of a case became worse.",
        "某个案例的度量变差。",
    ),
    DefaultCriterion(
        "O3.a", "must", "asset_count", ">=", Decimal(3),
        "At least {n} assets are reviewed and were re-run by someone else.",
        "至少 {n} 项资产经过评审并由他人重新运行。",
    ),
    DefaultCriterion(
        "O3.b", "expand", "asset_reuse", ">=", Decimal(1),
        "At least one asset is used by a second team.",
        "至少一项资产被第二个团队使用。",
    ),
    DefaultCriterion(
        "O4.a", "must", "open_breaches", "<=", Decimal(0),
        "No breach of a guardrail is open.",
        "没有未关闭的护栏违反。",
    ),
    DefaultCriterion(
        "O4.b", "stop", "breach_judged", ">=", Decimal(1),
        "An unapproved change reached production.",
        "未经批准的变更进入了生产环境。",
    ),
)  # fmt: skip

LEFT_OUT = (
    ("whole_chain_cases", "No run of this pilot's apps is read step by step, so whole-chain cases have no source.",
     "本试点的应用没有逐步读取的运行记录，因此“全链路案例”没有数据来源。"),
    ("approved_category_share", "Calls by data category are not read from the runtime, so their share has no source.",
     "运行时未按数据类别提供调用记录，因此该占比没有数据来源。"),
    ("approval_flow_share", "Approval steps are not read from the runtime, so their share has no source.",
     "运行时未提供审批步骤记录，因此该占比没有数据来源。"),
)  # fmt: skip


def criterion_of(code: str) -> DefaultCriterion | None:
    return next((c for c in CRITERIA if c.code == code), None)


def default_criteria(*, has_measure: bool) -> Iterator[DefaultCriterion]:
    """Only criteria with a data path: measured ones wait until a case with a measure is named."""
    for criterion in CRITERIA:
        if has_measure or criterion.metric not in ("record_count", "verdict", "verdict_worse"):
            yield criterion
