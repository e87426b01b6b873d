"""Abstract records of the house, and the tables foundation itself keeps."""

from __future__ import annotations

import uuid

from django.db import models

from foundation import clock
from foundation.audit.models import AuditEvent, AuditHead
from foundation.jobs.models import Job, Schedule

__all__ = ["AuditEvent", "AuditHead", "Frozen", "Job", "Record", "RefCounter", "Schedule", "Upload", "Versioned"]


class Record(models.Model):
    """UUID key and birth time: what every table has."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


class Versioned(Record):
    """A record people edit: `version` is its ETag and rises with every save through `save_version`."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class Frozen(Record):
    """Inserted and never changed: triggers on both engines refuse UPDATE and DELETE.

    `frozen_except` names columns that may be set once, from null.
    """

    frozen = True
    frozen_except: tuple[str, ...] = ()

    class Meta:
        abstract = True


class RefCounter(models.Model):
    """The last number given for a kind of spoken id; numbers are never reused."""

    kind = models.CharField(max_length=40, primary_key=True)
    value = models.PositiveIntegerField(default=0)


class Upload(Record):
    """A file somebody sent, kept by digest; visible as the subject it is attached to."""

    subject_code = "upload"

    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    path = models.CharField(max_length=300)
    purpose = models.CharField(max_length=60)
    unit_path = models.CharField(max_length=120, blank=True)
    by_user = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.name
