"""SIGKILL in the middle of a pull: what is committed stays, and the next run ends at the digest of a quiet one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.dify_server import DifyServer

ROOT = Path(__file__).resolve().parents[2]
LEASE_OVER = "5"  # minutes later


def worker(home: Path, *args: str) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "TEST_DATABASE_URL")}
    env |= {"VAR_DIR": str(home), "DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.metrics.usage_worker", *args]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def dify() -> Iterator[DifyServer]:
    with DifyServer() as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, dify: DifyServer) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("prepared")
    return home, told(worker(home, "setup", dify.url))["job"]


@pytest.fixture(scope="module")
def undisturbed(prepared: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("quiet") / "home"
    shutil.copytree(prepared[0], home)
    return told(worker(home, "run", prepared[1], LEASE_OVER))


def days_in(home: Path) -> int:
    with sqlite3.connect(home / "test.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM metrics_usageday").fetchone()[0])


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(0, marks=pytest.mark.slow),
        pytest.param(4, marks=pytest.mark.slow),
        17,
        pytest.param(41, marks=pytest.mark.slow),
    ],
)
def test_a_killed_pull_converges_to_the_digest_of_an_undisturbed_one(
    prepared: tuple[Path, str], undisturbed: dict[str, Any], dify: DifyServer, tmp_path: Path, calls: int
) -> None:
    assert (undisturbed["state"], undisturbed["days"]) == ("done", 5 * 91)
    home = tmp_path / "home"
    shutil.copytree(prepared[0], home)
    before = len(dify.calls_to("*/statistics/*"))
    hang = dify.fault("*/statistics/*", "slow", after=calls, seconds=60)
    victim = worker(home, "run", prepared[1], "1")
    for _wait in range(600):
        if len(dify.calls_to("*/statistics/*")) - before > calls or victim.poll() is not None:
            break
        time.sleep(0.05)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    dify.faults.remove(hang)
    kept = days_in(home)
    assert kept < 5 * 91
    assert kept > 0 or calls < 17

    after = told(worker(home, "run", prepared[1], LEASE_OVER))
    assert after["state"] == "done"
    assert after["runs"] == undisturbed["runs"]
    assert after["days"] == undisturbed["days"]
