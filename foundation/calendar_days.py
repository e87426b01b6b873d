"""Days and moments a record may name; beyond them clocks, zones and databases give up one by one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 1900, 2199
OUTSIDE = _("A year between %(first)s and %(last)s is expected.")


def is_usable(value: date | datetime) -> bool:
    return FIRST_YEAR <= value.year <= LAST_YEAR


def outside_words() -> str:
    return OUTSIDE % {"first": FIRST_YEAR, "last": LAST_YEAR}


def usable_day(value: date | datetime) -> None:
    """A validator for fields of forms and models."""
    if not is_usable(value):
        raise ValidationError(outside_words(), code="outside_calendar")


class DayField(forms.DateField):
    """A day in a form: the browser's own picker, and no year that no calendar holds."""

    default_validators = [usable_day]

    def __init__(self, **given: Any) -> None:
        picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": picker, **given})
