"""Runs one job in a process of its own, on the database named in the environment; a test may kill it half-way.

With HOLD set it writes "inside" after the first rows of the import are in the open transaction and waits there.
"""

from __future__ import annotations

import json
import os
import sys
import time

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

    sys.stdout.write(f"ended {execute(job_id)}\n")


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
