"""The meter sees the work of children and of what they leave behind, and not that of others."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from bench.meter import cpu_of, host, measured, peak_mb, tree

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
BURN = "import time\nend = time.process_time() + {s}\nwhile time.process_time() < end: pass\n"


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_own_work_counts_and_sleep_does_not():
    with measured() as seen:
        burn(0.1)
        time.sleep(0.1)
    assert 0.09 <= seen.cpu_s < 0.19
    assert seen.wall_s >= 0.2


def test_work_of_a_watched_process_counts_with_its_children_that_ended():
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', '''{BURN.format(s=0.15)}'''])\n"
    waits = "import sys\nsys.stdout.write('x')\nsys.stdout.flush()\nsys.stdin.readline()\n"
    with subprocess.Popen(
        [sys.executable, "-c", waits + code + waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.read(1) == "x"
        with measured(own=False, pids=[child.pid]) as seen:
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.read(1) == "x"
            burn(0.3)  # ours, so not counted
        child.stdin.write("\n")
        child.stdin.flush()
    assert 0.13 <= seen.cpu_s < 0.28  # the child's child, its start included
    assert seen.rss_mb > 3


def test_a_tree_holds_children_and_a_process_that_is_gone_costs_nothing():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in tree(os.getpid())
        assert tree(child.pid) == [child.pid]
        assert peak_mb(child.pid) > 1
        child.stdin.close()
        child.wait()
    assert (cpu_of(child.pid), peak_mb(child.pid)) == (0.0, 0.0)
    assert child.pid not in tree(os.getpid())


@pytest.mark.django_db
def test_statements_are_counted():
    from bench.meter import counted_sql
    from foundation.jobs.models import Job

    with counted_sql() as seen:
        Job.objects.count()
        Job.objects.count()
    assert len(seen) == 2


def test_the_host_is_told_to_the_reader():
    found = host()
    assert found["cores"] and found["cpu"] and len(found["load"]) == 3 and found["versions"]["django"]
