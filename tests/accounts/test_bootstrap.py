"""The command of the first start, and both ways the suite meets a database."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Unit, User
from foundation.audit.models import AuditEvent
from foundation.db import installed


def bootstrap(*extra: str) -> str:
    out = StringIO()
    call_command("bootstrap", "--email", "a@example.org", "--name", "First", "--unit", "Group", *extra, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_printed_link_lets_the_first_admin_in(settings):
    settings.PUBLIC_URL = "http://testserver"
    link = json.loads(bootstrap("--json"))["link"]
    client = Client()
    assert client.post(link, {"name": "First", "password": "a long and quiet river"}).status_code == 302
    assert client.get("/settings/people").status_code == 200
    assert client.get("/settings/units").status_code == 200


@pytest.mark.django_db
def test_a_second_start_is_refused_with_exit_1_and_changes_nothing(capsys):
    bootstrap()
    with pytest.raises(SystemExit) as stop:
        bootstrap()
    assert stop.value.code == 1 and User.objects.count() == Unit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_leaves_the_triggers_in_place_first():
    bootstrap()
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_leaves_the_triggers_in_place_second():
    assert AuditEvent.objects.count() == 0 and "foundation_auditevent_no_delete" in installed()
    bootstrap()
    assert AuditEvent.objects.count() == 1
