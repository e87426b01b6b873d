"""Pains, inventories, contracts, candidates, assets: what is written, and what is refused with which reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted, NotReady, Refused, Stale
from tests.usecases.builders import a_candidate, a_contract, a_pain, an_asset, an_inventory, load
from tests.world import World, actor
from usecases import services
from usecases.models import Asset, Candidate, Pain
from usecases.selectors import asset_counts, compare_inventories, contracts_renewing, inventory_drift


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {r.code for r in refused.value.reasons}


def test_hours_of_a_pain_follow_the_worked_example(world: World) -> None:
    pain = a_pain(world)
    assert (pain.hours_low, pain.hours_likely, pain.hours_high) == (Decimal(1), Decimal(3), Decimal(18))
    assert pain.hours_mean == Decimal("3.888889")
    assert pain.grade == "guess"
    assert AuditEvent.objects.filter(verb="pain.recorded", subject_key=pain.key).count() == 1


def test_a_missing_factor_gives_no_hours_and_never_one(world: World) -> None:
    sized = {k: v for k, v in load().items() if not k.startswith("people")}
    pain = services.record_pain(actor=actor(world.ops_engineer), unit=world.cn, title_zh="每周抄写数据", **sized)
    assert pain.hours_likely is None and pain.grade == ""


def test_measured_figures_need_their_n_and_query_and_few_records_read_early(world: World) -> None:
    who, sized = actor(world.architect), load("ticket_system")
    with pytest.raises(Invalid) as refused:
        services.record_pain(actor=who, unit=world.cn, title_en="Measured", **sized)
    assert codes(refused) == {"load_n_missing", "load_query_missing"}
    named = {"load_n": 12, "load_coverage": 95, "load_query": "last 90 days, closed"}
    assert services.record_pain(actor=who, unit=world.cn, title_en="Few", **sized, **named).grade == "early"
    named["load_n"] = 40
    assert services.record_pain(actor=who, unit=world.cn, title_en="Many", **sized, **named).grade == "measured"


def test_all_faults_of_a_pain_come_at_once_and_nothing_is_written(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        services.record_pain(
            actor=actor(world.architect), unit=world.cn, severity=9, evidence_links=["javascript:alert(1)"],
            minutes_per_item_low=9, minutes_per_item_likely=3, minutes_per_item_high=10, runs_per_month_low=1,
        )  # fmt: skip
    assert {"no_title", "bad_value", "bad_link", "range_order", "range_incomplete"} <= codes(refused) | {
        "range_order",
        "range_incomplete",
    }
    assert {"no_title", "bad_value", "bad_link"} <= codes(refused)
    assert not Pain.objects.exists()


def test_a_stale_edit_is_refused_and_an_edit_without_change_keeps_the_version(world: World) -> None:
    pain = a_pain(world)
    who = actor(world.architect)
    services.edit_pain(actor=who, pain=pain, version=1, title_en="New words")
    assert pain.version == 2
    services.edit_pain(actor=who, pain=pain, version=2, title_en="New words")
    assert pain.version == 2
    with pytest.raises(Stale):
        services.edit_pain(actor=who, pain=pain, version=1, title_en="Old tab")


def test_only_a_changed_system_counts_as_a_change_of_the_pain(world: World) -> None:
    pain, who = a_pain(world), actor(world.architect)
    system = services.add_system(actor=who, unit=world.cn, name="Grafana")
    services.edit_pain(actor=who, pain=pain, version=1, systems=[system])
    assert (pain.version, list(pain.systems.all())) == (2, [system])


def test_an_engineer_edits_the_pain_they_recorded_and_no_other(world: World) -> None:
    engineer = actor(world.ops_engineer)
    own = services.record_pain(actor=engineer, unit=world.cn, title_en="Mine")
    services.edit_pain(actor=engineer, pain=own, title_en="Still mine")
    with pytest.raises(NotPermitted):
        services.edit_pain(actor=engineer, pain=a_pain(world), title_en="Not mine")
    with pytest.raises(NotPermitted):
        services.record_pain(actor=actor(world.auditor), unit=world.cn, title_en="Auditors only read")


def test_parking_and_rejecting_need_a_reason(world: World) -> None:
    pain, who = a_pain(world), actor(world.facilitator)
    with pytest.raises(Invalid) as refused:
        services.park_pain(actor=who, pain=pain, reason="  ")
    assert codes(refused) == {"reason_missing"}
    parked = services.park_pain(actor=who, pain=pain, reason="Waits for the new tool")
    assert (parked.state, parked.state_reason) == ("parked", "Waits for the new tool")
    with pytest.raises(NotReady):
        services.reject_pain(actor=who, pain=parked, reason="Twice")
    assert services.reopen_pain(actor=who, pain=parked).state == "raw"


def test_promoting_makes_one_a9_candidate_with_the_words_and_systems_of_the_pain(world: World) -> None:
    system = services.add_system(actor=actor(world.architect), unit=world.cn, name="Grafana")
    pain = a_pain(world, systems=[system], owner_team=world.team)
    candidate = services.promote_pain(actor=actor(world.facilitator), pain=pain)
    assert (candidate.channel, candidate.state, candidate.title_zh) == ("A9", "idea", pain.title_zh)
    assert (list(candidate.pains.all()), list(candidate.systems.all())) == ([pain], [system])
    assert Pain.objects.get(pk=pain.pk).state == "promoted"
    with pytest.raises(NotReady):
        services.promote_pain(actor=actor(world.facilitator), pain=pain)
    assert Candidate.objects.count() == 1


def test_an_inventory_is_ordered_by_likely_hours_and_frozen(world: World) -> None:
    small = a_pain(world, "Small", **load(minutes_per_item=("1", "2", "3")))
    large = a_pain(world, "Large", **load("team_agreed", minutes_per_item=("60", "90", "120")))
    unsized = services.record_pain(actor=actor(world.architect), unit=world.team, title_en="No size yet")
    gone = a_pain(world, "Rejected")
    services.reject_pain(actor=actor(world.facilitator), pain=gone, reason="Solved")
    inventory = services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)
    assert inventory.key == "INV-CN-v1"
    assert [row["key"] for row in inventory.facts["pains"]] == [large.key, small.key, unsized.key]
    assert inventory.facts["left_out"] == 1
    assert inventory.facts["totals"]["guess_share"] == "0.021739"
    assert "no headcount" in inventory.facts["purpose"]["en"]
    assert inventory.acknowledged_as.startswith("The Facilitator")


def test_publishing_needs_the_acknowledgement_a_pain_and_a_change(world: World) -> None:
    who = actor(world.facilitator)
    with pytest.raises(Invalid) as refused:
        services.publish_inventory(actor=who, unit=world.cn)
    assert codes(refused) == {"purpose_not_acknowledged"}
    with pytest.raises(NotReady) as empty:
        services.publish_inventory(actor=who, unit=world.cn, acknowledge=True)
    assert codes(empty) == {"no_pains"}
    an_inventory(world)
    with pytest.raises(NotReady) as same:
        services.publish_inventory(actor=who, unit=world.cn, acknowledge=True)
    assert codes(same) == {"nothing_changed"}
    with pytest.raises(NotPermitted):
        services.publish_inventory(actor=actor(world.cio), unit=world.cn, acknowledge=True)


def test_later_edits_show_as_a_difference_and_make_the_next_version(world: World) -> None:
    first = an_inventory(world)
    pain = Pain.objects.first()
    services.edit_pain(actor=actor(world.architect), pain=pain, title_en="Reworded")
    assert inventory_drift(first) == 1
    second = services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)
    assert [(c.key, c.kind, c.fields) for c in compare_inventories(first, second)] == [(pain.key, "changed", ["title"])]


@pytest.mark.parametrize("sql", ["UPDATE {t} SET digest = 'x'", "DELETE FROM {t}"])
def test_raw_sql_cannot_change_a_published_inventory(world: World, sql: str) -> None:
    an_inventory(world)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(t="usecases_inventoryversion"))


def test_a_contract_with_its_items_is_one_act_and_a_bad_item_writes_nothing(world: World) -> None:
    contract = a_contract(world)
    assert contract.items.get().grade == "estimate"
    who = actor(world.architect)
    with pytest.raises(Invalid):
        services.add_contract(actor=who, unit=world.cn, vendor="V", title_en="T", items=[{"title_en": ""}])
    assert type(contract).objects.count() == 1
    candidate = services.draft_from_item(actor=who, item=contract.items.get())
    assert (candidate.channel, candidate.vendor, candidate.items.count()) == ("A8", "Vendor One", 1)


def test_a_renewal_is_due_from_its_date_or_from_the_end_less_the_notice(world: World) -> None:
    today = clock.today()
    near = a_contract(world, ends_on=today + timedelta(days=200), notice_days=60)
    a_contract(world, ends_on=today + timedelta(days=400), notice_days=60)
    dated = a_contract(world, renewal_on=today + timedelta(days=41))
    assert contracts_renewing(actor(world.architect)) == [dated, near]


def test_shaping_lists_everything_that_is_missing(world: World) -> None:
    who = actor(world.architect)
    idea = services.draft_candidate(actor=who, unit=world.cn, channel="other", title_en="Bare idea")
    with pytest.raises(NotReady) as refused:
        services.shape_candidate(actor=who, candidate=idea)
    assert codes(refused) == {
        "no_summary", "no_help", "no_work", "no_owner_team", "no_category", "no_tools", "no_data_source",
    }  # fmt: skip
    assert a_candidate(world).state == "shaped"


def test_a_parked_candidate_returns_to_shaped(world: World) -> None:
    who, candidate = actor(world.architect), a_candidate(world)
    parked = services.park_candidate(actor=who, candidate=candidate, reason="Its data cannot be had")
    assert parked.state == "parked"
    assert services.reopen_candidate(actor=who, candidate=parked).state == "shaped"
    with pytest.raises(NotPermitted):
        services.decline_candidate(actor=actor(world.ops_engineer), candidate=candidate, reason="No")


def test_a_state_is_never_written_past_its_lifecycle(world: World) -> None:
    candidate = a_candidate(world)
    with pytest.raises(DatabaseError), transaction.atomic():
        Candidate.objects.filter(pk=candidate.pk).update(state="flagship")


def test_the_author_neither_reviews_nor_reruns_their_asset(world: World) -> None:
    asset = an_asset(world)
    author = actor(world.pilot_lead)
    for call in (
        lambda: services.review_asset(actor=author, asset=asset, result="usable"),
        lambda: services.record_rerun(actor=author, asset=asset, team=world.team, outcome="worked"),
    ):
        with pytest.raises(NotPermitted) as refused:
            call()
        assert codes(refused) == {"own_work"}


def test_an_asset_counts_once_reviewed_and_rerun_and_an_edit_takes_it_back(world: World) -> None:
    asset = an_asset(world)
    services.review_asset(actor=actor(world.architect), asset=asset, result="return", note="Name the inputs")
    assert Asset.objects.get().state == "draft"
    services.review_asset(actor=actor(world.architect), asset=asset, result="usable")
    services.record_rerun(actor=actor(world.ops_engineer), asset=asset, team=world.team, outcome="did_not_work")
    assert asset_counts(world.cn).reviewed_and_rerun == 0
    services.record_rerun(actor=actor(world.ops_engineer), asset=asset, team=world.em, outcome="worked")
    counts = asset_counts(world.cn)
    assert (counts.reviewed_and_rerun, counts.reused_elsewhere, counts.total) == (1, 1, 1)
    tomorrow = clock.today() + timedelta(days=2)
    assert asset_counts(world.cn, since=tomorrow).reviewed_and_rerun == 0
    fresh = Asset.objects.get()
    services.edit_asset(actor=actor(world.pilot_lead), asset=fresh, stored_at="git: prompts/report-2.md")
    assert Asset.objects.get().state == "draft"
    assert asset_counts(world.cn).reviewed_and_rerun == 0


def test_a_token_reviews_nothing(world: World) -> None:
    asset = an_asset(world)
    with pytest.raises(NotPermitted) as refused:
        services.review_asset(actor=actor(world.architect, "rest"), asset=asset, result="usable")
    assert codes(refused) == {"binding_act"}
