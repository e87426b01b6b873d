"""Names for any record: a code, a label, an address. Upper layers are named this way, never imported."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.apps import apps
from django.db import models


@cache
def subject_models() -> dict[str, type[models.Model]]:
    """Every model that declares `subject_code`."""
    return {m.subject_code: m for m in apps.get_models() if hasattr(m, "subject_code")}


def subject_of(obj: Any) -> dict[str, str]:
    """Plain facts that name a record in ledger entries, notices and events."""
    return {
        "kind": getattr(obj, "subject_code", obj._meta.model_name),
        "id": str(obj.pk),
        "key": str(getattr(obj, "key", "") or ""),
        "label": str(obj)[:200],
    }


def find_subject(kind: str, pk: str) -> models.Model | None:
    model = subject_models().get(kind)
    return model._default_manager.filter(pk=pk).first() if model else None
