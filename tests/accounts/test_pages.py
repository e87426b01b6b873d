"""The pages of people, units and oneself, as a browser meets them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import ApiToken, Installation, Invitation, Membership, Unit, User
from tests.world import PASSWORD, a_member, a_user, actor, client_for

GOOD = "a long and quiet river"


def text(response) -> str:
    return response.content.decode()


# The door


@pytest.mark.parametrize("path", ["/settings/people", "/settings/units", "/me", "/settings/people/invite"])
def test_a_page_asks_strangers_to_sign_in(world, path):
    answer = Client().get(path)
    assert answer.status_code == 302 and answer.url == f"/accounts/login/?next={path}"


def test_a_stranger_inside_a_fragment_is_sent_to_the_whole_sign_in_page(world):
    answer = Client().get("/me", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/")


def test_a_person_signs_in_with_address_and_password_and_the_profile_follows(world):
    User.objects.filter(pk=world.cio.pk).update(language="zh-hans", theme="dark")
    client = Client()
    answer = client.post("/accounts/login/", {"login": "CIO@example.org", "password": PASSWORD})
    assert answer.status_code == 302
    assert (client.cookies["django_language"].value, client.cookies["theme"].value) == ("zh-hans", "dark")
    assert 'data-theme="dark"' in text(client.get("/me")) and 'lang="zh-hans"' in text(client.get("/me"))


def test_nobody_signs_up_and_a_service_account_never_signs_in(world):
    assert "password1" not in text(Client().get("/accounts/signup/"))
    a_user("Robot", "robot@example.org", kind=User.Kind.SERVICE)
    client = Client()
    client.post("/accounts/login/", {"login": "robot@example.org", "password": PASSWORD})
    assert client.get("/me").status_code == 302


def test_a_deactivated_person_is_out_on_the_next_request(world):
    client = client_for(world.architect)
    assert client.get("/me").status_code == 200
    services.deactivate_user(actor=actor(world.system_admin), user=world.architect)
    assert client.get("/me").status_code == 302


# People


def test_people_of_another_unit_do_not_appear(world):
    body = text(client_for(world.reader).get("/settings/people"))
    assert "The Architect" in body and "The Outsider" not in body
    assert "example.org" not in body


def test_the_people_list_costs_the_same_for_many(world, django_assert_max_num_queries):
    client = client_for(world.reader)
    client.get("/settings/people")  # the badge of the shell is counted once
    with django_assert_max_num_queries(8) as few:
        client.get("/settings/people")
    for n in range(40):
        a_member(a_user(f"Person {n}"), "reader", world.team)
        services.give_role(
            actor=actor(world.facilitator), user=User.objects.get(name=f"Person {n}"), role="cio", unit=world.team
        )
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get("/settings/people")


def test_the_people_list_filters_and_exports_what_it_shows(world):
    client = client_for(world.reader)
    shown = text(client.get("/settings/people", {"role": "cio"}))
    assert "The Cio" in shown and "The Auditor" not in shown
    export = client.get("/settings/people", {"role": "cio", "format": "csv"})
    lines = (
        b"".join(export.streaming_content if export.streaming else [export.content]).decode("utf-8-sig").splitlines()
    )
    assert sum("The Cio" in line for line in lines) == 1 and not any("The Auditor" in line for line in lines)


def test_an_architect_invites_by_address_and_sees_it_open(world):
    client = client_for(world.architect)
    given = {"role": "pilot_lead", "unit": "CN-OPS", "email": "new@example.org", "what_for": "", "note": ""}
    answer = client.post("/settings/people/invite", given, follow=True)
    assert answer.status_code == 200 and "new@example.org" in text(answer) and "/invite/" not in text(answer)
    assert "new@example.org" in text(client.get("/settings/people"))
    assert "new@example.org" not in text(client_for(world.reader).get("/settings/people"))


def test_a_copied_link_is_shown_to_the_person_who_asked_and_to_nobody_else(world):
    client = client_for(world.architect)
    answer = client.post("/settings/people/invite", {"role": "reader", "unit": "CN"}, follow=True)
    link = re.search(r"http://testserver(/invite/[0-9a-f]{64})", text(answer))
    assert link and answer.headers["Cache-Control"] == "no-store"
    page = reverse("accounts:invitation", args=[Invitation.objects.get().pk])
    assert link[1] not in text(client_for(world.facilitator).get(page))
    assert client_for(world.outsider).get(page).status_code == 404


def test_a_refused_invitation_keeps_the_input_and_names_the_field(world):
    answer = client_for(world.architect).post(
        "/settings/people/invite", {"role": "reader", "unit": "EM", "email": "not an address", "note": "hello"}
    )
    assert answer.status_code == 422 and "hello" in text(answer) and not Invitation.objects.exists()


def test_who_may_not_invite_gets_the_sentence_and_the_names(world):
    answer = client_for(world.reader).post(
        "/settings/people/invite", {"role": "reader", "unit": "CN", "email": "a@example.org"}
    )
    assert answer.status_code in (403, 422) and not Invitation.objects.exists()


def test_an_admin_confirms_and_ends_a_role_on_its_page(world):
    user = a_user("Second Cio")
    waiting = services.give_role(actor=actor(world.architect), user=user, role="cio", unit=world.cn)
    page = reverse("accounts:member", args=[waiting.pk])
    client = client_for(world.governance_admin)
    assert "waits for confirmation" in text(client.get(page))
    client.post(f"{page}/confirm")
    waiting.refresh_from_db()
    assert waiting.confirmed_by == world.governance_admin
    asked = text(client.get(f"{page}/end"))
    assert "Second Cio stops being CIO at China" in asked and "pass on to: The Cio." in asked
    waiting.refresh_from_db()
    assert waiting.ended_at is None
    assert "Second Cio is no longer CIO at China." in text(client.post(f"{page}/end", follow=True))
    waiting.refresh_from_db()
    assert waiting.ended_at
    assert client_for(world.reader).get(f"{page}/end").status_code == 403
    assert client_for(world.reader).post(f"{page}/end").status_code == 403
    assert client_for(world.outsider).post(f"{page}/end").status_code == 404


def test_a_refused_confirmation_is_a_page_with_the_reason_and_leaves_a_trace(world):
    from foundation.audit.models import AuditEvent

    waiting = services.give_role(actor=actor(world.architect), user=a_user("X Y"), role="cio", unit=world.cn)
    answer = client_for(world.architect).post(reverse("accounts:confirm-member", args=[waiting.pk]))
    assert answer.status_code == 403 and "governance admin" in text(answer)
    assert AuditEvent.objects.filter(verb="access.refused", actor_id=str(world.architect.pk)).exists()


def test_another_role_is_given_on_the_page_of_a_person(world):
    held = Membership.objects.get(user=world.reader)
    page = reverse("accounts:give-role", args=[held.pk])
    client = client_for(world.architect)
    assert client.post(page, {"role": "facilitator", "unit": "CN-OPS"}).status_code == 302
    again = client.post(page, {"role": "facilitator", "unit": "CN-OPS"})
    assert again.status_code == 422 and "holds this role" in text(again)


def test_a_system_admin_deactivates_and_reactivates_a_person(world):
    page = reverse("accounts:deactivate-user", args=[Membership.objects.get(user=world.reader).pk])
    client = client_for(world.system_admin)
    client.post(page)
    assert not User.objects.get(pk=world.reader.pk).is_active
    client.post(page)
    assert User.objects.get(pk=world.reader.pk).is_active
    assert client_for(world.cio).post(page).status_code == 403


# Units


def test_the_tree_shows_own_units_and_the_names_above(world):
    body = text(client_for(world.reader).get("/settings/units"))
    assert "Meridian" in body and "Shanghai operations" in body and "EMEA" not in body


def test_a_system_admin_changes_the_tree_on_its_pages(world):
    client = client_for(world.system_admin)
    new = {"parent": "CN", "code": "CN-NET", "name_en": "Network", "name_zh": "网络", "kind": "team", "zone": ""}
    assert client.post("/settings/units", new).status_code == 302
    assert client.post("/settings/units", new).status_code == 422
    assert "网络" in text(client.get("/settings/units/CN-NET?lang=zh"))
    client.post("/settings/units/CN-NET/rename", {"name_en": "Networks", "name_zh": ""})
    client.post("/settings/units/CN-NET/move", {"parent": "CN-OPS"})
    unit = Unit.objects.get(code="CN-NET")
    assert (unit.name_en, unit.parent) == ("Networks", world.team)
    assert client.post("/settings/units/CN-OPS/close").status_code == 409
    client.post("/settings/units/CN-NET/close")
    unit.refresh_from_db()
    assert unit.closed_at
    assert client_for(world.architect).post("/settings/units/CN-OPS/close").status_code == 403
    assert client.get("/settings/units/EM").status_code == 404


def test_the_tree_costs_the_same_for_many_units(world, django_assert_max_num_queries):
    client = client_for(world.reader)
    client.get("/settings/units")  # the badge of the shell is counted once
    with django_assert_max_num_queries(7) as few:
        client.get("/settings/units")
    for n in range(30):
        services.add_unit(actor=actor(world.system_admin), parent=world.team, code=f"T{n}", name_en=f"Team {n}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get("/settings/units")


# The invitation link


def an_invitation(world, role="pilot_lead", email="new@example.org"):
    return services.invite_member(actor=actor(world.architect), role=role, unit=world.team, email=email)[1]


def test_opening_an_invitation_changes_nothing_and_accepting_signs_in(world):
    secret, client = an_invitation(world), Client()
    shown = client.get(f"/invite/{secret}")
    assert shown.status_code == 200 and "pilot lead" in text(shown) and "The Architect" in text(shown)
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert Invitation.objects.get().state == "open"
    taken = client.post(f"/invite/{secret}", {"name": "New Person", "password": GOOD, "email": "evil@example.org"})
    assert taken.status_code == 302
    assert "new@example.org" in text(client.get("/me"))
    assert client.get(f"/invite/{secret}").status_code == 404


def test_a_weak_password_is_refused_at_its_field_and_the_invitation_stays(world):
    secret = an_invitation(world)
    answer = Client().post(f"/invite/{secret}", {"name": "New Person", "password": "short"})
    assert answer.status_code == 422 and "New Person" in text(answer) and Invitation.objects.get().state == "open"


def test_whoever_is_signed_in_accepts_with_one_press(world):
    secret = an_invitation(world, email=world.reader.email)
    client = client_for(world.reader)
    assert "The Reader" in text(client.get(f"/invite/{secret}"))
    assert client.post(f"/invite/{secret}").status_code == 302
    assert Membership.objects.filter(user=world.reader, role="pilot_lead").exists()


def test_a_known_address_is_asked_to_sign_in_and_offered_no_password_field(world):
    body = text(Client().get(f"/invite/{an_invitation(world, email=world.reader.email)}"))
    assert "/accounts/login/?next=/invite/" in body and 'name="password"' not in body


def test_a_wrong_and_a_dead_link_look_the_same(world):
    secret = an_invitation(world)
    services.revoke_invitation(actor=actor(world.architect), invitation=Invitation.objects.get())
    assert Client().get(f"/invite/{secret}").status_code == Client().get("/invite/nonsense").status_code == 404


# Oneself


def test_preferences_are_saved_and_refused_with_the_form(world):
    client = client_for(world.cio)
    assert client.post("/me", {"language": "zh-hans", "theme": "dark", "zone": "Asia/Tokyo"}).status_code == 302
    assert User.objects.get(pk=world.cio.pk).zone == "Asia/Tokyo"
    assert client.post("/me", {"language": "xx", "theme": "dark", "zone": "Asia/Tokyo"}).status_code == 422


def test_a_token_is_shown_once_and_kept_as_a_digest(world):
    client = client_for(world.architect)
    made = client.post("/me/tokens", {"label": "Pull", "scopes": ["read", "draft"], "unit": "CN-OPS", "days": "30"})
    secret = re.search(r"plt_[\w-]+", text(made))[0]
    token = ApiToken.objects.get()
    assert made.headers["Cache-Control"] == "no-store" and secret not in text(client.get("/me"))
    assert secret not in token.digest and token.prefix == secret[4:12]
    client.post(reverse("accounts:revoke-token", args=[token.pk]))
    token.refresh_from_db()
    assert token.revoked_at


def test_a_token_form_in_error_keeps_what_was_typed(world):
    answer = client_for(world.architect).post("/me/tokens", {"label": "Pull", "days": "900"})
    assert answer.status_code == 422 and "Pull" in text(answer) and not ApiToken.objects.exists()


def test_anothers_token_does_not_exist(world):
    token, _secret = services.make_token(actor=actor(world.architect), label="Mine", scopes=["read"])
    page = reverse("accounts:revoke-token", args=[token.pk])
    assert client_for(world.system_admin).post(page).status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_language_and_theme_switch_for_strangers_by_cookie_and_for_people_in_the_profile(world):
    stranger = Client()
    answer = stranger.post("/me/language", {"language": "zh-hans", "next": "/accounts/login/?lang=en&x=1"})
    assert answer.url == "/accounts/login/?x=1" and stranger.cookies["django_language"].value == "zh-hans"
    client = client_for(world.cio)
    client.post("/me/theme", {"theme": "dark", "next": "/me"})
    client.post("/me/language", {"language": "zh-hans", "next": "https://evil.example/"})
    cio = User.objects.get(pk=world.cio.pk)
    assert (cio.theme, cio.language) == ("dark", "zh-hans")


def test_a_switch_never_leads_to_another_site(world):
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert Client().post("/me/theme", {"theme": "dark", "next": target}).url == "/"


# The demo


def test_the_persona_switch_needs_the_mark_in_the_database(world):
    User.objects.filter(pk=world.cio.pk).update(persona="cio")
    client = Client()
    assert client.post("/persona", {"persona": "cio"}).status_code == 404
    assert client.get("/me").status_code == 302
    Installation.objects.create(demo=True)
    assert client.post("/persona", {"persona": "cio", "next": "/me"}).url == "/me"
    assert "The Cio" in text(client.get("/me"))
    assert client.post("/persona", {"persona": "architect"}).status_code == 404


def test_the_persona_switch_needs_the_setting_too(world, settings):
    User.objects.filter(pk=world.cio.pk).update(persona="cio")
    Installation.objects.create(demo=True)
    settings.DEMO = False
    assert Client().post("/persona", {"persona": "cio"}).status_code == 404


def test_a_get_never_switches_the_persona(world):
    Installation.objects.create(demo=True)
    assert Client().get("/persona").status_code == 405


def test_the_ledger_says_demo_persona(world):
    from foundation.audit.models import AuditEvent

    User.objects.filter(pk=world.cio.pk).update(persona="cio")
    Installation.objects.create(demo=True)
    client = Client()
    client.post("/persona", {"persona": "cio"})
    client.post("/me", {"language": "", "theme": "dark", "zone": "UTC"})
    assert AuditEvent.objects.get(verb="user.preferences_set").acting_for == "demo persona"


# Where a switch leads, and what it says


def test_the_switch_on_a_page_shown_by_a_form_leads_to_the_page_the_form_stood_on(world):
    client = client_for(world.architect)
    refused = client.post(
        "/me/tokens", {"label": "Pull", "days": "900"}, headers={"Referer": "http://testserver/me?a=1"}
    )
    assert refused.status_code == 422
    assert 'name="next" value="/me?a=1"' in text(refused) and 'value="/me/tokens"' not in text(refused)
    again = client.post("/me/tokens", {"days": "900"}, headers={"Referer": "http://testserver/me/tokens"})
    assert 'name="next" value="/"' in text(again)
    elsewhere = client.post("/me/tokens", {"days": "900"}, headers={"Referer": "https://evil.example/me"})
    assert 'name="next" value="/"' in text(elsewhere)
    assert client.post("/me/language", {"language": "en", "next": "/me/tokens"}).url == "/"


def test_an_address_that_only_takes_forms_answers_a_reader_with_a_styled_page(world):
    answer = client_for(world.architect).get("/me/tokens")
    assert answer.status_code == 405 and answer["Allow"] == "POST"
    assert "only takes what a form sends" in text(answer) and 'class="top"' in text(answer)


def test_the_toast_after_a_change_of_language_speaks_the_new_one(world):
    client = client_for(world.cio)
    page = client.post("/me", {"language": "zh-hans", "theme": "dark", "zone": "Asia/Tokyo"}, follow=True)
    assert "已保存" in text(page) and "Saved." not in text(page)


def test_the_toast_of_signing_in_speaks_the_language_of_the_profile(world):
    User.objects.filter(pk=world.cio.pk).update(language="zh-hans")
    page = Client().post("/accounts/login/", {"login": world.cio.email, "password": PASSWORD}, follow=True)
    assert "您以The Cio的身份登录" in text(page) and "Successfully signed in" not in text(page)


def test_a_form_that_came_from_another_place_is_not_told_to_ask_for_a_right(world):
    answer = Client(enforce_csrf_checks=True).post(f"/invite/{an_invitation(world)}", {"name": "New Person"})
    assert answer.status_code == 403
    assert "System admin" not in text(answer) and "system admin" not in text(answer)
    assert "reload the page" in text(answer)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_units_are_handed_out_as_a_table(world, kind):
    client = client_for(world.architect)
    assert "format=csv" in text(client.get("/settings/units"))
    answer = client.get(f"/settings/units?format={kind}")
    assert answer.status_code == 200
    if kind == "csv":
        table = b"".join(answer).decode()
        assert "CN-OPS" in table and "Shanghai operations" in table


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("data_approver", ["/", "/governance", "/search"]),
        ("cio", ["/", "/charters", "/journey", "/search"]),
        ("ops_engineer", ["/", "/pains", "/charters", "/search"]),
    ],
)
def test_the_bar_of_a_phone_holds_what_the_role_uses_most(world, role, places):
    page = text(client_for(getattr(world, role)).get("/me"))
    bar = page[page.index('class="bottombar"') :]
    assert re.findall(r'<a href="([^"]+)"', bar[: bar.index("</nav>")]) == places


def test_the_bar_of_a_phone_never_holds_more_than_four_and_search(world):
    a_member(world.architect, "pilot_lead", world.cn)
    page = text(client_for(world.architect).get("/me"))
    bar = page[page.index('class="bottombar"') :]
    assert bar[: bar.index("</nav>")].count("<a ") == 5
