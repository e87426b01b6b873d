"""Names for any record: a code, a label, an address. Upper layers are named this way, never imported."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import translation


@cache
def subject_models() -> dict[str, type[models.Model]]:
    """Every model that declares `subject_code`."""
    return {m.subject_code: m for m in apps.get_models() if hasattr(m, "subject_code")}


def subject_of(obj: Any) -> dict[str, str]:
    """Plain facts that name a record in ledger entries, notices and events: its label in both languages."""
    with translation.override("en"):
        label = str(obj)[:200]
    with translation.override("zh-hans"):
        label_zh = str(obj)[:200]
    return {
        "kind": getattr(obj, "subject_code", obj._meta.model_name),
        "id": str(obj.pk),
        "key": str(getattr(obj, "key", "") or ""),
        "label": label,
        "label_zh": label_zh,
    }


def find_subject(kind: str, pk: str) -> models.Model | None:
    model = subject_models().get(kind)
    return model._default_manager.filter(pk=pk).first() if model else None
