"""CPU, memory and waits of our processes, of their children and of the database that served them. Linux only."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TICK = os.sysconf("SC_CLK_TCK")
CPUCLOCK_SCHED = 2  # of Linux: a clock id can name the CPU time of another process; /proc tells it in ticks of 10 ms
# They work for everybody and at their own times, so they are left out on all sides.
HOUSEKEEPERS = ("checkpointer", "walwriter", "background writer", "autovacuum", "logical replication", "logger")


@dataclass
class Sample:
    """What one side did in one round. `digest` says what came out; `facts` are figures of its own (p95_ms …)."""

    cpu_s: float
    wall_s: float
    rss_mb: float = 0.0
    sql: int = 0
    digest: str = ""
    steal: float = 0.0
    facts: dict[str, float] = field(default_factory=dict)


@dataclass
class Reading:
    cpu_s: float = 0.0
    wall_s: float = 0.0
    rss_mb: float = 0.0
    steal: float = 0.0


@contextmanager
def measured(*, own: bool = True, pids: Iterable[int] = (), without: Iterable[int] = ()) -> Iterator[Reading]:
    """CPU of this process (if `own`) and of the process trees of `pids` but `without`, from entering to leaving."""
    reading, watched, left_out = Reading(), [pid for pid in pids if pid], set(without)
    before, steal, start = _cpu(own, watched, left_out), _ticks(), time.monotonic()
    try:
        yield reading
    finally:
        reading.wall_s = time.monotonic() - start
        reading.cpu_s = _cpu(own, watched, left_out) - before
        reading.steal = _stolen(steal, _ticks())
        reading.rss_mb = (_own_peak() if own else 0.0) + sum(peak_mb(p) for root in watched for p in tree(root))


def _cpu(own: bool, pids: list[int], without: set[int]) -> float:
    mine = 0.0
    if own:
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            used = resource.getrusage(who)
            mine += used.ru_utime + used.ru_stime
    return mine + sum(cpu_of(pid) for root in pids for pid in tree(root) if pid not in without)


def cpu_of(pid: int) -> float:
    """Seconds of a process, to the nanosecond, and of children it has waited for: those that ended stay counted."""
    found = _stat(pid)
    if not found:
        return 0.0
    try:
        own = time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
    except OSError:  # it ended in between, or the system does not tell
        own = sum(int(n) for n in found[11:13]) / TICK
    return own + sum(int(n) for n in found[13:15]) / TICK


def tree(root: int) -> list[int]:
    """The process and everything below it, without the housekeepers of a database."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _stat(int(entry.name))):
            below.setdefault(int(found[1]), []).append(int(entry.name))
    out, todo = [], [root]
    while todo:
        pid = todo.pop()
        if not _keeps_house(pid):
            out.append(pid)
        todo += below.get(pid, [])
    return out


def _stat(pid: int) -> list[str]:
    """From the third field on: a name in brackets may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _keeps_house(pid: int) -> bool:
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return title.startswith("postgres:") and any(word in title for word in HOUSEKEEPERS)


def peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _own_peak() -> float:
    return peak_mb(os.getpid())


def _ticks() -> list[int]:
    return [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]


def _stolen(before: list[int], after: list[int]) -> float:
    """Share of the machine's time that its host gave to somebody else."""
    spent = [b - a for a, b in zip(before, after, strict=True)]
    return spent[7] / sum(spent[:8]) if sum(spent[:8]) else 0.0


@contextmanager
def counted_sql() -> Iterator[list[str]]:
    """The statements Django sends in this process."""
    from django.db import connection

    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def host() -> dict[str, Any]:
    """The machine, for the reader: nothing is ever compared across two of them."""
    from importlib.metadata import version

    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].split(":", 1)[1].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(n, 2) for n in os.getloadavg()],
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", ""),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("django", "uvicorn", "redis", "psycopg")},
        },
    }
