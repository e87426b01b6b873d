"""What an installation starts with, in both languages: categories, the gate, the checklist, a pattern to fill in."""

from __future__ import annotations

from accounts.models import Unit
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.refs import next_number, next_ref
from foundation.work import service
from governance.models import (
    Binding,
    Checklist,
    ChecklistItem,
    Component,
    DataCategory,
    DataCategoryVersion,
    Gate,
    Lane,
    Pattern,
    PatternVersion,
    SecurityReuse,
    Slot,
)
from governance.texts import CONTROLS, MANDATORY_CONTROLS

SLA_DAYS = 10
VALIDITY_MONTHS = 12

# code, English name and examples, Chinese name and examples, sensitivity, personal-information grade
CATEGORIES = (
    ("know_how", "Operational know-how",
     "SOPs, runbooks, troubleshooting guides, error dictionaries, postmortems, change recipes",
     "运维知识", "标准操作程序、运行手册、排障指南、错误词典、事后复盘、变更方案", "internal", "none"),
    ("environment", "Environment and context",
     "Service catalogue, CMDB slices, runtime topology, data flows, reference dashboards, alert rules",
     "环境与上下文", "服务目录、CMDB 切片、运行拓扑、数据流、参考看板、告警规则", "confidential", "none"),
    ("automation", "Automation assets", "Remediation scripts, workflows, API definitions; kept outside the runtime",
     "自动化资产", "修复脚本、工作流、API 定义；保存在运行环境之外", "confidential", "none"),
    ("compliance", "Governance and compliance", "Policies, standards, control descriptions",
     "治理与合规", "政策、标准、控制说明", "internal", "none"),
    ("people_process", "People and processes", "Ownership, escalation paths, duty calendars, vendor and platform notes",
     "人员与流程", "责任归属、升级路径、值班日历、供应商与平台说明", "confidential", "pi"),
    ("external", "External intelligence", "Advisories, CVEs, published good practice",
     "外部情报", "安全公告、CVE、公开的良好实践", "public", "none"),
)  # fmt: skip

QUESTIONS = (
    ("CN01", "core", "Would a competitor gain from holding this content?", "竞争对手拿到这些内容会受益吗？"),
    ("CN02", "core", "Does it show product designs, recipes, formulas or unpublished research?",
     "是否包含产品设计、配方、公式或未发表的研究？"),
    ("CN03", "core", "Does it contain algorithms, models or parameters the company sells or is set apart by?",
     "是否包含公司出售的或体现差异化的算法、模型或参数？"),
    ("CN04", "core", "Does it contain unpublished prices, margins, bids or contract terms?",
     "是否包含未公开的价格、利润、投标或合同条款？"),
    ("CN05", "core", "Does it reveal strategy, transactions or results before publication?",
     "是否会在公布之前泄露战略、交易或业绩？"),
    ("CN06", "exclude", "Does it contain passwords, keys, tokens or certificates?", "是否包含密码、密钥、令牌或证书？"),
    ("CN07", "lane:security", "Does it describe unfixed weaknesses or protections in enough detail to attack them?",
     "是否详细到足以被用来攻击地描述了未修复的弱点或防护？"),
    ("CN08", "lane:data", "Does it hold personal data beyond work contacts of duty staff?",
     "除值班人员的工作联系方式外，是否含有个人信息？"),
    ("CN09", "core",
     "Has an authority, customer or contract restricted it (state secret, important data, export control,"
     " secrecy clause)?",
     "是否受主管部门、客户或合同限制（国家秘密、重要数据、出口管制、保密条款）？"),
    ("CN10", "core", "Does it contain customers' or business transaction records rather than descriptions of systems?",
     "是否包含客户或业务交易记录，而不只是系统说明？"),
    ("CN11", "core", "Joined with categories already approved for this pattern, would it reveal any of the above?",
     "与本模式已批准的类别合并后，是否会泄露以上任何内容？"),
    ("CN12", "core", "Would its disclosure break a legal duty of secrecy?", "泄露是否违反法定保密义务？"),
)  # fmt: skip

# code, role, replaceable, name and note in both languages
SLOTS = (
    ("builder_runtime", "builder_runtime", True, "App builder and runtime", "Low-code; workflows can be exported",
     "应用构建与运行", "低代码；工作流可导出"),
    ("llm_brain", "llm_brain", True, "Model role and contract", "Any approved model behind the same contract",
     "模型角色与契约", "同一契约下的任何已批准模型"),
    ("tools", "extension_tool", True, "Tools by MCP", "ServiceNow, cloud resources; global servers first",
     "MCP 工具", "ServiceNow、云资源；优先使用全球服务器"),
    ("landing_zone", "landing_zone", False, "Landing zone", "Network, WAF, sign-on and logging already validated",
     "落地区", "网络、WAF、单点登录与日志均已验证"),
)  # fmt: skip

