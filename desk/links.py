"""Where a record stands, and what its kind is called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from foundation.audit.models import AuditEvent
from foundation.subjects import subject_models

OWNERS = ("charter", "submission", "candidate", "pilot", "measure", "connection", "asset")


def link_to(record: Any) -> str:
    """The page of a record, "" for one that has none."""
    if not hasattr(record, "get_absolute_url"):
        return ""
    try:
        return str(record.get_absolute_url())
    except NoReverseMatch:
        return ""


def pages_of(events: Iterable[AuditEvent]) -> dict[tuple[str, str], str]:
    """Pages of the records that ledger entries name, one query a kind; a record without a page is left out."""
    named: dict[str, set[str]] = {}
    for event in events:
        named.setdefault(event.subject_kind, set()).add(event.subject_id)
    found = {}
    for kind, ids in named.items():
        model = subject_models().get(kind)
        for record in _with_owners(model, ids) if model else ():
            if url := _page_of(record):
                found[kind, str(record.pk)] = url
    return found


def _with_owners(model: type[Model], ids: set[str]) -> QuerySet[Any]:
    fields = {f.name for f in model._meta.concrete_fields if f.is_relation}
    return model._default_manager.filter(pk__in=ids).select_related(*(name for name in OWNERS if name in fields))


def _page_of(record: Any) -> str:
    """Its own page, or that of the record it is a part of."""
    owners = (getattr(record, name, None) for name in OWNERS)
    return next((url for r in (record, *owners) if r is not None and (url := link_to(r))), "")


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
