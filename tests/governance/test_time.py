"""What an approval is worth is computed when asked: expiry, conditions, suspension, and what a pilot needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from foundation import clock
from foundation.errors import Invalid, NotPermitted, NotReady
from governance import checks, rules, selectors, services
from governance.cards import today_cards
from governance.models import Approval, Component, Condition, DataCategory
from governance.needs import PilotNeeds
from governance.services.reviews import ItemChoice
from tests.governance.builders import (
    a_loaded_catalogue,
    a_submitted_request,
    an_approved_pattern,
    an_open_request,
    remove_names,
    vote,
)
from tests.world import a_member, a_user, actor

pytestmark = [pytest.mark.django_db, pytest.mark.services]
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def codes(refused):
    return {r.code for r in refused.value.reasons}


@pytest.fixture
def approved(world):
    """Approved on 2 March 2026 with a condition due on 1 May."""
    with time_machine.travel(START, tick=False):
        return an_approved_pattern(world, condition=True, due=date(2026, 5, 1))


def needs(world, version, unit=None, only=None):
    categories = list(DataCategory.objects.filter(code__in=only) if only else DataCategory.objects.all())
    return PilotNeeds(unit or world.cn, version, categories)


def pilot_codes(world, version, on, **how):
    return {r.code for r in checks.pilot_reasons(needs(world, version, **how), on)}


def states(world, on):
    return {r.approval.item_key: r.state for r in selectors.approvals_effective(world.cn, on)}


def test_an_approval_ends_by_itself_with_no_worker_running(world, approved):
    with time_machine.travel(datetime(2027, 4, 2, tzinfo=UTC), tick=False):
        assert set(states(world, None).values()) == {"expired"}
        assert {"pattern_expired", "category_expired"} <= {r.code for r in checks.pilot_reasons(needs(world, approved))}
        assert checks.pilot_pins(needs(world, approved)) == []


def test_the_last_day_counts_whole_and_the_next_moment_does_not(world, approved):
    end = Approval.objects.first().valid_until
    services.waive_condition(
        actor=actor(world.data_approver), condition=Condition.objects.get(), reason="Done otherwise"
    )
    assert states(world, end - timedelta(microseconds=1))["pattern"] == "active"
    assert states(world, end)["pattern"] == "expired"
    assert states(world, date(2027, 3, 2))["pattern"] == "active"
    assert states(world, date(2027, 3, 3))["pattern"] == "expired"


def test_nothing_held_before_it_was_decided(world, approved):
    assert states(world, START - timedelta(seconds=1)) == {}


def test_an_overdue_condition_suspends_its_category_and_nothing_else(world, approved):
    before, after = date(2026, 5, 1), date(2026, 5, 2)
    assert set(states(world, before).values()) == {"active"}
    assert states(world, after)["category:know_how"] == "suspended"
    assert states(world, after)["pattern"] == "active"
    assert pilot_codes(world, approved, before) == set()
    assert pilot_codes(world, approved, after) == {"condition_overdue"}
    assert pilot_codes(world, approved, after, only=["external"]) == set()


def test_a_closed_condition_no_longer_suspends(world, approved):
    with time_machine.travel(datetime(2026, 5, 10, tzinfo=UTC), tick=False):
        assert states(world, None)["category:know_how"] == "suspended"
        services.close_condition(actor=actor(world.data_approver), condition=Condition.objects.get())
        assert states(world, clock.now())["category:know_how"] == "active"
        # the past stays as it was
        assert states(world, datetime(2026, 5, 5, tzinfo=UTC))["category:know_how"] == "suspended"


def test_another_date_moves_the_suspension_and_keeps_both_dates(world, approved):
    condition = Condition.objects.get()
    with time_machine.travel(datetime(2026, 4, 20, tzinfo=UTC), tick=False):
        services.redate_condition(
            actor=actor(world.data_approver), condition=condition, due=date(2026, 6, 30), reason="Vendor is late"
        )
    assert states(world, date(2026, 5, 20))["category:know_how"] == "active"
    assert states(world, date(2026, 7, 1))["category:know_how"] == "suspended"
    event = condition.events.get(kind="redated")
    assert (event.from_due, event.to_due) == (date(2026, 5, 1), date(2026, 6, 30))


def test_the_query_and_the_pure_rule_agree_at_every_moment(world, approved):
    condition = Condition.objects.get()
    approval = Approval.objects.get(item_key="category:know_how")
    with time_machine.travel(datetime(2026, 4, 20, tzinfo=UTC), tick=False):
        services.redate_condition(
            actor=actor(world.data_approver), condition=condition, due=date(2026, 6, 1), reason="Later"
        )
    with time_machine.travel(datetime(2026, 6, 10, tzinfo=UTC), tick=False):
        services.close_condition(actor=actor(world.data_approver), condition=Condition.objects.get())
    with time_machine.travel(datetime(2026, 7, 1, tzinfo=UTC), tick=False):
        services.suspend_approval(actor=actor(world.data_approver), approval=approval, reason="A leak")
    second = a_user("Second Data")
    a_member(second, "data_approver", world.cn)
    other = actor(second)
    with time_machine.travel(datetime(2026, 7, 9, tzinfo=UTC), tick=False):
        services.lift_suspension(actor=other, approval=approval)
        services.reopen_condition(
            actor=actor(world.data_approver), condition=Condition.objects.get(), reason="Names again"
        )
    with time_machine.travel(datetime(2026, 9, 1, tzinfo=UTC), tick=False):
        services.revoke_approval(actor=other, approval=approval, reason="Stopped")
    moments = [START + timedelta(days=n, hours=h) for n in range(-2, 400, 3) for h in (0, 13)]
    seen = set()
    facts = {row.pk: selectors.approval_facts(row) for row in Approval.objects.all()}
    for moment in moments:
        asked = {e.approval.pk: e.state for e in selectors.effective(Approval.objects.all(), moment, world.team.path)}
        ruled = {pk: rules.effective_state(fact, moment, world.team.path) for pk, fact in facts.items()}
        assert ruled == asked, moment
        seen |= set(asked.values())
    assert seen == {"not_yet", "active", "suspended", "expired", "revoked"}


def test_an_event_of_another_branch_is_not_heard():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    fact = rules.ApprovalFact(start, end, (rules.EventFact("revoked", start, "/0001/0002/"),))
    on = start + timedelta(days=1)
    assert rules.effective_state(fact, on, "/0001/0003/") == "active"
    assert rules.effective_state(fact, on, "/0001/0002/0009/") == "revoked"
    assert rules.effective_state(replace(fact, events=()), end, "/0001/") == "expired"


# --- conditions --------------------------------------------------------------------------------------------------


def test_evidence_is_given_by_its_owner_and_judged_by_the_lane_that_asked(world, approved):
    condition = Condition.objects.get()
    give = {"condition": condition, "label": "Script", "effective_on": clock.today("UTC") - timedelta(days=1)}
    with pytest.raises(NotPermitted):
        services.submit_condition_evidence(actor=actor(world.pilot_lead), **give)
    services.submit_condition_evidence(actor=actor(world.architect), **give)
    for who in (world.architect, world.security_approver, world.cio):
        with pytest.raises(NotPermitted):
            services.close_condition(actor=actor(who), condition=condition)
    services.reopen_condition(actor=actor(world.data_approver), condition=condition, reason="Names are still there")
    condition.refresh_from_db()
    assert condition.state == "open"
    with pytest.raises(Invalid):
        services.waive_condition(actor=actor(world.data_approver), condition=condition, reason=" ")


def test_a_closed_condition_is_not_waived(world, approved):
    condition = Condition.objects.get()
    services.close_condition(actor=actor(world.data_approver), condition=condition)
    with pytest.raises(NotReady) as refused:
        services.waive_condition(actor=actor(world.data_approver), condition=condition, reason="x")
    assert codes(refused) == {"illegal_transition"}


def test_the_owner_does_not_judge_their_own_evidence(world):
    a_member(world.pilot_lead, "data_approver", world.cn)
    submission = a_submitted_request(world)
    vote(world, submission, "architecture")
    vote(world, submission, "security")
    own = remove_names(world)
    draft = replace(own.condition, owner=world.pilot_lead)
    vote(world, submission, "data", know_how=replace(own, condition=draft))
    with pytest.raises(NotPermitted) as refused:
        services.close_condition(actor=actor(world.pilot_lead), condition=Condition.objects.get())
    assert codes(refused) == {"own_evidence"}


def test_a_signed_charter_closes_what_waits_for_it(world):
    an_approved_pattern(world, condition=True, closes_by="charter")
    assert selectors.conditions_blocking(world.cn, "charter") == []
    closed = services.close_conditions_by_charter(actor=actor(world.cio), unit=world.cn, charter_label="EC-CN-01")
    assert [c.state for c in closed] == ["closed"]
    assert "EC-CN-01" in closed[0].events.get(kind="closed").reason


def test_a_condition_can_stop_a_charter_until_it_is_closed(world):
    an_approved_pattern(world, condition=True, blocks_charter=True)
    condition = Condition.objects.get()
    assert selectors.conditions_blocking(world.cn, "charter") == [condition]
    assert selectors.conditions_blocking(world.team, "charter") == [condition]
    assert selectors.conditions_blocking(world.em, "charter") == []
    before = clock.now()
    services.close_condition(actor=actor(world.data_approver), condition=condition)
    assert selectors.conditions_blocking(world.cn, "charter") == []
    assert selectors.conditions_blocking(world.cn, "charter", before) == [condition]


# --- suspend, lift, revoke ---------------------------------------------------------------------------------------


def test_only_a_lane_that_approved_it_suspends(world, approved):
    approval = Approval.objects.get(item_key="category:external")
    for who in (world.security_approver, world.architect, world.cio, world.governance_admin):
        with pytest.raises(NotPermitted):
            services.suspend_approval(actor=actor(who), approval=approval, reason="x")
    with time_machine.travel(datetime(2026, 3, 10, tzinfo=UTC), tick=False):
        with pytest.raises(Invalid):
            services.suspend_approval(actor=actor(world.data_approver), approval=approval, reason="")
        services.suspend_approval(actor=actor(world.data_approver), approval=approval, reason="A leak")
        assert pilot_codes(world, approved, None) == {"category_not_approved"}
        with pytest.raises(NotReady):
            services.suspend_approval(actor=actor(world.data_approver), approval=approval, reason="Again")
        with pytest.raises(NotPermitted) as refused:
            services.lift_suspension(actor=actor(world.data_approver), approval=approval)
        assert codes(refused) == {"own_suspension"}


def test_what_is_revoked_stays_revoked(world, approved):
    pattern = Approval.objects.get(item_key="pattern")
    with time_machine.travel(datetime(2026, 3, 10, tzinfo=UTC), tick=False):
        services.revoke_approval(actor=actor(world.architecture_approver), approval=pattern, reason="Stopped")
        assert pilot_codes(world, approved, None) == {"pattern_not_approved"}
        with pytest.raises(NotReady):
            services.revoke_approval(actor=actor(world.architecture_approver), approval=pattern, reason="Again")
        with pytest.raises(NotReady):
            services.lift_suspension(actor=actor(world.architecture_approver), approval=pattern)


# --- what a pilot needs ------------------------------------------------------------------------------------------


def test_a_good_pilot_has_no_reasons_and_names_what_it_relies_on(world, approved):
    on = date(2026, 3, 20)
    assert checks.pilot_reasons(needs(world, approved), on) == []
    assert len(checks.pilot_pins(needs(world, approved), on)) == 7
    assert checks.pilot_reasons(needs(world, approved, unit=world.team), on) == []


def test_all_reasons_come_at_once(world):
    a_loaded_catalogue(world)
    found = checks.pilot_reasons(PilotNeeds(world.cn, None, []))
    assert [r.code for r in found] == ["pattern_missing", "category_undeclared"]
    version = an_open_request(world).pattern_version
    found = {r.code for r in checks.pilot_reasons(needs(world, version))}
    assert found == {"pattern_not_approved", "category_not_approved", "slot_unbound"}
    assert all(r.fix_url for r in checks.pilot_reasons(needs(world, version)))


def test_a_sibling_unit_borrows_no_approval(world, approved):
    assert "pattern_not_approved" in pilot_codes(world, approved, date(2026, 3, 20), unit=world.em)


def test_a_rejected_core_category_says_why(world):
    submission = a_submitted_request(world, core={"CN01": "automation"})
    vote(world, submission, "architecture")
    vote(world, submission, "security")
    vote(world, submission, "data", automation=ItemChoice("category:automation", "reject", comment="Core"))
    version = submission.pattern_version
    assert pilot_codes(world, version, None) == {"category_not_allowed", "core_status_not_non_core"}


def test_a_condition_due_soon_and_an_end_in_sight_are_warnings(world, approved):
    on = date(2026, 4, 20)
    assert {r.code for r in checks.pilot_warnings(needs(world, approved), on)} == {"condition_due_soon"}
    services.waive_condition(actor=actor(world.data_approver), condition=Condition.objects.get(), reason="Done")
    found = {r.code for r in checks.pilot_warnings(needs(world, approved), date(2027, 2, 1))}
    assert found == {"approval_ends_soon"}


def test_a_charter_prints_one_line_an_approval(world, approved):
    lines = selectors.approval_lines(world.cn, date(2026, 3, 20))
    assert len(lines) == 7 and {line.state for line in lines} == {"active"}
    assert [line.note for line in lines if line.note] == ["Remove names from postmortems"]


def test_a_later_version_keeps_the_approval_of_an_unchanged_category(world, approved):
    """Same item digest: what the data lane said of version 1 counts for version 2."""
    me = actor(world.architect)
    with time_machine.travel(datetime(2026, 4, 1, tzinfo=UTC), tick=False):
        submission = services.open_submission(actor=me, pattern=approved.pattern, unit=world.cn, new_version=True)
        services.edit_purpose(actor=me, submission=submission, version=None, purpose_en="Leave faster")
        services.edit_exit(
            actor=me, submission=submission, version=None, portable_assets=["prompts"], exit_plan_en="In a day"
        )
        components = {s.code: Component.objects.filter(role=s.role)[0] for s in submission.pattern_version.slots.all()}
        services.bind_slots(actor=me, submission=submission, version=None, components=components)
        submission = services.submit_submission(actor=me, submission=submission)
        assert submission.lanes_called == ["architecture"]
        vote(world, submission, "architecture")
        assert pilot_codes(world, submission.pattern_version, None) == set()
        assert len(checks.pilot_pins(needs(world, submission.pattern_version))) == 7


# --- today -------------------------------------------------------------------------------------------------------


def verbs(user):
    return [str(c.verb) for c in today_cards(actor(user))]


def test_today_shows_each_person_only_what_they_can_do(world):
    submission = an_open_request(world)
    assert verbs(world.architect) == ["Finish the request"]
    services.withdraw_submission(actor=actor(world.architect), submission=submission)
    submission = a_submitted_request(world)
    assert [verbs(world.data_approver), verbs(world.architect), verbs(world.cio)] == [["Decide"], [], []]
    soon = clock.today("Asia/Shanghai") + timedelta(days=10)
    for lane in submission.lanes_called:
        vote(world, submission, lane, **({"know_how": remove_names(world, soon)} if lane == "data" else {}))
    assert (verbs(world.data_approver), verbs(world.architect)) == ([], ["Give evidence"])
    condition = Condition.objects.get()
    services.submit_condition_evidence(
        actor=actor(world.architect), condition=condition, label="Done", effective_on=clock.today("UTC")
    )
    assert (verbs(world.data_approver), verbs(world.architect)) == (["Judge the evidence"], [])
    assert verbs(world.outsider) == []


def test_today_shows_an_approval_that_ends(world, approved):
    with time_machine.travel(datetime(2027, 2, 10, tzinfo=UTC), tick=False):
        assert "Renew" in verbs(world.architect) and "Renew" not in verbs(world.cio)


def test_a_returned_request_waits_for_its_submitter(world):
    submission = a_submitted_request(world)
    vote(world, submission, "data", know_how=ItemChoice("category:know_how", "return", reason_code="masking"))
    assert verbs(world.architect) == ["Work on it again"]
    assert verbs(world.security_approver) == []
