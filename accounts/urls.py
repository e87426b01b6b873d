"""Addresses of accounts. `set_language` stands outside the namespace: the shell asks for it by that name."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.views import invitations, me, people, units

pages: list[URLPattern | URLResolver] = [
    path("settings/people", people.people, name="people"),
    path("settings/people/invite", people.invite, name="invite-member"),
    path("settings/people/invitations/<uuid:pk>", people.invitation, name="invitation"),
    path("settings/people/invitations/<uuid:pk>/revoke", people.revoke, name="revoke-invitation"),
    path("settings/people/<uuid:pk>", people.member, name="member"),
    path("settings/people/<uuid:pk>/confirm", people.confirm, name="confirm-member"),
    path("settings/people/<uuid:pk>/end", people.end, name="end-membership"),
    path("settings/people/<uuid:pk>/give", people.give, name="give-role"),
    path("settings/people/<uuid:pk>/active", people.deactivate, name="deactivate-user"),
    path("settings/units", units.units, name="units"),
    path("settings/units/<str:code>", units.unit, name="unit"),
    path("settings/units/<str:code>/rename", units.rename, name="rename-unit"),
    path("settings/units/<str:code>/move", units.move, name="move-unit"),
    path("settings/units/<str:code>/close", units.close, name="close-unit"),
    path("me", me.me, name="me"),
    path("me/tokens", me.make_token, name="make-token"),
    path("me/tokens/<uuid:pk>/revoke", me.revoke_token, name="revoke-token"),
    path("me/theme", me.set_theme, name="theme"),
    path("invite/<str:secret>", invitations.invite, name="invite"),
]
if settings.DEMO:
    pages.append(path("persona", me.persona, name="persona"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/language", me.set_language, name="set_language"),
    path("", include((pages, "accounts"))),
]
