"""What was written and voted in the two workshops of the Shanghai hub: cards as typed, ballots as cast."""

from __future__ import annotations

# Pain of `stories.PAINS` -> its cards as (text, how often, how long); the first one holds the others.
CARDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "health": (
        ("每月给每个应用手工写健康检查报告，一份两个多小时", "monthly", "2h"),
        ("Vendor reports: graphs from Zabbix pasted into Word, eighteen times a month", "", "2h"),
        ("月初一周都在核对供应商的健康检查报告", "monthly", "half_day"),
    ),
    "triage": (
        ("数据库告警一来，先看连接数、锁和慢查询，每次都一样", "daily", "30min"),
        ("Every DB alert: the same five queries before I know where to look", "daily", "30min"),
        ("告警只有一行字，每次都从零开始排查", "", "30min"),
    ),
    "nights": (
        ("夜里被叫醒，登录上去告警已经自己恢复了", "daily", "30min"),
        ("Half of the night calls heal before the laptop is up", "daily", ""),
        ("凌晨三点的磁盘告警，每晚同一条", "daily", "30min"),
    ),
    "certs": (
        ("每季度逐台查看 140 台主机的证书到期日", "quarterly", "half_day"),
        ("证书快到期全靠我自己的一张表来提醒", "", ""),
    ),
    "cmdb": (
        ("CMDB 里的负责人早就不对了，工单转三个组才到", "daily", "30min"),
        ("Owner field in the CMDB is wrong, so tickets wander around", "daily", ""),
    ),
    "change": (
        ("每张变更单都要重写一遍差不多的影响说明", "daily", "30min"),
        ("变更影响那一段：复制上一张，再改主机名", "", "5min"),
    ),
    "kb": (
        ("办法肯定有人写过，就是在知识库里搜不到", "weekly", "30min"),
        ("Searched the wiki for the same fix three times this month", "", "30min"),
    ),
    "patch": (("审计要补丁证据，从五个控制台一张张截图", "monthly", "half_day"),),
    "backup": (
        ("每天早上 90 封备份邮件，要紧的只有两封", "daily", "30min"),
        ("Reading all backup mails every morning, just in case", "daily", ""),
    ),
    "postmortem": (("复盘拖了一周才写，只能凭记忆", "weekly", "2h"),),
    "slow": (("慢查询工单里从来没有那条 SQL，要回头去问", "", "30min"),),
    "onboard": (("New colleague: eleven forms before the first login works", "monthly", "2h"),),
    "vendor": (
        ("和供应商的工单要译成英文，答复再译回中文", "daily", "5min"),
        ("Translating vendor tickets in both directions, every day", "daily", "30min"),
    ),
    "sla": (
        ("每月第三个工作日手工拼 SLA 表", "monthly", "half_day"),
        ("SLA 数字要从三个系统导出来再相加", "monthly", ""),
    ),
    "scripts": (("查日志用自己的脚本，组里各有各的", "daily", "5min"),),
    "capacity": (("容量的问题每周都有人来问，答的是同样的话", "weekly", "30min"),),
    "firewall": (("防火墙申请要对着 PDF 一条条核对", "daily", "30min"),),
    "handover": (("交接班内容从聊天记录里复制出来重打一遍", "daily", "30min"),),
}

# Twelve of fourteen voted; night and day shift see the night alerts differently.
BALLOTS: tuple[tuple[str, dict[str, int]], ...] = (
    ("yes", {"nights": 4, "triage": 3, "health": 2, "kb": 1}),
    ("yes", {"nights": 4, "triage": 2, "change": 2, "health": 2}),
    ("unsure", {"nights": 4, "triage": 3, "backup": 2, "health": 1}),
    ("yes", {"nights": 3, "health": 3, "kb": 2, "change": 2}),
    ("unsure", {"nights": 4, "triage": 2, "health": 2, "capacity": 2}),
    ("yes", {"triage": 4, "health": 3, "kb": 2, "change": 1}),
    ("yes", {"triage": 3, "health": 3, "change": 2, "backup": 2}),
    ("unsure", {"triage": 4, "kb": 2, "health": 2, "backup": 1}),
    ("yes", {"health": 4, "triage": 2, "change": 2, "kb": 2}),
    ("unsure", {"triage": 3, "kb": 3, "health": 2, "capacity": 1}),
    ("yes", {"health": 3, "triage": 2, "change": 2, "backup": 2, "nights": 1}),
    ("unsure", {"triage": 3, "health": 2, "kb": 2, "capacity": 2, "nights": 1}),
)

# The second look: what is still open lies on the table, these were new. Key -> (English, Chinese, cards).
NEW: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "prompts": (
        "Good prompts live in private notes and are lost at every shift change",
        "好用的提示词散在各人的笔记里，换班就丢",
        ("好用的提示词都在各人的笔记里，换班就找不到", "Good prompts sit in private notes, each shift starts again"),
    ),
    "drafts": (
        "Checked drafts are pasted into ServiceNow field by field",
        "核对过的草稿要逐栏粘贴到 ServiceNow",
        ("核对过的草稿还要一栏一栏贴进 ServiceNow", "Pasting the checked draft into ServiceNow, field by field"),
    ),
    "spend": (
        "Cloud costs without an owner are sorted by hand every Monday",
        "每周一手工整理没有负责人的云费用",
        ("每周一手工整理没有标签的云费用",),
    ),
    "drill": (
        "The evidence of the restore drill is typed into three forms",
        "恢复演练的证据要填进三张表",
        ("恢复演练做完，证据要填三张表",),
    ),
    "access": (
        "Expired access of suppliers is found by reading a list",
        "供应商过期的权限靠读名单找出来",
        ("供应商的权限过期了没有，只能对着清单看",),
    ),
    "release": (
        "Release notes are put together from four channels",
        "发布说明要从四个渠道拼起来",
        ("Release notes put together from four channels", "发布说明从四个渠道拼起来"),
    ),
}
STILL_OPEN = (
    "certs", "cmdb", "patch", "backup", "postmortem", "slow", "onboard", "vendor", "sla", "scripts", "firewall",
    "handover",
)  # fmt: skip
SECOND_BALLOTS: tuple[dict[str, int], ...] = (
    {"prompts": 4, "backup": 3, "drafts": 2, "certs": 1},
    {"prompts": 3, "drafts": 3, "backup": 2, "sla": 2},
    {"backup": 4, "prompts": 3, "cmdb": 2, "drafts": 1},
    {"prompts": 4, "backup": 2, "spend": 2, "drafts": 2},
    {"prompts": 2, "backup": 3, "handover": 3, "drafts": 2},
    {"prompts": 3, "drafts": 2, "backup": 2, "certs": 2},
    {"backup": 3, "prompts": 2, "cmdb": 3, "drafts": 2},
    {"prompts": 3, "backup": 2, "drafts": 3, "release": 2},
    {"drafts": 2, "prompts": 4, "backup": 2, "sla": 1},
)
