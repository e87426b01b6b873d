"""An invitation accepted in a real Chromium: the form must pass the CSRF check of a browser, not of a test client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import services
from accounts.models import Membership, Unit, User
from tests.browser.conftest import Window
from tests.world import actor


def test_a_stranger_accepts_an_invitation_and_is_in(site: Any, browse: Callable[..., Window]) -> None:
    _invitation, secret = services.invite_member(
        actor=actor(User.objects.get(persona="system_admin")),
        role="reader",
        unit=Unit.objects.get(code="CN"),
        email="new.person@meridian.example",
    )
    window = browse(None)
    assert window.go(f"/invite/{secret}") == 200
    window.page.locator('[name="name"]').fill("New Person")
    window.page.locator('[name="password"]').fill("a long and quiet river")
    with window.page.expect_navigation(wait_until="load"):
        window.page.get_by_role("button", name="Accept and sign in").click()
    assert window.page.url == f"{site.url}/", window.page.locator("main").inner_text()
    assert Membership.objects.filter(user__email="new.person@meridian.example", role="reader").exists()
    assert window.troubles == []
    assert window.go(f"/invite/{secret}") == 404
