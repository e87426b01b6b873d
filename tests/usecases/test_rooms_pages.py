"""The guest's side of a workshop through its doors: joining, the phone in every phase, the board, the receipt."""

from __future__ import annotations

import logging
import re
import uuid
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from foundation.audit.models import AuditEvent
from tests.usecases.workshops import a_clustering, a_collecting, a_published, a_reviewing, a_voting, a_workshop
from tests.world import client_for
from usecases import seats
from usecases.models import Ballot, Card, ClusterOp, Seat
from usecases.services import workshops as act

BUDGET = 60 * 1024


@pytest.fixture(autouse=True)
def no_counters():
    cache.clear()


def at(play, name="workshop", *args):
    return reverse(f"usecases:{name}", args=[play.workshop.key, *args])


def seated(play, n=0, **headers):
    """A browser that holds one of the seats."""
    browser = Client(**headers)
    browser.cookies[seats.cookie_name(play.workshop)] = seats.seal_pass(play.workshop, play.seats[n])
    return browser


def joined(play):
    """Through the door: the link of the QR code, one tap."""
    browser = Client()
    address = reverse("usecases:join", args=[play.now.long_code])
    page = browser.get(address)
    secret = re.search(r'name="secret" value="([0-9a-f]{32})"', page.content.decode())[1]
    return browser, browser.post(address, {"secret": secret}, follow=True)


def text_of(response):
    return response.content.decode()


# --- the door -----------------------------------------------------------------------------------------------------


def test_a_guest_sits_after_one_tap_and_finds_the_field(world):
    play = a_collecting(world, seats=0)
    browser, page = joined(play)
    assert page.status_code == 200 and page.redirect_chain == [(at(play), 302)]
    text = text_of(page)
    assert 'name="text"' in text and "autofocus" in text and "Hours describe work, not people." in text
    cookie = browser.cookies[seats.cookie_name(play.workshop)]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert set(browser.cookies) == {seats.cookie_name(play.workshop), "csrftoken"}  # no session
    assert "no-store" in page["Cache-Control"]


def test_looking_makes_no_seat_and_the_same_form_twice_makes_one(world):
    play = a_collecting(world, seats=0)
    address, rev = reverse("usecases:join", args=[play.now.long_code]), play.now.rev
    Client().get(address)
    assert (Seat.objects.count(), play.now.rev) == (0, rev)
    secret = seats.new_secret()
    for _again in range(2):
        assert Client().post(address, {"secret": secret}).status_code == 302
    assert Seat.objects.count() == 1


def test_a_browser_with_a_seat_goes_back_to_it(world):
    play = a_collecting(world, seats=1)
    address = reverse("usecases:join", args=[play.now.short_code])
    assert "Back to your seat" in text_of(seated(play).get(address))
    assert seated(play).post(address, {"secret": seats.new_secret()}).status_code == 302
    assert Seat.objects.count() == 1


def test_a_closed_door_says_so_and_lets_nobody_in(world):
    play = a_collecting(world, seats=0)
    act.close_door(actor=play.run, workshop=play.now)
    address = reverse("usecases:join", args=[play.now.long_code])
    page = text_of(Client().get(address))
    assert "The door is closed" in page and ">Join<" not in page
    assert Client().post(address).status_code == 409 and not Seat.objects.exists()


def test_a_typed_code_leads_in_and_only_wrong_ones_are_counted(world):
    play, browser = a_collecting(world, seats=0), Client()
    code = play.now.short_code
    for _n in range(15):
        assert browser.post(reverse("usecases:door"), {"code": code.lower().replace("-", " ")}).status_code == 302
    wrong = [browser.post(reverse("usecases:door"), {"code": "000-ZZ"}).status_code for _n in range(11)]
    assert wrong == [404] * 10 + [429]
    assert browser.get(reverse("usecases:join", args=[play.now.long_code])).status_code == 200  # link and QR open


# --- one address ----------------------------------------------------------------------------------------------------


def test_without_a_seat_there_is_the_sign_in_and_for_other_units_nothing(world):
    play = a_collecting(world)
    assert Client().get(at(play))["Location"].startswith("/accounts/login/")
    assert client_for(world.outsider).get(at(play)).status_code == 404


def test_the_cookie_of_another_workshop_is_no_seat(world):
    play, other = a_collecting(world), a_collecting(world)
    browser = Client()
    browser.cookies[seats.cookie_name(play.workshop)] = seats.seal_pass(other.workshop, other.seats[0])
    assert browser.get(at(play)).status_code == 302
    sent = browser.post(at(play, "seat_act", "add"), {"card": str(uuid.uuid4()), "text": "A"})
    assert sent.status_code == 404 and not Card.objects.exists()
    assert seated(play).post(at(play, "seat_act", "nonsense")).status_code == 404


