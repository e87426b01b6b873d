from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.models import Frozen


class InventoryVersion(Frozen):
    """The published pain inventory of a unit, as it stood. Later edits make the next version."""

    subject_code = "inventory"
    search_fields = ("key",)

    key = models.CharField(_("id"), max_length=40, unique=True)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="inventories", verbose_name=_("unit"))
    number = models.PositiveIntegerField(_("version"))
    count = models.PositiveIntegerField(_("pains"))
    body = models.TextField()
    digest = models.CharField(max_length=80)
    acknowledged_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    acknowledged_as = models.CharField(_("purpose acknowledged by"), max_length=200)
    round = models.OneToOneField("usecases.Round", models.PROTECT, null=True, related_name="inventory")
    published_at = models.DateTimeField(_("published"), default=clock.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="inventory_number_once")]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("usecases:inventory", args=[self.key])

    @cached_property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.body)
