"""Short spoken ids: stable, never reused."""

from __future__ import annotations

from django.db.models import F

from foundation.models import RefCounter


def next_number(kind: str) -> int:
    """The next number of a kind; call inside a transaction, the row stays locked to its end."""
    RefCounter.objects.get_or_create(kind=kind)
    RefCounter.objects.filter(kind=kind).update(value=F("value") + 1)
    return RefCounter.objects.get(kind=kind).value


def next_ref(prefix: str, width: int = 4) -> str:
    """`next_ref("P")` gives P-0031."""
    return f"{prefix}-{next_number(prefix):0{width}d}"
