"""The door and its codes, seats, and cards while they are written."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache

from accounts.actors import guest
from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted, NotReady, NotVisible, TooMany
from tests.usecases.staging import FIXTURES, Stage
from tests.usecases.workshops import a_collecting, a_workshop
from tests.world import actor
from usecases.models import Card, Seat, Workshop
from usecases.seats import new_secret, open_pass, seal_pass
from usecases.services import workshops as act
from usecases.workshop_own import own_state

pytestmark = [pytest.mark.django_db, pytest.mark.services]
played, stage, _django_db_helper = FIXTURES


@pytest.fixture(autouse=True)
def nobody_guessed_yet() -> None:
    cache.clear()


def later(hours: float) -> object:
    return clock.pinned(clock.now() + timedelta(hours=hours))


def knock(code: str, source: str = "192.0.2.1") -> Workshop:
    return act.behind_code(code=code, source=source)


# --- the door ------------------------------------------------------------------------------------------------------


def test_both_codes_lead_to_the_workshop_however_they_are_typed(stage: Stage) -> None:
    play = stage.collecting
    long, short = play.now.long_code or "", play.now.short_code or ""
    for code in (long, long.lower(), f"{long[:4]}-{long[4:]} ", short, short.replace("-", "").lower()):
        assert knock(code) == play.workshop


def test_a_wrong_code_is_nothing_and_after_ten_a_minute_too_often(stage: Stage) -> None:
    for _n in range(10):
        with pytest.raises(NotVisible):
            knock("00000000")
    with pytest.raises(TooMany):
        knock("x")
    with pytest.raises(NotVisible):
        knock("00000000", "192.0.2.2")
    with pytest.raises(TooMany):  # a short one could be guessed
        knock(stage.collecting.now.short_code or "")
    assert knock(stage.collecting.now.long_code or "") == stage.collecting.workshop  # link and QR always open


def test_the_door_closes_by_hand_and_opens_with_another_short_code(stage: Stage) -> None:
    play, before = stage.collecting, stage.collecting.now
    act.close_door(actor=play.run, workshop=play.now)
    with pytest.raises(NotReady) as refused:
        play.join()
    assert refused.value.code == "door_closed" and not knock(before.long_code or "").is_door_open
    with pytest.raises(NotVisible):
        knock(before.short_code or "")
    play.write("whoever sits writes on")
    opened = act.open_door(actor=play.run, workshop=play.now)
    assert opened.long_code == before.long_code and opened.short_code != before.short_code
    play.join()


def test_the_door_shuts_itself_twelve_hours_after_start_and_the_code_dies_a_day_later(stage: Stage) -> None:
    play, code = stage.collecting, stage.collecting.now.long_code or ""
    with later(11.9):
        assert knock(code).is_door_open
    with later(12.1):
        assert not knock(code).is_door_open
        with pytest.raises(NotReady):
            play.join()
        assert act.open_door(actor=play.run, workshop=play.now).is_door_open
        act.close_door(actor=play.run, workshop=play.now)
    with later(36.5), pytest.raises(NotVisible):
        knock(code)


def test_with_deadlines_the_door_stays_open(stage: Stage) -> None:
    play = a_collecting(stage.world, mode="deadline")
    assert play.now.phase_until is None
    with later(24 * 20):
        assert knock(play.now.long_code or "").is_door_open


def test_codes_die_a_day_after_the_end(stage: Stage) -> None:
    play = stage.reviewing
    code = play.now.long_code or ""
    play.step("cancel", reason="not needed")
    assert not knock(code).is_door_open
    with later(24.1), pytest.raises(NotVisible):
        knock(code)


def test_new_codes_kill_the_old_ones(stage: Stage) -> None:
    play, before = stage.collecting, stage.collecting.now
    act.renew_codes(actor=play.run, workshop=play.now)
    for code in (before.long_code or "", before.short_code or ""):
        with pytest.raises(NotVisible):
            knock(code)
    assert knock(play.now.long_code or "") == play.workshop


def test_there_is_no_door_before_start(stage: Stage) -> None:
    play = a_workshop(stage.world)
    for attempt in (act.open_door, act.renew_codes):
        with pytest.raises(NotReady):
            attempt(actor=play.run, workshop=play.now)
    with pytest.raises(NotReady):
        play.join()


# --- seats ---------------------------------------------------------------------------------------------------------


def test_the_same_form_sent_twice_is_one_seat(stage: Stage) -> None:
    play, secret = stage.collecting, new_secret()
    first, second = (act.join_workshop(actor=guest(), workshop=play.now, secret=secret) for _n in range(2))
    assert first == second and Seat.objects.filter(pk=first.seat_id).count() == 1
    act.close_door(actor=play.run, workshop=play.now)
    assert act.join_workshop(actor=guest(), workshop=play.now, secret=secret) == first
    with pytest.raises(Invalid):
        act.join_workshop(actor=guest(), workshop=play.now, secret="short")


def test_the_cookie_opens_its_workshop_only(stage: Stage) -> None:
    play, other = stage.collecting, stage.voting
    value = seal_pass(play.now, play.seats[0])
    assert open_pass(play.now, value) == play.seats[0]
    assert open_pass(other.now, value) is None
    assert open_pass(play.now, value[:-1] + ("A" if value[-1] != "A" else "B")) is None
    assert open_pass(play.now, None) is None and play.seats[0].secret not in repr(play.seats[0])
    with pytest.raises(NotVisible):
        own_state(other.now, play.seats[0])


def test_accounts_sit_like_guests_but_scribe_and_observer_do_not(stage: Stage) -> None:
    play, world = stage.collecting, stage.world
    act.edit_workshop(actor=play.run, workshop=play.now, scribe=world.reader, observer=world.cio)
    for user in (world.reader, world.cio):
        with pytest.raises(NotPermitted) as refused:
            act.join_workshop(actor=actor(user), workshop=play.now)
        assert refused.value.code == "no_seat"
    act.join_workshop(actor=actor(world.facilitator), workshop=play.now)


def test_at_most_two_hundred_and_fifty_seats(stage: Stage) -> None:
    play = stage.collecting
    assert act.add_paper_seats(actor=play.run, workshop=play.now, count=244) == 244
    for attempt in (lambda: play.join(), lambda: act.add_paper_seats(actor=play.run, workshop=play.now, count=1)):
        with pytest.raises(NotReady) as refused:
            attempt()
        assert refused.value.code == "full"


def test_done_is_counted_and_can_be_taken_back(stage: Stage) -> None:
    play = stage.collecting
    act.mark_done(actor=guest(), workshop=play.now, seat=play.seats[0])
    rev = play.now.rev
    act.mark_done(actor=guest(), workshop=play.now, seat=play.seats[0])
    assert play.now.rev == rev and play.now.seats.filter(done=True).count() == 1
    act.mark_done(actor=guest(), workshop=play.now, seat=play.seats[0], done=False)
    assert play.now.rev == rev + 1


# --- cards ---------------------------------------------------------------------------------------------------------


def test_the_same_card_sent_twice_is_one_card_even_after_the_phase_moved(stage: Stage) -> None:
    play, card_id = stage.collecting, uuid.uuid4()
    args = {"actor": guest(), "seat": play.seats[0], "card_id": card_id, "text": "Once"}
    act.add_card(workshop=play.now, **args)
    rev = play.now.rev
    act.add_card(workshop=play.now, **args)
    assert play.now.rev == rev
    play.step("reveal")
    assert act.add_card(workshop=play.now, **args).pk == card_id
    assert play.now.cards.count() == 1
    with pytest.raises(NotReady):
        play.write("too late")


def test_the_id_of_somebody_elses_card_tells_nothing(stage: Stage) -> None:
    play = stage.collecting
    card = play.write("mine", 0)
    for seat, workshop in ((play.seats[1], play.now), (stage.voting.seats[0], stage.voting.now)):
        with pytest.raises(NotVisible):
            act.add_card(actor=guest(), workshop=workshop, seat=seat, card_id=card.pk, text="guess")
    with pytest.raises(NotVisible):
        act.edit_card(actor=guest(), workshop=play.now, seat=play.seats[1], card_id=card.pk, text="stolen")
    with pytest.raises(NotVisible):
        act.remove_card(actor=guest(), workshop=play.now, seat=play.seats[1], card_id=card.pk)


def test_own_cards_are_changed_and_removed_until_they_are_shown(stage: Stage) -> None:
    play = stage.collecting
    card, other = play.write("first", 0), play.write("second", 0)
    args = {"actor": guest(), "workshop": play.now, "seat": play.seats[0]}
    act.edit_card(card_id=card.pk, text="  better\n wording ", often="weekly", **args)
    act.remove_card(card_id=other.pk, **args)
    act.remove_card(card_id=other.pk, **args)
    (own,) = own_state(play.now, play.seats[0])["cards"]
    assert (own["text"], own["often"]) == ("better wording", "weekly")
    assert own_state(play.now, play.seats[1])["others"] == 1
    play.step("reveal")
    for attempt in (lambda: act.edit_card(card_id=card.pk, text="x", **args),
                    lambda: act.remove_card(card_id=card.pk, **args)):  # fmt: skip
        with pytest.raises(NotReady):
            attempt()
    assert not Card.objects.exclude(edit_hash="").filter(workshop=play.workshop).exists()


def test_a_card_is_one_sentence_with_a_random_id(stage: Stage) -> None:
    play = stage.collecting
    args = {"actor": guest(), "workshop": play.now, "seat": play.seats[0]}
    with pytest.raises(Invalid) as refused:
        act.add_card(card_id=uuid.uuid1(), text=" ", often="hourly", takes="long", **args)
    assert [r.code for r in refused.value.reasons] == ["bad_id", "no_text", "bad_value", "bad_value"]
    with pytest.raises(Invalid):
        act.add_card(card_id=uuid.uuid4(), text="x" * 141, **args)
    act.add_card(card_id=uuid.uuid4(), text="每" * 140, **args)


def test_thirty_cards_a_seat_and_five_hundred_a_workshop(stage: Stage) -> None:
    play = stage.collecting
    for n in range(30):
        play.write(f"c{n}", 0)
    with pytest.raises(NotReady) as refused:
        play.write("one more", 0)
    assert refused.value.code == "seat_full"
    hour = clock.now()
    Card.objects.bulk_create(Card(workshop=play.workshop, text=f"b{n}", hour=hour) for n in range(470))
    with pytest.raises(NotReady) as refused:
        play.write("one more", 1)
    assert refused.value.code == "workshop_full"


def test_the_scribe_types_for_the_room(stage: Stage) -> None:
    play, world = stage.collecting, stage.world
    act.edit_workshop(actor=play.run, workshop=play.now, scribe=world.reader)
    args = {"actor": actor(world.reader), "workshop": play.now, "card_id": uuid.uuid4(), "text": "said aloud"}
    assert act.type_card(**args).edit_hash == "" and act.type_card(**args).text == "said aloud"
    with pytest.raises(NotPermitted):
        act.type_card(**{**args, "actor": actor(world.cio), "card_id": uuid.uuid4()})


def test_a_text_about_a_person_is_kept_with_a_warning(stage: Stage) -> None:
    text = "Mail jo@example.org, Peter always forgets it"
    assert [r.code for r in act.card_warnings(text)] == ["email", "name"]
    assert stage.collecting.write(text).text == text


def test_seats_and_cards_leave_nothing_in_the_ledger(stage: Stage) -> None:
    play, before = stage.collecting, AuditEvent.objects.count()
    play.join(2)
    card = play.write("quiet", 0)
    act.edit_card(actor=guest(), workshop=play.now, seat=play.seats[0], card_id=card.pk, text="silent")
    act.mark_done(actor=guest(), workshop=play.now, seat=play.seats[0])
    act.remove_card(actor=guest(), workshop=play.now, seat=play.seats[0], card_id=card.pk)
    assert AuditEvent.objects.count() == before
