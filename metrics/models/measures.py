from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.bilingual import Bilingual
from foundation.models import Frozen, Record, Versioned
from foundation.triggers import Trigger
from metrics.models.pilots import Pilot

User = settings.AUTH_USER_MODEL


class MeasureChildQuerySet(ScopedQuerySet[Any]):
    unit_field = "measure__unit__path"


class VersionChildQuerySet(ScopedQuerySet[Any]):
    unit_field = "version_of__measure__unit__path"


class Preset(models.TextChoices):
    TIME_PER_TASK = "time_per_task", _("time per task")
    TIME_TO_RESTORE = "time_to_restore", _("time to restore")


class Direction(models.TextChoices):
    LOWER = "lower", _("less is better")
    HIGHER = "higher", _("more is better")


class Measure(Versioned):
    """What is watched for a pilot (or on its own, for a look-back). Its content lives in locked versions."""

    class Role(models.TextChoices):
        PRIMARY = "primary", _("primary")
        SECONDARY = "secondary", _("secondary")
        GUARDRAIL = "guardrail", _("guardrail")

    subject_code = "measure"
    search_fields = ("name_en", "name_zh")

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    pilot = models.ForeignKey(Pilot, null=True, blank=True, on_delete=models.PROTECT, related_name="measures")
    preset = models.CharField(max_length=20, choices=Preset.choices)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.PRIMARY)
    name_en = models.CharField(max_length=160)
    name_zh = models.CharField(max_length=160, blank=True)
    owner_role = models.CharField(max_length=40, default="pilot_lead")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    name = Bilingual("name")
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pilot"], condition=Q(role="primary", pilot__isnull=False), name="measure_one_primary_a_pilot"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> MeasureVersion | None:
        """The newest version; without a query where `versions` were fetched before."""
        return max(self.versions.all(), key=lambda v: v.number, default=None)


class MeasureVersion(Record):
    """The registered content: fixed by a lock before pilot data is seen, immutable once locked."""

    subject_code = "measure_version"

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)  # duration_task, duration_incident
    direction = models.CharField(max_length=6, choices=Direction.choices, default=Direction.LOWER)
    minimum_effect = models.DecimalField(max_digits=6, decimal_places=4, null=True, blank=True)  # relative, 0.10 = 10 %
    filters = models.JSONField(default=list)  # predicates {column, op, value}, joined by AND
    source = models.CharField(max_length=60, blank=True)  # "task_times" or the source name of imported records
    stratum = models.CharField(max_length=40, blank=True)
    zone = models.CharField(max_length=60)
    rmst_tau = models.PositiveIntegerField(null=True, blank=True)  # minutes
    within = models.JSONField(default=list)
    sentence_en = models.TextField()
    sentence_zh = models.TextField(blank=True)
    content_hash = models.CharField(max_length=80)
    is_locked = models.BooleanField(default=False)

    sentence = Bilingual("sentence")
    objects = MeasureChildQuerySet.as_manager()
    triggers: ClassVar = [
        Trigger(
            "locked",
            "UPDATE",
            "OLD.is_locked AND OLD.content_hash IS NOT NEW.content_hash",
            "a locked measure is never edited; change it by a new version",
        ),
        Trigger("kept", "DELETE", "OLD.is_locked", "a locked measure is never deleted"),
    ]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "number"], name="measure_version_number")]

    def __str__(self) -> str:
        return f"{self.measure} v{self.number}"

    @property
    def unit_path(self) -> str:
        return self.measure.unit.path

    def window(self, role: str) -> Window | None:
        return self.windows.filter(role=role).first()


def _of_locked(row: str) -> str:
    """SQL both engines know: the window in `row` (OLD or NEW) belongs to a locked version."""
    version = f"SELECT 1 FROM metrics_measureversion v WHERE v.id = {row}.version_of_id AND v.is_locked"
    return f"EXISTS ({version})"


WINDOWS_LOCKED = "the weeks of a locked measure are never changed; change it by a new version"


class Window(Record):
    """Half-open stretch of time, stored in UTC, shown in the version's zone."""

    class Role(models.TextChoices):
        BASELINE = "baseline", _("before")
        RAMP = "ramp", _("ramp")
        PILOT = "pilot", _("pilot")

    version_of = models.ForeignKey(MeasureVersion, on_delete=models.CASCADE, related_name="windows")
    role = models.CharField(max_length=10, choices=Role.choices)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()

    objects = VersionChildQuerySet.as_manager()
    triggers: ClassVar = [
        Trigger("locked_insert", "INSERT", _of_locked("NEW"), WINDOWS_LOCKED),
        Trigger("locked_update", "UPDATE", f"{_of_locked('OLD')} OR {_of_locked('NEW')}", WINDOWS_LOCKED),
        Trigger("locked_delete", "DELETE", _of_locked("OLD"), WINDOWS_LOCKED),
    ]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version_of", "role"], name="window_one_a_role"),
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="window_has_length"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.from_at:%Y-%m-%d} – {self.until_at:%Y-%m-%d}"


class MeasureLock(Frozen):
    """Lock time is the first required signature (or the pair's), binding with the last, void when the text changes."""

    frozen_except = ("binding_at", "void_at", "second_person")
    subject_code = "measure_lock"

    version_of = models.ForeignKey(MeasureVersion, on_delete=models.PROTECT, related_name="locks")
    content_hash = models.CharField(max_length=80)
    basis = models.CharField(max_length=10, choices=[("signature", _("signature")), ("pair", _("two people"))])
    ref = models.CharField(max_length=80, blank=True)  # digest of the signed text
    first_person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    second_person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    locked_at = models.DateTimeField(default=clock.now)
    binding_at = models.DateTimeField(null=True, blank=True)
    void_at = models.DateTimeField(null=True, blank=True)

    objects = VersionChildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.version_of} {self.locked_at:%Y-%m-%d}"

    @property
    def unit_path(self) -> str:
        return self.version_of.measure.unit.path


class ChangeNote(Record):
    """What else happened (a migration, a holiday, an outage of the source); drawn on plots."""

    subject_code = "change_note"

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    pilot = models.ForeignKey(Pilot, null=True, blank=True, on_delete=models.PROTECT, related_name="notes")
    from_on = models.DateField()
    until_on = models.DateField()
    text_en = models.CharField(max_length=160, blank=True)
    text_zh = models.CharField(max_length=160, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    text = Bilingual("text")
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["from_on"]
        constraints = [models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="note_in_order")]

    def __str__(self) -> str:
        return self.text
