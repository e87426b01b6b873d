"""Where a record stands, and what its kind is called."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _


def link_to(record: Any) -> str:
    """The page of a record, "" for one that has none."""
    if not hasattr(record, "get_absolute_url"):
        return ""
    try:
        return str(record.get_absolute_url())
    except NoReverseMatch:
        return ""


def address(name: str, *args: Any) -> str:
    """A page by its name, "" while the address is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


KINDS = {
    "pain": _("Pains"),
    "candidate": _("Candidates"),
    "charter": _("Charters"),
    "decision": _("Decisions"),
    "submission": _("Approval requests"),
    "approval": _("Approvals"),
    "condition": _("Conditions"),
    "pattern": _("Patterns"),
    "data_category": _("Data categories"),
    "component": _("Components"),
    "contract": _("Contracts"),
    "inventory": _("Inventories"),
    "ranking_snapshot": _("Rankings"),
    "asset": _("Assets"),
    "system": _("Systems"),
    "pilot": _("Pilots"),
    "measure": _("Measures"),
    "report": _("KPI reports"),
    "connection": _("Sources"),
    "runtime_app": _("Runtime apps"),
    "source_import": _("Imports"),
}
