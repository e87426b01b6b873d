from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.models import Frozen, Record, Versioned
from foundation.secrets import SealedField
from metrics.models.pilots import Pilot
from usecases.models import Candidate

MONEY = 10_000_000  # money is kept as a whole number of 1e-7 units: SQLite would make a float of a decimal


class ConnectionChildQuerySet(ScopedQuerySet[Any]):
    unit_field = "connection__unit__path"


class AppChildQuerySet(ScopedQuerySet[Any]):
    unit_field = "app__connection__unit__path"


class RuntimeConnection(Versioned):
    """Where usage is read from. Read only: the client has no method but GET."""

    class Kind(models.TextChoices):
        DIFY = "dify", "Dify"

    class Freshness(models.TextChoices):
        NEW = "new", _("not read yet")
        FRESH = "fresh", _("fresh")
        LATE = "late", _("late")
        SILENT = "silent", _("silent")
        NEEDS_ATTENTION = "needs_attention", _("needs attention")
        PAUSED = "paused", _("paused")

    subject_code = "connection"
    search_fields = ("name", "slug")

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.DIFY)
    name = models.CharField(max_length=100)
    base_url = models.URLField(max_length=300)
    workspace_ref = models.CharField(max_length=60, blank=True)
    secret = SealedField(blank=True)
    allow_private_hosts = models.BooleanField(default=False)
    day_timezone = models.CharField(max_length=60, blank=True)  # as the source reports days; fixed at the first probe
    currency = models.CharField(max_length=3, blank=True)  # asserted by the operator; else as reported
    server_version = models.CharField(max_length=40, blank=True)
    capabilities = models.JSONField(default=dict)
    paused = models.BooleanField(default=False)
    attention = models.CharField(max_length=60, blank=True)  # code of what a person must settle
    every_minutes = models.PositiveIntegerField(default=60)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.JSONField(default=dict, blank=True)  # {"code", "en", "zh"}
    last_error_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)  # no call before
    failures = models.PositiveSmallIntegerField(default=0)  # in a row, while the runtime is unavailable
    zone_seen = models.CharField(max_length=60, blank=True)  # another zone than the fixed one, until a person confirms
    probe = models.JSONField(default=dict, blank=True)  # what the last test found: at, zone, warnings or error

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("metrics:source", args=[self.slug])


class RuntimeApp(Record):
    """An app of the runtime; a vanished one keeps its facts."""

    subject_code = "runtime_app"
    search_fields = ("name",)

    connection = models.ForeignKey(RuntimeConnection, on_delete=models.PROTECT, related_name="apps")
    external_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    mode = models.CharField(max_length=30)
    first_seen = models.DateTimeField(default=clock.now)
    last_seen = models.DateTimeField(default=clock.now)
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionChildQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "external_id"], name="runtime_app_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def unit_path(self) -> str:
        return self.connection.unit.path

    def get_absolute_url(self) -> str:
        return reverse("metrics:app", args=[self.pk])


class AppLink(Frozen):
    """A person says which case an app serves and at which stage; rows are ended, never edited."""

    class Stage(models.TextChoices):
        SANDBOX = "sandbox", _("sandbox")
        PILOT = "pilot", _("pilot")
        SERVICE = "service", _("service")

    frozen_except = ("until_day",)
    subject_code = "app_link"

    app = models.ForeignKey(RuntimeApp, on_delete=models.PROTECT, related_name="links")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+")
    pilot = models.ForeignKey(Pilot, null=True, blank=True, on_delete=models.PROTECT, related_name="app_links")
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.SANDBOX)
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)  # the first day that no longer counts
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = AppChildQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["app"], condition=Q(until_day=None), name="app_link_one_live"),
        ]

    def __str__(self) -> str:
        return f"{self.app} → {self.candidate}"

    @property
    def unit_path(self) -> str:
        return self.app.connection.unit.path


