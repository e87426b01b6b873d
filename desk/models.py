"""What the journey cannot compute: dated notes of talks, and boxes left out with a reason."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.models import Frozen

NOTED = ("A1", "A2", "A3", "A4", "A5", "A7")  # boxes where a talk counts as "under way"
ASPECTS = ("trend", "experience", "monitoring", "itsm", "cloud")


class BoxNote(Frozen):
    """What was said on a day. For A1 it holds a sentence on each aspect and its sources."""

    subject_code = "box_note"
    key = ""

    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    box = models.CharField(_("box"), max_length=3)
    said_on = models.DateField(_("said on"))
    text = models.TextField(_("note"), max_length=1000, blank=True)
    aspects = models.JSONField(default=dict)  # aspect -> one sentence
    sources = models.JSONField(default=list)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(box__in=NOTED), name="box_note_box")]

    def __str__(self) -> str:
        return f"{self.box} {self.said_on.isoformat()}"

    @property
    def missing(self) -> list[str]:
        """Aspects without a sentence, and `source` when none is named."""
        gaps = [a for a in ASPECTS if not str(self.aspects.get(a, "")).strip()]
        return gaps + ([] if self.sources else ["source"])

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def summary(self) -> str:
        return self.text or next((self.aspects[a] for a in ASPECTS if self.aspects.get(a)), "")


class BoxSkip(Frozen):
    """A box left out, or taken up again; the newest row of a box holds. It satisfies nothing elsewhere."""

    subject_code = "box_skip"
    key = ""

    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    box = models.CharField(_("box"), max_length=3)
    is_skipped = models.BooleanField(default=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(default=clock.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_skipped=False) | ~Q(reason=""), name="box_skip_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.box} {self.reason}".strip()


def latest_skips(unit: Any) -> dict[str, BoxSkip]:
    """Boxes of a unit that are left out now."""
    rows = BoxSkip.objects.filter(unit=unit).order_by("decided_at", "created_at", "id")
    newest = {row.box: row for row in rows}
    return {box: row for box, row in newest.items() if row.is_skipped}
