from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.paths import PathField


class Job(models.Model):
    """One piece of work. The row is the truth; the broker is only the alarm clock."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60, db_index=True)
    args = models.JSONField(default=dict)
    actor = models.JSONField(default=dict)
    owner_id = models.CharField(max_length=40, blank=True, db_index=True)
    unit_path = PathField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    next_try_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "foundation"
        indexes = [models.Index(fields=["state", "next_try_at"], name="job_due")]

    def __str__(self) -> str:
        return self.kind


class Schedule(models.Model):
    """Recurring work; two beats do no harm because the row is moved on by a conditional UPDATE."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=60)
    args = models.JSONField(default=dict)
    every_seconds = models.PositiveIntegerField()
    next_run_at = models.DateTimeField()
    enabled = models.BooleanField(default=True)

    class Meta:
        app_label = "foundation"

    def __str__(self) -> str:
        return self.name
