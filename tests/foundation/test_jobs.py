"""Jobs: the row is the truth. Leases, retries, refusals, take-over after a kill, on both engines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.utils import timezone

from foundation import jobs
from foundation.actor import system_actor
from foundation.errors import Invalid, NotReady, Reason, TooMany
from foundation.jobs import JobRun, LeaseLost, queue
from foundation.jobs.models import Job, Schedule
from foundation.jobs.registry import KINDS, LEASE
from foundation.models import RefCounter

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.services
Register = Callable[..., str]


@pytest.fixture
def kind() -> Iterator[Register]:
    """Register a function as a job kind for one test."""
    before = dict(KINDS)

    def register(function: Callable[..., Any], **options: Any) -> str:
        jobs.job("test.kind", **options)(function)
        return "test.kind"

    yield register
    KINDS.clear()
    KINDS.update(before)


def enqueued(kind: str, **args: Any) -> Job:
    return jobs.enqueue(kind, actor=system_actor(), **args)


def later(**delta: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**delta), tick=True)


# --- one job ---


@pytest.mark.django_db
def test_a_job_runs_with_its_ids_and_keeps_its_result(kind: Register) -> None:
    seen = []

    def work(run: JobRun, *, thing: str) -> dict[str, int]:
        seen.append(thing)
        run.progress(2, 3, "two of three")
        return {"count": 3}

    job = enqueued(kind(work), thing="A")
    assert jobs.run_due() == ["done"]
    job.refresh_from_db()
    assert seen == ["A"]
    assert (job.state, job.result, job.done, job.total, job.message) == ("done", {"count": 3}, 2, 3, "two of three")
    assert job.finished_at is not None


@pytest.mark.django_db
def test_a_message_that_comes_twice_does_the_work_once(kind: Register) -> None:
    runs: list[str] = []
    job = enqueued(kind(lambda run: runs.append(run.id)))
    assert [queue.execute(str(job.pk)), queue.execute(str(job.pk))] == ["done", ""]
    assert len(runs) == 1


@pytest.mark.django_db
def test_a_job_of_a_transaction_that_rolled_back_never_was(kind: Register) -> None:
    name = kind(lambda run: None)
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueued(name)
        raise RuntimeError
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_refusal_ends_the_job_with_every_reason_and_no_retry(kind: Register) -> None:
    def work(run: JobRun) -> None:
        raise NotReady(Reason("a", "The charter is not signed."), Reason("b", "The measure is not locked."))

    job = enqueued(kind(work))
    assert jobs.run_due() == ["refused"]
    job.refresh_from_db()
    assert "The charter is not signed." in job.message and "The measure is not locked." in job.message
    with later(hours=1):
        assert jobs.run_due() == []


@pytest.mark.django_db
def test_too_many_waits_as_long_as_it_was_told(kind: Register) -> None:
    def work(run: JobRun) -> None:
        if run.attempt == 1:
            raise TooMany(Reason("busy", "The server asks us to wait."), retry_after=300)

    enqueued(kind(work))
    assert jobs.run_due() == ["queued"]
    with later(seconds=290):
        assert jobs.run_due() == []
    with later(seconds=310):
        assert jobs.run_due() == ["done"]


@pytest.mark.django_db
def test_an_error_is_tried_again_after_a_pause_and_given_up_in_plain_words(kind: Register) -> None:
    def work(run: JobRun) -> None:
        raise ValueError("internal detail, password=hunter2")

    job = enqueued(kind(work, tries=3))
    assert jobs.run_due() == ["queued"]
    job.refresh_from_db()
    assert timezone.now() < job.next_try_at <= timezone.now() + timedelta(seconds=10)
    assert jobs.run_due() == []  # not before its pause is over
    with later(minutes=20):
        assert jobs.run_due() == ["queued"]
    with later(minutes=60):
        assert jobs.run_due() == ["failed"]
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 3)
    assert "3 times" in job.message and "hunter2" not in job.message


@pytest.mark.django_db
def test_the_pause_grows_and_stays_under_a_quarter_of_an_hour() -> None:
    pauses = [max(queue.backoff(attempt) for _draw in range(200)) for attempt in (1, 4, 12)]
    assert pauses[0] <= timedelta(seconds=10)
    assert pauses[0] < pauses[1] < pauses[2] <= timedelta(seconds=900)


@pytest.mark.django_db
def test_what_a_refused_slice_wrote_is_not_there(kind: Register) -> None:
    def work(run: JobRun) -> None:
        with transaction.atomic():
            RefCounter.objects.create(kind="half", value=1)
            raise Invalid(Reason("bad", "Row 7 has no date."))

    enqueued(kind(work))
    assert jobs.run_due() == ["refused"]
    assert not RefCounter.objects.filter(kind="half").exists()


@pytest.mark.django_db
def test_a_cancelled_job_does_not_start_and_a_running_one_stops_at_the_next_slice(kind: Register) -> None:
    steps: list[str] = []

    def work(run: JobRun) -> None:
        steps.append("first slice")
        jobs.cancel(Job.objects.get(pk=run.id))
        run.progress(1, 2)
        steps.append("second slice")

    name = kind(work)
    waiting, running = enqueued(name), enqueued(name)
    jobs.cancel(waiting)
    assert queue.execute(str(waiting.pk)) == ""
    assert queue.execute(str(running.pk)) == ""
    assert steps == ["first slice"]
    assert set(Job.objects.values_list("state", flat=True)) == {"cancelled"}


# --- leases ---


@pytest.mark.django_db
def test_a_running_job_is_left_alone_until_its_lease_ends_and_then_taken_over(kind: Register) -> None:
    job = enqueued(kind(lambda run: None))
    Job.objects.filter(pk=job.pk).update(state="running", lease_token="gone", lease_until=timezone.now() + LEASE)
    assert (jobs.tick(), queue.execute(str(job.pk))) == (0, "")
    with later(seconds=LEASE.total_seconds() + 1):
        assert (jobs.tick(), queue.execute(str(job.pk))) == (1, "done")


@pytest.mark.django_db
def test_progress_renews_the_lease(kind: Register) -> None:
    def work(run: JobRun) -> None:
        with later(seconds=80):
            run.progress(1, 2)
        with later(seconds=120):  # past the first lease, within the renewed one
            assert queue.execute(run.id) == ""

    enqueued(kind(work))
    assert jobs.run_due() == ["done"]


@pytest.mark.django_db
def test_who_lost_the_lease_writes_nothing_and_decides_nothing(kind: Register) -> None:
    def work(run: JobRun) -> None:
        Job.objects.filter(pk=run.id).update(lease_token="another worker")
        with transaction.atomic():
            RefCounter.objects.create(kind="late", value=1)
            run.fence()

    job = enqueued(kind(work))
    assert queue.execute(str(job.pk)) == ""
    job.refresh_from_db()
    assert (job.state, job.lease_token) == ("running", "another worker")
    assert not RefCounter.objects.filter(kind="late").exists()


@pytest.mark.django_db
def test_the_fence_and_progress_let_the_holder_pass_and_stop_everybody_else(kind: Register) -> None:
    outcome: list[str] = []

    def work(run: JobRun) -> None:
        run.fence()
        stranger = JobRun(run.id, run.actor, "not the token")
        for act in (stranger.fence, lambda: stranger.progress(1)):
            with pytest.raises(LeaseLost):
                act()
        outcome.append("both stopped")

    enqueued(kind(work))
    assert jobs.run_due() == ["done"]
    assert outcome == ["both stopped"]


def at_once(act: Callable[[], Any], count: int = 4) -> list[Any]:
    """The same act in several threads, each with its own database connection, started together."""
    start, results, errors = threading.Barrier(count), [], []

    def one() -> None:
        try:
            start.wait(10)
            results.append(act())
        except BaseException as error:  # noqa: BLE001 - handed to the test, which fails
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    return results


@pytest.mark.django_db(transaction=True)
def test_an_expired_lease_is_taken_over_by_exactly_one_of_many(kind: Register) -> None:
    runs: list[str] = []
    job = enqueued(kind(lambda run: runs.append(run.token)))
    Job.objects.filter(pk=job.pk).update(
        state="running", lease_token="gone", lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert sorted(at_once(lambda: queue.execute(str(job.pk)))) == ["", "", "", "done"]
    assert len(runs) == 1


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_start_what_is_due_once(kind: Register) -> None:
    jobs.schedule("hourly", kind(lambda run: None), every=timedelta(hours=1))
    Schedule.objects.update(next_run_at=timezone.now() - timedelta(minutes=1))
    at_once(jobs.tick)
    assert Job.objects.filter(kind="test.kind").count() == 1
    assert Schedule.objects.get().next_run_at > timezone.now() + timedelta(minutes=59)


# --- a worker that is killed ---

VICTIM = """
    import sys, time
    import django
    django.setup()
    from django.db import transaction
    from foundation.jobs import job, queue
    from foundation.models import RefCounter

    @job("test.slices")
    def slices(run, *, pause_at):
        for number in range(run_done(run), 6):
            with transaction.atomic():
                RefCounter.objects.create(kind=f"slice {number}", value=number)
                if number == pause_at and run.attempt == 1:
                    print("in the middle", flush=True)
                    time.sleep(120)
                run.fence()
            run.progress(number + 1, 6)

    def run_done(run):
        from foundation.jobs.models import Job
        return Job.objects.get(pk=run.id).done

    print(queue.execute(sys.argv[1]), flush=True)
