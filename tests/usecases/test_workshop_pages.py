"""The desk of a workshop through its pages: one facilitator alone, every refusal with its remedy, nothing too early."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Unit
from tests.usecases.workshops import Play, a_clustering, a_collecting, a_published, a_reviewing, a_voting, a_workshop
from tests.world import World, client_for
from usecases.cards import today_cards
from usecases.models import Candidate, Cluster, InventoryVersion, Workshop
from usecases.services import workshops as act

ROLES = ("facilitator", "architect", "reader", "cio", "auditor")


def page(client: Client, play: Play | Workshop, name: str = "workshop", *more: Any) -> str:
    key = (play.workshop if isinstance(play, Play) else play).key
    response = client.get(reverse(f"usecases:{name}", args=[key, *more]), follow=True)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def press(client: Client, workshop: Workshop, name: str, *more: Any, **body: Any) -> Any:
    return client.post(reverse(f"usecases:{name}", args=[workshop.key, *more]), body, follow=True)


def test_one_facilitator_alone_runs_the_whole_workshop_on_pages(world: World) -> None:
    desk = client_for(world.facilitator)
    made = desk.post("/workshops/new", {"title_en": "Night shift", "unit": world.cn.pk}, follow=True)
    assert made.status_code == 200
    workshop = Workshop.objects.get()
    assert (workshop.budget, workshop.cap, workshop.follow_links) == (10, 4, True)

    def step(name: str, **more: Any) -> str:
        workshop.refresh_from_db()
        answer = press(desk, workshop, "workshop_step", name, version=workshop.version, **more)
        assert answer.status_code == 200, (name, answer.content.decode()[-900:])
        return answer.content.decode()

    assert "acknowledges the purpose in your name" in page(desk, workshop)
    assert Workshop.objects.get().short_code is None
    step("start")
    workshop.refresh_from_db()
    assert workshop.short_code in page(desk, workshop)
    for text in ("Copy vendor figures", "Copy the vendor figures", "Check night alerts", "Write handover notes"):
        assert press(desk, workshop, "workshop_card", id=uuid.uuid4(), text=text).status_code == 200
    assert "Check night alerts" not in page(desk, workshop)
    assert press(desk, workshop, "workshop_paper", count=2).status_code == 200
    table = step("reveal")
    assert "Check night alerts" in table and "Do these say the same?" in table
    pair = re.findall(r'name="cluster" value="([^"]+)"', table)[:2]
    press(desk, workshop, "workshop_table", "merge", cluster=pair, suggested=1)
    assert workshop.clusters.on_the_table().count() == 3
    step("open_vote")
    ballots = page(desk, workshop, "workshop_ballots")
    fields = re.findall(r'name="(b[12]-[^"]+)"', ballots)
    vote = re.search(r'name="round" value="([^"]+)"', ballots)
    assert vote and len(fields) == 6
    typed = {name: n for name, n in zip(sorted(fields), (4, 2, 0, 4, 0, 1), strict=True)}
    assert press(desk, workshop, "workshop_ballots", round=vote[1], **typed).status_code == 200
    review = step("close_vote")
    assert "Owner team" in review and "small group" in review
    for cluster in Cluster.objects.on_the_table().filter(workshop=workshop):
        where = reverse("usecases:workshop_item", args=[workshop.key, cluster.pk])
        body = {"mark": 1, "owner_team": world.team.pk, "channel": "A9" if cluster.cards.count() == 2 else ""}
        assert desk.post(where, body, follow=True).status_code == 200
    confirm = page(desk, workshop, "workshop_step", "publish")
    assert "frozen in the order of the vote" in confirm and not InventoryVersion.objects.exists()
    shown = step("publish", confirm=1)
    inventory = InventoryVersion.objects.get()
    assert inventory.key in shown and Candidate.objects.count() == 1
    assert "By points of a blind vote" in desk.get(inventory.get_absolute_url()).content.decode()


def test_the_table_moves_splits_rewords_redacts_and_undoes(world: World) -> None:
    play, desk = a_clustering(world), client_for(world.facilitator)
    w = play.workshop
    press(desk, w, "workshop_table", "merge", cluster=[play.id("A"), play.id("B"), play.id("C")])
    assert w.clusters.on_the_table().count() == 2
    group = page(desk, play, "workshop_group", play.id("A"))
    assert "Split" in group and "Move to" in group
    c = w.cards.get(text="C")
    press(desk, w, "workshop_table", "move", card=c.pk, into=play.id("D"))
    press(desk, w, "workshop_table", "reword", cluster=play.id("A"), title_en="Copying", title_zh="复制")
    press(desk, w, "workshop_table", "redact", card=w.cards.get(text="D").pk, text="Dx")
    press(desk, w, "workshop_table", "split", cluster=play.id("A"))
    assert w.clusters.on_the_table().count() == 3
    op = re.search(r'name="op" value="([^"]+)"', page(desk, play))
    assert op
    press(desk, w, "workshop_table", "undo", op=op[1])
    assert w.clusters.on_the_table().count() == 2


def test_a_refusal_says_what_is_missing_and_where_to_mend_it(world: World) -> None:
    play, desk = a_reviewing(world), client_for(world.facilitator)
    told = page(desk, play)
    assert "has no owner team" in told and "disabled" in told
    assert press(desk, play.workshop, "workshop_step", "publish", confirm=1).status_code == 409
    assert press(desk, play.workshop, "workshop_step", "close_vote").status_code == 409
    assert press(desk, play.workshop, "workshop_step", "vote_again", reason="").status_code == 422
    stale = press(desk, play.workshop, "workshop_step", "vote_again", reason="Talked", version=1)
    assert stale.status_code == 412
    assert desk.post("/workshops/new", {"title_en": "", "unit": world.cn.pk}).status_code == 422


def test_merging_needs_two_ticks_and_a_stale_table_is_not_merged(world: World) -> None:
    play, desk = a_clustering(world), client_for(world.facilitator)
    a, b = play.id("A"), play.id("B")
    assert press(desk, play.workshop, "workshop_table", "merge", cluster=[a]).status_code == 422
    seen = {f"v-{a}": 1, f"v-{b}": 1}
    press(desk, play.workshop, "workshop_table", "reword", cluster=a, title_en="New")
    assert play.workshop.clusters.on_the_table().count() == 4
    assert press(desk, play.workshop, "workshop_table", "merge", cluster=[a, b], **{f"v-{a}": 99}).status_code == 412
    assert seen and press(desk, play.workshop, "workshop_table", "merge", cluster=["nothing", b]).status_code == 422


def test_pause_keeps_its_reason_before_everybody_and_steps_closed(world: World) -> None:
    play, desk = a_collecting(world), client_for(world.facilitator)
    assert press(desk, play.workshop, "workshop_pause", reason="").status_code == 422
    told = press(desk, play.workshop, "workshop_pause", reason="Fire drill").content.decode()
    assert "Fire drill" in told
    assert press(desk, play.workshop, "workshop_step", "reveal").status_code == 409
    press(desk, play.workshop, "workshop_resume")
    assert not play.now.is_paused


def test_timer_door_seeds_and_settings(world: World) -> None:
    from tests.usecases.builders import a_pain

    play, desk = a_workshop(world), client_for(world.facilitator)
    pain = a_pain(world)
    assert press(desk, play.workshop, "workshop_seed", pains=[pain.pk]).status_code == 200
    assert play.workshop.clusters.count() == 1
    play.step("start")
    press(desk, play.workshop, "workshop_timer", minutes=5)
    assert play.now.phase_until
    press(desk, play.workshop, "workshop_timer")
    assert play.now.phase_until is None
    code = play.now.long_code
    press(desk, play.workshop, "workshop_door", "renew")
    assert play.now.long_code != code
    press(desk, play.workshop, "workshop_door", "close")
    assert not play.now.is_door_open
    edit = reverse("usecases:workshop_edit", args=[play.workshop.key])
    body = {"title_en": "Other", "title_zh": "", "budget": 8, "cap": 3, "top_n": 5, "mode": "meeting",
            "merge_by": "facilitator", "language": "en"}  # fmt: skip
    assert desk.post(edit, body, follow=True).status_code == 200
    assert (play.now.title_en, play.now.budget, play.now.merge_by) == ("Other", 8, "facilitator")
    assert not play.now.follow_links


@pytest.mark.parametrize("role", ROLES)
def test_no_points_stand_on_any_page_while_the_vote_is_open(world: World, role: str) -> None:
    play = a_voting(world)
    client = client_for(getattr(world, role))
    names = ["workshop"] + (["workshop_review", "workshop_ballots"] if role in ("facilitator", "architect") else [])
    for name in names:
        html = page(client, play, name)
        assert "ranked" not in html and "voters" not in html and 'class="dots"' not in html
    assert "W-" in client.get("/workshops").content.decode()


def test_before_it_is_published_a_reader_sees_no_text_and_an_observer_no_result(world: World) -> None:
    play = a_clustering(world, texts=("Zebra card", "Other card"), observer=world.architect)
    for who in (world.reader, world.architect):
        html = page(client_for(who), play)
        assert "Zebra card" not in html and "once it is published" in html
    assert client_for(world.outsider).get(play.workshop.get_absolute_url()).status_code == 404


def test_the_published_workshop_leads_to_its_list_and_comes_as_files(world: World) -> None:
    play, inventory = a_published(world)
    reader = client_for(world.reader)
    html = page(reader, play)
    assert inventory.key in html and "4 voters" in html and "Split: talk" in html
    url = play.workshop.get_absolute_url()
    for wanted in ("xlsx", "csv", "md"):
        answer = reader.get(url, {"format": wanted})
        assert answer.status_code == 200 and answer["Content-Disposition"]
    assert reader.get(f"/w/{play.workshop.key}/inventory").url == inventory.get_absolute_url()
    listed = reader.get(inventory.get_absolute_url()).content.decode()
    assert "not by votes" not in listed and "15" in listed
    assert "not by votes" not in reader.get(inventory.get_absolute_url(), {"format": "md"}).content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_review_opens_in_both_languages_and_to_be_read_out(world: World, language: str) -> None:
    play, desk = a_reviewing(world), client_for(world.facilitator)
    url = reverse("usecases:workshop_review", args=[play.workshop.key])
    assert desk.get(url, {"lang": language}).status_code == 200
    assert desk.get(url, {"read": ""}).status_code == 200
    assert desk.get(url, {"format": "csv"}).status_code == 200
    item = reverse("usecases:workshop_item", args=[play.workshop.key, play.id("A")])
    assert desk.get(item).status_code == 200
    body = {"owner_team": world.team.pk, "channel": "A8", "kind": "repetitive", "quick_runs_per_month": "weekly",
            "quick_minutes_per_item": "30min", "quick_items_per_run": "one",
            "quick_people_per_item": "one"}  # fmt: skip
    assert desk.post(item, body, follow=True).status_code == 200
    cluster = play.cluster("A")
    assert cluster.channel == "A8" and cluster.hours_likely is not None and cluster.grade == "guess"


def test_today_asks_the_facilitator_to_review(world: World) -> None:
    play = a_reviewing(world)
    cards = [c for c in today_cards(play.run) if c.code == "workshop.review"]
    assert len(cards) == 1 and "4" in str(cards[0].why)


def test_a_scribe_writes_and_marks_but_takes_no_step_and_an_observer_does_neither(world: World) -> None:
    play = a_collecting(world, scribe=world.ops_engineer, observer=world.architect)
    scribe, observer = client_for(world.ops_engineer), client_for(world.architect)
    html = page(scribe, play)
    assert "Type for the group" in html and "Show the cards" not in html
    body = {"id": uuid.uuid4(), "text": "Copy figures", "often": "weekly", "takes": "30min"}
    assert press(scribe, play.workshop, "workshop_card", **body).status_code == 200
    assert play.workshop.cards.get().often == "weekly"
    assert press(scribe, play.workshop, "workshop_step", "reveal").status_code == 403
    assert press(observer, play.workshop, "workshop_step", "reveal").status_code == 403
    assert press(observer, play.workshop, "workshop_card", id=uuid.uuid4(), text="No").status_code == 403


@pytest.mark.parametrize(("asked", "kept"), [("", "en"), ("zh-hans", "zh-hans")])
def test_a_new_workshop_speaks_the_language_of_its_unit_or_the_one_chosen(world: World, asked: str, kept: str) -> None:
    desk = client_for(world.facilitator)
    new = reverse("usecases:workshop_new")
    assert "the language of the unit" in desk.get(new).content.decode()
    Unit.objects.filter(pk=world.cn.pk).update(language="en")
    given = {
        "title_en": "Pains of the shift",
        "unit": world.cn.pk,
        "language": asked,
        "budget": 10,
        "cap": 4,
        "top_n": 5,
    }
    assert desk.post(new, given).status_code == 302
    assert Workshop.objects.get().language == kept


def test_the_desk_shows_the_way_in_as_a_picture_and_the_participants_view(world: World) -> None:
    play = a_collecting(world)
    html = page(client_for(world.facilitator), play.now)
    assert f"/qr?{play.now.long_code}" in html and "?view=phone" in html
    act.close_door(actor=play.run, workshop=play.now)
    assert "/qr?" not in page(client_for(world.facilitator), play.now)
