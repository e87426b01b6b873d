from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.bilingual import Bilingual
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Versioned
from usecases.models import Candidate


class Pilot(Versioned):
    """One case tried for real; a charter opens it with the digest of the answer to “may we?”."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        ENDED = "ended", _("ended")
        DECIDED = "decided", _("decided")

    subject_code = "pilot"
    search_fields = ("key", "name_en", "name_zh")

    key = models.CharField(max_length=20, unique=True)
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="pilots")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    name_en = models.CharField(max_length=160, blank=True)
    name_zh = models.CharField(max_length=160, blank=True)
    scope = models.TextField(blank=True)
    starts_on = models.DateField()
    ramp_until = models.DateField(null=True, blank=True)  # the first day that counts
    ends_on = models.DateField()
    decision_on = models.DateField()
    status = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)
    permit_digest = models.CharField(max_length=80, blank=True)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    name = Bilingual("name")
    objects = ScopedQuerySet.as_manager()
    lifecycle = Lifecycle(
        "status",
        "draft",
        Transition("open", ("draft",), "running", "charter.pilot.start", "pilot.opened", _("Start")),
        Transition("end", ("running",), "ended", "charter.read", "pilot.ended", _("End")),
        Transition("decide", ("running", "ended"), "decided", "charter.read", "pilot.decided", _("Decide")),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status="draft") | ~Q(permit_digest=""), name="pilot_runs_with_a_permit"),
            models.CheckConstraint(condition=Q(ends_on__gt=models.F("starts_on")), name="pilot_has_length"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "running", "ended", "decided"]), name="pilot_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("metrics:pilot", args=[self.key])
