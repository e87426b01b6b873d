"""The steps of a workshop, from two fields to a frozen inventory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted, NotReady, Stale
from tests.usecases.builders import a_pain, load
from tests.usecases.staging import FIXTURES, Stage
from tests.usecases.workshops import a_workshop
from tests.world import actor
from usecases.models import Candidate, InventoryVersion, Pain, Workshop
from usecases.services import publish_inventory
from usecases.services import workshops as act
from usecases.workshop_preview import preview, previews

pytestmark = [pytest.mark.django_db, pytest.mark.services]
played, stage, _django_db_helper = FIXTURES


def told(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("seq"))


# --- preparing -----------------------------------------------------------------------------------------------------


def test_title_and_unit_are_the_only_fields(stage: Stage) -> None:
    who = actor(stage.world.facilitator)
    made = act.create_workshop(actor=who, unit=stage.world.cn, title_en="Night shift")
    assert made.key.startswith("W-") and (made.budget, made.cap, made.top_n) == (10, 4, 5)
    assert not made.is_door_open and made.long_code is None
    started = act.start_workshop(actor=who, workshop=made)
    assert started.acknowledged_as == "The Facilitator · facilitator" and started.is_door_open
    assert len(started.long_code or "") == 8 and (started.short_code or "")[3] == "-"
    assert timedelta(minutes=9) < started.phase_until - clock.now() < timedelta(minutes=11)


def test_settings_are_checked_all_at_once(stage: Stage) -> None:
    who, world = actor(stage.world.facilitator), stage.world
    with pytest.raises(Invalid) as refused:
        act.create_workshop(actor=who, unit=world.cn, budget=3, cap=4, observer=world.cio, scribe=world.cio)
    assert {r.code for r in refused.value.reasons} == {"no_title", "cap_over_budget", "observer_runs_it"}


def test_only_facilitators_of_the_unit_run_it_and_never_the_observer(stage: Stage) -> None:
    world = stage.world
    with pytest.raises(NotPermitted):
        act.create_workshop(actor=actor(world.reader), unit=world.cn, title_en="x")
    play = a_workshop(world, observer=world.architect)
    for user in (world.reader, world.outsider, world.ops_engineer, world.architect):
        with pytest.raises(NotPermitted):
            act.start_workshop(actor=actor(user), workshop=play.now)
    act.edit_workshop(actor=play.run, workshop=play.now, second_facilitator=world.ops_engineer)
    assert act.start_workshop(actor=actor(world.ops_engineer), workshop=play.now).state == "collect"


def test_points_are_fixed_once_a_vote_was_opened(stage: Stage) -> None:
    play = stage.voting
    with pytest.raises(NotReady) as refused:
        act.edit_workshop(actor=play.run, workshop=play.now, budget=20)
    assert refused.value.code == "vote_was_open"
    changed = act.edit_workshop(actor=play.run, workshop=play.now, title_en="Better title", version=play.now.version)
    assert changed.title_en == "Better title"
    with pytest.raises(Stale):
        act.edit_workshop(actor=play.run, workshop=play.now, title_en="Other", version=changed.version - 1)


def test_the_timer_only_signals(stage: Stage) -> None:
    play = stage.collecting
    act.set_timer(actor=play.run, workshop=play.now, until=clock.now() + timedelta(minutes=1))
    with clock.pinned(clock.now() + timedelta(hours=1)):
        play.write("still open")
    with pytest.raises(Invalid):
        act.set_timer(actor=play.run, workshop=play.now, until=clock.now() - timedelta(minutes=1))


# --- steps ---------------------------------------------------------------------------------------------------------


def test_a_second_press_is_told_that_the_phase_has_moved_and_an_old_page_that_it_is_old(stage: Stage) -> None:
    play, before = stage.collecting, stage.collecting.now
    play.write("one")
    play.step("reveal", version=before.version)
    with pytest.raises(NotReady) as moved:
        play.step("reveal", version=before.version)
    assert moved.value.code == "illegal_transition"
    play.step("recollect")
    with pytest.raises(Stale) as stale:
        play.step("reveal", version=before.version)
    assert stale.value.current.state == "collect"
    assert len(told("workshop.revealed")) == 4  # three plays of the stage, and this one press


def test_what_a_step_needs_is_said_before_and_refused_after(stage: Stage) -> None:
    play = stage.collecting
    assert [r.code for r in preview(play.now, "reveal").reasons] == ["no_cards"]
    with pytest.raises(NotReady) as refused:
        play.step("reveal")
    assert refused.value.code == "no_cards"
    play.write("only one")
    play.step("reveal")
    assert [r.code for r in preview(play.now, "open_vote").reasons] == ["too_few_items"]
    assert preview(play.now, "publish").reasons[0].code == "illegal_transition"


def test_at_most_sixty_items_on_a_ballot(stage: Stage) -> None:
    play = stage.collecting
    for n in range(61):
        play.write(f"item {n}", n % 6)
    play.step("reveal")
    assert [r.code for r in preview(play.now, "open_vote").reasons] == ["too_many_items"]


def test_previews_say_what_will_happen_to_whoever_may_step(stage: Stage) -> None:
    play = stage.voting
    shown = {p.step: p for p in previews(play.now, play.run)}
    assert set(shown) == {"recluster", "close_vote", "cancel"}
    assert shown["close_vote"].facts["ballots"] == 5 and "5 of 6 have voted." in map(str, shown["close_vote"].says)
    assert "4 % of their points are not given." in map(str, shown["close_vote"].says)
    assert previews(play.now, actor(stage.world.reader)) == []
    watched = act.edit_workshop(actor=play.run, workshop=play.now, observer=stage.world.architect)
    assert previews(watched, actor(stage.world.architect)) == []


def test_a_pause_refuses_everything_but_going_on_and_cancelling(stage: Stage) -> None:
    play = stage.voting
    until = play.now.phase_until
    act.pause_workshop(actor=play.run, workshop=play.now, reason="Fire alarm")
    for attempt in (lambda: play.vote(5, {"A": 1}), lambda: play.step("close_vote"), lambda: play.join()):
        with pytest.raises(NotReady) as refused:
            attempt()
        assert refused.value.code == "paused" and "Fire alarm" in str(refused.value)
    with clock.pinned(clock.now() + timedelta(minutes=3)):
        resumed = act.resume_workshop(actor=play.run, workshop=play.now)
    assert timedelta(minutes=2) < resumed.phase_until - until < timedelta(minutes=4)
    play.vote(5, {"A": 1})


def test_recollecting_keeps_the_groups_and_takes_new_cards(stage: Stage) -> None:
    play = stage.clustering
    play.merge("A", "B")
    play.step("recollect")
    play.write("late card", 2)
    play.step("reveal")
    titles = {c.title_en: c.cards.count() for c in play.now.clusters.on_the_table()}
    assert titles == {"A": 2, "C": 1, "D": 1, "E": 1, "late card": 1}


def test_one_entry_a_phase_tells_of_the_ops(stage: Stage) -> None:
    play = stage.clustering
    play.merge("A", "B")
    play.merge("C", "D")
    assert told("workshop.clustered") == []
    play.step("open_vote")
    (entry,) = told("workshop.clustered")
    assert (entry.data["merges"], entry.data["splits"]) == (2, 0)
    play.step("recluster")
    play.step("open_vote")
    assert len(told("workshop.clustered")) == 1


# --- review and publishing -----------------------------------------------------------------------------------------


def test_publishing_needs_owner_teams_of_the_first_items_only(stage: Stage) -> None:
    play = stage.reviewing
    Workshop.objects.filter(pk=play.workshop.pk).update(top_n=2)
    with pytest.raises(NotReady) as refused:
        play.step("publish")
    assert [(r.code, r.field) for r in refused.value.reasons] == [
        ("owner_team_missing", str(play.id("C"))), ("owner_team_missing", str(play.id("D"))),
    ]  # fmt: skip
    play.name_owners(stage.world.team, "CD")
    assert play.step("publish").key == "INV-CN-v1"


def test_an_item_of_nobody_needs_no_owner(stage: Stage) -> None:
    play = stage.clustering
    play.step("open_vote")
    play.vote(0, {"A": 4})
    play.step("close_vote")
    play.name_owners(stage.world.team, "A")
    assert play.step("publish").count == 5


def test_the_inventory_is_frozen_with_its_vote(stage: Stage) -> None:
    play = stage.reviewing
    play.name_owners(stage.world.team, "ABCD")
    act.review_item(actor=play.run, workshop=play.now, cluster=play.id("C"), severity=4, **load())
    inventory = play.step("publish")
    facts = inventory.facts
    assert facts["order"] == "points" and [p["title"]["en"] for p in facts["pains"]] == ["C", "D", "A", "B"]
    items = facts["vote"]["rounds"][0]["items"]
    assert [i["id"] for i in items] == [p["key"] for p in facts["pains"]]
    assert [(i["points"], i["voters"]) for i in items] == [(15, 4), (13, 4), (12, 4), (8, 2)]
    assert items[0]["effective"] == "3.947368" and facts["pains"][0]["hours"]["mean"] == "3.888889"
    assert facts["acknowledged"]["by"] == "The Facilitator · facilitator" and facts["workshop"]["key"] == play.now.key
    assert inventory.round == play.round and play.now.state == "published"
    assert not play.now.ops.exists()
    pain = Pain.objects.get(key=facts["pains"][0]["key"])
    assert (pain.state, pain.source, pain.source_id) == ("voted", "card", f"{play.now.key}/1")
    assert pain.clusters.get().cards.get().text == "C"
    assert [e.data["inventory"] for e in told("workshop.published")] == [inventory.key]


def test_marked_items_become_candidates(stage: Stage) -> None:
    play = stage.reviewing
    play.name_owners(stage.world.team, "ABCD")
    for text, channel in (("C", "A9"), ("D", "A8")):
        act.review_item(actor=play.run, workshop=play.now, cluster=play.id(text), channel=channel)
    play.step("publish")
    found = {c.title_en: (c.channel, c.owner_team, c.pains.get().state) for c in Candidate.objects.all()}
    assert found == {"C": ("A9", stage.world.team, "promoted"), "D": ("A8", stage.world.team, "promoted")}


def test_recorded_pains_get_points_and_keep_their_record(stage: Stage) -> None:
    play, pain = stage.clustering, a_pain(stage.world, "Recorded before")
    assert act.seed_pains(actor=play.run, workshop=play.now, pains=[pain, pain]) == 1
    assert act.seed_pains(actor=play.run, workshop=play.now, pains=[pain]) == 0
    seed = play.now.clusters.get(pain=pain)
    act.merge_clusters(actor=play.run, workshop=play.now, into=play.id("A"), others=[seed.pk])
    assert play.cluster("A").pk == seed.pk  # the recorded one takes the card in
    play.step("open_vote")
    play.cast(0, {str(seed.pk): 4})
    play.step("close_vote")
    act.review_item(actor=play.run, workshop=play.now, cluster=seed.pk, owner_team=stage.world.team)
    inventory = play.step("publish")
    pain.refresh_from_db()
    assert inventory.facts["pains"][0]["key"] == pain.key and inventory.facts["cards"][pain.key] == ["A"]
    assert pain.state == "voted" and pain.owner_team == stage.world.team and pain.hours_mean is not None


def test_pains_of_another_unit_or_out_of_play_are_not_put_on_the_table(stage: Stage) -> None:
    world, play = stage.world, stage.collecting
    away = a_pain(world)
    Pain.objects.filter(pk=away.pk).update(unit=world.em)
    away.refresh_from_db()
    with pytest.raises(NotReady) as refused:
        act.seed_pains(actor=play.run, workshop=play.now, pains=[away])
    assert refused.value.code == "other_unit"


def test_quick_answers_of_cards_become_a_guess_where_review_said_nothing(stage: Stage) -> None:
    play = stage.collecting
    play.write("X", often="weekly", takes="5min")
    play.write("Y", 1, often="daily", takes="30min")
    play.write("Z", 2)
    play.step("reveal")
    play.merge("X", "Y")
    play.step("open_vote")
    play.vote(0, {"X": 1})
    play.step("close_vote")
    play.name_owners(stage.world.team, ["X"])
    row = play.step("publish").facts["pains"][0]
    assert row["factors"]["minutes_per_item"] == {
        "low": "2.000000", "likely": "17.500000", "high": "60.000000", "provenance": "guess",
    }  # fmt: skip
    assert row["hours"]["grade"] == "guess" and row["hours"]["low"] == "0.133333"


def test_review_checks_the_figures_and_the_version(stage: Stage) -> None:
    play = stage.reviewing
    with pytest.raises(Invalid) as refused:
        bad = load(minutes_per_item=("9", "5", "10"))
        act.review_item(actor=play.run, workshop=play.now, cluster=play.id("A"), severity=9, **bad)
    assert {r.code for r in refused.value.reasons} >= {"bad_value"}
    old = play.cluster("A").version
    act.review_item(actor=play.run, workshop=play.now, cluster=play.id("A"), version=old, severity=2)
    with pytest.raises(Stale):
        act.review_item(actor=play.run, workshop=play.now, cluster=play.id("A"), version=old, severity=3)


def test_the_next_publication_of_the_unit_is_the_next_version(stage: Stage) -> None:
    play = stage.reviewing
    play.name_owners(stage.world.team, "ABCD")
    play.step("publish")
    a_pain(stage.world)
    by_size = publish_inventory(actor=play.run, unit=stage.world.cn, acknowledge=True)
    assert by_size.key == "INV-CN-v2" and by_size.round is None
    assert InventoryVersion.objects.filter(round=play.round).count() == 1


def test_nothing_moves_after_the_end(stage: Stage) -> None:
    play = stage.reviewing
    play.name_owners(stage.world.team, "ABCD")
    play.step("publish")
    for attempt in (
        lambda: play.step("cancel", reason="late"), lambda: play.join(), lambda: play.write("x"),
        lambda: act.edit_workshop(actor=play.run, workshop=play.now, title_en="x"),
        lambda: act.open_door(actor=play.run, workshop=play.now), lambda: play.merge("A", "B"),
        lambda: act.set_timer(actor=play.run, workshop=play.now, until=None),
    ):  # fmt: skip
        with pytest.raises(NotReady):
            attempt()


def test_a_step_through_another_door_or_by_a_reader_is_refused(stage: Stage) -> None:
    play = replace(stage.reviewing, run=actor(stage.world.reader))
    for step in ("publish", "cancel", "vote_again"):
        more = {} if step == "publish" else {"reason": "why"}
        with pytest.raises(NotPermitted):
            play.step(step, **more)