# --- the phases, without a script -----------------------------------------------------------------------------------


def test_all_phases_with_plain_forms(world):
    play = a_collecting(world, seats=5)
    phones = [seated(play, n) for n in range(5)]
    for n, phone in enumerate(phones):
        page = text_of(phone.get(at(play)))
        card = re.search(r'name="card" value="([0-9a-f-]{36})"', page)[1]
        sent = {"card": card, "text": f"Pain {n}", "often": "weekly", "takes": "2h"}
        for _twice in range(2):
            assert phone.post(at(play, "seat_act", "add"), sent)["Location"] == at(play)
    assert Card.objects.count() == 5
    assert phones[0].post(at(play, "seat_act", "done")).status_code == 302 and Seat.objects.get(done=True)
    play.step("reveal")

    page = text_of(phones[0].get(at(play)))
    assert page.count('name="pick"') == 5 and "Pain 3" in page
    pick = {"pick": [str(play.id("Pain 0")), str(play.id("Pain 1"))], f"v-{play.id('Pain 0')}": "1"}
    assert phones[0].post(at(play, "seat_act", "merge"), pick).status_code == 302
    assert play.id("Pain 0") == play.id("Pain 1")
    op = re.search(r'name="op" value="([0-9a-f-]{36})"', text_of(phones[1].get(at(play))))[1]
    assert phones[1].post(at(play, "seat_act", "undo"), {"op": op}).status_code == 302
    assert play.id("Pain 0") != play.id("Pain 1")
    play.step("open_vote")

    for phone in phones:
        page = text_of(phone.get(at(play)))
        assert page.count("<select") == 5 and 'role="status"' in page
        items = re.findall(r'name="(p-[0-9a-f-]{36})"', page)
        ballot = {"round": str(play.round.pk), **dict.fromkeys(items, "2"), "belief": "yes", "done": "yes"}
        assert phone.post(at(play, "seat_act", "cast"), ballot).status_code == 302
    assert Ballot.objects.count() == 5
    assert "<b>5</b> of 5 have voted" in text_of(phones[0].get(at(play)))
    play.step("close_vote")
    assert "5 voters" in text_of(phones[0].get(at(play)))


def test_own_cards_are_changed_removed_and_told_when_they_look_personal(world):
    play = a_collecting(world)
    phone, card = seated(play), str(uuid.uuid4())
    phone.post(at(play, "seat_act", "add"), {"card": card, "text": "Mails to jan@example.org"})
    assert "looks like an e-mail address" in text_of(phone.get(at(play)))
    assert "jan@example.org" not in text_of(seated(play, 1).get(at(play)))
    assert f'value="{card}"' in text_of(phone.get(at(play) + f"?card={card}"))
    phone.post(at(play, "seat_act", "edit"), {"card": card, "text": "Mails by hand"})
    assert Card.objects.get().text == "Mails by hand"
    assert seated(play, 1).post(at(play, "seat_act", "remove"), {"card": card}).status_code == 404
    phone.post(at(play, "seat_act", "remove"), {"card": card})
    assert not Card.objects.exists()


def test_an_item_is_reworded_its_card_moved_and_the_group_split(world):
    play = a_clustering(world, "ABCD")
    phone, a, b = seated(play), str(play.id("A")), str(play.id("B"))
    assert "Move to" in text_of(phone.get(at(play) + f"?item={a}"))
    phone.post(at(play, "seat_act", "reword"), {"item": a, "v-" + a: "1", "title_en": "First", "title_zh": "第一"})
    assert play.cluster("A").title_zh == "第一"
    phone.post(at(play, "seat_act", "move"), {"pick": str(Card.objects.get(text="B").pk), "into": a})
    assert play.id("B") == play.id("A")
    phone.post(at(play, "seat_act", "split"), {"item": a})
    assert str(play.id("B")) == b
    stale = phone.post(at(play, "seat_act", "reword"), {"item": a, "v-" + a: "1", "title_en": "Second"})
    assert stale.status_code == 412 and "First" in text_of(stale)
    assert phone.post(at(play, "seat_act", "keep"), {"pick": [a, b]}).status_code == 302
    assert phone.post(at(play, "seat_act", "merge"), {"pick": [a]}).status_code == 422


