"""Words of the gate in both languages: sections, controls, items, one-tap reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import ROLES

Both = tuple[str, str]

SECTIONS = {
    "purpose": _("What it is for"),
    "slots": _("The pattern and its parts"),
    "landing": _("Landing zone and controls"),
    "data": _("The data it uses"),
    "exit": _("How to leave"),
}

SECTION_LEDES = {
    "purpose": _("Who will do what with it? The lanes read this first."),
    "slots": _("The pattern is approved, not the product. Say what fills each part today."),
    "landing": _("Where data is kept and seen from is said once; every category inherits it."),
    "data": _("Tick what the pattern uses. Fill in a row only where it differs from the flow said once."),
    "exit": _("What stays yours when a product goes."),
}

CONTROLS: dict[str, Both] = {
    "network": ("Network links (private link to on-premises and other clouds)", "网络连接（到本地机房和其他云的专线）"),
    "firewall": ("Firewall and WAF", "防火墙与 WAF"),
    "identity": ("Identity (IAM/RBAC, single sign-on)", "身份（IAM/RBAC、单点登录）"),
    "logging": ("Logging and monitoring", "日志与监控"),
    "keys": ("Key management", "密钥管理"),
    "backup": ("Backup", "备份"),
    "egress": ("Egress proxy", "出口代理"),
}
MANDATORY_CONTROLS = ("network", "firewall", "identity", "logging")

FLOW_FIELDS = {
    "stored_in": _("Stored in"),
    "processed_in": _("Processed in"),
    "model_endpoint_region": _("Region of the model"),
    "accessed_from": _("Accessed from"),
    "retention_days": _("Kept, days"),
    "masking": _("Masking"),
}

ITEMS = {
    "slots": _("Parts of the pattern"),
    "flow": _("Hosting and regions"),
    "exit": _("How to leave"),
    "controls": _("Security controls"),
}

RETURN_REASONS = {
    "masking": _("Say how names are masked"),
    "scope": _("Narrow the scope"),
    "evidence": _("Evidence is missing or too old"),
    "flow": _("Say where it is processed"),
    "other": _("Something else"),
}

PORTABLE = {
    "prompts": _("Prompts"),
    "workflows": _("Workflows"),
    "tool_logic": _("Tool-calling logic"),
}

CONDITION_SAMPLES: tuple[Both, ...] = (
    ("Remove names from postmortems", "从事后复盘中去除姓名"),
    ("Mask phone numbers before indexing", "入库前遮蔽电话号码"),
    ("Keep for 30 days only", "仅保留 30 天"),
    ("Renew the penetration test", "重新进行渗透测试"),
)


def both(texts: Both) -> str:
    return texts[1] if (get_language() or "en").startswith("zh") else texts[0]


def role_label(code: str) -> str:
    """A role in the reader's language; a title kept in words by an earlier version is translated where known."""
    role = ROLES.get(code)
    return str(role.label) if role else gettext(code) if code else ""


def later(say: Callable[[], Any]) -> Any:
    """A text that is put together where it is read: names and words in the language of whoever is told."""
    return lazy(lambda: str(say()), str)()


def item_label(key: str, categories: dict[str, str]) -> Any:
    """The words of an item; a category by its name, its exposure by what the security lane is asked."""
    kind, _sep, code = key.partition(":")
    if kind == "category":
        return categories.get(code, code)
    if kind == "exposure":
        return _("Exposure of %(category)s") % {"category": categories.get(code, code)}
    return ITEMS.get(key, key)
