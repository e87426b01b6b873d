"""Spring 2016 on the real incident log: what was there before the lock, the signatures, then what came after it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from charter.models import Charter
from charter.services import draft_charter, link_pilot, send_charter, sign_charter, start_pilot
from foundation.jobs import run_due
from metrics.models import GainEstimate, MeasureLock, OpsRecord, Pilot, SourceImport
from metrics.services import draft_pilot
from metrics.words import VERDICTS
from tests.connectors.paths import EVENT_LOG, need
from tests.governance.builders import an_approved_pattern
from tests.journeys.hands import PageHand
from tests.usecases.builders import a_flagship
from tests.world import World, actor

ZONE = ZoneInfo("UTC")  # the zone in which the log is read
DATES = "%d/%m/%Y %H:%M"
LOCK = datetime(2016, 4, 22, 9, tzinfo=ZONE)  # a Friday; eight weeks of the log lie before the box
STARTS = datetime(2016, 4, 25, 9, tzinfo=ZONE)  # a Monday
ENDS = datetime(2016, 6, 5, 18, tzinfo=ZONE)
REST = datetime(2016, 6, 17, tzinfo=ZONE)  # what was written until then: twelve days of follow-up
pytestmark = [pytest.mark.services, pytest.mark.bothdb]


@pytest.fixture(scope="module")
def log() -> list[tuple[datetime, str]]:
    """Moment of writing and raw line of every event row; the header first, at the beginning of time."""
    with zipfile.ZipFile(io.BytesIO(need(EVENT_LOG).read_bytes())) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines(keepends=True)
    names = next(csv.reader(lines[:1]))
    place = names.index("sys_updated_at")
    written = (datetime.strptime(row[place], DATES).replace(tzinfo=ZONE) for row in csv.reader(lines[1:]))
    return [(datetime.min.replace(tzinfo=ZONE), lines[0]), *zip(written, lines[1:], strict=True)]


@pytest.fixture
def move() -> Iterator[Any]:
    with time_machine.travel(datetime(2016, 3, 1, 9, tzinfo=ZONE)) as traveller:
        yield traveller.move_to


def until(log: list[tuple[datetime, str]], moment: datetime) -> bytes:
    """The log as it stood then, byte for byte."""
    return "".join(line for written, line in log if written < moment).encode()


def import_through_page(hand: PageHand, content: bytes) -> str:
    """Upload, look at the preview, confirm; the words of the page it ends on."""
    hand.open("/measures/records/import")
    hand.attach("file", "incidents.csv", content)
    hand.choose("unit", "CN")
    hand.press("Read the file")
    run_due()
    hand.open(hand.path)
    found = [f for f in hand.page.forms if f.action.endswith("/commit")]
    button = next(c for c in found[0].controls if c.kind == "submit")
    hand.press(" ".join(button.words.split()))
    run_due()
    hand.open(hand.path)
    return hand.text


def a_charter_to_sign(world: World, pilot: Pilot) -> Charter:
    lead = actor(world.pilot_lead)
    charter = draft_charter(
        actor=lead, unit=world.cn, question_en="Are incidents restored sooner with an assistant?",
        starts_on=STARTS.date(), ends_on=ENDS.date(), lead=world.pilot_lead, cases=[pilot.candidate],
        signers={"cio": world.cio, "ops_head": world.ops_head}, exit_plan="Keep the runbooks; end access in a week.",
    )  # fmt: skip
    link_pilot(actor=lead, charter=charter, case=charter.cases.get(), pilot=pilot)
    charter.refresh_from_db()
    return send_charter(actor=lead, charter=charter)


def a_drafted_pilot(world: World) -> Pilot:
    candidate = a_flagship(world, "Restore incidents", pattern_version=an_approved_pattern(world))
    given = {"starts_on": STARTS.date(), "ends_on": ENDS.date(), "lead": world.pilot_lead}
    return draft_pilot(actor=actor(world.pilot_lead), candidate=candidate, **given)


@pytest.mark.slow
def test_a_measure_locked_in_spring_2016_reads_a_verdict_on_the_rest_of_the_real_log(
    world: World, move: Any, log: list[tuple[datetime, str]]
) -> None:
    pilot, hand = a_drafted_pilot(world), PageHand()
    move(LOCK - timedelta(hours=2))
    hand.sit(world.architect)
    first = import_through_page(hand, until(log, LOCK - timedelta(hours=2)))
    known = OpsRecord.objects.count()
    assert known > 5_000 and "0 changed" in first
    assert OpsRecord.objects.filter(opened_at__gte=LOCK).count() == 0

    hand.sit(world.pilot_lead)
    hand.open(f"{pilot.get_absolute_url()}/measures/new?preset=time_to_restore&source=servicenow")
    hand.write(minimum_effect="10")
    hand.press("Make the measure")
    measure = pilot.measures.get()
    lay_windows(hand, measure)
    charter = a_charter_to_sign(world, pilot)
    for person in (world.ops_head, world.cio):
        charter = sign_charter(actor=actor(person), charter=charter, digest=charter.current_text.digest)
    lock = MeasureLock.objects.get()
    assert lock.binding_at is not None and lock.binding_at < STARTS

    move(STARTS)
    start_pilot(actor=actor(world.pilot_lead), charter=charter, case=charter.cases.get())
    before = dict(OpsRecord.objects.values_list("source_key", "content_hash"))

    move(REST)
    hand.sit(world.architect)
    import_through_page(hand, until(log, REST))
    newest = SourceImport.objects.order_by("-as_of").first()
    after = dict(OpsRecord.objects.values_list("source_key", "content_hash"))
    assert newest.added == len(after) - known > 5_000
    assert newest.changed == sum(after[key] != value for key, value in before.items()) > 0

    hand.sit(world.pilot_lead)
    hand.open(pilot.get_absolute_url())
    hand.press("Run the estimate")
    assert run_due() == ["done"]
    read_the_verdict(hand, pilot, GainEstimate.objects.get())


def lay_windows(hand: PageHand, measure: Any) -> None:
    """Eight weeks before, one of learning, four that count: on the page of the measure."""
    baseline, pilot = measure.current.window("baseline"), measure.current.window("pilot")
    assert baseline.until_at <= pilot.from_at
    assert (baseline.until_at - baseline.from_at).days == 56
    assert (pilot.until_at - pilot.from_at).days == 35
    hand.reads("2016")


def read_the_verdict(hand: PageHand, pilot: Pilot, found: GainEstimate) -> None:
    result = json.loads(found.result)
    assert found.verdict in set(VERDICTS) - {"", "refused", "suppressed"} and not found.look_back
    assert found.sentence_en and found.sentence_zh and found.sentence_en != found.sentence_zh
    assert len(result["guards"]) == 13
    for side in ("baseline", "pilot"):
        assert result["n"][side] > 1_000, result["n"]
    assert result["censored"]["pilot"] > 0  # open then: counted as open, never dropped
    for language, sentence in (("en", found.sentence_en), ("zh-hans", found.sentence_zh)):
        hand.language = language
        hand.sit(pilot.lead)
        hand.open(f"/measures/estimates/{found.pk}")
        hand.reads(sentence)
