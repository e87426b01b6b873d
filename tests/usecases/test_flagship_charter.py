"""The charter's reading behind the rule of flagship use."""

from __future__ import annotations

from tests.charter.builders import a_draft, a_signed_charter
from tests.world import World
from usecases.flagship_use import uses_of


def test_a_signed_charter_holds_its_cases_and_a_draft_does_not(world: World) -> None:
    charter = a_draft(world)
    candidates = [row.candidate for row in charter.cases.all()]
    assert uses_of(candidates) == {}


def test_the_reason_names_the_charter_and_links_to_it(world: World) -> None:
    charter = a_signed_charter(world)
    candidates = [row.candidate for row in charter.cases.all()]
    (reasons,) = uses_of(candidates).values()
    assert charter.key in str(reasons[0].text) and reasons[0].fix_url == charter.get_absolute_url()
