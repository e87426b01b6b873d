"""What people said: pains, contracts and cases, in both languages."""

from __future__ import annotations

from typing import Any

# (key, English, Chinese, kind, runs, items, minutes, people, provenance, team)
PAINS = (
    ("health", "Every month I have to write vendor health-check reports by hand", "每月手工编写供应商健康检查报告", "report",
     (16, 18, 20), (1, 1, 1), (110, 140, 180), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("triage", "Every database alert starts with the same twenty minutes of looking around", "每个数据库告警都从同样的二十分钟排查开始",
     "incident", (25, 30, 40), (1, 1, 1), (15, 25, 45), (1, 1, 1), "team_agreed", "CN-DB"),
    ("nights", "Night alerts wake people for things that heal themselves", "夜间告警为能自愈的问题叫醒人", "incident",
     (20, 35, 60), (1, 1, 1), (10, 20, 40), (1, 1, 2), "guess", "CN-OPS"),
    ("certs", "Every quarter I check certificates on 140 hosts one by one", "每季度逐台检查 140 台主机的证书", "manual_check",
     (0.33, 0.33, 0.34), (130, 140, 150), (3, 5, 8), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("cmdb", "Owners in the CMDB are wrong, so tickets travel through three teams", "CMDB 负责人有误，工单要转三个团队", "repetitive",
     (40, 60, 90), (1, 1, 1), (8, 12, 20), (1, 2, 3), "guess", "CN-OPS"),
    ("change", "Every change request needs the same impact text written again", "每个变更申请都要重写同样的影响说明", "low_value",
     (50, 70, 90), (1, 1, 1), (10, 15, 25), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("kb", "The known fix exists, but nobody finds it in the wiki", "已知的解决办法存在，但在知识库里找不到", "repetitive",
     (30, 50, 80), (1, 1, 1), (10, 20, 30), (1, 1, 1), "guess", "CN-OPS"),
    ("patch", "Patch evidence for audit is copied from five consoles", "审计补丁证据要从五个控制台复制", "audit_finding",
     (1, 1, 2), (20, 25, 30), (10, 15, 20), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("backup", "Every morning I read 90 backup mails to find the two that matter", "每天早上读 90 封备份邮件找出两封要紧的", "manual_check",
     (20, 21, 22), (1, 1, 1), (20, 30, 45), (1, 1, 1), "team_agreed", "CN-DB"),
    ("postmortem", "Postmortems are written from memory a week later", "事后复盘一周后凭记忆来写", "low_value",
     (3, 4, 6), (1, 1, 1), (90, 150, 240), (1, 2, 3), "guess", "CN-OPS"),
    ("slow", "Slow-query tickets come without the query", "慢查询工单里没有查询语句", "incident",
     (10, 15, 25), (1, 1, 1), (15, 25, 40), (1, 1, 2), "guess", "CN-DB"),
    ("onboard", "Access for a new colleague takes eleven forms", "新同事开通权限要填十一张表", "repetitive",
     (2, 4, 6), (11, 11, 11), (4, 6, 10), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("vendor", "Vendor tickets are translated by hand in both directions", "与供应商的工单要人工双向翻译", "repetitive",
     (40, 60, 80), (1, 1, 1), (6, 10, 15), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("sla", "SLA figures are added up in a spreadsheet on the third working day", "第三个工作日用表格手工汇总 SLA", "report",
     (1, 1, 1), (1, 1, 1), (180, 300, 420), (1, 1, 2), "team_agreed", "CN-OPS"),
    ("scripts", "Everybody has an own script for log search", "每个人都有自己的日志搜索脚本", "shadow_automation",
     (60, 90, 120), (1, 1, 1), (3, 5, 8), (1, 1, 1), "guess", "CN-OPS"),
    ("capacity", "Capacity questions go to the same senior colleague every week", "容量问题每周都找同一位资深同事", "escalation",
     (4, 6, 9), (1, 1, 1), (20, 40, 60), (1, 1, 2), "guess", "CN-OPS"),
    ("firewall", "Firewall requests are checked against a PDF by eye", "防火墙申请靠肉眼对照 PDF 检查", "manual_check",
     (20, 30, 40), (1, 1, 1), (10, 18, 30), (1, 1, 1), "team_agreed", "CN-OPS"),
    ("handover", "The shift handover is retyped from chat", "交接班内容要从聊天记录里重新录入", "low_value",
     (55, 60, 62), (1, 1, 1), (8, 12, 20), (1, 1, 1), "team_agreed", "CN-OPS"),
)  # fmt: skip

# (key, vendor, English, Chinese, kind, days to renewal, items of (kind, English, Chinese, runs, items, minutes, people))
CONTRACTS = (
    ("support", "Nordwind IT Services", "Application support", "应用支持", "support", 41, (
        ("manual_report", "Monthly health-check report per application", "每个应用的月度健康检查报告",
         (16, 18, 20), (1, 1, 1), (110, 140, 180), (1, 1, 1)),
        ("ticket_category", "Password and lock-out tickets", "密码与锁定类工单",
         (180, 220, 260), (1, 1, 1), (4, 6, 10), (1, 1, 1)),
    )),
    ("network", "Kestrel Networks", "Managed network", "网络托管", "managed_service", 160, (
        ("manual_check", "Daily link check list", "每日链路检查表", (20, 21, 22), (1, 1, 1), (25, 35, 50), (1, 1, 1)),
    )),
    ("cloud", "Lotus Cloud Partners", "Cloud operations", "云运维", "managed_service", 220, (
        ("manual_check", "Weekly cost and tag check", "每周费用与标签检查", (4, 4, 5), (1, 1, 1), (60, 90, 120), (1, 1, 1)),
        ("sla_by_hand", "Availability figures added up by hand", "手工汇总的可用性数据",
         (1, 1, 1), (1, 1, 1), (120, 180, 240), (1, 1, 1)),
    )),
)  # fmt: skip

# (key, channel, from what, English, Chinese, summary en, summary zh, kind of help, direction, categories, baseline)
CASES = (
    ("reports", "A8", "support:0", "Vendor health-check reports", "供应商健康检查报告",
     "Drafts the monthly report from monitoring and tickets; an engineer checks and signs it.",
     "根据监控和工单起草月度报告，由工程师核对并签发。", "draft_text", "less_effort", ("know_how", "environment"), "yes"),
    ("tickets", "A8", "support:1", "Password ticket answers", "密码类工单答复",
     "Prepares the answer to lock-out tickets for the service desk.", "为服务台准备锁定类工单的答复。",
     "draft_text", "less_effort", ("know_how", "people_process"), "yes"),
    ("links", "A8", "network:0", "Network check list", "网络检查表",
     "Runs the daily link check and reports only what changed.", "执行每日链路检查，只报告变化。",
     "run_check", "fewer_repeats", ("environment",), "unknown"),
    ("tags", "A8", "cloud:0", "Cloud tag check", "云标签检查",
     "Reads costs and tags and drafts the weekly message to owners.", "读取费用与标签，起草每周通知。",
     "run_check", "less_effort", ("environment",), "yes"),
    ("triage", "A9", "triage", "Database triage assistant", "数据库排查助手",
     "Collects the first facts of a database alert and proposes where to look.", "收集数据库告警的初步事实并建议排查方向。",
     "triage", "faster_restoration", ("know_how", "environment"), "yes"),
    ("find", "A9", "kb", "Known-fix finder", "已知方案查找",
     "Finds the matching runbook and quotes the step.", "找到匹配的手册并引用步骤。",
     "find_knowledge", "less_effort", ("know_how",), "yes"),
    ("noise", "A9", "nights", "Night alert digest", "夜间告警摘要",
     "Groups night alerts and says which heal by themselves.", "归并夜间告警并指出可自愈者。",
     "analyse_logs", "less_noise", ("environment", "automation"), "yes"),
    ("changes", "A9", "change", "Change impact text", "变更影响说明",
     "Drafts the impact paragraph from the service map.", "根据服务关系起草影响说明。",
     "draft_text", "less_effort", ("environment", "compliance"), "yes"),
    ("capacity", "A9", "capacity", "Capacity answers", "容量问答",
     "Answers capacity questions from plant production figures.", "根据产线产量数据回答容量问题。",
     "find_knowledge", "less_effort", ("environment",), "no"),
)  # fmt: skip

# Six scores a case, C1 to C6, from four people each
SCORES = {
    "reports": ((5, 5, 4, 4, 4, 4), (4, 5, 4, 4, 5, 4), (5, 5, 5, 4, 4, 4), (5, 4, 4, 5, 4, 3)),
    "tickets": ((4, 4, 3, 3, 3, 2), (4, 4, 2, 3, 3, 2), (3, 4, 3, 3, 4, 2), (4, 3, 3, 3, 3, 2)),
    "links": ((3, 4, 4, 2, 3, 3), (3, 3, 4, 2, 2, 3), (3, 4, 4, 2, 3, 2), (2, 4, 3, 3, 3, 3)),
    "tags": ((3, 3, 4, 4, 3, 2), (3, 4, 4, 4, 3, 2), (4, 3, 4, 3, 3, 2), (3, 3, 4, 4, 2, 2)),
    "triage": ((4, 3, 4, 4, 4, 5), (4, 3, 4, 4, 4, 4), (5, 3, 4, 4, 3, 5), (4, 2, 5, 4, 4, 5)),
    "find": ((2, 2, 5, 4, 5, 4), (3, 2, 5, 4, 4, 4), (2, 2, 4, 4, 5, 3), (3, 2, 5, 4, 4, 4)),
    "noise": ((4, 2, 3, 3, 3, 4), (3, 2, 2, 3, 3, 4), (4, 2, 3, 2, 3, 4), (4, 3, 3, 3, 3, None)),
    "changes": ((3, 2, 4, 3, 3, 3), (3, 2, 4, 3, 4, 2), (3, 2, 4, 3, 3, 3), (3, 2, 3, 3, 3, 3)),
}
PANEL = ("architect", "lead", "engineer", "dba")

ASSUMPTIONS = (
    # (English, Chinese, answer, evidence)
    ("Monitoring holds twelve months of the figures the report needs.", "监控保存了报告所需的十二个月数据。", "held", "Checked on 18 applications. / 在 18 个应用上核对过。"),
    ("Vendors send tickets in a form that can be read.", "供应商的工单格式可读取。", "held", "Two vendors agreed to share check lists. / 两家供应商同意共享检查清单。"),
    ("The wiki's runbooks are current.", "知识库手册是最新的。", "did_not_hold", "7 of 20 runbooks were older than a year. / 20 份手册中有 7 份超过一年。"),
    ("An engineer accepts a draft after one correction at most.", "工程师最多修改一次即可接受草稿。", "held", "Seen in the review minutes. / 见核对用时。"),
    ("Logs carry owner tags.", "日志带有负责人标签。", "did_not_hold", "Owner tags are missing on half of the hosts. / 半数主机缺少负责人标签。"),
    ("Read access is enough for both cases.", "两个案例只需读权限。", "held", "No write call was needed. / 不需要写调用。"),
    ("The CMDB feed is up on working days.", "CMDB 数据源在工作日可用。", "did_not_hold", "Down for two days in week 7. / 第 7 周中断两天。"),
    ("Night shifts can use the assistant.", "夜班可以使用助手。", "open", ""),
    ("Chinese and English reports read equally well.", "中英文报告同样可读。", "held", "Reviewed by both teams. / 两个团队均已评审。"),
    ("The model answers within a minute.", "模型一分钟内作答。", "held", "Seen in the runtime's daily figures. / 见运行平台每日数据。"),
    ("Names can be removed from postmortems.", "复盘中的姓名可以去除。", "held", "Script reviewed, see the condition. / 脚本已评审，见条件。"),
    ("Another team can run our workflow unchanged.", "其他团队可以原样运行我们的工作流。", "held", "Penang ran it in week 10. / 槟城在第 10 周运行过。"),
    ("Cost stays under the cap.", "费用低于上限。", "open", ""),
    ("Triage facts shorten the way to the fix.", "排查事实能缩短解决路径。", "open", ""),
)  # fmt: skip

ASSETS = (
    # (kind, English, Chinese, reviewed, re-run by)
    ("prompt", "Health-check report prompt", "健康检查报告提示词", True, ("CN-DB", "SE")),
    ("workflow", "Report workflow with human check", "带人工核对的报告工作流", True, ("CN-DB", "SE")),
    ("template", "Report template EN/中文", "中英文报告模板", True, ("CN-DB",)),
    ("runbook", "Runbook: database triage facts", "手册：数据库排查事实", True, ("CN-DB",)),
    ("tool_logic", "CMDB look-up with owner fall-back", "带负责人回退的 CMDB 查询", True, ("CN-DB",)),
    ("prompt", "Triage question prompt", "排查提问提示词", True, ()),
    ("script", "Removes names from postmortems", "去除复盘中的姓名", True, ("CN-DB",)),
    ("sop", "How to correct a draft", "如何修改草稿", False, ()),
    ("runbook", "Runbook: certificate check", "手册：证书检查", False, ()),
)

# Data freedom of a system, as its owner answered
FREEDOM: dict[str, dict[str, Any]] = {
    "ServiceNow": {
        "extracted_how": "ServiceNow MCP server, read only / ServiceNow MCP 服务器，只读",
        "what_kind": "Incidents and requests with their texts / 事件与请求及其文本",
        "by_program": "api", "how_often": "near_real_time", "source_load": "light",
        "objection": "conditions", "objection_text": "Read only, no staff fields / 只读，不含人员字段",
    },
    "CMDB": {
        "extracted_how": "Nightly file, look-up by host / 每夜文件，按主机查询",
        "what_kind": "Hosts, services, owner teams / 主机、服务、负责团队",
        "by_program": "file", "how_often": "batch", "source_load": "light", "objection": "none",
        "planned_change": "Owner field is cleaned in spring / 春季清理负责人字段",
    },
    "Zabbix": {
        "extracted_how": "Query of the history tables / 查询历史表",
        "what_kind": "Metrics and alerts of twelve months / 十二个月的指标与告警",
        "by_program": "query", "how_often": "near_real_time", "source_load": "heavy",
        "objection": "conditions", "objection_text": "Not during the nightly clean-up / 夜间清理时段除外",
    },
}  # fmt: skip
