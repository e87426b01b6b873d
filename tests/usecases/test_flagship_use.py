"""A flagship that is relied on stays one; the page says who would step down before the act."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from foundation.errors import NotReady, Reason
from tests.usecases.builders import a_candidate, a_ranking, a_selection, an_open_ranking, approve, scores
from tests.world import World, actor, client_for
from usecases import flagship_use, services
from usecases.models import Candidate, FlagshipSelection, Ranking
from usecases.services.selection import who_leaves

RELIED: set[str] = set()


@pytest.fixture(autouse=True)
def relied_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """A layer above that names the candidates of RELIED."""

    def provider(keys: object) -> dict[object, list[Reason]]:
        found = Candidate.objects.filter(pk__in=keys, key__in=RELIED)
        return {c.pk: [Reason("relied_on", "The running charter X stands on it.")] for c in found}

    monkeypatch.setattr(flagship_use, "_providers", [provider])
    yield RELIED
    RELIED.clear()


def second_choice(world: World) -> tuple[Candidate, Candidate, FlagshipSelection]:
    """Two flagships, one of them relied on, then a ranking that knows neither and chooses a third."""
    kept, other = a_candidate(world, "Kept", "A8"), a_candidate(world, "Other", "A9")
    a_selection(world, [kept, other])
    RELIED.add(kept.key)
    third = a_candidate(world, "Third")
    ranking = an_open_ranking(world, [third])
    return kept, other, services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=[third])


def test_a_flagship_that_is_relied_on_does_not_step_down(world: World) -> None:
    kept, other, selection = second_choice(world)
    states = {c.key: c.state for c in Candidate.objects.all()}
    assert (states[kept.key], states[other.key]) == ("flagship", "ranked")
    assert selection.facts["stays"] == [kept.key]


def test_it_steps_down_with_a_later_selection_once_nothing_stands_on_it(world: World) -> None:
    kept, _other, _selection = second_choice(world)
    RELIED.clear()
    fourth = a_candidate(world, "Fourth")
    ranking = an_open_ranking(world, [fourth])
    services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=[fourth])
    assert Candidate.objects.get(pk=kept.pk).state == "ranked"


def test_what_is_relied_on_is_neither_parked_nor_declined(world: World) -> None:
    """Also a candidate that lost its place before this rule."""
    candidate = a_candidate(world, "Ranked")
    approve(world)
    services.freeze_ranking(actor=actor(world.cio), ranking=an_open_ranking(world, [candidate]))
    RELIED.add(candidate.key)
    fresh = Candidate.objects.get(pk=candidate.pk)
    for call, person in ((services.park_candidate, world.architect), (services.decline_candidate, world.ops_head)):
        with pytest.raises(NotReady) as refused:
            call(actor=actor(person), candidate=fresh, reason="No longer")
        assert [r.code for r in refused.value.reasons] == ["relied_on"]
    page = client_for(world.architect).get(fresh.get_absolute_url()).content.decode()
    assert "The running charter X stands on it." in page


def test_the_choice_page_says_who_steps_down_and_who_stays(world: World) -> None:
    kept, other = a_candidate(world, "Kept", "A8"), a_candidate(world, "Other", "A9")
    a_selection(world, [kept, other])
    RELIED.add(kept.key)
    ranking = an_open_ranking(world, [a_candidate(world, "Third")])
    page = client_for(world.cio).get(f"/rankings/{ranking.pk}/choose").content.decode()
    assert "Other steps down" in page
    assert "Kept stays a flagship" in page and "The running charter X stands on it." in page
    assert [c.key for c in who_leaves(world.cn, []).steps_down] == [other.key]


def test_facts_mended_after_opening_count_when_flagships_are_chosen(world: World) -> None:
    """Four people have scored; naming the owner afterwards is enough."""
    candidate = a_candidate(world, "No owner", owner=None)
    approve(world)
    ranking = an_open_ranking(world, [candidate])
    page = client_for(world.cio).get(ranking.get_absolute_url()).content.decode()
    assert "does not hold: An owner is named" in page and f"/candidates/{candidate.key}/edit#id_owner" in page
    fresh = Candidate.objects.get(pk=candidate.pk)
    services.edit_candidate(actor=actor(world.architect), candidate=fresh, owner=world.pilot_lead)
    chosen = services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=[candidate])
    assert chosen.snapshot.facts["output"]["eligible"]["order"] == [candidate.key]
    assert Ranking.objects.get().result["output"] == chosen.snapshot.facts["output"]


def test_a_frozen_ranking_is_not_read_again(world: World) -> None:
    candidate = a_candidate(world, "No owner", owner=None)
    approve(world)
    services.freeze_ranking(actor=actor(world.cio), ranking=an_open_ranking(world, [candidate]))
    services.edit_candidate(
        actor=actor(world.architect), candidate=Candidate.objects.get(pk=candidate.pk), owner=world.pilot_lead
    )
    assert Ranking.objects.get().result["output"]["eligible"]["order"] == []


def test_open_facts_stand_on_the_page_before_anybody_scores(world: World) -> None:
    candidate = a_candidate(world, "Open facts", owner=None, staff_data="unknown", baseline_obtainable="unknown")
    ranking = a_ranking(world, [candidate])
    page = client_for(world.facilitator).get(ranking.get_absolute_url()).content.decode()
    for field in ("owner", "staff_data", "baseline_obtainable", "categories"):
        assert f"/candidates/{candidate.key}/edit#id_{field}" in page, field
    started = services.start_scoring(actor=actor(world.facilitator), ranking=ranking)
    page = client_for(world.facilitator).get(ranking.get_absolute_url()).content.decode()
    assert f"/candidates/{candidate.key}/edit#id_owner" in page
    services.save_scores(
        actor=actor(world.facilitator), ranking=started, scores=scores([candidate], [4, 4, 4, 4, 4, 4])
    )