"""


def worker(job: Job) -> subprocess.Popen[str]:
    """A process of its own on the database of this test."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM), str(job.pk)],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        },
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def database_url() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    base = os.environ["DATABASE_URL"]
    head, _, query = base.partition("?")
    address = head.rsplit("/", 1)[0]
    return f"{address}/{found['NAME']}{'?' + query if query else ''}"


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_whole_slices_and_another_finishes_them(kind: Register) -> None:
    kind(lambda run: None)
    jobs.job("test.slices")(lambda run, *, pause_at: None)  # known here by name only; the work is in the process
    job = enqueued("test.slices", pause_at=3)
    victim = worker(job)
    try:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "in the middle\n"
        victim.send_signal(signal.SIGKILL)
    finally:
        victim.kill()
        victim.wait(10)
    assert sorted(RefCounter.objects.values_list("value", flat=True)) == [0, 1, 2]  # nothing half-written
    assert jobs.tick() == 0  # its lease still runs

    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.tick() == 1
    second = worker(job)
    out, _err = second.communicate(timeout=60)
    assert out == "done\n"
    job.refresh_from_db()
    assert (job.state, job.attempts, job.done) == ("done", 2, 6)
    assert sorted(RefCounter.objects.values_list("value", flat=True)) == [0, 1, 2, 3, 4, 5]


