"""Tokens for programs: shown once, kept as digests, never wider than their holder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Unit
from accounts.roles import SCOPES
from accounts.secrets import TOKEN_MARK, digest_of, new_secret
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotReady, NotVisible, Reason, refuse_if
from foundation.work import service

DAYS = 90  # days a token lives unless asked otherwise
MAX_DAYS = 365


@service
def make_token(
    *, actor: Actor, label: str, scopes: list[str], unit: Unit | None = None, days: int = DAYS
) -> tuple[ApiToken, str]:
    """The token and its secret; the secret is never to be had again."""
    require(actor, "accounts.token.make", unit)
    refuse_if(_gaps(label, scopes, days), Invalid)
    secret = new_secret(TOKEN_MARK)
    token = ApiToken.objects.create(
        user_id=str(actor.user_id),
        label=label.strip(),
        prefix=secret[len(TOKEN_MARK) : len(TOKEN_MARK) + 8],
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
        unit=unit,
        expires_at=clock.now() + timedelta(days=days),
    )
    record(actor, "token.made", token, scopes=token.scopes, expires=token.expires_at)
    return token, secret


def _gaps(label: str, scopes: list[str], days: int) -> Iterator[Reason]:
    if not label.strip():
        yield Reason("label_missing", _("Say what the token is for, so that you know it again."), "label")
    if not scopes:
        yield Reason("scopes_missing", _("Choose at least one thing the token may do."), "scopes")
    for scope in sorted(set(scopes) - set(SCOPES)):
        yield Reason("unknown_scope", _("“%(scope)s” is not a scope.") % {"scope": scope}, "scopes")
    if not 1 <= days <= MAX_DAYS:
        yield Reason("bad_days", _("A token lives 1 to %(most)s days.") % {"most": MAX_DAYS}, "days")


@service
def revoke_token(*, actor: Actor, token: ApiToken) -> ApiToken:
    """Only one's own, also after one's roles have ended; counts from the next request on."""
    if actor.user_id != str(token.user_id) or not actor.is_person:
        raise NotVisible(Reason("not_found", NotVisible.title))
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
        raise NotReady(Reason("already_revoked", _("This token was revoked before.")))
    token.refresh_from_db()
    record(actor, "token.revoked", token)
    return token
