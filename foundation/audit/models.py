from __future__ import annotations

from django.db import models

from foundation.paths import PathField
from foundation.triggers import Trigger


class AuditHead(models.Model):
    """One row: the end of the chain, locked while an entry is appended."""

    triggers = (
        Trigger("no_delete", "DELETE", "1 = 1", "the end of the ledger cannot be removed"),
        Trigger("grows", "UPDATE", 'NEW."seq" <= OLD."seq"', "the ledger only grows"),
    )

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        app_label = "foundation"


class AuditEvent(models.Model):
    """One act. `body` is the hashed truth; the columns are its projection for reading."""

    frozen = True
    frozen_except: tuple[str, ...] = ()

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=40, blank=True)
    actor_label = models.CharField(max_length=200)
    acting_for = models.CharField(max_length=200, blank=True)
    door = models.CharField(max_length=10)
    verb = models.CharField(max_length=60, db_index=True)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=60)
    subject_key = models.CharField(max_length=60, blank=True)
    subject_label = models.CharField(max_length=200, blank=True)
    subject_label_zh = models.CharField(max_length=200, blank=True)
    unit_path = PathField(max_length=120, blank=True, db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=40, blank=True)
    body = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        app_label = "foundation"
        indexes = [models.Index(fields=["subject_kind", "subject_id", "seq"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.seq} {self.verb}"
