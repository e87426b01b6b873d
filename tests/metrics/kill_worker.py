"""Runs one job in a process of its own, on the database named in the environment; a test may kill it half-way.

With HOLD set it writes "inside" after the first rows of the import are in the open transaction and waits there.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from pathlib import Path

import django
from django.conf import settings


def main(job_id: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    settings.DATABASES["default"] |= json.loads(os.environ["TEST_DB"])
    settings.MEDIA_ROOT = os.environ["TEST_MEDIA"]
    django.setup()
    if os.environ.get("HOLD"):
        hold_after_first_rows()
    from foundation.jobs.queue import execute

    sys.stdout.write(f"ended {execute(job_id)}\npeak {peak_memory()}\n")


def peak_memory() -> int:
    """Bytes of this process alone; `ru_maxrss` also counts the one it was forked from where /proc can tell."""
    status = Path("/proc/self/status")
    known = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return 1024 * int(known[1] if known else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def hold_after_first_rows() -> None:
    from metrics.services import records

    insert = records._insert

    def held(*args: object) -> None:
        insert(*args)  # type: ignore[arg-type]
        sys.stdout.write(f"inside {records.OpsRecord.objects.count()}\n")
        sys.stdout.flush()
        time.sleep(120)

    records._insert = held


if __name__ == "__main__":
    main(sys.argv[1])
