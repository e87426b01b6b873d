"""What the shell of every page shows: seven words, the person, theme, and in the demo the personas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership, User, is_demo
from accounts.return_to import here
from accounts.roles import ROLES
from foundation.actor import Actor

NAV = (  # key of the shortcut "g …", word, url name
    ("t", pgettext_lazy("navigation", "Today"), "desk:today"),
    ("p", pgettext_lazy("navigation", "Pains"), "usecases:pains"),
    ("c", pgettext_lazy("navigation", "Candidates"), "usecases:candidates"),
    ("h", pgettext_lazy("navigation", "Charters"), "charter:charters"),
    ("v", pgettext_lazy("navigation", "Governance"), "governance:home"),
    ("m", pgettext_lazy("navigation", "Measures"), "metrics:measures"),
    ("j", pgettext_lazy("navigation", "Journey"), "desk:journey_home"),
)
EVERYTHING = "tpchvmj"
APPROVER = "tv"
WORDS = {  # a role sees only the words it can use; the rest is found by search
    "ops_engineer": "tph",
    "ops_head": "thvj",
    "cio": "thvj",
    "architecture_approver": APPROVER,
    "security_approver": APPROVER,
    "data_approver": APPROVER,
}
BAR = {  # what a role uses most, at the thumb of a phone; everybody has Today and Search
    "ops_engineer": "tph",
    "ops_head": "thjv",
    "cio": "thj",
    "architecture_approver": APPROVER,
    "security_approver": APPROVER,
    "data_approver": APPROVER,
    "pilot_lead": "tmhj",
    "governance_admin": APPROVER,
}
USUAL = "tphj"
MOST = 4
GLYPHS = {
    "t": "house",
    "p": "inbox",
    "c": "list-checks",
    "h": "file-text",
    "v": "shield-check",
    "m": "gauge",
    "j": "route",
}
MENU = (
    (_("My settings"), "accounts:me", "user"),
    (_("People and roles"), "accounts:people", "users"),
    (_("Units"), "accounts:units", "building-2"),
    (_("Four questions"), "desk:questions", "circle-question-mark"),
    (_("Jobs"), "desk:jobs", "list"),
    (_("Audit"), "desk:audit", "scroll-text"),
    (_("Help"), "desk:help", "info"),
    (_("Sign out"), "account_logout", "log-out"),
)

BADGE_LAG = 120  # seconds

_badges: list[Callable[[Actor], int]] = []


def register_badge(count: Callable[[Actor], int]) -> None:
    """The one badge of the shell, on Today: how many things wait for this person."""
    if count not in _badges:
        _badges.append(count)


def badge_of(actor: Actor, *, fresh: bool = False) -> int:
    """Counted anew on Today; elsewhere what others did shows within BADGE_LAG, one's own act at once."""
    key = f"badge:{actor.user_id}"
    known = None if fresh else cache.get(key)
    if known is None:
        known = sum(count(actor) for count in _badges)
        cache.set(key, known, BADGE_LAG)
    return int(known)


def forget_badge(actor: Actor) -> None:
    cache.delete(f"badge:{actor.user_id}")


def shell(request: HttpRequest) -> dict[str, Any]:
    actor: Actor | None = getattr(request, "actor", None)
    user = getattr(request, "user", None)
    signed_in = isinstance(actor, Actor) and user is not None and user.is_authenticated
    demo = is_demo()
    items = nav_items(request, actor) if signed_in and actor else []
    return {
        "nav_items": items,
        "bar_items": bar_items(items, actor) if signed_in and actor else [],
        "here": here(request),
        "theme": theme_of(request),
        "demo": demo,
        "personas": personas(user) if demo else [],
        "person": person(actor) if signed_in and actor else None,
        "person_menu": person_menu() if signed_in else [],
    }


def theme_of(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    asked = user.theme if user is not None and user.is_authenticated else request.COOKIES.get("theme", "")
    return asked if asked in User.Theme.values else User.Theme.AUTO


def words_for(actor: Actor) -> str:
    held: tuple[Membership, ...] = actor.extra.get("held", ())
    found = "".join(WORDS.get(m.role, EVERYTHING) for m in held)
    return found or "t"


def nav_items(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    seen = words_for(actor)
    items: list[dict[str, Any]] = [
        {"key": key, "label": label, "url": url, "current": False, "badge": None}
        for key, label, name in NAV
        if key in seen and (url := url_or_none(name))
    ]
    _mark_current(items, request.path)
    for item in items:
        if item["key"] == "t":
            item["badge"] = badge_of(actor, fresh=bool(item["current"])) or None
    return items


def bar_items(items: list[dict[str, Any]], actor: Actor) -> list[dict[str, Any]]:
    """The bottom bar of a phone: the few words the person's roles use most, each with its glyph."""
    held: tuple[Membership, ...] = actor.extra.get("held", ())
    wanted = list(dict.fromkeys("".join(BAR.get(m.role, USUAL) for m in held) or "t"))[:MOST]
    found = {item["key"]: item for item in items}
    return [{**found[key], "icon": GLYPHS[key]} for key in wanted if key in found]


def _mark_current(items: list[dict[str, Any]], path: str) -> None:
    """The longest address that begins this one; `/` only for itself."""
    fitting = [
        i for i in items if path == i["url"] or (i["url"] != "/" and path.startswith(i["url"].rstrip("/") + "/"))
    ]
    if fitting:
        max(fitting, key=lambda i: len(i["url"]))["current"] = True


def url_or_none(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def person(actor: Actor) -> dict[str, Any]:
    held: tuple[Membership, ...] = actor.extra.get("held", ())
    first = held[0] if held else None
    return {
        "name": actor.label,
        "role": first.role_label if first else "",
        "unit": first.unit.name if first else "",
    }


def person_menu() -> list[dict[str, Any]]:
    return [{"label": label, "url": url, "icon": icon} for label, name, icon in MENU if (url := url_or_none(name))]


def personas(current: Any) -> list[dict[str, Any]]:
    """Who a visitor of the demo may look through the eyes of."""
    people = User.objects.exclude(persona="").filter(is_active=True).order_by("created_at", "name")
    return [
        {
            "key": p.persona,
            "label": ROLES[p.persona].label if p.persona in ROLES else p.name,
            "person": p.name,
            "current": current is not None and p.pk == current.pk,
        }
        for p in people
    ]