class UsageDay(models.Model):
    """One app, one civil day of the source's zone. Null: not reported; 0: reported as zero."""

    class State(models.TextChoices):
        PROVISIONAL = "provisional", _("provisional")
        CLOSED = "closed", _("closed")
        RESTATED = "restated", _("restated")
        SUPERSEDED = "superseded", _("superseded")

    connection = models.ForeignKey(RuntimeConnection, on_delete=models.PROTECT, related_name="+")
    app = models.ForeignKey(RuntimeApp, on_delete=models.PROTECT, related_name="days")
    source = models.CharField(max_length=12, default="statistics")
    day = models.DateField()
    day_timezone = models.CharField(max_length=60)
    runs = models.PositiveBigIntegerField(null=True)
    messages = models.PositiveBigIntegerField(null=True)
    conversations = models.PositiveBigIntegerField(null=True)
    users_distinct = models.PositiveBigIntegerField(null=True)
    tokens_total = models.PositiveBigIntegerField(null=True)
    cost = models.BigIntegerField(null=True)  # 1e-7 units of `currency`
    currency = models.CharField(max_length=3, blank=True)
    latency_avg_ms = models.PositiveIntegerField(null=True)
    satisfaction_per_mille = models.PositiveIntegerField(null=True)
    tokens_per_second = models.FloatField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROVISIONAL)
    fetched_at = models.DateTimeField(default=clock.now)
    sync_run = models.ForeignKey("metrics.SyncRun", on_delete=models.PROTECT, related_name="days")
    row_hash = models.CharField(max_length=64)

    objects = ConnectionChildQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "app", "source", "day", "day_timezone"], name="usage_day_once"
            )
        ]
        indexes = [models.Index(fields=["app", "day"], name="usage_day_app")]

    def __str__(self) -> str:
        return f"{self.app_id} {self.day}"


class UsageRestatement(Frozen):
    """A closed day the source later told differently; a lower value is kept out, a higher one accepted."""

    class Reason(models.TextChoices):
        LATE = "late", _("arrived late")
        SHRANK = "source_shrank", _("the source shrank")
        ZONE = "timezone_change", _("the zone changed")

    app = models.ForeignKey(RuntimeApp, on_delete=models.PROTECT, related_name="restatements")
    day = models.DateField()
    field = models.CharField(max_length=30)
    old = models.BigIntegerField(null=True)
    new = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    sync_run = models.ForeignKey("metrics.SyncRun", on_delete=models.PROTECT, related_name="+")

    objects = AppChildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.app_id} {self.day} {self.field}"


class SyncRun(Record):
    """One reading of a connection; evidence pins its id and digest."""

    class Outcome(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    subject_code = "sync_run"

    connection = models.ForeignKey(RuntimeConnection, on_delete=models.PROTECT, related_name="runs")
    trigger = models.CharField(max_length=12)  # schedule, button
    job_ref = models.CharField(max_length=40, blank=True)  # a job that starts again goes on with its run
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.RUNNING)
    calls = models.PositiveIntegerField(default=0)
    days_written = models.PositiveIntegerField(default=0)
    days_unchanged = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.JSONField(default=dict, blank=True)  # {"en", "zh"}
    digest = models.CharField(max_length=80, blank=True)

    objects = ConnectionChildQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["connection", "-created_at"], name="sync_run_newest")]

    def __str__(self) -> str:
        return f"{self.connection} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def unit_path(self) -> str:
        return self.connection.unit.path


class SyncWindow(Record):
    """How far one dataset of one app is read, and what to do next about it."""

    class Progress(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        NEEDS_ATTENTION = "needs_attention", _("needs attention")

    connection = models.ForeignKey(RuntimeConnection, on_delete=models.CASCADE, related_name="windows")
    app = models.ForeignKey(RuntimeApp, on_delete=models.CASCADE, related_name="windows")
    closed_through = models.DateField(null=True, blank=True)
    progress = models.CharField(max_length=16, choices=Progress.choices, default=Progress.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)

    objects = ConnectionChildQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "app"], name="sync_window_once")]

    def __str__(self) -> str:
        return f"{self.connection} {self.app}"