# --- the broker ---


@pytest.mark.django_db
def test_a_broker_that_is_away_costs_no_job(
    kind: Register, settings: Any, caplog: Any, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    from config.celery import app

    name = kind(lambda run: {"ran": True})
    settings.JOBS_SENDER = "config.celery.wake"
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    nowhere = app.connection_for_write("redis+socket:///nowhere/valkey.sock?virtual_host=0")
    monkeypatch.setattr(app, "connection_for_write", lambda *_args, **_options: nowhere)
    monkeypatch.setattr(app, "_pool", None)
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueued(name)
    assert any("broker away" in record.message for record in caplog.records)
    settings.JOBS_SENDER = ""
    assert jobs.tick() == 1
    assert queue.execute(str(job.pk)) == "done"


@pytest.mark.django_db
def test_the_task_of_the_broker_runs_the_job_under_its_own_request_id(kind: Register) -> None:
    from config.celery import run_job
    from foundation.work import request_id

    seen: list[str] = []
    job = enqueued(kind(lambda run: seen.append(request_id.get())))
    assert run_job(str(job.pk)) == "done"
    assert seen == [f"job-{job.pk}"]
    assert request_id.get() == ""


def test_messages_cannot_start_a_running_task_twice() -> None:
    """A message is given out again after visibility_timeout: no task may live that long."""
    visible = django_settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert visible > django_settings.CELERY_TASK_TIME_LIMIT
    assert LEASE.total_seconds() < django_settings.CELERY_TASK_SOFT_TIME_LIMIT
