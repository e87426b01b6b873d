"""From the twelve figures of a piece of work to its hours a month, by the pure rule."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid, Reason, refuse_if
from usecases.models.load import FACTORS, LOAD_FIELDS, POINTS, LoadFields, Provenance
from usecases.rules.load import Factor, Hours, load_hours

SIX = Decimal("0.000001")
MOST_HOURS = 1_000_000
RECORDED = (Provenance.TICKETS, Provenance.SAMPLE)


def load_reasons(obj: LoadFields) -> Iterator[Reason]:
    """All three figures of a factor or none, in order; measured ones with n and where they were read."""
    for name in FACTORS:
        yield from _factor_reasons(obj, name)
    claimed = any(getattr(obj, f"{name}_provenance") in RECORDED for name in FACTORS)
    if claimed and not obj.load_n:
        text = _("Figures from a system or a time sample need the number of records behind them.")
        yield Reason("load_n_missing", text, "load_n")
    if claimed and not obj.load_query:
        text = _("Figures from a system or a time sample need their window and query.")
        yield Reason("load_query_missing", text, "load_query")
    if obj.load_coverage is not None and not 0 <= obj.load_coverage <= 100:
        yield Reason("bad_coverage", _("Coverage lies between 0 and 100 %."), "load_coverage")


def _factor_reasons(obj: LoadFields, name: str) -> Iterator[Reason]:
    field: Any = obj._meta.get_field(f"{name}_likely")
    label = field.verbose_name
    given = [getattr(obj, f"{name}_{p}") for p in POINTS]
    if all(v is None for v in given):
        return
    if any(v is None for v in given):
        text = _("%(what)s: give low, likely and high, or none of them.") % {"what": label}
        yield Reason("range_incomplete", text, f"{name}_likely")
    elif not 0 <= given[0] <= given[1] <= given[2]:
        text = _("%(what)s: 0 ≤ low ≤ likely ≤ high does not hold.") % {"what": label}
        yield Reason("range_order", text, f"{name}_likely")


def check_with_load(obj: LoadFields, reasons: list[Reason]) -> None:
    """Raise with every reason at once; else derive the hours."""
    if not any(r.field in LOAD_FIELDS for r in reasons):
        reasons = [*reasons, *load_reasons(obj)]
    refuse_if(reasons, Invalid)
    size_up(obj)
    if obj.hours_high is not None and obj.hours_high > MOST_HOURS:
        text = _("More than a million hours a month: check the figures.")
        raise Invalid(Reason("load_too_large", text, "runs_per_month_likely"))


def size_up(obj: LoadFields) -> None:
    """Fill provenance (a figure nobody vouched for is a guess), hours and grade from the factors."""
    for name in FACTORS:
        has = getattr(obj, f"{name}_likely") is not None
        setattr(obj, f"{name}_provenance", (getattr(obj, f"{name}_provenance") or "guess") if has else "")
    hours = hours_of(obj)
    for point in (*POINTS, "mean"):
        setattr(obj, f"hours_{point}", six(getattr(hours, point)) if hours else None)
    obj.grade = hours.grade if hours else ""


def hours_of(obj: LoadFields) -> Hours | None:
    return load_hours({name: _factor(obj, name) for name in FACTORS})


def _factor(obj: LoadFields, name: str) -> Factor | None:
    values = [getattr(obj, f"{name}_{p}") for p in POINTS]
    if any(v is None for v in values):
        return None
    low, likely, high = (Fraction(str(v)) for v in values)
    coverage = Fraction(str(obj.load_coverage)) / 100 if obj.load_coverage is not None else None
    return Factor(low, likely, high, getattr(obj, f"{name}_provenance"), obj.load_n, coverage)


def six(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(SIX, rounding=ROUND_HALF_EVEN)


DERIVED = ("hours_low", "hours_likely", "hours_high", "hours_mean", "grade")
