"""A worker of its own process, for the test that kills it: `setup URL` makes a database, `run JOB MINUTES` works."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django
import time_machine
from django.conf import settings
from django.core.management import call_command


def main(act: str, *args: str) -> None:
    settings.MIGRATION_MODULES = {app.split(".")[-1]: None for app in settings.INSTALLED_APPS}
    django.setup()
    from metrics.telemetry import runtime
    from tests.metrics.usage_builders import SAMPLES_END

    runtime.sleep = lambda seconds: None
    minutes = int(args[1]) if act == "run" else 0
    with time_machine.travel(SAMPLES_END + timedelta(minutes=minutes), tick=True):
        print(json.dumps(set_up(args[0]) if act == "setup" else work(args[0])))  # noqa: T201 - read by the test


def set_up(url: str) -> dict[str, str]:
    from metrics.services import add_connection, start_sync
    from tests.connectors.dify_server import ADMIN_KEY, WORKSPACE_ID
    from tests.world import a_world, actor

    call_command("migrate", run_syncdb=True, verbosity=0)
    world = a_world()
    connection = add_connection(
        actor=actor(world.architect),
        unit=world.cn,
        name="Dify",
        base_url=url,
        workspace_ref=WORKSPACE_ID,
        secret=ADMIN_KEY,
        allow_private_hosts=True,
        test=False,
    )
    return {"job": str(start_sync(actor=actor(world.pilot_lead), connection=connection).pk)}


def work(job: str) -> dict[str, object]:
    from foundation.jobs.queue import execute
    from metrics.models import SyncRun, UsageDay

    state = execute(job)
    runs = list(SyncRun.objects.values_list("outcome", "digest"))
    return {"state": state, "runs": runs, "days": UsageDay.objects.count()}


if __name__ == "__main__":
    main(*sys.argv[1:])
