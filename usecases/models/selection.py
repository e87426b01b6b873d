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


class RankingSnapshot(Frozen):
    """A ranking for ever: the locked inputs, unnamed scores, and what was computed from them."""

    subject_code = "ranking_snapshot"
    search_fields = ("key",)

    key = models.CharField(_("id"), max_length=20, unique=True)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="snapshots", verbose_name=_("unit"))
    ranking = models.OneToOneField("usecases.Ranking", models.PROTECT, related_name="snapshot")
    predecessor = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    frozen_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField(_("frozen"), default=clock.now)
    body = models.TextField()
    digest = models.CharField(max_length=80)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("usecases:snapshot", args=[self.key])

    @cached_property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.body)


class FlagshipSelection(Frozen):
    """What was chosen from a snapshot, and why. Only superseded, never edited."""

    subject_code = "flagship_selection"

    snapshot = models.ForeignKey(RankingSnapshot, models.PROTECT, related_name="selections")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="selections", verbose_name=_("unit"))
    predecessor = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), default=clock.now)
    override_reason = models.CharField(_("why not the proposal"), max_length=1000, blank=True)
    body = models.TextField()
    digest = models.CharField(max_length=80)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.snapshot.key}: " + ", ".join(s.candidate.key for s in self.slots.select_related("candidate"))

    @property
    def key(self) -> str:
        return f"{self.snapshot.key}/SEL"

    def get_absolute_url(self) -> str:
        return self.snapshot.get_absolute_url() + "#selection"

    @cached_property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.body)


class FlagshipSlot(Frozen):
    """One or two flagships: the database knows no third place."""

    selection = models.ForeignKey(FlagshipSelection, models.PROTECT, related_name="slots")
    slot = models.PositiveSmallIntegerField()
    candidate = models.ForeignKey("usecases.Candidate", models.PROTECT, related_name="slots")

    class Meta:
        ordering = ["slot"]
        constraints = [
            models.UniqueConstraint(fields=["selection", "slot"], name="flagship_slot_once"),
            models.UniqueConstraint(fields=["selection", "candidate"], name="flagship_once_a_selection"),
            models.CheckConstraint(condition=models.Q(slot__in=[1, 2]), name="flagship_slot_one_or_two"),
        ]