def test_of_several_cards_all_move_or_none(world):
    play = a_clustering(world, "ABCD")
    phone, a = seated(play), str(play.id("A"))
    b, c = (str(Card.objects.get(text=text).pk) for text in "BC")
    wrong = phone.post(at(play, "seat_act", "move"), {"pick": [b, str(uuid.uuid4())], "into": a})
    assert wrong.status_code >= 400 and play.id("B") != play.id("A") and not ClusterOp.objects.exists()
    assert phone.post(at(play, "seat_act", "move"), {"into": a}).status_code == 422
    phone.post(at(play, "seat_act", "move"), {"pick": [b, c], "into": a})
    assert play.id("A") == play.id("B") == play.id("C")


def test_a_refused_ballot_comes_back_as_it_was_filled_in(world):
    play = a_voting(world, ballots=())
    phone, items = seated(play), [str(play.id(t)) for t in "ABCD"]
    ballot = {"round": str(play.round.pk), **{f"p-{i}": "4" for i in items}}
    page = phone.post(at(play, "seat_act", "cast"), ballot)
    assert page.status_code == 422 and not Ballot.objects.exists()
    assert "<span data-n>-6</span>" in text_of(page) and text_of(page).count("<option selected>4") == 4
    told = phone.post(at(play, "seat_act", "cast"), ballot, headers={"X-Room": "1"})
    assert told.status_code == 422 and told.json()["reasons"]
    fine = {**ballot, f"p-{items[0]}": "0", f"p-{items[1]}": "0"}
    assert phone.post(at(play, "seat_act", "cast"), fine, headers={"X-Room": "1"}).status_code == 204
    assert "Saved." in text_of(phone.get(at(play)))


def test_who_joined_late_watches_and_a_late_card_shows_the_new_phase(world):
    play = a_voting(world)
    play.join()
    page = text_of(seated(play, 6).get(at(play)))
    assert "You vote in the next one" in page and "<select" not in page and 'http-equiv="refresh"' in page
    late = seated(play).post(at(play, "seat_act", "add"), {"card": str(uuid.uuid4()), "text": "Late"})
    assert late.status_code == 409 and "points for what hurts most" in text_of(late)


def test_points_and_ranks_are_nowhere_while_the_vote_is_open(world):
    """W6: only one's own points, and how many have voted."""
    play = a_voting(world)
    play.join()
    facilitator = client_for(world.facilitator)
    for page in (seated(play, 6).get(at(play)), facilitator.get(at(play, "workshop_board"))):
        text = text_of(page)
        assert "<b>5</b> of 6" in text or "5 of 6 have voted" in text
        assert not re.search(r'voters|class="(?:rank|sum|dots|rk)', text)
    own = re.findall(r"<option selected>(\d)", text_of(seated(play, 5).get(at(play))))
    assert own == ["0"] * 4  # this seat has not voted


def test_published_the_list_is_read_and_a_card_followed(world):
    play, version = a_published(world)
    page = text_of(seated(play).get(at(play)))
    link = re.search(r'href="(/w/f/[0-9a-f]{64})"', page)[1]
    assert version.key in page and 'http-equiv="refresh"' not in page
    assert "It stands on the published list" in text_of(Client().get(link))
    assert "once the list is published" in text_of(Client().get("/w/f/" + "0" * 64))


def test_prepared_and_cancelled_say_so(world):
    play = a_workshop(world)
    assert client_for(world.facilitator).get(at(play, "workshop_board")).status_code == 200
    play = a_collecting(world)
    phone = seated(play)
    play.step("cancel", reason="The room is flooded.")
    assert phone.get(at(play)).status_code == 302  # the seat is wiped
    page = client_for(world.facilitator).get(at(play, "workshop_board"))
    assert "The room is flooded." in text_of(page)


# --- board, receipt, bytes, words -------------------------------------------------------------------------------------


def test_the_board_counts_and_holds_no_control_and_no_text(world):
    play = a_collecting(world)
    play.write("Secret text")
    text = text_of(client_for(world.facilitator).get(at(play, "workshop_board")))
    assert play.now.short_code in text and "Secret text" not in text and "no headcount" in text
    assert not re.search(r"<(?:form|button|input|select)", text)
    picture = client_for(world.facilitator).get(at(play, "workshop_qr"))
    assert picture["Content-Type"] == "image/svg+xml" and b"<svg" in picture.content


def test_the_board_shows_ranks_dots_and_who_should_talk(world):
    play = a_reviewing(world)
    text = text_of(client_for(world.facilitator).get(at(play, "workshop_board")))
    assert text.count('class="dots"') == 4 and "Split: talk" in text and "Talk about this next" in text
    assert client_for(world.reader).get(at(play, "workshop_board")).status_code == 404


def test_the_receipt_is_the_same_for_every_workshop(world):
    play = a_collecting(world)
    real, none = Client().get(at(play, "workshop_stored")), Client().get("/w/W-9999/stored")
    assert real.status_code == none.status_code == 200 and "secret_hash" in text_of(real)


