"""What governance says today about the data categories a candidate needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ancestors
from governance.models import Approval, CategoryUse
from governance.models.approvals import Effect
from governance.models.data import Use

APPROVED, IN_APPROVAL, MISSING = "approved", "in_approval", "missing"
WORDS = {APPROVED: _("approved"), IN_APPROVAL: _("in approval"), MISSING: _("not approved")}
TONES = {APPROVED: "ok", IN_APPROVAL: "warn", MISSING: "open"}


@dataclass(frozen=True)
class CategoryState:
    category: Any
    state: str
    until: date | None = None

    @property
    def word(self) -> Any:
        return WORDS[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def passes(self) -> bool:
        return self.state in (APPROVED, IN_APPROVAL)


def category_states(unit: Any, categories: Iterable[Any], on: date | None = None) -> list[CategoryState]:
    """One row a category, in the order given."""
    wanted = list(categories)
    approved, asked = approved_codes(unit, on), in_approval_codes(unit)
    return [_state(c, approved, asked) for c in wanted]


def approved_codes(unit: Any, on: date | None = None) -> dict[str, date | None]:
    """Category code to the last day of the longest approval that is active for the unit."""
    at = clock.now() if on is None else datetime.combine(on, time(12), tzinfo=UTC)
    held = Approval.objects.holding_for(unit.path).with_effect(at, unit.path)
    active = held.filter(effect=Effect.ACTIVE, category_use__isnull=False)  # type: ignore[misc] # annotated above
    active = active.exclude(use=Use.NOT_ALLOWED)
    rows = active.values_list("category_use__category_version__category__code", "valid_until").order_by("valid_until")
    return {code: until.date() for code, until in rows}


def in_approval_codes(unit: Any) -> set[str]:
    """Categories of requests that wait for a decision and would hold for the unit."""
    asked = CategoryUse.objects.filter(
        submission__state__in=["submitted", "in_review"], submission__unit__path__in=ancestors(unit.path)
    )
    return set(asked.values_list("category_version__category__code", flat=True))


def _state(category: Any, approved: dict[str, date | None], asked: set[str]) -> CategoryState:
    if category.code in approved:
        return CategoryState(category, APPROVED, approved[category.code])
    return CategoryState(category, IN_APPROVAL if category.code in asked else MISSING)
