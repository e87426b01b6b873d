"""The acts of the ledger in words one can choose from: the verb's sentence without what it fills in."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from desk.links import KINDS
from foundation.audit import verbs

BLANK = re.compile(r"%\(\w+\)s")
WHO = re.compile(r"^%\(actor\)s(?:\s*[(（]%\(\w+\)s[)）])?(?!\s*of )\s*")
LEFT_OVER = re.compile(r"[:：]\s*…$")
PEOPLE, UNITS, MEASURING, ASKING = _("People and roles"), _("Units"), _("Records and sources"), _("Approval requests")
AREAS = {  # of verbs whose first word is no kind of record with a list of its own
    "category": KINDS["data_category"], "ranking": KINDS["ranking_snapshot"], "flagship": KINDS["ranking_snapshot"],
    "contract_item": KINDS["contract"], "data_source": KINDS["system"], "reuse": ASKING, "slot": ASKING,
    "category_use": ASKING, "checklist": ASKING, "evidence": ASKING, "pack": ASKING, "review": ASKING, "vote": ASKING,
    "breach": KINDS["charter"], "question": KINDS["charter"], "selection": KINDS["charter"], "vow": KINDS["charter"],
    "estimate": KINDS["measure"], "statement": KINDS["measure"], "change_note": KINDS["pilot"],
    "app": KINDS["runtime_app"], "probe": KINDS["connection"], "sync": KINDS["connection"],
    "source": KINDS["connection"], "import": MEASURING, "raw": MEASURING, "records": MEASURING, "rows": MEASURING,
    "task_time": MEASURING, "upload": MEASURING, "member": PEOPLE, "user": PEOPLE, "token": PEOPLE, "unit": UNITS,
}  # fmt: skip
OTHER = _("Other acts")


def acts() -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of (code, words) for a choice, in the reader's language."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, text in sorted(verbs().items()):
        kind = name.partition(".")[0]
        found.setdefault(str(KINDS.get(kind) or AREAS.get(kind, OTHER)), []).append((name, act_words(text)))
    return sorted(found.items(), key=lambda group: (group[0] == str(OTHER), group[0]))


def act_words(text: Any) -> str:
    """“%(actor)s proposed %(choice)s in %(subject)s” becomes “Proposed … in …”."""
    words = LEFT_OVER.sub("", BLANK.sub("…", WHO.sub("", str(text)))).strip()
    return words[:1].upper() + words[1:]
