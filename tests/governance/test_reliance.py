"""A newer version replaces the approved one: who relies on it is said before, and what happened is said after."""

from __future__ import annotations

import pytest
from django.urls import reverse

from foundation import clock
from governance import checks, services
from governance.models import DataCategory, Pattern
from governance.needs import PilotNeeds
from tests.charter.builders import START, a_signed_charter
from tests.governance.builders import a_submitted_version, an_approved_pattern, decide
from tests.world import a_member, a_user, actor, client_for

pytestmark = pytest.mark.django_db
WARNING = "Approving version 2 replaces version 1 in China at once"


def page(user, *address, lang="en"):
    return client_for(user).get(reverse(*address[:1], args=address[1:]), {"lang": lang}).content.decode()


def reasons(world, version, on=None):
    needs = PilotNeeds(world.cn, version, list(DataCategory.objects.filter(code__in=["environment"])))
    return checks.pilot_reasons(needs, on)


def test_submit_and_review_name_the_charters_that_would_stop(world):
    with clock.pinned(START):
        charter = a_signed_charter(world)
        pattern = Pattern.objects.get()
        submission = services.open_submission(
            actor=actor(world.architect), pattern=pattern, unit=world.cn, new_version=True
        )
        services.edit_flow(
            actor=actor(world.architect), submission=submission, version=None, flow={"retention_days": 180}
        )
        services.edit_purpose(actor=actor(world.architect), submission=submission, version=None, purpose_en="Longer")
        shown = page(world.architect, "governance:submit", submission.key)
        assert WARNING in shown and charter.get_absolute_url() in shown and charter.key in shown
        services.submit_submission(actor=actor(world.architect), submission=submission)
        shown = page(world.data_approver, "governance:review", submission.key)
        assert WARNING in shown and charter.get_absolute_url() in shown
        submission.refresh_from_db()
        decide(world, submission)
        assert WARNING not in page(world.data_approver, "governance:review", submission.key)


def test_nothing_is_warned_of_where_nothing_relies_on_it(world):
    version = an_approved_pattern(world)
    submission = a_submitted_version(world, version.pattern)
    assert WARNING not in page(world.data_approver, "governance:review", submission.key)


def test_a_charter_a_reader_may_not_see_is_not_named(world):
    with clock.pinned(START):
        charter = a_signed_charter(world)
        submission = a_submitted_version(world, Pattern.objects.get())
        lower = a_user("Team Reader")
        a_member(lower, "reader", world.team)
        answer = client_for(lower).get(reverse("governance:review", args=[submission.key]))
        assert answer.status_code == 404 or charter.key not in answer.content.decode()


def test_a_replaced_version_says_by_what_and_when(world):
    version = an_approved_pattern(world)
    decide(world, a_submitted_version(world, version.pattern))
    today = clock.today("Asia/Shanghai").isoformat()
    found = {r.code: r for r in reasons(world, version)}
    said = f"Version 1 of “{version.pattern.name}” was replaced by version 2 on {today}; "
    assert str(found["pattern_not_approved"].text) == said + "version 1 no longer counts for China."
    wanted = said + "the approval of “Environment and context” went to the newer version with it."
    assert str(found["category_not_approved"].text) == wanted
    for reason in found.values():
        assert reason.fix == ("governance:pattern", [version.pattern.key])


def test_the_newer_version_and_what_never_was_approved_keep_their_sentences(world):
    version = an_approved_pattern(world)
    newer = decide(world, a_submitted_version(world, version.pattern)).pattern_version
    assert reasons(world, newer) == []
    needs = PilotNeeds(world.em, version, [])
    texts = [str(r.text) for r in checks.pilot_reasons(needs)]
    assert any("is not approved for EMEA" in t for t in texts) and not any("replaced" in t for t in texts)
