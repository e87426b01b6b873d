"""The six criteria with their anchors and points, and the gates, as a ranking starts with them."""

from __future__ import annotations

from typing import Any

Text = dict[str, str]

PRESET: tuple[dict[str, Any], ...] = (
    {
        "code": "C1",
        "name": {"en": "Manual work is visible and measurable", "zh": "人工工作可见、可测量"},
        "anchors": {
            "1": {"en": "nobody records it", "zh": "没有人记录"},
            "3": {"en": "count from a system, minutes guessed", "zh": "次数来自系统，分钟数靠猜测"},
            "5": {
                "en": "count, volume and minutes from a system or a time sample",
                "zh": "次数、数量和分钟数来自系统或时间抽样",
            },
        },
        "weight": 25,
    },
    {
        "code": "C2",
        "name": {"en": "Cost impact is direct", "zh": "对成本的影响直接"},
        "anchors": {
            "1": {"en": "no cost line", "zh": "没有对应的成本项"},
            "3": {"en": "identifiable internal task hours", "zh": "可识别的内部任务工时"},
            "5": {"en": "contract or invoice line priced by volume", "zh": "按量计价的合同或发票条目"},
        },
        "weight": 15,
    },
    {
        "code": "C3",
        "name": {"en": "Political safety", "zh": "组织上的安全性"},
        "anchors": {
            "1": {"en": "touches jobs, ratings or another team's mandate", "zh": "触及岗位、考核或其他团队的职责"},
            "3": {"en": "needs another team's consent, not yet asked", "zh": "需要其他团队同意，尚未询问"},
            "5": {
                "en": "the owner asked for it; freed time already has a use",
                "zh": "由负责团队主动提出；腾出的时间已有用途",
            },
        },
        "weight": 15,
    },
    {
        "code": "C4",
        "name": {"en": "Feasibility and data access", "zh": "可行性与数据访问"},
        "anchors": {
            "1": {"en": "category not approved or no interface", "zh": "数据类别未批准或没有接口"},
            "3": {"en": "interface exists, approval under way", "zh": "有接口，审批进行中"},
            "5": {
                "en": "read access through an existing MCP tool, category approved",
                "zh": "可通过现有 MCP 工具读取，数据类别已批准",
            },
        },
        "weight": 20,
    },
    {
        "code": "C5",
        "name": {"en": "Pattern fit and reuse", "zh": "模式契合与复用"},
        "anchors": {
            "1": {"en": "one-off, new connector", "zh": "一次性，需要新连接器"},
            "3": {"en": "one global MCP or one reusable asset", "zh": "一个全球 MCP 或一项可复用资产"},
            "5": {
                "en": "only global MCPs, known template, at least 2 other teams could take it",
                "zh": "只用全球 MCP、已知模板，至少另有 2 个团队可用",
            },
        },
        "weight": 10,
    },
    {
        "code": "C6",
        "name": {"en": "Learning for O1 to O4", "zh": "对 O1 至 O4 的学习价值"},
        "anchors": {
            "1": {"en": "no open question", "zh": "没有待答问题"},
            "3": {"en": "answers two stated questions", "zh": "回答两个已写明的问题"},
            "5": {"en": "one stated question for each of O1 to O4", "zh": "O1 至 O4 各有一个已写明的问题"},
        },
        "weight": 15,
    },
)

GATES: tuple[dict[str, Any], ...] = (
    {"code": "categories", "criterion": "", "min_mean": None},
    {"code": "owner", "criterion": "", "min_mean": None},
    {"code": "baseline", "criterion": "", "min_mean": None},
    {"code": "staff_data", "criterion": "", "min_mean": None},
    {"code": "C3", "criterion": "C3", "min_mean": 2},
)

GATE_TEXTS: dict[str, Text] = {
    "categories": {
        "en": "Every data category is approved or in approval",
        "zh": "所有数据类别已批准或正在审批",
    },
    "owner": {"en": "An owner is named", "zh": "已指定负责人"},
    "baseline": {"en": "A baseline can be had inside the time-box", "zh": "能在时间盒内取得基线"},
    "staff_data": {"en": "No data on staff performance", "zh": "不含员工绩效数据"},
    "C3": {"en": "Political safety averages 2 or more", "zh": "组织上的安全性平均不低于 2"},
}
