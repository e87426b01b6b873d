"""What in a card may name or reach a person. It warns; it never blocks, so a false alarm costs a glance."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_DATE = re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b")
_PHONE = re.compile(r"(?<![\w.])\+?\d(?:[\s()/-]?\d){6,}(?![\w.]|-\d)")
_NUMBER = re.compile(
    r"(?i)\b(?:employee|staff|personnel)\b[ a-z.:#-]*\d{3,}|工号\s*[:：]?\s*\w{3,}|\b[a-z]{1,2}\d{5,8}\b"
)
_ACTS = "always|never|forgets?|forgot|wants?|asks?|asked|refuses?|refused|ignores?|ignored|makes?|made|sends?|sent"
_STANDS = "does|did|doesn't|takes?|took|keeps?|has|is|was|breaks?|broke|sits?|needs?|gets?|says?|said"
_INSIDE = re.compile(rf"(?<=[\w,;] )([A-Z][a-z]+)(?: [A-Z][a-z]+)? (?:{_ACTS}|{_STANDS})\b")
_AT_START = re.compile(rf"^([A-Z][a-z]+) (?:{_ACTS})\b")
_FULL = re.compile(rf"^([A-Z][a-z]+) [A-Z][a-z]+ (?:{_ACTS}|{_STANDS})\b")
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Herr|Frau)\.? [A-Z]\w+")
_CHINESE = re.compile(
    r"[\u4e00-\u9fff]{1,3}(?:经理|主管|先生|女士|工程师)(?:总是|经常|老是|每次|从不|要求)|"
    r"[老小][\u4e00-\u9fff](?:总是|经常|老是|每次|从不|要求)"
)
_NO_PERSON = {  # words that begin with a capital and do things in such sentences
    "I", "We", "It", "Every", "Each", "The", "This", "That", "Nobody", "Somebody", "Everybody", "Everyone", "Someone",
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Management", "Finance", "Audit",
    "Security", "Network", "Operations", "Vendor", "Vendors", "Jira", "Excel", "Outlook", "Teams", "Grafana", "Splunk",
    "Confluence", "Jenkins", "Kubernetes", "Prometheus", "Zabbix", "Nagios", "Remedy", "Oracle", "Windows", "Linux",
    "Dify", "Azure",
}  # fmt: skip


def warnings(text: str) -> list[str]:
    """Codes among email, phone, employee_number, name; empty when nothing looks personal."""
    checks = {
        "email": bool(_EMAIL.search(text)),
        "phone": bool(_PHONE.search(_DATE.sub("", text))),
        "employee_number": bool(_NUMBER.search(text)),
        "name": _names_somebody(text),
    }
    return [code for code, hit in checks.items() if hit]


def _names_somebody(text: str) -> bool:
    if _TITLED.search(text) or _CHINESE.search(text):
        return True
    first_words = [found[1] for pattern in (_INSIDE, _AT_START, _FULL) for found in pattern.finditer(text)]
    return any(word not in _NO_PERSON for word in first_words)
