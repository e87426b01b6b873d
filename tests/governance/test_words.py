"""What is kept says who did it and in codes; what is told is in the language of whoever is told."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import translation

from foundation.audit import timeline
from foundation.models import AuditEvent
from governance import services
from governance.models import Binding, Condition, GateDecision, Vote
from tests.governance.builders import (
    LANE_ROLES,
    a_submitted_request,
    an_approved_pattern,
    remove_names,
    vote,
)
from tests.world import actor, client_for

pytestmark = pytest.mark.django_db
CHINESE = "zh-hans"


def in_language(user, language):
    user.language = language
    user.save(update_fields=["language"])


def sentences(subject, reader, language):
    with translation.override(language):
        return [line.sentence for line in timeline(subject, actor(reader), 50)]


def a_condition_set_early(world):
    """The data lane sets a condition first; architecture decides last."""
    submission = a_submitted_request(world)
    vote(world, submission, "data", know_how=remove_names(world))
    for lane in ("security", "architecture"):
        vote(world, submission, lane)
    return Condition.objects.get()


def test_the_ledger_names_who_set_a_condition_and_who_acted(world):
    condition = a_condition_set_early(world)
    entry = AuditEvent.objects.get(verb="condition.set")
    assert entry.actor_label == "The Architecture Approver"
    assert (entry.data["set_by"], entry.data["role"]) == ("The Data Approver", "data_approver")
    said = sentences(condition, world.data_approver, "en")
    assert any(s.startswith("The Data Approver (data approver) set the condition") for s in said), said
    said = sentences(condition, world.data_approver, CHINESE)
    assert not any("data approver" in s or "data_approver" in s for s in said), said


def test_a_vote_keeps_the_code_of_the_role_in_whatever_language_it_is_cast(world):
    submission = a_submitted_request(world)
    with translation.override(CHINESE):
        vote(world, submission, "data")
    assert Vote.objects.get().role_at_time == "data_approver"


def test_signers_are_shown_with_their_role_in_the_reader_s_language(world):
    an_approved_pattern(world)
    decision = GateDecision.objects.get()
    assert {s["role"] for s in decision.signers} == set(LANE_ROLES.values())
    with translation.override(CHINESE):
        assert all("approver" not in s["role"] for s in decision.signers_shown)
    approval = decision.approvals.get(item_key="pattern")
    for url in (approval.get_absolute_url(), decision.submission.get_absolute_url() + "/review"):
        page = client_for(world.reader).get(url, {"lang": "zh"}).content.decode()
        assert "architecture approver" not in page and "architecture_approver" not in page


def test_the_last_lane_decides_where_one_vote_closes_it(world):
    version = an_approved_pattern(world)
    said = sentences(version.submissions.get(), world.reader, "en")
    assert not any("last vote" in s for s in said)
    assert any("as the last lane" in s for s in said)


def test_nothing_translated_is_kept_of_parts_that_are_bound_or_carried_over(world):
    version = an_approved_pattern(world)
    with translation.override(CHINESE):
        services.draft_pattern_version(actor=actor(world.architect), pattern=version.pattern, unit=world.cn)
    copied = Binding.objects.filter(slot__version_of__number=2)
    assert copied and {b.reason for b in copied} == {"carried_over"}
    assert {b.why for b in copied} == {"carried over from version 1"}
    with translation.override(CHINESE):
        assert all("carried" not in b.why for b in copied)
    slots = {e.data["slot"] for e in AuditEvent.objects.filter(verb="slot.bound")}
    assert slots and all(s.islower() for s in slots)


def test_a_condition_closed_by_a_charter_says_so_in_the_reader_s_language(world):
    an_approved_pattern(world, condition=True, closes_by="charter")
    with translation.override(CHINESE):
        services.close_conditions_by_charter(actor=actor(world.cio), unit=world.cn, charter_label="EC-CN-01")
    condition = Condition.objects.get()
    page = client_for(world.architect).get(condition.get_absolute_url(), {"lang": "en"}).content.decode()
    assert "Closed by the signature of EC-CN-01." in page
    page = client_for(world.architect).get(condition.get_absolute_url(), {"lang": "zh"}).content.decode()
    assert "Closed by the signature" not in page and "EC-CN-01" in page


# --- notices -----------------------------------------------------------------------------------------------------


def subjects():
    return [f"{m.subject}\n{m.body}" for m in mail.outbox]


def chinese(text):
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def test_an_english_submitter_calls_chinese_lanes_in_chinese(world, run_jobs):
    for role in LANE_ROLES.values():
        in_language(getattr(world, role), CHINESE)
    with translation.override("en"):
        a_submitted_request(world)
    run_jobs()
    assert len(mail.outbox) == 3
    for told in subjects():
        assert "asks" not in told and "China" not in told and "中国" in told, told


def test_the_decision_and_its_condition_are_told_in_the_language_of_whoever_is_told(world, run_jobs):
    with translation.override("en"):
        submission = a_submitted_request(world)
    run_jobs()
    mail.outbox.clear()
    in_language(world.architect, CHINESE)
    with translation.override("en"):
        vote(world, submission, "data", know_how=remove_names(world))
        for lane in ("security", "architecture"):
            vote(world, submission, lane)
    run_jobs()
    assert len(mail.outbox) == 2
    for told in subjects():
        assert all(w not in told for w in ("is decided", "approved with", "Remove names", "due", "A condition")), told
        assert chinese(told)


def test_a_return_is_told_in_the_language_of_the_submitter(world, run_jobs):
    from governance.services.reviews import ItemChoice

    submission = a_submitted_request(world)
    run_jobs()
    mail.outbox.clear()
    in_language(world.architect, CHINESE)
    with translation.override("en"):
        vote(world, submission, "data", know_how=ItemChoice("category:know_how", "return", reason_code="masking"))
    run_jobs()
    (told,) = subjects()
    assert "returned" not in told and chinese(told)


def test_evidence_is_told_to_the_lane_in_its_language(world, run_jobs):
    from foundation import clock

    condition = a_condition_set_early(world)
    run_jobs()
    mail.outbox.clear()
    in_language(world.data_approver, CHINESE)
    with translation.override("en"):
        services.submit_condition_evidence(
            actor=actor(world.architect), condition=condition, label="Script", effective_on=clock.today()
        )
    run_jobs()
    (told,) = subjects()
    assert "从事后复盘中去除姓名" in told and "Remove names" not in told