@pytest.mark.parametrize("phase", ["join", "collect", "cluster", "vote", "review"])
def test_a_phone_loads_less_than_sixty_kilobytes(world, phase):
    made = {"join": a_collecting, "collect": a_collecting, "cluster": a_clustering, "vote": a_voting}
    play = made.get(phase, a_reviewing)(world)
    address = reverse("usecases:join", args=[play.now.long_code]) if phase == "join" else at(play)
    page = (Client() if phase == "join" else seated(play)).get(address)
    text = text_of(page)
    files = re.findall(r'(?:href|src)="/static/([^"]+)"', text)
    loaded = sum(Path(found).stat().st_size for f in files if (found := finders.find(f)))
    assert len(page.content) + loaded <= BUDGET
    assert "data-slim" in text and not {"js/chart.js", "vendor/htmx.min.js"} & set(files)


def test_both_languages_and_the_switch_leads_back(world):
    play = a_voting(world)
    phone = seated(play, HTTP_ACCEPT_LANGUAGE="zh-CN")
    page = text_of(phone.get(at(play)))
    assert '<html lang="zh-hans"' in page and "工时只描述工作" in page
    assert f'name="next" value="{at(play)}"' in page


def test_the_log_has_method_and_path_and_nobody(world, caplog):
    play = a_collecting(world)
    phone = seated(play, HTTP_USER_AGENT="Tell-tale/1.0", REMOTE_ADDR="203.0.113.9")
    signed = client_for(world.facilitator)
    before = AuditEvent.objects.count()
    with caplog.at_level(logging.DEBUG):
        phone.get(at(play) + "?card=tell")
        phone.post(at(play, "seat_act", "add"), {"card": str(uuid.uuid4()), "text": "Telling"})
        phone.get(reverse("usecases:join", args=[play.now.long_code]) + "?from=chat")
        signed.post(reverse("usecases:join", args=[play.now.long_code]))
    lines = "\n".join(str(r.__dict__) for r in caplog.records if r.name == "pilotage.request")
    assert at(play) in lines
    secret = play.seats[0].secret
    for word in ("203.0.113.9", "Tell-tale", "tell", "chat", "Telling", secret, world.facilitator.name):
        assert word not in lines
    assert AuditEvent.objects.count() == before


# --- what facilitators see of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [a_workshop, a_collecting, a_clustering, a_voting, a_reviewing])
def test_a_facilitator_sees_what_a_participant_sees_and_can_press_nothing(world, make):
    play = make(world)
    before = (Seat.objects.count(), Ballot.objects.count(), Card.objects.count())
    page = client_for(world.facilitator).get(at(play), {"view": "phone"})
    html = text_of(page)
    assert page.status_code == 200 and "What participants see" in html and "You joined after" not in html
    assert "ballot.js" not in html and "room.js" not in html
    alive = re.sub(r"<fieldset disabled>.*</fieldset>", "", html[html.index("</header>") :], flags=re.S)
    assert "<button" not in re.sub(r"<section class=\"live\".*?</section>", "", alive, flags=re.S)
    assert (Seat.objects.count(), Ballot.objects.count(), Card.objects.count()) == before
    reader = client_for(world.reader).get(at(play), {"view": "phone"})
    assert "What participants see" not in text_of(reader)


def test_an_earlier_vote_stays_beside_the_latest_on_phone_and_board(world):
    play = a_reviewing(world)
    assert "Vote 1" not in text_of(seated(play).get(at(play)))
    play.step("vote_again", reason="The night shift was not heard.")
    for n, points in enumerate(({"A": 4}, {"A": 4}, {"A": 3}, {"B": 1}, {"B": 2})):
        play.vote(n, points)
    assert "Vote 1" not in text_of(seated(play).get(at(play)))
    play.step("close_vote")
    for html in (
        text_of(seated(play).get(at(play))),
        text_of(client_for(world.facilitator).get(at(play, "workshop_board"))),
    ):
        assert html.count("Vote 1") == 1 and "never added up" in html


def test_the_board_speaks_the_language_of_the_workshop_whoever_opened_it(world):
    play = a_collecting(world, language="zh-hans")
    wall = client_for(world.facilitator)
    html = text_of(wall.get(at(play, "workshop_board")))
    assert '<html lang="zh-hans"' in html and "收集" in html and "view=board&amp;lang=zh-hans" in html
    followed = wall.get(at(play, "workshop_live"), {"view": "board", "lang": "zh-hans"})
    assert "收集" in text_of(followed)
    asked = text_of(wall.get(at(play, "workshop_board"), {"lang": "en"}))
    assert '<html lang="en"' in asked and "Collect" in asked
