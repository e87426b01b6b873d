"""A connection to the stub server, a case and a pilot to link its apps to; all through the services."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from foundation import clock
from foundation.jobs import run_due
from metrics.models import Pilot, RuntimeConnection, SyncRun
from metrics.services import add_connection, start_sync
from metrics.services.pilots import draft_pilot
from tests.connectors.dify_server import ADMIN_KEY, WORKSPACE_ID, DifyServer
from tests.world import World, actor
from usecases.models import Candidate
from usecases.services.candidates import draft_candidate

NEW_YORK = ZoneInfo("America/New_York")  # the zone of the account in the samples
SAMPLES_END = datetime(2026, 11, 21, 15, 30, tzinfo=NEW_YORK)


def a_connection(world: World, server: DifyServer, test: bool = False, **fields: Any) -> RuntimeConnection:
    given = {
        "name": "Dify Shanghai",
        "base_url": server.url,
        "workspace_ref": WORKSPACE_ID,
        "secret": ADMIN_KEY,
        "allow_private_hosts": True,
        **fields,
    }
    return add_connection(actor=actor(world.architect), unit=world.cn, test=test, **given)


def read_now(world: World, connection: RuntimeConnection) -> list[str]:
    """Press the button and let the worker run; the states the jobs ended in."""
    connection.refresh_from_db()
    start_sync(actor=actor(world.pilot_lead), connection=connection)
    states = run_due()
    connection.refresh_from_db()
    return states


def last_run(connection: RuntimeConnection) -> SyncRun:
    return SyncRun.objects.filter(connection=connection).latest("created_at")


def a_case(world: World, title: str = "Vendor health check reports") -> Candidate:
    return draft_candidate(actor=actor(world.architect), unit=world.cn, channel="A9", title_en=title)


def a_pilot(world: World, candidate: Candidate, starts_on: date | None = None) -> Pilot:
    first = starts_on or clock.today()
    return draft_pilot(
        actor=actor(world.architect),
        candidate=candidate,
        name_en="Reports, Shanghai",
        starts_on=first,
        ends_on=first + timedelta(weeks=12),
        decision_on=first + timedelta(weeks=13),
    )
