from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.models import Frozen, Record, Versioned
from metrics.models.measures import Measure


class ObservationQuerySet(ScopedQuerySet[Any]):
    unit_field = "measure__unit__path"


class SourceImport(Frozen):
    """One file read once: what was kept, what was left out and why, and when its source was complete."""

    subject_code = "source_import"
    search_fields = ("file_name", "source")

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)  # csv, xlsx, rest
    record_kind = models.CharField(max_length=10, default="incident")
    source = models.CharField(max_length=60)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    mapping = models.CharField(max_length=60)
    zone = models.CharField(max_length=60)
    as_of = models.DateTimeField()
    rows_read = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    added = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    unchanged = models.PositiveIntegerField()
    facts = models.JSONField(default=dict)  # missing ends, negative durations, excluded by reason
    forensics = models.JSONField(default=list)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["unit", "-created_at"], name="import_unit")]

    def __str__(self) -> str:
        return f"{self.source}: {self.file_name}"


class OpsRecord(models.Model):
    """A ticket as read from its system of record; never written back. No person, no text."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    source_import = models.ForeignKey(SourceImport, on_delete=models.PROTECT, related_name="kept")
    kind = models.CharField(max_length=10, default="incident")
    source = models.CharField(max_length=60)
    source_key = models.CharField(max_length=100)
    opened_at = models.DateTimeField()
    first_ack_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_in_source_at = models.DateTimeField(null=True)
    priority = models.CharField(max_length=40, blank=True)
    group = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=100, blank=True)
    subcategory = models.CharField(max_length=100, blank=True)
    contact_type = models.CharField(max_length=60, blank=True)
    reassignments = models.PositiveIntegerField(null=True)
    reopens = models.PositiveIntegerField(null=True)
    made_sla = models.BooleanField(null=True)
    parent_key = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=40, blank=True)
    content_hash = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=clock.now)  # first arrival; the charter's proof rule reads it

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "kind", "source", "source_key"], name="ops_record_once"),
        ]
        indexes = [
            models.Index(fields=["unit", "kind", "source", "opened_at"], name="ops_record_window"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_key}"


class Observation(Versioned):
    """One task time. It carries a team, never a name, and no trace of who typed it."""

    class Method(models.TextChoices):
        STOPWATCH = "stopwatch", _("typed by the team")
        SYSTEM_LOG = "system_log", _("system log")
        SELF_REPORT = "self_report", _("self-report")

    subject_code = "observation"

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="observations")
    at = models.DateTimeField()
    minutes = models.DecimalField(max_digits=7, decimal_places=2)
    review_minutes = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    case = models.CharField(max_length=40)
    second_run = models.BooleanField(default=False)
    usable = models.BooleanField(null=True, blank=True)
    team = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=12, choices=Method.choices, default=Method.STOPWATCH)
    entered_by_role = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField(default=clock.now)
    excluded_why = models.CharField(max_length=200, blank=True)
    receipt_digest = models.CharField(max_length=64, blank=True)  # opens correction for 24 h, in the same browser

    objects = ObservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=0.1, minutes__lte=1440), name="observation_minutes"),
            models.CheckConstraint(
                condition=Q(review_minutes=None) | Q(review_minutes__gte=0, review_minutes__lte=models.F("minutes")),
                name="observation_review_inside",
            ),
        ]
        indexes = [models.Index(fields=["measure", "at"], name="observation_window")]

    def __str__(self) -> str:
        return self.case

    @property
    def unit_path(self) -> str:
        return self.measure.unit.path


__all__ = ["Observation", "OpsRecord", "Record", "SourceImport"]
