"""The boxes are lit by their records, and by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk.models import BoxNote, BoxSkip
from desk.selectors.journey import READERS, read_box, read_journey
from desk.services import note_box, skip_box, take_up_box
from foundation import clock
from foundation.db import thaw
from foundation.errors import Invalid, NotPermitted, NotReady
from tests.charter.builders import a_signed_charter
from tests.governance.builders import a_submitted_request, an_approved_pattern
from tests.usecases.builders import a_candidate, a_flagship, a_pain, an_inventory
from tests.world import actor, client_for
from usecases.models import InventoryVersion

WHOLE = {
    "trend": "Models read logs well enough.", "experience": "Two teams tried.", "monitoring": "Good.",
    "itsm": "Tickets are clean.", "cloud": "Landing zone stands.", "sources": ["Survey 2026"],
}  # fmt: skip


def states(unit):
    return {b.code: b.state for b in read_journey(unit).boxes}


def conviction(world, **changes):
    given = {**WHOLE, **changes}
    return note_box(actor=actor(world.architect), unit=world.cn, box="A1", said_on=clock.today(), **given)


def test_an_empty_unit_has_no_box_lit_and_starts_with_conviction(world):
    journey = read_journey(world.cn)
    assert {b.state for b in journey.boxes} == {"not_started"}
    assert journey.next_code == "A1"
    assert all(b.missing for b in journey.boxes)


def test_a_note_lights_conviction_only_when_every_sentence_and_a_source_is_there(world):
    conviction(world, cloud="", sources=[])
    box = read_box(world.cn, "A1")
    assert box.state == "under_way"
    assert "cloud" in box.missing[0] and "source" in box.missing[0]
    conviction(world)
    assert read_box(world.cn, "A1").state == "done"


def test_pains_put_the_inventory_under_way_and_publishing_lights_it(world):
    a_pain(world)
    assert read_box(world.cn, "A2").state == "under_way"
    an_inventory(world, pains=1)
    box = read_box(world.cn, "A2")
    assert box.state == "done" and box.first_on == clock.today("Asia/Shanghai")


def test_deleting_the_evidence_flips_exactly_its_box(world):
    conviction(world)
    an_inventory(world)
    an_approved_pattern(world)
    a_candidate(world)
    before = states(world.cn)
    with thaw():
        InventoryVersion.objects.all().delete()
    after = states(world.cn)
    assert {code for code in before if before[code] != after[code]} == {"A2"}
    assert (before["A2"], after["A2"]) == ("done", "under_way")


def test_an_open_request_is_under_way_and_its_approval_lights_validation(world):
    a_submitted_request(world)
    box = read_box(world.cn, "A6")
    assert box.state == "under_way" and box.missing
    assert read_box(world.em, "A6").state == "not_started"


def test_an_approval_lights_validation_until_it_expires(world):
    an_approved_pattern(world)
    assert read_box(world.cn, "A6").state == "done"
    with clock.pinned(clock.now() + timedelta(days=800)):
        box = read_box(world.cn, "A6")
    assert box.state == "under_way" and box.mark == "expired"


def test_candidates_light_their_own_channel(world):
    a_candidate(world, channel="A8")
    assert (read_box(world.cn, "A8").state, read_box(world.cn, "A9").state) == ("done", "not_started")
    a_candidate(world, channel="A9")
    assert read_box(world.cn, "A9").state == "done"


def test_a_selection_waits_for_a_signed_charter(world):
    a_flagship(world)
    box = read_box(world.cn, "SEL")
    assert box.state == "under_way" and "signed charter" in box.missing[0]


def test_the_signed_charter_lights_charter_and_selection(world):
    a_signed_charter(world)
    assert (read_box(world.cn, "CH").state, read_box(world.cn, "SEL").state) == ("done", "done")
    assert read_box(world.cn, "A4").state == "not_started"


def test_a_number_before_there_is_data_is_refused_with_the_reason(world):
    for text in ("Saves 30 %", "节省三成时间"):
        with pytest.raises(Invalid) as refused:
            note_box(actor=actor(world.architect), unit=world.cn, box="A4", said_on=clock.today(), text=text)
        assert refused.value.code == "number_before_data"
    note_box(actor=actor(world.architect), unit=world.cn, box="A4", said_on=clock.today(), text="Asked too early.")
    box = read_journey(world.cn).box("A4")
    assert box.state == "under_way"
    assert "Gains are discussed before a baseline exists." in box.warnings


def test_a_box_left_out_needs_a_reason_and_can_be_taken_up_again(world):
    who = actor(world.facilitator)
    with pytest.raises(Invalid):
        skip_box(actor=who, unit=world.cn, box="A3", reason=" ")
    skip_box(actor=who, unit=world.cn, box="A3", reason="Shown in the other region")
    assert states(world.cn)["A3"] == "skipped"
    take_up_box(actor=who, unit=world.cn, box="A3")
    assert states(world.cn)["A3"] == "not_started"
    with pytest.raises(NotReady):
        take_up_box(actor=who, unit=world.cn, box="A3")


def test_evidence_is_stronger_than_a_skip(world):
    skip_box(actor=actor(world.architect), unit=world.cn, box="A2", reason="No time for it")
    an_inventory(world)
    assert states(world.cn)["A2"] == "done"


def test_only_facilitator_and_architect_of_the_unit_write_into_the_journey(world):
    for person in (world.cio, world.ops_engineer, world.outsider):
        with pytest.raises(NotPermitted):
            skip_box(actor=actor(person), unit=world.cn, box="A3", reason="No time for it")
    assert not BoxSkip.objects.exists()


def test_notes_and_skips_are_frozen(world):
    from django.db import DatabaseError, transaction

    note = conviction(world)
    with pytest.raises(DatabaseError), transaction.atomic():
        BoxNote.objects.filter(pk=note.pk).update(text="other")


def test_nobody_can_tick_a_box(world):
    """Every box has a reader and no service names a state."""
    from foundation.work import SERVICES

    assert set(READERS) == {b.code for b in read_journey(world.cn).boxes}
    writers = [name for name in SERVICES if name.startswith("desk.services.journey")]
    assert sorted(n.rsplit(".", 1)[1] for n in writers) == ["note_box", "skip_box", "take_up_box"]


def test_the_page_shows_both_lanes_the_next_step_and_the_threads(world):
    an_inventory(world)
    page = client_for(world.architect).get("/journey/CN").content.decode()
    assert page.count('class="place') >= 22 and "<svg" in page and 'd="M50 0C' in page
    assert "next is" in page
    assert 'id="SEL"' in page


def test_a_note_and_a_skip_through_the_pages(world):
    client = client_for(world.architect)
    sent = client.post("/journey/CN/A1/note", {"said_on": clock.today().isoformat(), "trend": "It works elsewhere."})
    assert sent.status_code == 302 and read_box(world.cn, "A1").state == "under_way"
    refused = client.post("/journey/CN/A3/skip", {"reason": ""})
    assert refused.status_code == 422
    assert client.post("/journey/CN/A3/skip", {"reason": "Not needed here"}).status_code == 302
    assert "Not needed here" in client.get("/journey/CN").content.decode()
    assert client.post("/journey/CN/A3/take-up").status_code == 302
    assert client.get("/journey/CN/CH/note").status_code == 404


def test_another_unit_has_no_journey_for_the_reader(world):
    for address in ("/journey/EM", "/journey/GR", "/api/v1/desk/journey?unit=EM", "/questions?unit=EM"):
        assert client_for(world.architect).get(address).status_code == 404


def test_the_reader_is_led_to_their_own_unit(world):
    assert client_for(world.cio).get("/journey").headers["Location"] == "/journey/CN"
    assert client_for(world.outsider).get("/journey").headers["Location"] == "/journey/EM"


def test_queries_of_the_journey_do_not_grow_with_the_records(world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as seen:
            read_journey(world.cn)
        return len(seen)

    an_inventory(world, pains=2)
    a_candidate(world)
    few = count()
    for number in range(6):
        a_pain(world, f"More of it {number}")
        a_candidate(world, f"Another {number}")
    assert count() == few


# --- what happened stays as it happened ---------------------------------------------------------------------------


def again_approved(world):
    """The same pattern asked for and approved once more, for the whole house of the unit."""
    from tests.governance.builders import decide

    decide(world, a_submitted_request(world))


def test_a_second_approval_does_not_move_validation(world):
    with clock.pinned(clock.now() - timedelta(days=200)):
        an_approved_pattern(world)
    first = read_box(world.cn, "A6").first_on
    with clock.pinned(clock.now() + timedelta(days=120)):
        again_approved(world)
        box = read_box(world.cn, "A6")
    assert len(box.evidence) > 1 and box.first_on == first and box.state == "done"


def test_a_second_selection_neither_moves_selection_nor_opens_it_again(world):
    from tests.usecases.builders import a_selection

    a_signed_charter(world)
    before = read_journey(world.cn)
    a_selection(world, [a_candidate(world, "Another report")])
    after = read_journey(world.cn)
    assert (before.box("SEL").state, after.box("SEL").state) == ("done", "done")
    assert after.box("SEL").first_on == before.box("SEL").first_on
    assert len(after.box("SEL").evidence) == 2
    assert [b.warnings for b in after.boxes] == [b.warnings for b in before.boxes]


def test_a_baseline_that_exists_is_not_denied(world):
    from metrics.models import Measure
    from tests.charter.builders import START, an_active_charter
    from tests.metrics.builders import task_times

    an_active_charter(world)
    measure = Measure.objects.get()
    with clock.pinned(START - timedelta(days=1)):
        task_times(world, measure, "baseline", 139, 30)
    with thaw():
        measure.pilot.__class__.objects.update(starts_on=START.date())
        from usecases.models import FlagshipSelection

        FlagshipSelection.objects.update(decided_at=START + timedelta(days=9))
    said = read_journey(world.cn).box("A4").warnings
    assert said == ("“Gains” began before “Selection” was there.",)


def test_rail_and_journey_say_the_same_word_of_a_box(world):
    journey = read_journey(world.cn)
    assert [b["word"] for b in journey.rail] == [b.state_word for b in journey.boxes]
    client = client_for(world.cio)
    client.cookies["django_language"] = "zh-hans"
    page = client.get("/").content.decode()
    rail = page[page.index('class="journey"') : page.index("</ol>", page.index('class="journey"'))]
    assert "未关闭" not in rail and "进行中" not in rail and rail.count("未开始") == 11
