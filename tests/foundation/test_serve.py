"""`manage.py serve` as an operator starts it: a real process, its children, and no trace after it stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {"DATABASE_URL", "BROKER_URL", "CACHE_URL", "SECRET_KEY", "ENCRYPTION_KEYS", "PUBLIC_URL", "PORT"}
pytestmark = pytest.mark.skipif(
    "postgres" in os.environ.get("DATABASE_URL", ""), reason="serve brings its own database; seen in the other run"
)


def environment(var: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    return {**inherited, "VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": os.environ.get("SERVE_SETTINGS", EMBEDDED)}


EMBEDDED = "config.settings.embedded"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    def __init__(self, var: Path) -> None:
        self.var, self.port = var, free_port()
        self.log = (var.parent / f"serve-{self.port}.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(self.port)],
            env=environment(var), cwd=ROOT, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def get(self, path: str, data: bytes | None = None) -> tuple[int, bytes, dict[str, str]]:
        try:
            with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", data=data), timeout=10) as answer:
                return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
        except HTTPError as error:
            return error.code, error.read(), {}
        except (URLError, OSError):
            return 0, b"", {}

    def wait_for(self, path: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.get(path)[0] == 200:
                return
            assert self.process.poll() is None, self.said()
            time.sleep(0.3)
        raise AssertionError(f"{path} never answered 200: {self.get(path)}\n{self.said()}")

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def said(self) -> str:
        return Path(self.log.name).read_text()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            family = self.family()
            self.process.kill()
            for child in family:
                if child.is_running():
                    child.kill()
            self.process.wait(10)
        self.log.close()


def gone(family: list[psutil.Process], seconds: float = 10) -> bool:
    _gone, alive = psutil.wait_procs(family, timeout=seconds)
    return not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("house") / "var")
    try:
        running.wait_for("/readyz")
        yield running
    finally:
        running.close()


def test_a_first_start_migrates_and_becomes_ready_after_the_first_tick(house: Running) -> None:
    assert house.get("/livez")[:2] == (200, b"ok\n")
    status, body, _headers = house.get("/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "reasons": []})
    assert f"http://127.0.0.1:{house.port}" in house.said()


def test_web_worker_beat_and_broker_run_under_one_parent(house: Running) -> None:
    commands = [" ".join(p.cmdline()) for p in house.family()]
    assert len([c for c in commands if "uvicorn" in c]) == 1
    assert len([c for c in commands if "celery" in c]) == 2  # the worker and, below it, beat
    assert len([c for c in commands if "valkey-server" in c]) == 1


def test_the_broker_is_a_private_socket_and_no_port(house: Running) -> None:
    from redis import Redis

    path = house.var / "run" / "valkey.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert int(Redis(unix_socket_path=str(path)).config_get("port")["port"]) == 0


def test_secrets_are_made_once_and_readable_by_their_owner_only(house: Running) -> None:
    files = sorted((house.var / "secrets").iterdir())
    assert [f.name for f in files] == ["encryption_keys", "secret_key"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert files[1].read_text().strip() not in house.said()


def test_files_are_served_with_the_policy_and_without_a_warning(house: Running) -> None:
    status, body, headers = house.get("/static/css/base.css")
    assert status == 200
    assert body == (ROOT / "static" / "css" / "base.css").read_bytes()
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers
    assert "StreamingHttpResponse" not in house.said()


def test_log_lines_are_json_with_a_request_id_and_no_address(house: Running) -> None:
    house.get("/livez?mark=here")
    time.sleep(0.3)
    lines = [json.loads(line) for line in house.said().splitlines() if line.startswith("{")]
    page = [line for line in lines if line["logger"] == "pilotage.request"]
    assert page and all(line["request_id"] for line in page)
    assert "127.0.0.1" not in "".join(map(json.dumps, page)) and "Python-urllib" not in house.said()


def test_a_second_serve_on_the_same_data_is_refused_with_a_sentence(house: Running) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port())],
        env=environment(house.var), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"already running on {house.var} at http://127.0.0.1:{house.port}" in second.stderr
    assert "Traceback" not in second.stderr
    assert house.get("/livez")[0] == 200


def test_a_port_in_use_is_refused_before_anything_starts(house: Running, tmp_path: Path) -> None:
    other = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        env={**environment(tmp_path / "var"), "PORT": str(house.port)},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert other.returncode == 1
    assert f"Port {house.port} on 127.0.0.1 cannot be used" in other.stderr
    assert not (tmp_path / "var" / "pilotage.sqlite3").exists()


def test_sigterm_stops_every_child_and_the_next_start_finds_its_data(house: Running) -> None:
    """Runs last: it stops the installation the tests above looked at."""
    family, key = house.family(), (house.var / "secrets" / "secret_key").read_text()
    assert len(family) == 4
    assert house.stop() == 0
    assert gone(family)
    assert house.get("/livez")[0] == 0

    again = Running(house.var)
    try:
        again.wait_for("/livez")
        assert (house.var / "secrets" / "secret_key").read_text() == key
        worker = next(p for p in again.family() if "celery" in " ".join(p.cmdline()))
        family = again.family()
        worker.send_signal(signal.SIGKILL)
        assert again.process.wait(60) == 1
        assert "The worker process (exit code -9) stopped by itself" in again.said()
        assert gone(family)
    finally:
        again.close()


def test_lost_secrets_of_an_existing_database_are_not_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pilotage.sqlite3").write_bytes(b"")
    found = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port())],
        env=environment(tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 1
    assert "Put the secrets folder back from your backup." in found.stderr
    assert not (tmp_path / "secrets").exists()
