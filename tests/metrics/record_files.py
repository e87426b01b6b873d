"""Small files of incidents, and the pages walked as a browser does."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from foundation.jobs import run_due
from foundation.jobs.models import Job

HEADER = (
    "number,ident_state,sys_created_at,sys_updated_at,opened_at,resolved_at,closed_at,priority,assignment_group,category,category,"
    "contact_type,made_sla,reassignment_count,reopen_count,caller_id,assigned_to"
)
CANARY = "canary.person"


def event_log(incidents: int = 30, start: datetime = datetime(2016, 3, 1, 8, 0)) -> bytes:  # noqa: DTZ001
    """Three rows an incident, as a ServiceNow audit log writes them; columns of people hold a canary."""
    lines = [HEADER]
    for n in range(incidents):
        opened = start + timedelta(hours=7 * n)
        for state, after in (("New", 0), ("Active", 20), ("Closed", 300 + 3 * n)):
            at = _wall(opened + timedelta(minutes=after))
            ended = _wall(opened + timedelta(minutes=300 + 3 * n)) if state == "Closed" else "?"
            lines.append(
                f"INC{n:05d},{state},{_wall(opened)},{at},{_wall(opened)},{ended},{ended},{n % 4 + 1},{n % 3 or '?'},"
                f"{n % 5},0,Phone,true,1,0,{CANARY},{CANARY}"
            )
    return ("\n".join(lines) + "\n").encode()


def _wall(moment: datetime) -> str:
    return f"{moment.day}/{moment.month}/{moment.year} {moment:%H:%M}"


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


def upload(client: Any, content: bytes, name: str = "log.csv", **fields: str) -> Any:
    given = {"unit": "CN", "source": "servicenow", "mapping": "servicenow_event_log", **fields}
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("metrics:records_import"), {**given, "file": file})


def read_through_page(client: Any, content: bytes, name: str = "log.csv", **fields: str) -> Any:
    """Upload, let the worker read, open the page of the step."""
    sent = upload(client, content, name, **fields)
    assert sent.status_code == 302, sent.content.decode()[-2000:]
    run_due()
    return client.get(sent["Location"])


def job_of(page: Any) -> Job:
    return Job.objects.get(pk=page.context["job"].pk)


def columns_form(page: Any, **changes: str) -> dict[str, str]:
    """The form of the columns page as it stands, with some answers changed."""
    form = page.context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    return {**{k: str(v) for k, v in values.items()}, **changes}


def choose_columns(client: Any, page: Any, **changes: str) -> Any:
    url = reverse("metrics:records_columns", args=[page.context["job"].pk])
    sent = client.post(url, columns_form(page, **changes))
    if sent.status_code != 302:
        return sent
    run_due()
    return client.get(sent["Location"])


def commit_page(client: Any, page: Any) -> Any:
    url = reverse("metrics:records_commit", args=[page.context["job"].pk])
    sent = client.post(url, {"sha256": page.context["found"]["sha256"]})
    assert sent.status_code == 302
    run_due()
    return client.get(sent["Location"])
