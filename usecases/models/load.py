"""The size of a piece of work: four factors, each low / likely / high with where the figures come from."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

FACTORS = ("runs_per_month", "items_per_run", "minutes_per_item", "people_per_item")
POINTS = ("low", "likely", "high")


class Provenance(models.TextChoices):
    GUESS = "guess", _("guess")
    TEAM = "team_agreed", _("team agreed")
    VENDOR = "vendor_statement", _("vendor statement")
    TICKETS = "ticket_system", _("ticket system")
    SAMPLE = "time_sample", _("time sample")


class Grade(models.TextChoices):
    GUESS = "guess", _("Guess")
    ESTIMATE = "estimate", _("Estimate")
    EARLY = "early", _("Early")
    MEASURED = "measured", _("Measured")


def figure(label: Any) -> models.DecimalField:
    return models.DecimalField(label, max_digits=12, decimal_places=4, null=True, blank=True)


def source_of_figures() -> models.CharField:
    return models.CharField(_("where this comes from"), max_length=20, choices=Provenance, blank=True)


def hours_field(label: Any) -> models.DecimalField:
    return models.DecimalField(label, max_digits=16, decimal_places=6, null=True, blank=True, editable=False)


class LoadFields(models.Model):
    """`hours_*` and `grade` are derived from the factors by the services and never typed in."""

    runs_per_month_low = figure(_("times a month, low"))
    runs_per_month_likely = figure(_("times a month, likely"))
    runs_per_month_high = figure(_("times a month, high"))
    runs_per_month_provenance = source_of_figures()
    items_per_run_low = figure(_("items each time, low"))
    items_per_run_likely = figure(_("items each time, likely"))
    items_per_run_high = figure(_("items each time, high"))
    items_per_run_provenance = source_of_figures()
    minutes_per_item_low = figure(_("minutes an item, low"))
    minutes_per_item_likely = figure(_("minutes an item, likely"))
    minutes_per_item_high = figure(_("minutes an item, high"))
    minutes_per_item_provenance = source_of_figures()
    people_per_item_low = figure(_("people needed, low"))
    people_per_item_likely = figure(_("people needed, likely"))
    people_per_item_high = figure(_("people needed, high"))
    people_per_item_provenance = source_of_figures()
    load_n = models.PositiveIntegerField(_("records behind it"), null=True, blank=True)
    load_coverage = models.DecimalField(_("coverage in %"), max_digits=5, decimal_places=2, null=True, blank=True)
    load_query = models.CharField(_("window and query"), max_length=300, blank=True)
    hours_low = hours_field(_("hours a month, low"))
    hours_likely = hours_field(_("hours a month, likely"))
    hours_high = hours_field(_("hours a month, high"))
    hours_mean = hours_field(_("hours a month, mean"))
    grade = models.CharField(_("evidence"), max_length=10, choices=Grade, blank=True, editable=False)

    class Meta:
        abstract = True

    def factor_facts(self) -> dict[str, dict[str, Any] | None]:
        """Factor to its three figures and provenance, None where nothing is recorded."""
        return {name: self._facts(name) for name in FACTORS}

    def _facts(self, name: str) -> dict[str, Any] | None:
        values = {p: getattr(self, f"{name}_{p}") for p in POINTS}
        if any(v is None for v in values.values()):
            return None
        return {**values, "provenance": getattr(self, f"{name}_provenance")}

    def hours_facts(self) -> dict[str, Any] | None:
        if self.hours_likely is None:
            return None
        return {
            "low": self.hours_low, "likely": self.hours_likely, "high": self.hours_high,
            "mean": self.hours_mean, "grade": self.grade, "n": self.load_n,
        }  # fmt: skip


LOAD_FIELDS = tuple(f"{name}_{point}" for name in FACTORS for point in (*POINTS, "provenance")) + (
    "load_n",
    "load_coverage",
    "load_query",
)
