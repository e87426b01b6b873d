from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.bilingual import Bilingual
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Versioned
from metrics.models.measures import Measure, MeasureVersion
from metrics.models.pilots import Pilot

User = settings.AUTH_USER_MODEL


class EstimateQuerySet(ScopedQuerySet[Any]):
    unit_field = "unit__path"


class StatementQuerySet(ScopedQuerySet[Any]):
    unit_field = "estimate__unit__path"


class FreezeQuerySet(ScopedQuerySet[Any]):
    unit_field = "report__unit__path"


class GainEstimate(Frozen):
    """One computed answer: plan, result, hashes, verdict. A recompute with equal hashes writes nothing."""

    subject_code = "estimate"

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="estimates")
    version_of = models.ForeignKey(MeasureVersion, on_delete=models.PROTECT, related_name="estimates")
    plan = models.TextField()
    result = models.TextField()
    inputs_hash = models.CharField(max_length=80)
    result_hash = models.CharField(max_length=80)
    verdict = models.CharField(max_length=24, blank=True)
    reasons = models.JSONField(default=list)
    grade = models.CharField(max_length=1, blank=True)
    word = models.CharField(max_length=10)  # guess, estimate, early, measured
    look_back = models.BooleanField(default=False)
    n_before = models.PositiveIntegerField(default=0)
    n_pilot = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField(null=True)
    sentence_en = models.TextField(blank=True)
    sentence_zh = models.TextField(blank=True)
    supersedes = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    sentence = Bilingual("sentence")
    objects = EstimateQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["measure", "-created_at"], name="estimate_newest")]

    def __str__(self) -> str:
        return f"{self.measure} {self.verdict}"


class Statement(Versioned):
    """A sentence that may be said outside; it cites its estimate and never changes after publication."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    subject_code = "statement"

    estimate = models.ForeignKey(GainEstimate, on_delete=models.PROTECT, related_name="statements")
    sentence_en = models.TextField()
    sentence_zh = models.TextField(blank=True)
    edited = models.BooleanField(default=False)
    does_not_say_en = models.TextField()
    does_not_say_zh = models.TextField(blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)

    sentence = Bilingual("sentence")
    does_not_say = Bilingual("does_not_say")
    objects = StatementQuerySet.as_manager()
    lifecycle = Lifecycle(
        "state",
        "draft",
        Transition(
            "publish", ("draft",), "published", "metrics.statement.publish", "statement.published", _("Publish")
        ),
        Transition(
            "withdraw",
            ("draft", "published"),
            "withdrawn",
            "metrics.statement.withdraw",
            "statement.withdrawn",
            _("Withdraw"),
        ),
    )

    def __str__(self) -> str:
        return self.sentence

    @property
    def unit_path(self) -> str:
        return self.estimate.unit.path


class Report(Versioned):
    """The KPI report of a pilot: live, with every freeze kept beside it."""

    subject_code = "report"
    search_fields = ("key",)

    key = models.CharField(max_length=20, unique=True)
    pilot = models.OneToOneField(Pilot, on_delete=models.PROTECT, related_name="report")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.key} {self.pilot.name}"

    def get_absolute_url(self) -> str:
        return reverse("metrics:report", args=[self.key])


class ReportFreeze(Frozen):
    """The facts of a report as they stood, with the bytes that are downloaded ever after."""

    subject_code = "report_freeze"

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="freezes")
    body = models.TextField()
    digest = models.CharField(max_length=80)
    estimates = models.JSONField(default=list)
    xlsx = models.BinaryField(null=True)
    xlsx_sha256 = models.CharField(max_length=64, blank=True)
    by_role = models.CharField(max_length=60, blank=True)
    frozen_at = models.DateTimeField(default=clock.now)

    objects = FreezeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.report.key}@{self.digest[7:19]}"

    @property
    def unit_path(self) -> str:
        return self.report.unit.path
