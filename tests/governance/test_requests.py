"""One approval request from the first answer to the decision, and every way it is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction

from accounts.models import Membership
from foundation import clock
from foundation.actor import system_actor
from foundation.db import trigger_gaps
from foundation.errors import Invalid, NotPermitted, NotReady, Stale
from foundation.models import AuditEvent
from governance import checks, packs, preloaded, rules, selectors, services
from governance.models import (
    Approval,
    ApprovalEvent,
    Binding,
    Component,
    Condition,
    ConditionEvent,
    DataCategory,
    DataCategoryVersion,
    Gate,
    GateDecision,
    Pack,
    Pattern,
    Submission,
    Vote,
    VoteItem,
)
from governance.services.requests import AnswerDraft, CategoryDraft
from governance.services.reviews import ConditionDraft, ItemChoice
from tests.governance.builders import (
    LANE_ROLES,
    a_loaded_catalogue,
    a_submitted_request,
    an_approved_pattern,
    an_open_request,
    choices,
    decide,
    fill,
    remove_names,
    vote,
)
from tests.world import a_member, a_user, actor

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def codes(refused: pytest.ExceptionInfo) -> set[str]:
    return {r.code for r in refused.value.reasons}


# --- the normal way ----------------------------------------------------------------------------------------------


def test_preloading_twice_changes_nothing(world):
    a_loaded_catalogue(world)
    before = (DataCategory.objects.count(), Gate.objects.count(), Pattern.objects.count(), Binding.objects.count())
    a_loaded_catalogue(world)
    assert before == (6, 1, 1, 1)
    assert before == (
        DataCategory.objects.count(),
        Gate.objects.count(),
        Pattern.objects.count(),
        Binding.objects.count(),
    )


def test_preloaded_texts_are_complete_in_both_languages(world):
    a_loaded_catalogue(world)
    for category in DataCategory.objects.all():
        assert category.name_en and category.name_zh and category.examples_en and category.examples_zh
    assert Binding.objects.get().component.name == "Dify"


def test_the_first_request_calls_all_three_lanes_and_tells_them(world, run_jobs):
    submission = a_submitted_request(world)
    run_jobs()
    assert submission.lanes_called == ["architecture", "security", "data"]
    assert {m.to[0] for m in mail.outbox} == {f"{role}@example.org" for role in LANE_ROLES.values()}
    assert all(submission.key in m.body for m in mail.outbox)


def test_a_first_request_needs_at_most_25_answers(world):
    submission = an_open_request(world)
    missing = [g for g in checks.gaps(submission)]
    questions = sum(12 if g.code == "checklist_open" else 1 for g in missing)
    assert 20 <= questions <= 25


def test_three_lanes_approve_and_seven_approvals_stand(world, run_jobs):
    version = an_approved_pattern(world, condition=True)
    submission = version.submissions.get()
    assert submission.state == "decided"
    assert submission.decision.outcome == "approved_with_conditions"
    assert Approval.objects.count() == 7
    condition = Condition.objects.get()
    assert (condition.text_en, condition.owner, condition.blocking) == (
        "Remove names from postmortems",
        world.architect,
        True,
    )
    assert {row.state for row in selectors.approvals_effective(world.cn)} == {"active"}
    run_jobs()
    assert any("decided" in m.subject for m in mail.outbox if m.to == ["architect@example.org"])


def test_an_approval_ends_at_the_end_of_the_unit_s_day_a_year_later(world):
    with time_machine.travel("2026-03-31T20:00:00+00:00", tick=False):  # 1 April in Shanghai
        an_approved_pattern(world)
    assert {a.valid_until.isoformat() for a in Approval.objects.all()} == {"2027-04-01T16:00:00+00:00"}


def test_an_approval_holds_below_and_nowhere_else(world):
    an_approved_pattern(world)
    assert len(selectors.approvals_effective(world.team)) == 7
    assert selectors.approvals_effective(world.em) == []
    assert selectors.approvals_effective(world.root) == []


def test_the_pack_is_what_was_asked_and_its_digest_is_of_its_text(world):
    submission = a_submitted_request(world)
    pack = Pack.objects.get()
    body = packs.read(pack.body)
    from foundation.canonical import digest

    assert pack.digest == digest(pack.body)
    assert body["flow"]["stored_in"] == "AliCloud Shanghai"
    assert len(body["categories"]) == 6 and body["key"] == submission.key
    assert body["bindings"]["builder_runtime"]["en"] == "Dify"


def test_editing_the_live_subject_after_submit_does_not_touch_the_pack(world):
    a_submitted_request(world)
    before = Pack.objects.get().body
    category = DataCategory.objects.get(code="know_how")
    category.name_en = "Renamed"
    category.save()
    assert Pack.objects.get().body == before


# --- gaps --------------------------------------------------------------------------------------------------------


def test_a_request_with_gaps_is_refused_with_all_of_them_at_once(world):
    submission = an_open_request(world)
    with pytest.raises(Invalid) as refused:
        services.submit_submission(actor=actor(world.architect), submission=submission)
    assert {"purpose_missing", "slot_unbound", "flow_missing", "security_reuse_missing", "checklist_open"} <= codes(
        refused
    )
    assert {"portable_missing"} & codes(refused) == set()  # known from the pattern, never retyped
    assert Pack.objects.count() == 0


def test_not_known_counts_as_unanswered(world):
    submission = fill(world, an_open_request(world))
    services.answer_checklist(
        actor=actor(world.architect), submission=submission, version=None, answers={"CN03": AnswerDraft("not_known")}
    )
    assert [g.code for g in checks.gaps(submission)] == ["checklist_open"]


def test_a_yes_for_one_category_is_written_for_that_category_alone(world):
    submission = a_submitted_request(world, core={"CN01": "automation"})
    status = dict(DataCategoryVersion.objects.values_list("category__code", "core_status"))
    assert status.pop("automation") == "core"
    assert set(status.values()) == {"non_core"}
    with pytest.raises(Invalid) as refused:
        vote(world, submission, "data")
    assert codes(refused) == {"core_status_not_non_core"}


def test_core_content_can_be_rejected_while_the_rest_is_approved(world):
    submission = a_submitted_request(world, core={"CN01": "automation"})
    vote(world, submission, "architecture")
    vote(world, submission, "security")
    vote(world, submission, "data", automation=ItemChoice("category:automation", "reject", comment="Core"))
    approvals = dict(Approval.objects.filter(category_use__isnull=False).values_list("item_key", "use"))
    assert approvals["category:automation"] == "not_allowed"
    assert DataCategoryVersion.objects.get(category__code="automation").decided_use == "not_allowed"


def test_a_weakness_calls_the_security_lane_for_that_category(world):
    submission = a_submitted_request(world, core={"CN07": "external"})
    body = packs.read(selectors.current_pack(submission).body)
    assert packs.lane_items(body)["security"] == ["controls", "exposure:external"]


def test_a_draft_edit_with_an_old_version_is_stale(world):
    submission = an_open_request(world)
    seen = submission.version
    services.edit_purpose(actor=actor(world.architect), submission=submission, version=seen, purpose_en="One")
    with pytest.raises(Stale):
        services.edit_purpose(actor=actor(world.architect), submission=submission, version=seen, purpose_en="Two")


def test_a_product_that_does_not_fit_the_part_is_refused(world):
    submission = an_open_request(world)
    with pytest.raises(Invalid) as refused:
        services.bind_slots(
            actor=actor(world.architect),
            submission=submission,
            version=None,
            components={"llm_brain": Component.objects.get(name_en="Dify")},
        )
    assert codes(refused) == {"outside_constraints"}


def test_the_landing_zone_is_not_bound_twice(world):
    submission = fill(world, an_open_request(world))
    other = services.add_component(
        actor=actor(world.architect), unit=world.cn, name_en="Another zone", role="landing_zone", kind="network"
    )
    with pytest.raises(NotReady) as refused:
        services.bind_slots(
            actor=actor(world.architect), submission=submission, version=None, components={"landing_zone": other}
        )
    assert codes(refused) == {"slot_not_replaceable"}


def test_the_same_pattern_is_not_asked_for_twice_at_once(world):
    an_open_request(world)
    with pytest.raises(NotReady) as refused:
        an_open_request(world)
    assert codes(refused) == {"already_asked"}


# --- who may -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["reader", "ops_head", "cio", "data_approver", "system_admin", "auditor"])
def test_who_may_not_draft_is_refused(world, role):
    pattern = a_loaded_catalogue(world)
    with pytest.raises(NotPermitted):
        services.open_submission(actor=actor(getattr(world, role)), pattern=pattern, unit=world.cn)


def test_a_drafter_may_not_submit(world):
    submission = fill(world, an_open_request(world))
    with pytest.raises(NotPermitted):
        services.submit_submission(actor=actor(world.pilot_lead), submission=submission)


def test_the_submitter_does_not_decide_their_own(world):
    a_member(world.architect, "data_approver", world.cn)
    submission = a_submitted_request(world)
    with pytest.raises(NotPermitted) as refused:
        vote(world, submission, "data", by=world.architect)
    assert codes(refused) == {"separation_of_duties"}


def test_a_contributor_does_not_decide_what_they_worked_on(world):
    a_member(world.pilot_lead, "data_approver", world.cn)
    submission = fill(world, an_open_request(world), by=None)
    services.edit_purpose(actor=actor(world.pilot_lead), submission=submission, version=None, purpose_en="Mine")
    submission = services.submit_submission(actor=actor(world.architect), submission=submission)
    with pytest.raises(NotPermitted) as refused:
        vote(world, submission, "data", by=world.pilot_lead)
    assert codes(refused) == {"separation_of_duties"}


def test_an_approver_decides_in_their_own_lane_only(world):
    submission = a_submitted_request(world)
    with pytest.raises(NotPermitted) as refused:
        vote(world, submission, "security", by=world.data_approver)
    assert codes(refused) == {"not_your_lane"}


def test_a_head_of_operations_holds_no_lane_of_an_approval(world):
    submission = a_submitted_request(world)
    with pytest.raises(NotPermitted):
        vote(world, submission, "data", by=world.ops_head)


def test_a_vote_is_cast_by_a_person_on_a_page_only(world):
    submission = a_submitted_request(world)
    with pytest.raises(NotPermitted) as refused:
        services.cast_vote(
            actor=actor(world.data_approver, "rest"),
            submission=submission,
            lane="data",
            pack_digest=selectors.current_pack(submission).digest,
            items=choices(submission, "data"),
        )
    assert codes(refused) == {"binding_act"}


def test_an_ended_role_no_longer_votes(world):
    submission = a_submitted_request(world)
    Membership.objects.filter(user=world.data_approver).update(ended_at=clock.now())
    with pytest.raises(NotPermitted):
        vote(world, submission, "data")


def test_one_person_decides_in_one_lane_unless_the_gate_says_so(world):
    a_member(world.data_approver, "security_approver", world.cn)
    submission = a_submitted_request(world)
    vote(world, submission, "data")
    with pytest.raises(NotPermitted) as refused:
        vote(world, submission, "security", by=world.data_approver)
    assert codes(refused) == {"one_person_one_lane"}


def test_four_people_are_enough_where_the_gate_allows_many_lanes(world):
    a_loaded_catalogue(world)
    services.publish_gate(
        actor=actor(world.governance_admin), unit=world.cn, validity_months=6, one_person_many_lanes=True, sla_days=5
    )
    one = a_user("Only Approver")
    for role in LANE_ROLES.values():
        a_member(one, role, world.cn)
    submission = a_submitted_request(world)
    for lane in submission.lanes_called:
        vote(world, submission, lane, by=one)
    decision = GateDecision.objects.get()
    assert decision.signers == [
        {"name": "Only Approver", "role": "architecture_approver", "lanes": ["architecture", "security", "data"]}
    ]


# --- votes -------------------------------------------------------------------------------------------------------


def test_a_vote_on_a_pack_that_changed_is_stale(world):
    submission = a_submitted_request(world)
    with pytest.raises(Stale) as refused:
        services.cast_vote(
            actor=actor(world.data_approver),
            submission=submission,
            lane="data",
            pack_digest="sha256:old",
            items=choices(submission, "data"),
        )
    assert codes(refused) == {"pack_changed"}


def test_a_lane_that_decided_is_not_asked_again(world):
    second = a_user("Second Approver")
    a_member(second, "data_approver", world.cn)
    submission = a_submitted_request(world)
    vote(world, submission, "data")
    for by in (world.data_approver, second):
        with pytest.raises(NotReady) as refused:
            vote(world, submission, "data", by=by)
        assert codes(refused) == {"lane_closed"}


def test_nothing_is_decided_after_the_decision(world):
    submission = decide(world, a_submitted_request(world))
    with pytest.raises(NotReady) as refused:
        vote(world, submission, "data")
    assert codes(refused) == {"not_in_review"}
    with pytest.raises(NotReady):
        services.withdraw_submission(actor=actor(world.architect), submission=submission)
    with pytest.raises(NotReady) as frozen:
        services.edit_purpose(actor=actor(world.architect), submission=submission, version=None, purpose_en="Other")
    assert codes(frozen) == {"request_frozen"}


def test_every_item_must_be_decided(world):
    submission = a_submitted_request(world)
    with pytest.raises(Invalid) as refused:
        services.cast_vote(
            actor=actor(world.data_approver),
            submission=submission,
            lane="data",
            pack_digest=selectors.current_pack(submission).digest,
            items=choices(submission, "data")[:4],
        )
    assert [r.code for r in refused.value.reasons] == ["item_open", "item_open"]
    assert Vote.objects.count() == 0


@pytest.mark.parametrize(
    ("draft", "missing"),
    [
        (ConditionDraft(), {"condition_text", "condition_owner", "condition_due"}),
        (ConditionDraft("Do it", due=clock.today() + timedelta(days=9)), {"condition_owner"}),
    ],
)
def test_a_condition_without_owner_or_date_is_refused(world, draft, missing):
    submission = a_submitted_request(world)
    with pytest.raises(Invalid) as refused:
        vote(world, submission, "data", know_how=ItemChoice("category:know_how", "condition", condition=draft))
    assert codes(refused) == missing


def test_a_condition_due_yesterday_or_owned_by_a_stranger_is_refused(world):
    submission = a_submitted_request(world)
    draft = ConditionDraft("Do it", "", world.outsider, clock.today() - timedelta(days=2))
    with pytest.raises(Invalid) as refused:
        vote(world, submission, "data", know_how=ItemChoice("category:know_how", "condition", condition=draft))
    assert codes(refused) == {"condition_owner", "condition_due"}


def test_a_condition_may_not_block_what_closes_it(world):
    submission = a_submitted_request(world)
    with pytest.raises(Invalid) as refused:
        vote(world, submission, "data", know_how=remove_names(world, blocks_charter=True, closes_by="charter"))
    assert codes(refused) == {"condition_would_deadlock"}


@pytest.mark.parametrize("choice", ["return", "reject"])
def test_no_return_and_no_rejection_without_a_reason(world, choice):
    submission = a_submitted_request(world)
    with pytest.raises(Invalid) as refused:
        vote(world, submission, "architecture", slots=ItemChoice("slots", choice))
    assert codes(refused) == {"reason_missing"}


def test_a_return_ends_the_round_and_the_next_pack_is_another(world, run_jobs):
    submission = a_submitted_request(world)
    vote(world, submission, "architecture")
    vote(world, submission, "data", know_how=ItemChoice("category:know_how", "return", reason_code="masking"))
    submission.refresh_from_db()
    assert submission.state == "returned"
    assert GateDecision.objects.count() == 0
    old = selectors.current_pack(submission)
    submission = services.redraft_submission(actor=actor(world.architect), submission=submission)
    assert (submission.round, submission.state) == (2, "draft")
    services.declare_categories(
        actor=actor(world.architect),
        submission=submission,
        version=None,
        categories=[
            CategoryDraft(c, {"masking": "Names removed"} if c.code == "know_how" else {})
            for c in DataCategory.objects.all()
        ],
    )
    submission = services.submit_submission(actor=actor(world.architect), submission=submission)
    new = selectors.current_pack(submission)
    assert new.digest != old.digest and new.round == 2
    with pytest.raises(Stale):
        services.cast_vote(
            actor=actor(world.data_approver),
            submission=submission,
            lane="data",
            pack_digest=old.digest,
            items=choices(submission, "data"),
        )
    # the architecture lane is asked again: its word was on another pack
    assert set(selectors.closed_lanes(new)) == set()
    assert decide(world, submission).state == "decided"
    changed = packs.changes(packs.read(old.body), packs.read(new.body))
    assert [(c.item, c.before, c.after) for c in changed] == [
        ("category:know_how", "Names are replaced by roles", "Names removed")
    ]


def test_a_rejection_gives_no_approval(world):
    submission = a_submitted_request(world)
    vote(world, submission, "architecture", slots=ItemChoice("slots", "reject", comment="Not this way"))
    vote(world, submission, "security")
    vote(world, submission, "data", know_how=remove_names(world))
    submission.refresh_from_db()
    assert submission.decision.outcome == "rejected"
    assert Approval.objects.count() == 0 and Condition.objects.count() == 0


def test_a_withdrawn_request_can_be_asked_again(world):
    submission = a_submitted_request(world)
    services.withdraw_submission(actor=actor(world.architect), submission=submission)
    with pytest.raises(NotReady):
        vote(world, submission, "data")
    again = decide(world, a_submitted_request(world))
    assert again.decision.outcome == "approved" and again.key != submission.key


def test_who_worked_on_a_withdrawn_draft_does_not_judge_it_later(world):
    a_member(world.pilot_lead, "data_approver", world.cn)
    first = an_open_request(world)
    services.edit_flow(actor=actor(world.pilot_lead), submission=first, version=None, flow={"stored_in": "Here"})
    services.withdraw_submission(actor=actor(world.architect), submission=first)
    second = a_submitted_request(world)
    with pytest.raises(NotPermitted):
        vote(world, second, "data", by=world.pilot_lead)


# --- lanes called ------------------------------------------------------------------------------------------------


def test_a_longer_retention_of_one_category_calls_the_data_lane_alone(world):
    an_approved_pattern(world)
    submission = an_open_request(world)
    services.edit_purpose(actor=actor(world.architect), submission=submission, version=None, purpose_en="Keep longer")
    with pytest.raises(NotReady) as refused:
        services.submit_submission(actor=actor(world.architect), submission=submission)
    assert codes(refused) == {"nothing_to_ask"}
    services.declare_categories(
        actor=actor(world.architect),
        submission=submission,
        version=None,
        categories=[
            CategoryDraft(c, {"retention_days": 365} if c.code == "compliance" else {})
            for c in DataCategory.objects.all()
        ],
    )
    submission = services.submit_submission(actor=actor(world.architect), submission=submission)
    assert submission.lanes_called == ["data"]
    decide(world, submission)
    states = [(r.approval.item_key, r.state) for r in selectors.approvals_effective(world.cn)]
    assert len(states) == 7 and {s for _k, s in states} == {"active"}
    assert ApprovalEvent.objects.filter(kind="superseded").count() == 6


def test_a_new_version_with_another_region_calls_architecture_and_data(world):
    an_approved_pattern(world)
    pattern = Pattern.objects.get()
    submission = services.open_submission(
        actor=actor(world.architect), pattern=pattern, unit=world.cn, new_version=True
    )
    services.edit_flow(
        actor=actor(world.architect), submission=submission, version=None, flow={"model_endpoint_region": "Singapore"}
    )
    fill_rest = packs.current_bindings(submission.pattern_version, world.cn)
    missing = {
        s.code: Component.objects.filter(role=s.role)[0]
        for s in submission.pattern_version.slots.all()
        if s.pk not in fill_rest
    }
    services.bind_slots(actor=actor(world.architect), submission=submission, version=None, components=missing)
    services.edit_purpose(actor=actor(world.architect), submission=submission, version=None, purpose_en="Singapore")
    submission = services.submit_submission(actor=actor(world.architect), submission=submission)
    assert submission.lanes_called == ["architecture", "data"]


def test_a_renewal_calls_all_three(world):
    with time_machine.travel("2026-01-10T08:00:00+00:00", tick=False):
        an_approved_pattern(world)
    with time_machine.travel("2026-12-01T08:00:00+00:00", tick=False):
        submission = an_open_request(world)
        services.edit_purpose(actor=actor(world.architect), submission=submission, version=None, purpose_en="Renew")
        submission = services.submit_submission(actor=actor(world.architect), submission=submission)
    assert submission.lanes_called == ["architecture", "security", "data"]


def test_another_unit_starts_from_what_was_decided(world):
    an_approved_pattern(world)
    a_member(world.outsider, "pilot_lead", world.em)
    for role in LANE_ROLES.values():
        a_member(a_user(f"EM {role}"), role, world.em)
    submission = services.open_submission(actor=actor(world.outsider), pattern=Pattern.objects.get(), unit=world.em)
    assert submission.pattern_version.number == 1
    assert {g.code for g in checks.gaps(submission)} == {"purpose_missing", "slot_unbound"}


# --- the ledger and the database ---------------------------------------------------------------------------------


def test_every_act_leaves_its_entry(world):
    an_approved_pattern(world, condition=True)
    said = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {
        "submission.opened", "submission.edited", "slot.bound", "reuse.recorded", "checklist.answered",
        "submission.submitted", "pack.frozen", "review.claimed", "vote.cast", "decision.recorded",
        "approval.granted", "condition.set",
    } <= said  # fmt: skip
    assert trigger_gaps() == []


FROZEN = [
    ("governance_pack", "digest = 'x'"),
    ("governance_vote", "choice = 'approve'"),
    ("governance_voteitem", "comment = 'x'"),
    ("governance_gatedecision", "outcome = 'approved'"),
    ("governance_approval", "use = 'allowed'"),
    ("governance_conditionevent", "reason = 'x'"),
    ("governance_contributor", "round = 9"),
    ("governance_binding", "reason = 'x'"),
    ("governance_gate", "validity_months = 99"),
    ("governance_checklist", "number = 9"),
    ("governance_checklistitem", "text_en = 'x'"),
]


@pytest.mark.parametrize(("table", "change"), FROZEN)
def test_raw_sql_changes_no_frozen_row(world, table, change):
    an_approved_pattern(world, condition=True)
    for sql in (f"UPDATE {table} SET {change}", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE governance_submission SET state = 'draft'",
        "UPDATE governance_patternversion SET base_flow = '{}'",
        "UPDATE governance_datacategoryversion SET core_status = 'core'",
        "UPDATE governance_condition SET text_en = 'other'",
        "UPDATE governance_categoryuse SET own_flow = '{}'",
        "UPDATE governance_checklistanswer SET answer = 'yes'",
        "UPDATE governance_slot SET replaceable = NOT replaceable",
        "UPDATE governance_securityreuse SET answer = 'new'",
        "DELETE FROM governance_condition",
        "DELETE FROM governance_categoryuse",
        "DELETE FROM governance_submission",
    ],
)
def test_raw_sql_changes_nothing_that_was_decided(world, sql):
    an_approved_pattern(world, condition=True)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def refused_by_the_database(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_the_database_refuses_what_no_service_offers(world):
    submission = a_submitted_request(world)
    pack = selectors.current_pack(submission)
    common = {"pack": pack, "role_at_time": "x", "choice": "approve"}
    me, other = world.architect, world.data_approver
    born = Submission(
        key="G-X",
        gate=submission.gate,
        unit=world.cn,
        pattern_version=submission.pattern_version,
        state="decided",
        submitter=me,
    )
    refused_by_the_database(born.save)
    # a vote before the review began, by the submitter, on another digest
    ours = {**common, "pack_digest": pack.digest, "lane": "data"}
    refused_by_the_database(lambda: Vote.objects.create(**ours, person=other, principal=other))
    services.claim_review(actor=actor(other), submission=submission)
    refused_by_the_database(lambda: Vote.objects.create(**ours, person=me, principal=me))
    refused_by_the_database(lambda: Vote.objects.create(**ours, person=other, principal=me))
    refused_by_the_database(
        lambda: Vote.objects.create(**{**ours, "pack_digest": "sha256:no"}, person=other, principal=other)
    )
    # a decision without votes, an approval without a decision
    decision = {"submission": submission, "pack": pack, "pack_digest": pack.digest, "item_outcomes": {}, "signers": []}
    refused_by_the_database(lambda: GateDecision.objects.create(**decision, outcome="approved"))
    vote(world, submission, "data")
    second = a_user("Second")
    refused_by_the_database(
        lambda: [Vote.objects.create(**ours, person=other, principal=other, replaces=None) for _ in (1, 2)]
    )
    refused_by_the_database(lambda: Vote.objects.create(**{**ours, "lane": "security"}, person=other, principal=second))
    refused_by_the_database(lambda: GateDecision.objects.create(**decision, outcome="approved"))
    vote(world, submission, "architecture")
    vote(world, submission, "security")
    made = GateDecision.objects.get()
    now = clock.now()
    approval = {"decision": made, "unit": world.cn, "item_key": "x", "item_digest": "x", "use": "allowed"}
    version = submission.pattern_version
    refused_by_the_database(
        lambda: Approval.objects.create(
            key="AP-X", pattern_version=version, valid_from=now, valid_until=now, **approval
        )
    )
    refused_by_the_database(
        lambda: Condition.objects.create(
            key="CD-X",
            decision=made,
            unit=world.cn,
            ordinal=1,
            text_en="x",
            owner=me,
            due=now.date(),
            first_due_until=now,
            due_until=now,
            set_by_lane="data",
        )
    )
    refused_by_the_database(
        lambda: VoteItem.objects.create(vote=Vote.objects.first(), item_key="y", choice="condition")
    )


def test_a_rejected_decision_carries_no_approval_in_the_database(world):
    submission = a_submitted_request(world)
    for lane in submission.lanes_called:
        reject = {"slots": ItemChoice("slots", "reject", comment="No")} if lane == "architecture" else {}
        vote(world, submission, lane, **reject)
    made, now = GateDecision.objects.get(), clock.now()
    refused_by_the_database(
        lambda: Approval.objects.create(
            key="AP-X",
            decision=made,
            unit=world.cn,
            pattern_version=submission.pattern_version,
            item_key="pattern",
            item_digest="x",
            use="allowed",
            valid_from=now,
            valid_until=now + timedelta(days=1),
        )
    )


def test_an_undecided_core_category_is_not_decided_by_raw_sql(world):
    a_submitted_request(world, core={"CN01": "automation"})
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE governance_datacategoryversion SET state = 'decided', decided_use = 'allowed'"
            " WHERE core_status = 'core'"
        )


# --- pure rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lane", "given", "expected"),
    [
        ("data", ["approve", "approve"], "approve"),
        ("data", ["approve", "condition"], "approve_with_conditions"),
        ("data", ["reject", "approve"], "approve"),
        ("data", ["reject", "reject"], "reject"),
        ("data", ["reject", "return"], "return"),
        ("architecture", ["reject", "approve"], "reject"),
    ],
)
def test_a_lane_says_what_its_items_say(lane, given, expected):
    assert rules.lane_choice(lane, given) == expected


def test_a_lane_with_a_quorum_of_two_waits_for_the_second():
    assert rules.lane_result(["approve"], 2, 1) is None
    assert rules.lane_result(["approve", "approve_with_conditions"], 2, 1) == "approve_with_conditions"
    assert rules.lane_result(["reject", "approve"], 2, 1) is None
    assert rules.lane_result(["return"], 2, 1) == "return"


def test_a_month_without_that_day_ends_on_its_last():
    from datetime import date

    assert rules.last_day(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert rules.last_day(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_loading_needs_the_governance_admin(world):
    with pytest.raises(NotPermitted):
        preloaded.load(actor=actor(world.architect), unit=world.cn)
    preloaded.load(actor=system_actor(), unit=world.root)
    assert ConditionEvent.objects.count() == 0
