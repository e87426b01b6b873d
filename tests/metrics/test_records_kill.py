"""A killed worker leaves nothing behind; the next one ends where an undisturbed one would. Memory stays bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from foundation.canonical import digest
from foundation.jobs.models import Job
from foundation.jobs.queue import execute
from metrics.models import OpsRecord, SourceImport
from tests.connectors.paths import EVENT_LOG, need
from tests.metrics.record_files import event_log, read_through_page
from tests.world import a_world, client_for

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024
LIMIT = 500 * MIB

pytestmark = pytest.mark.django_db(transaction=True)


def worker(job: Job, media: Path, **env: str) -> subprocess.Popen[str]:
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    place = {k: str(connection.settings_dict[k]) for k in names if connection.settings_dict.get(k)}
    given = {"TEST_DB": json.dumps(place), "TEST_MEDIA": str(media), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.metrics.kill_worker", str(job.pk)],
        cwd=ROOT,
        env={**os.environ, **given, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def previewed_commit(client: Any, content: bytes, name: str) -> Job:
    """Everything up to the commit job, which is not run here."""
    page = read_through_page(client, content, name)
    url = reverse("metrics:records_commit", args=[page.context["job"].pk])
    client.post(url, {"sha256": page.context["found"]["sha256"]})
    return Job.objects.order_by("-queued_at").first()


def records_digest(source: str) -> str:
    names = [f.name for f in OpsRecord._meta.fields if f.name not in ("id", "source", "source_import", "received_at")]
    rows = OpsRecord.objects.filter(source=source).order_by("source_key").values_list(*names)
    return digest([[str(value) for value in row] for row in rows])


def test_a_worker_killed_in_mid_import_converges_to_the_undisturbed_result(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = client_for(a_world().architect)
    job = previewed_commit(client, event_log(3_000), "log.csv")
    killed = worker(job, tmp_path, HOLD="1")
    assert killed.stdout is not None
    try:
        inside = next(line for line in killed.stdout if line.startswith("inside"))
        assert inside.split() == ["inside", "3000"]
    finally:
        killed.kill()
        killed.wait()
    assert not OpsRecord.objects.exists() and not SourceImport.objects.exists()
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING and execute(str(job.pk)) == ""  # its lease still runs
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = worker(job, tmp_path)
    said, _none = second.communicate(timeout=240)
    assert "ended done" in said
    job.refresh_from_db()
    assert (job.attempts, job.result["added"]) == (2, 3_000)
    assert SourceImport.objects.count() == 1

    other = read_through_page(client, event_log(3_000), "log.csv", source="undisturbed")
    url = reverse("metrics:records_commit", args=[other.context["job"].pk])
    client.post(url, {"sha256": other.context["found"]["sha256"]})
    execute(str(Job.objects.order_by("-queued_at").first().pk))
    assert records_digest("servicenow") == records_digest("undisturbed") != digest([])


@pytest.mark.slow
def test_the_real_import_stays_under_500_mb(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    content = need(EVENT_LOG).read_bytes()
    job = previewed_commit(client_for(a_world().architect), content, EVENT_LOG.name)
    process = worker(job, tmp_path)
    assert process.stdout is not None
    said = process.stdout.read()
    assert process.wait() == 0 and "ended done" in said
    assert OpsRecord.objects.count() == 24_918
    assert int(said.rsplit("peak", 1)[1]) < LIMIT
