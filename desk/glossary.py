"""The words of the house in both languages: the same word in page, address, API and file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    en: str
    zh: str
    means_en: str
    means_zh: str


GLOSSARY = (
    Term(
        "Guess", "猜测",
        "What we think; nobody counted.",
        "我们的想法，没有人数过。",
    ),
    Term(
        "Estimate", "估计",
        "What people who do the work estimate.",
        "由做这项工作的人估计。",
    ),
    Term(
        "Early", "初步",
        "Measured, but few cases or short coverage; promising, no proof.",
        "已测量，但案例少或覆盖不足；有希望，不是证明。",
    ),
    Term(
        "Measured", "已测量",
        "Measured before and after under a locked measure.",
        "在锁定的度量下前后都已测量。",
    ),
    Term(
        "Pain", "痛点",
        "Repetitive or low-value work somebody named.",
        "有人指出的重复或低价值工作。",
    ),
    Term(
        "Inventory", "痛点清单",
        "The pains of a unit, frozen on a day.",
        "某单位在某一天冻结的痛点。",
    ),
    Term(
        "Candidate", "候选",
        "What we might try; it has a direction, never a number.",
        "可以尝试的事；有方向，没有数字。",
    ),
    Term(
        "Flagship", "旗舰",
        "One of at most two candidates chosen to be tried.",
        "被选中试行的候选，最多两个。",
    ),
    Term(
        "Pattern", "模式",
        "The construction that is approved, whatever product fills its slots.",
        "被批准的构造，与填充槽位的产品无关。",
    ),
    Term(
        "Data category", "数据类别",
        "A kind of data with its own approval.",
        "单独批准的一类数据。",
    ),
    Term(
        "Approval", "批准",
        "What a lane allowed, for a unit and until a day.",
        "评审线在某单位、某日之前允许的内容。",
    ),
    Term(
        "Condition", "条件",
        "What an approval asks for, with an owner and a day.",
        "批准所附的要求，有负责人和日期。",
    ),
    Term(
        "Charter", "章程",
        "A question, a time-box, guardrails, and who decides on which evidence.",
        "一个问题、一个时限、护栏，以及谁依据什么证据决定。",
    ),
    Term(
        "The vow", "承诺",
        "Nothing measured here is used for headcount or anybody's targets.",
        "这里的度量不用于减员，也不作任何人的指标。",
    ),
    Term(
        "Pilot", "试点",
        "One case tried for real inside the time-box.",
        "在时限内真实试行的一个案例。",
    ),
    Term(
        "Lock", "锁定",
        "A measure agreed before its numbers come in.",
        "在数据到来之前约定的度量。",
    ),
    Term(
        "Go", "推行",
        "Run it at today's scope, with an owner.",
        "按当前范围运行，并有负责人。",
    ),
    Term(
        "Expand", "扩展",
        "Go, and a new charter for more.",
        "推行，并为更大范围订立新章程。",
    ),
    Term(
        "Stop", "停止",
        "End it; the assets and lessons stay.",
        "结束；资产和经验保留。",
    ),
    Term(
        "Asset", "资产",
        "Know-how others can run again.",
        "他人可再次运行的经验。",
    ),
    Term(
        "Breach", "护栏违反",
        "A guardrail that was crossed.",
        "护栏被越过。",
    ),
    Term(
        "Journey", "历程",
        "The activity boxes of a unit, lit by their evidence.",
        "一个单位的活动框，由证据点亮。",
    ),
)  # fmt: skip
