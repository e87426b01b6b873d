"""Tasks of usage: read a runtime, test a connection."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.jobs import JobRun, job
from metrics.models import RuntimeConnection
from metrics.services.usage_sync import PROBE, SYNC, probe_connection, sync_usage


@job(SYNC, label=_("Read usage from a runtime"))
def sync(run: JobRun, *, connection_id: str, trigger: str = "schedule") -> dict[str, Any]:
    connection = RuntimeConnection.objects.select_related("unit").get(pk=connection_id)
    return sync_usage(actor=run.actor, connection=connection, run=run, trigger=trigger)


@job(PROBE, label=_("Test a connection"))
def probe(run: JobRun, *, connection_id: str) -> dict[str, Any]:
    connection = RuntimeConnection.objects.select_related("unit").get(pk=connection_id)
    return probe_connection(actor=run.actor, connection=connection, run=run)
