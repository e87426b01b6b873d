"""The pages of governance, walked as each role does, without JavaScript."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation import clock
from foundation.models import AuditEvent
from governance import packs, selectors, services
from governance.models import Approval, Condition, DataCategory, GateDecision, Pattern, Submission, Vote
from governance.services.requests import CategoryDraft, ControlAnswer
from tests.governance.builders import (
    FLOW,
    LANE_ROLES,
    a_loaded_catalogue,
    a_submitted_request,
    a_submitted_version,
    an_approved_pattern,
    an_open_request,
    decide,
    fill,
    vote,
)
from tests.world import a_member, a_unit, a_user, actor, client_for

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def pages_of(submission):
    decided = Approval.objects.first()
    return [
        reverse("governance:home"),
        reverse("governance:requests"),
        reverse("governance:approvals"),
        reverse("governance:conditions"),
        reverse("governance:request", args=[submission.key]),
        reverse("governance:review", args=[submission.key]),
        reverse("governance:pattern", args=[Pattern.objects.get().key]),
        reverse("governance:category", args=["know_how"]),
        decided.get_absolute_url(),
        Condition.objects.get().get_absolute_url(),
    ]


@pytest.mark.parametrize("role", ["architect", "data_approver", "ops_head", "cio", "reader", "auditor", "system_admin"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_opens_for_every_role_of_the_unit(world, role, language):
    submission = an_approved_pattern(world, condition=True).submissions.get()
    client = client_for(getattr(world, role))
    for url in pages_of(submission):
        response = client.get(url, {"lang": language})
        assert response.status_code == 200, url


def test_another_unit_sees_what_is_handed_down_and_nothing_else(world):
    submission = an_approved_pattern(world, condition=True).submissions.get()
    client = client_for(world.outsider)
    for url in pages_of(submission)[4:6] + pages_of(submission)[8:]:
        assert client.get(url).status_code == 404, url
    home = text(client.get(reverse("governance:home")))
    assert submission.key not in home and "Remove names" not in home
    assert client.get(reverse("governance:pattern", args=[Pattern.objects.get().key])).status_code == 200


def test_an_empty_house_offers_the_first_step(world):
    a_loaded_catalogue(world)
    page = text(client_for(world.architect).get(reverse("governance:home")))
    assert "Approve a pattern once, reuse it." in page and reverse("governance:request_new") in page
    assert reverse("governance:request_new") not in text(client_for(world.reader).get(reverse("governance:home")))


def test_an_architect_asks_from_the_first_page_to_submit(world):
    pattern = a_loaded_catalogue(world)
    client = client_for(world.architect)
    made = client.post(reverse("governance:request_new"), {"unit": world.cn.pk, "pattern": pattern.pk})
    submission = Submission.objects.get()
    assert made.url == submission.get_absolute_url()
    page = text(client.get(made.url))
    assert "Not started" in page and "Say in a sentence what the pattern is for." in page and "disabled" in page
    _fill_by_hand(client, submission)
    page = text(client.get(made.url))
    assert "Check and submit" in page and "Say in a sentence" not in page
    confirm = client.get(f"{made.url}/submit")
    assert "Data Approver" in text(confirm)
    assert Submission.objects.get().state == "draft"
    done = client.post(f"{made.url}/submit", {"version": Submission.objects.get().version})
    assert done.status_code == 302 and Submission.objects.get().state == "submitted"


def _fill_by_hand(client, submission):
    def send(section, **data):
        version = Submission.objects.get().version
        response = client.post(f"/governance/{submission.key}/{section}", {"version": version, **data})
        assert response.status_code == 302, text(response)

    send("purpose", purpose_en="Answer routine questions", purpose_zh="")
    slots = client.get(f"/governance/{submission.key}/slots").context["form"]
    send("slots", **{name: field.queryset.first().pk for name, field in slots.fields.items()})
    controls = {}
    for code in ("network", "firewall", "identity", "logging"):
        controls |= {
            f"{code}-answer": "reused",
            f"{code}-evidence": "Validation 7",
            f"{code}-evidence_on": "2026-05-01",
        }
    send("landing", **{**FLOW, "accessed_from": "Shanghai, Penang"}, **controls)
    used = {f"{c.code}-use": "on" for c in DataCategory.objects.all()}
    send("data", **used, **{f"CN{n:02d}-answer": "no" for n in range(1, 13)}, **{"CN07-except": ["external"]})
    send("exit", portable_assets=["prompts", "workflows"], exit_plan_en="Export and stop.")


def test_a_stale_section_is_refused_with_412(world):
    submission = an_open_request(world)
    client = client_for(world.architect)
    url = f"/governance/{submission.key}/purpose"
    assert client.post(url, {"version": 1, "purpose_en": "One"}).status_code == 302
    assert client.post(url, {"version": 1, "purpose_en": "Two"}).status_code == 412


def test_a_wrong_number_comes_back_with_the_form_and_its_words(world):
    submission = an_open_request(world)
    response = client_for(world.architect).post(
        f"/governance/{submission.key}/landing", {"version": submission.version, **FLOW, "retention_days": "99999"}
    )
    assert response.status_code == 422 and "from 0 to 3650" in text(response)


def review_data(client, submission, **changes):
    """What a browser would send back: every radio as chosen, all else as shown."""
    review = client.get(reverse("governance:review", args=[submission.key])).context["review"]
    data = {"lane": review.lane, "digest": review.pack.digest, "step": "restate"}
    data |= {f"choice-{row.key}": "approve" for row in review.rows}
    return data | changes


def test_an_approver_decides_in_three_steps(world):
    submission = a_submitted_request(world)
    client = client_for(world.data_approver)
    url = reverse("governance:review", args=[submission.key])
    page = text(client.get(url))
    assert "What is new" in page and "Confirm my decisions" in page and "Each item needs a decision first" in page
    assert Submission.objects.get().state == "submitted"
    due = (clock.today("Asia/Shanghai") + timedelta(days=30)).isoformat()
    condition = {
        "choice-category:know_how": "condition",
        "text-category:know_how": "Remove names from postmortems",
        "owner-category:know_how": str(world.architect.pk),
        "due-category:know_how": due,
    }
    data = review_data(client, submission, **condition)
    restated = client.post(url, data)
    assert restated.status_code == 200 and "Read it once more" in text(restated)
    assert Vote.objects.count() == 0
    done = client.post(url, {**data, "step": "confirm"}, follow=True)
    assert "Your decision is recorded" in text(done)
    vote_made = Vote.objects.get()
    assert (vote_made.choice, vote_made.role_at_time) == ("approve_with_conditions", "data_approver")


def test_the_rail_counts_without_writing(world):
    submission = a_submitted_request(world)
    client = client_for(world.data_approver)
    url = reverse("governance:review", args=[submission.key])
    data = review_data(client, submission, step="count")
    del data["choice-category:external"]
    answer = text(client.post(url, data))
    assert "5 of 6 decided." in answer and "disabled" in answer and "<html" not in answer
    assert Vote.objects.count() == 0


def test_an_unfinished_review_comes_back_with_its_gaps(world):
    submission = a_submitted_request(world)
    client = client_for(world.data_approver)
    url = reverse("governance:review", args=[submission.key])
    data = review_data(client, submission, **{"choice-category:know_how": "condition"})
    del data["choice-category:external"]
    answer = client.post(url, data)
    assert answer.status_code == 422
    assert "Name who owns the condition." in text(answer) and "not decided yet" in text(answer)
    assert client.post(url, {**data, "step": "confirm"}).status_code == 422
    assert Vote.objects.count() == 0


def test_a_review_of_an_older_pack_is_refused_with_412(world):
    submission = a_submitted_request(world)
    client = client_for(world.data_approver)
    data = review_data(client, submission, digest="sha256:old")
    url = reverse("governance:review", args=[submission.key])
    assert client.post(url, data).status_code == 412
    assert client.post(url, {**data, "step": "confirm"}).status_code == 412


def test_a_forged_vote_is_refused_with_the_reason(world):
    submission = a_submitted_request(world)
    data = review_data(client_for(world.data_approver), submission, step="confirm")
    for who, words in ((world.architect, "may not"), (world.security_approver, "data handling")):
        answer = client_for(who).post(reverse("governance:review", args=[submission.key]), data)
        assert answer.status_code == 403, who
        assert words in text(answer)
    assert AuditEvent.objects.filter(verb="access.refused").count() == 2


def test_looking_changes_nothing(world):
    submission = a_submitted_request(world)
    before = AuditEvent.objects.count()
    client = client_for(world.data_approver)
    for _n in range(20):
        client.get(reverse("governance:review", args=[submission.key]))
        client.head(reverse("governance:review", args=[submission.key]))
    submission.refresh_from_db()
    assert (AuditEvent.objects.count(), submission.state) == (before, "submitted")


def test_a_reader_reads_along_and_decides_nothing(world):
    submission = a_submitted_request(world)
    page = text(client_for(world.reader).get(reverse("governance:review", args=[submission.key])))
    assert "None of the lanes called is yours" in page and 'value="restate"' not in page


def test_the_next_review_shows_what_differs_and_carries_the_rest_over(world):
    an_approved_pattern(world)
    submission = an_open_request(world)
    me = actor(world.architect)
    services.edit_purpose(actor=me, submission=submission, version=None, purpose_en="Longer")
    from governance.services.requests import CategoryDraft

    services.declare_categories(
        actor=me, submission=submission, version=None,
        categories=[
            CategoryDraft(c, {"retention_days": 400} if c.code == "external" else {})
            for c in DataCategory.objects.all()
        ],
    )  # fmt: skip
    submission = services.submit_submission(actor=me, submission=submission)
    response = client_for(world.data_approver).get(reverse("governance:review", args=[submission.key]))
    review = response.context["review"]
    assert review.status == "5 of 6 decided. “External intelligence” waits for you."
    assert [(c.before, c.after) for c in review.changes] == [("90", "400")]
    assert "with one thing new" in text(response)


def test_an_approver_suspends_on_the_page_and_another_lifts(world):
    an_approved_pattern(world)
    approval = Approval.objects.get(item_key="category:external")
    url = approval.get_absolute_url()
    client = client_for(world.data_approver)
    assert client.post(url, {"act": "suspend", "reason": ""}).status_code == 422
    assert client.post(url, {"act": "suspend", "reason": "A leak"}).status_code == 302
    assert "suspended" in text(client.get(url))
    assert client.post(url, {"act": "lift", "reason": "Fixed"}).status_code == 403
    second = a_user("Second Data")
    a_member(second, "data_approver", world.cn)
    assert client_for(second).post(url, {"act": "lift", "reason": "Fixed"}).status_code == 302
    assert selectors.effective(Approval.objects.filter(pk=approval.pk), clock.now())[0].state == "active"
    assert client_for(world.architect).post(url, {"act": "revoke", "reason": "No"}).status_code == 403
    assert client.post(url, {"act": "destroy", "reason": "No"}).status_code == 409


def test_the_owner_gives_evidence_and_the_lane_closes(world):
    an_approved_pattern(world, condition=True)
    url = Condition.objects.get().get_absolute_url()
    owner, judge = client_for(world.architect), client_for(world.data_approver)
    today = clock.today("Asia/Shanghai").isoformat()
    assert owner.post(url, {"act": "evidence", "label": "", "effective_on": today}).status_code == 422
    assert owner.post(url, {"act": "close"}).status_code == 403
    given = owner.post(url, {"act": "evidence", "label": "Script removes names", "effective_on": today})
    assert given.status_code == 302
    assert judge.post(url, {"act": "close"}).status_code == 302
    assert Condition.objects.get().state == "closed"


def test_lists_come_out_as_csv_and_xlsx(world):
    an_approved_pattern(world, condition=True)
    client = client_for(world.architect)
    for name, rows in (("requests", 1), ("conditions", 1), ("approvals", 7)):
        response = client.get(reverse(f"governance:{name}"), {"format": "csv"})
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert len(list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))) == rows + 1
        assert client.get(reverse(f"governance:{name}"), {"format": "xlsx"}).status_code == 200


def test_an_unknown_address_is_not_found(world):
    a_loaded_catalogue(world)
    client = client_for(world.architect)
    for url in (
        "/governance/G-1999-01",
        "/governance/approvals/AP-9",
        "/governance/patterns/x",
        "/governance/categories/x",
    ):
        assert client.get(url).status_code == 404
    submission = an_open_request(world)
    assert client.get(f"/governance/{submission.key}/nonsense").status_code == 404
    assert client.get(f"/governance/{submission.key}/review").status_code == 404


def test_names_with_markup_are_text(world):
    submission = an_open_request(world)
    client = client_for(world.architect)
    client.post(
        f"/governance/{submission.key}/purpose", {"version": submission.version, "purpose_en": "<script>x</script>"}
    )
    assert "<script>x" not in text(client.get(submission.get_absolute_url()))


def _asks(world, unit):
    """The pattern asked for in one more unit, through the real services."""
    me = actor(world.architect)
    submission = services.open_submission(actor=me, pattern=a_loaded_catalogue(world), unit=unit)
    return services.submit_submission(actor=me, submission=fill(world, submission))


def _grow(world, prefix, n):
    """n decided requests with a condition each, and n that wait."""
    for i in range(n):
        for state in ("decided", "open"):
            unit = a_unit(f"{prefix}{state[0]}{i}", world.cn, kind="team", zone="Asia/Shanghai")
            submission = _asks(world, unit)
            if state == "decided":
                decide(world, submission, condition=True)


@pytest.mark.parametrize("few", [2])
def test_lists_ask_the_same_number_of_questions_however_long(world, few):
    client = client_for(world.reader)
    names = ("home", "requests", "approvals", "conditions")

    def asked():
        found = {}
        for name in names:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(f"governance:{name}")).status_code == 200
            found[name] = len(queries)
        return found

    _grow(world, "A", few)
    asked()
    before = asked()
    _grow(world, "B", 6)
    assert asked() == before
    assert max(before.values()) <= 20, before


def test_no_decision_is_made_by_opening_pages_of_a_returned_request(world):
    submission = a_submitted_request(world)
    from governance.services.reviews import ItemChoice

    vote(world, submission, "data", know_how=ItemChoice("category:know_how", "return", reason_code="masking"))
    client = client_for(world.architect)
    page = text(client.get(submission.get_absolute_url()))
    assert "Say how names are masked" in page and "Work on it again" in page
    version = Submission.objects.get().version
    assert client.post(submission.get_absolute_url(), {"act": "redraft", "version": version}).status_code == 302
    assert Submission.objects.get().round == 2 and GateDecision.objects.count() == 0


def test_every_lane_role_finds_its_own_items(world):
    submission = a_submitted_request(world)
    wanted = {"architecture": 3, "security": 1, "data": 6}
    for lane, role in LANE_ROLES.items():
        url = reverse("governance:review", args=[submission.key])
        review = client_for(getattr(world, role)).get(url).context["review"]
        assert (review.lane, len(review.rows)) == (lane, wanted[lane])


# --- after the decision ------------------------------------------------------------------------------------------


def test_a_decided_request_shows_each_lane_and_its_conditions(world):
    submission = an_approved_pattern(world, condition=True).submissions.get()
    page = client_for(world.architect).get(submission.get_absolute_url())
    shown, condition = text(page), Condition.objects.get()
    assert [line.word for line in page.context["lanes"]] == ["approved", "approved", "approved with conditions"]
    for line in page.context["lanes"]:
        assert line.who.startswith("The ") and line.on is not None and line.who in shown
    assert condition.get_absolute_url() in shown and "The Architect" in shown and "with one condition" in shown
    assert shown.count("with one condition") == 1
    day = clock.today("Asia/Shanghai")
    services.submit_condition_evidence(
        actor=actor(world.architect), condition=condition, label="Script", effective_on=day
    )
    assert "evidence given" in text(client_for(world.architect).get(submission.get_absolute_url()))


def test_an_open_request_shows_who_has_decided_and_who_is_waited_for(world):
    submission = a_submitted_request(world)
    vote(world, submission, "security")
    lanes = client_for(world.architect).get(submission.get_absolute_url()).context["lanes"]
    assert [(x.lane, x.word) for x in lanes] == [("architecture", "waits"), ("security", "approved"), ("data", "waits")]
    assert lanes[0].who == "The Architecture Approver"


def test_an_inherited_change_counts_once_on_the_landing_zone(world):
    version = an_approved_pattern(world)
    submission = a_submitted_version(world, version.pattern)
    response = client_for(world.data_approver).get(reverse("governance:review", args=[submission.key]))
    (change,) = response.context["review"].changes
    assert (change.title, change.before, change.after) == ("Landing zone: Kept, days", "90", "180")
    assert change.text == "inherited by 6 categories"
    assert "with one thing new" in text(response)


def test_what_a_category_keeps_for_itself_is_not_inherited(world):
    version = an_approved_pattern(world)
    me = actor(world.architect)
    submission = services.open_submission(actor=me, pattern=version.pattern, unit=world.cn, new_version=True)
    services.edit_flow(actor=me, submission=submission, version=None, flow={"retention_days": 180})
    own = {"external": {"retention_days": 30}, "compliance": {"retention_days": 90}}
    services.declare_categories(
        actor=me, submission=submission, version=None,
        categories=[CategoryDraft(c, own.get(c.code, {})) for c in DataCategory.objects.all()],
    )  # fmt: skip
    page = client_for(world.architect).get(reverse("governance:submit", args=[submission.key]))
    found = [(c["title"], c["before"], c["after"], c["text"]) for c in page.context["changes"]]
    assert found == [
        ("External intelligence: Kept, days", "90", "30", ""),
        ("Landing zone: Kept, days", "90", "180", "inherited by 4 categories"),
    ]


def test_an_approval_of_a_category_still_shows_what_it_inherits(world):
    version = an_approved_pattern(world)
    body = packs.build(version.submissions.get())
    later = {**body, "flow": {**body["flow"], "retention_days": 180}}
    later["categories"] = [{**c, "flow": later["flow"]} for c in body["categories"]]
    (change,) = packs.changes(body, later)
    assert change.concerns("category:external") and change.concerns("flow") and not change.concerns("controls")


# --- conditions, controls, reviews -------------------------------------------------------------------------------


def test_the_owner_sees_their_evidence_and_no_form_until_it_is_sent_back(world):
    an_approved_pattern(world, condition=True)
    condition = Condition.objects.get()
    url, owner = condition.get_absolute_url(), client_for(world.architect)
    today = clock.today("Asia/Shanghai")
    assert f'value="{today.isoformat()}"' in text(owner.get(url))
    owner.post(url, {"act": "evidence", "label": "Script 7", "url": "https://proof.example", "effective_on": today})
    page = text(owner.get(url))
    assert 'name="effective_on"' not in page and "Script 7" in page and "https://proof.example" in page
    assert "It waits for the data handling lane." in page
    version = Condition.objects.get().version
    services.reopen_condition(actor=actor(world.data_approver), condition=Condition.objects.get(), reason="Too thin")
    page = text(owner.get(url))
    assert 'name="effective_on"' in page and "It waits for" not in page and "Too thin" in page
    assert Condition.objects.get().version > version


def test_the_judge_reads_the_evidence_beside_the_buttons(world):
    an_approved_pattern(world, condition=True)
    condition = Condition.objects.get()
    services.submit_condition_evidence(
        actor=actor(world.architect), condition=condition, label="Script 7",
        effective_on=clock.today("Asia/Shanghai"),
    )  # fmt: skip
    page = client_for(world.data_approver).get(condition.get_absolute_url())
    assert page.context["evidence"].label == "Script 7" and "It waits for the data handling lane." in text(page)


def test_a_control_answered_new_shows_its_reason(world):
    version = an_approved_pattern(world)
    me = actor(world.architect)
    submission = services.open_submission(actor=me, pattern=version.pattern, unit=world.cn, new_version=True)
    new = ControlAnswer("firewall", "new", "A second WAF in Penang", "Landing-zone validation")
    services.record_security_reuse(actor=me, submission=submission, version=None, answers=[new])
    services.edit_purpose(actor=me, submission=submission, version=None, purpose_en="x")
    submission = services.submit_submission(actor=me, submission=submission)
    decide(world, submission)
    page = text(client_for(world.architect).get(version.pattern.get_absolute_url()))
    assert "A second WAF in Penang" in page


def test_a_refused_review_says_error_in_its_title(world):
    submission = a_submitted_request(world)
    client = client_for(world.data_approver)
    url = reverse("governance:review", args=[submission.key])
    data = review_data(client, submission)
    assert "<title>Error:" not in text(client.get(url))
    del data["choice-category:external"]
    for step in ("restate", "confirm"):
        answer = client.post(url, {**data, "step": step})
        assert answer.status_code == 422 and "<title>Error:" in text(answer)


def test_a_renewal_marks_the_item_that_waits(world):
    """Nothing differs from what was approved, but a closed condition is not carried over."""
    with time_machine.travel("2026-01-10T08:00:00+00:00", tick=False):
        an_approved_pattern(world, condition=True)
        services.close_condition(actor=actor(world.data_approver), condition=Condition.objects.get())
    with time_machine.travel("2026-12-20T08:00:00+00:00", tick=False):
        me = actor(world.architect)
        submission = services.open_submission(actor=me, pattern=Pattern.objects.get(), unit=world.cn)
        services.edit_purpose(actor=me, submission=submission, version=None, purpose_en="Renew")
        submission = services.submit_submission(actor=me, submission=submission)
        response = client_for(world.data_approver).get(reverse("governance:review", args=[submission.key]))
    assert "unchanged" in text(response)
    waits = [row.key for row in response.context["review"].rows if row.is_waiting]
    assert waits == ["category:know_how"]
    assert text(response).count("Not carried over") == 1