COMPONENTS = (
    ("dify", "Dify", "Dify", "builder_runtime", "platform", True, "LangGenius"),
    ("model", "Approved chat model", "已批准的对话模型", "llm_brain", "model", True, ""),
    ("servicenow", "ServiceNow MCP server", "ServiceNow MCP 服务器", "extension_tool", "mcp", True, "ServiceNow"),
    ("zone", "Company landing zone", "公司落地区", "landing_zone", "network", False, ""),
)  # fmt: skip

INVARIANTS = (
    {"en": "A person approves every change.", "zh": "每项变更都由人批准。"},
    {"en": "Prompts, workflows and tool logic can be taken along.", "zh": "提示词、工作流与工具逻辑可以带走。"},
)
PATTERN_NAME = ("LLM + low-code builder + MCP tools on the landing zone", "落地区上的大模型 + 低代码构建 + MCP 工具")


@service
def load(*, actor: Actor, unit: Unit) -> Pattern:
    """Idempotent: what is there already stays as it is. Returns the pattern to start from."""
    require(actor, "governance.definition.publish", unit)
    made = [_gate(actor, unit), _checklist(actor, unit), *(_category(actor, unit, i) for i in range(len(CATEGORIES)))]
    pattern = Pattern.objects.filter(unit=unit, name_en=PATTERN_NAME[0]).first()
    if pattern is None:
        pattern = _pattern(actor, unit)
        made.append(True)
    if any(made):
        record(actor, "governance.preloaded", unit, pattern=pattern.key)
    return pattern


def _gate(actor: Actor, unit: Unit) -> bool:
    if Gate.objects.filter(unit=unit, code="approval").exists():
        return False
    lanes = [{"lane": lane, "quorum": 1, "return_quorum": 1, "sla_days": SLA_DAYS} for lane in Lane.values]
    gate = Gate.objects.create(code="approval", number=1, unit=unit, lanes=lanes, validity_months=VALIDITY_MONTHS)
    record(actor, "gate.published", gate)
    return True


def _checklist(actor: Actor, unit: Unit) -> bool:
    if Checklist.objects.filter(unit=unit, code="core").exists():
        return False
    checklist = Checklist.objects.create(code="core", number=1, unit=unit)
    ChecklistItem.objects.bulk_create(
        ChecklistItem(checklist=checklist, code=code, ordinal=n, effect=effect, text_en=en, text_zh=zh)
        for n, (code, effect, en, zh) in enumerate(QUESTIONS)
    )
    record(actor, "checklist.published", checklist)
    return True


def _category(actor: Actor, unit: Unit, n: int) -> bool:
    code, name_en, examples_en, name_zh, examples_zh, sensitivity, pi_grade = CATEGORIES[n]
    if DataCategory.objects.filter(code=code).exists():
        return False
    category = DataCategory.objects.create(
        code=code,
        ordinal=n,
        name_en=name_en,
        name_zh=name_zh,
        examples_en=examples_en,
        examples_zh=examples_zh,
        unit=unit,
    )
    DataCategoryVersion.objects.create(
        category=category, unit=unit, number=1, sensitivity=sensitivity, pi_grade=pi_grade
    )
    record(actor, "category.added", category)
    return True


def _pattern(actor: Actor, unit: Unit) -> Pattern:
    pattern = Pattern.objects.create(
        key=f"PT-{next_number('PT')}", name_en=PATTERN_NAME[0], name_zh=PATTERN_NAME[1], unit=unit
    )
    version = PatternVersion.objects.create(
        pattern=pattern,
        unit=unit,
        number=1,
        invariants=list(INVARIANTS),
        portable_assets=["prompts", "workflows", "tool_logic"],
    )
    products = {row[3]: _component(actor, unit, row) for row in COMPONENTS}
    for n, (code, role, replaceable, en, note_en, zh, note_zh) in enumerate(SLOTS):
        slot = Slot.objects.create(
            version_of=version, code=code, ordinal=n, role=role, replaceable=replaceable,
            name_en=en, name_zh=zh, note_en=note_en, note_zh=note_zh,
        )  # fmt: skip
        if code == "builder_runtime":
            _bind(slot, unit, products[role])
    for n, control in enumerate(CONTROLS):
        SecurityReuse.objects.create(
            version_of=version, control=control, ordinal=n, mandatory=control in MANDATORY_CONTROLS
        )
    record(actor, "pattern.added", pattern)
    return pattern


def _component(actor: Actor, unit: Unit, row: tuple[str, str, str, str, str, bool, str]) -> Component:
    _code, name_en, name_zh, role, kind, replaceable, vendor = row
    found = Component.objects.filter(unit=unit, name_en=name_en).first()
    if found is None:
        found = Component.objects.create(
            key=next_ref("CM"), name_en=name_en, name_zh=name_zh, role=role, kind=kind, unit=unit,
            replaceable=replaceable, vendor=vendor,
        )  # fmt: skip
        record(actor, "component.added", found)
    return found


def _bind(slot: Slot, unit: Unit, component: Component) -> None:
    Binding.objects.create(
        slot=slot, unit=unit, component=component, within=True, reason="runs_today",
        constraint_results=[{"rule": "role", "result": "pass"}, {"rule": "status", "result": "pass"}],
    )  # fmt: skip
