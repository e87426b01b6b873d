"""How people get in, what they hold, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from accounts.actors import actor_for
from accounts.models import Invitation, Membership, Unit, User, root_unit
from accounts.roles import ROLES, SERVICE_ROLES
from accounts.secrets import digest_of, invitation_secret
from accounts.services.units import content_gaps, new_unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotPermitted, NotReady, NotVisible, Reason, refuse_if
from foundation.jobs import enqueue
from foundation.work import service

MAIL_LIFE = timedelta(days=14)
LINK_LIFE = timedelta(hours=72)  # whoever holds a copied link may use it, so it lives shorter


@service
def bootstrap(
    *, actor: Actor, email: str, name: str, unit_code: str, unit_name: str, zone: str = "UTC"
) -> tuple[User, str]:
    """The root unit and the first system admin, on an empty database only; returns the secret of a one-time link."""
    email = email.strip().casefold()
    if root_unit() is not None:
        raise NotReady(Reason("already_set_up", _("This installation is set up already. An admin can invite people.")))
    gaps = content_gaps(code=unit_code, name_en=unit_name, name_zh="", zone=zone, kind=Unit.Kind.GROUP)
    refuse_if([*gaps, *_email_gaps(email), *_name_gaps(name)], Invalid)
    unit = new_unit(None, code=unit_code, name_en=unit_name.strip(), kind=Unit.Kind.GROUP, zone=zone)
    user = User.objects.create_user(email, name=name.strip(), zone=zone)
    membership = Membership.objects.create(
        user=user, role="system_admin", unit=unit, source=Membership.Source.BOOTSTRAP, confirmed_at=clock.now()
    )
    _invitation, secret = _new_invitation(role="system_admin", unit=unit, email=email, counts_at_once=True)
    record(actor, "installation.bootstrapped", unit, after={"unit": unit.code, "member": str(membership)})
    return user, secret


@service
def invite_member(
    *, actor: Actor, role: str, unit: Unit, email: str = "", note: str = "", what_for: str = ""
) -> tuple[Invitation, str]:
    """One role at one unit. With an address it is mailed; without, the secret makes a link to copy.

    Asking again for the same address, role and unit sends a new one and kills the old.
    """
    require(actor, "accounts.member.invite", unit)
    email = email.strip().casefold()
    refuse_if([*_role_gaps(role, unit), *(_email_gaps(email) if email else ())], Invalid)
    known = User.objects.filter(email=email).first() if email else None
    refuse_if(_may_not_give(actor, role, unit, known), NotPermitted)
    if known is not None:
        refuse_if(_holds_already(known, role, unit), Invalid)
    if email:
        Invitation.objects.open().filter(email=email, role=role, unit=unit).update(revoked_at=clock.now())
    invitation, secret = _new_invitation(
        role=role,
        unit=unit,
        email=email,
        note=note.strip(),
        what_for=what_for.strip(),
        counts_at_once=bool(email) and _is_admin(actor, unit),
        invited_by_id=actor.user_id,
    )
    record(actor, "member.invited", invitation, role=role, unit=unit.code, by="mail" if email else "link")
    if email:
        enqueue("accounts.send_invitation", actor=actor, unit_path=unit.path, invitation_id=invitation.pk)
    return invitation, secret


def _new_invitation(*, email: str, **fields: object) -> tuple[Invitation, str]:
    life = MAIL_LIFE if email else LINK_LIFE
    invitation = Invitation(email=email, expires_at=clock.now() + life, **fields)
    secret = invitation_secret(invitation.pk)
    invitation.digest = digest_of(secret)
    invitation.save(force_insert=True)
    return invitation, secret


def _is_admin(actor: Actor, unit: Unit) -> bool:
    """May confirm any role here: the system or a governance or system admin."""
    return actor.is_system or actor.may("accounts.member.confirm", unit.path)


def _role_gaps(role: str, unit: Unit) -> Iterator[Reason]:
    if role not in ROLES:
        yield Reason("unknown_role", _("“%(role)s” is not a role.") % {"role": role}, "role")
    if unit.closed_at:
        yield Reason("unit_closed", _("%(unit)s is closed; nobody can join it.") % {"unit": unit.name}, "unit")


def _email_gaps(email: str) -> Iterator[Reason]:
    try:
        validate_email(email)
    except ValidationError:
        yield Reason("bad_email", _("“%(email)s” is not an e-mail address.") % {"email": email}, "email")


def _name_gaps(name: str) -> Iterator[Reason]:
    if not name.strip():
        yield Reason("name_missing", _("Give your name as it should stand beside what you sign."), "name")


def _may_not_give(actor: Actor, role: str, unit: Unit, user: User | None) -> Iterator[Reason]:
    if user is not None and str(user.pk) == actor.user_id:
        yield Reason("self_grant", _("Nobody gives, extends or confirms a role for themselves."))
    if role == "system_admin" and not actor.is_system and not actor.may("accounts.unit.edit", unit.path):
        yield Reason("admin_only", _("Only a system admin makes a system admin."))


def _holds_already(user: User, role: str, unit: Unit) -> Iterator[Reason]:
    if Membership.objects.filter(user=user, role=role, unit=unit, ended_at=None).exists():
        text = _("%(name)s holds this role at %(unit)s already.") % {"name": user.name, "unit": unit.name}
        yield Reason("already_member", text, "email")


@service
def revoke_invitation(*, actor: Actor, invitation: Invitation) -> Invitation:
    require(actor, "accounts.member.invite", invitation)
    open_one = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not open_one.update(revoked_at=clock.now()):
        raise NotReady(Reason("not_open", _("This invitation was used or taken back before.")))
    invitation.refresh_from_db()
    record(actor, "member.revoked", invitation)
    return invitation


@service
def accept_invitation(
    *, actor: Actor, secret: str, email: str = "", name: str = "", password: str = ""
) -> tuple[User, Membership]:
    """No permission: the secret carries the right. Whoever is signed in gains the role; else a new user is made.

    An address that already has a password is never given another one this way: that person signs in first.
    """
    invitation = open_invitation(secret)
    user = _accepting_user(actor, invitation, email.strip().casefold(), name, password)
    if invitation.invited_by_id == user.pk:
        raise NotPermitted(Reason("self_grant", _("Nobody gives, extends or confirms a role for themselves.")))
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not taken.update(accepted_at=clock.now(), accepted_by=user):
        raise NotReady(Reason("not_open", _("This invitation was used or taken back before.")))
    at_once = invitation.counts_at_once or not ROLES[invitation.role].deciding
    membership, _made = Membership.objects.get_or_create(
        user=user,
        role=invitation.role,
        unit=invitation.unit,
        ended_at=None,
        defaults={
            "source": Membership.Source.INVITATION,
            "given_by_id": invitation.invited_by_id,
            "confirmed_at": clock.now() if at_once else None,
        },
    )
    record(actor_for(user, actor.door), "member.joined", membership, waits_for_confirmation=not at_once)
    return user, membership


def open_invitation(secret: str) -> Invitation:
    """The invitation this secret opens, or NotVisible: unknown, used, taken back and expired look the same."""
    found = Invitation.objects.open().select_related("unit", "invited_by").filter(digest=digest_of(secret)).first()
    if found is None or found.unit.closed_at:
        text = _("This invitation does not exist, was used, taken back or has expired. Ask for a new one.")
        raise NotVisible(Reason("not_found", text))
    return found


def _accepting_user(actor: Actor, invitation: Invitation, email: str, name: str, password: str) -> User:
    address = invitation.email or email
    if actor.user_id:
        user = User.objects.get(pk=actor.user_id)
        if invitation.email and user.email != invitation.email:
            text = _("This invitation is for another person. Sign out first, then open the link again.")
            raise NotPermitted(Reason("other_person", text))
        return user
    known = User.objects.filter(email=address).first() if address else None
    if known is not None and (known.has_usable_password() or not invitation.email or not known.is_active):
        text = _("This address has an account already. Sign in first, then open the link again.")
        raise Invalid(Reason("sign_in_first", text, "email"))
    user = known or User(email=address, name=name.strip(), zone=invitation.unit.zone)
    if name.strip():
        user.name = name.strip()
    refuse_if([*_email_gaps(address), *_name_gaps(user.name), *_password_gaps(password, user)], Invalid)
    user.set_password(password)
    user.save()
    return user


def _password_gaps(password: str, user: User) -> Iterator[Reason]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        for text in error.messages:
            yield Reason("weak_password", text, "password")


@service
def give_role(
    *, actor: Actor, user: User, role: str, unit: Unit, until: datetime | None = None, since: datetime | None = None
) -> Membership:
    """By hand, to somebody who is here already."""
    require(actor, "accounts.member.invite", unit)
    refuse_if([*_role_gaps(role, unit), *_holds_already(user, role, unit), *_not_for_services(user, role)], Invalid)
    refuse_if(_may_not_give(actor, role, unit, user), NotPermitted)
    at_once = _is_admin(actor, unit) or not ROLES[role].deciding
    membership = Membership.objects.create(
        user=user,
        role=role,
        unit=unit,
        source=Membership.Source.HAND,
        given_by_id=actor.user_id,
        since=since or clock.now(),
        until=until,
        confirmed_at=clock.now() if at_once else None,
    )
    record(actor, "member.given", membership, until=until, waits_for_confirmation=not at_once)
    return membership


def _not_for_services(user: User, role: str) -> Iterator[Reason]:
    if not user.is_active:
        yield Reason("inactive", _("%(name)s is deactivated.") % {"name": user.name}, "user")
    if user.kind == User.Kind.SERVICE and role not in SERVICE_ROLES:
        text = _("A service account holds only the roles reader, analyst or recorder.")
        yield Reason("service_role", text, "role")


@service
def confirm_member(*, actor: Actor, membership: Membership) -> Membership:
    """By an admin, or by a present holder of that role at the unit or above."""
    require(actor, "accounts.member.confirm", membership)
    refuse_if(_may_not_confirm(actor, membership), NotPermitted)
    waiting = Membership.objects.live().filter(pk=membership.pk, confirmed_at=None)
    if not waiting.update(confirmed_at=clock.now(), confirmed_by_id=actor.user_id):
        raise NotReady(Reason("not_waiting", _("This role does not wait for confirmation (any more).")))
    membership.refresh_from_db()
    record(actor, "member.confirmed", membership)
    return membership


def _may_not_confirm(actor: Actor, membership: Membership) -> Iterator[Reason]:
    yield from _may_not_give(actor, membership.role, membership.unit, membership.user)
    own_gift = actor.user_id is not None and actor.user_id == str(membership.given_by_id)
    if own_gift and not _is_admin(actor, membership.unit):
        yield Reason("own_gift", _("Whoever gave this role does not confirm it."))


@service
def end_membership(*, actor: Actor, membership: Membership) -> Membership:
    """Acts on the next request."""
    require(actor, "accounts.member.end", membership)
    refuse_if(_last_way_in(membership.user, role_only=membership), NotPermitted)
    if not Membership.objects.filter(pk=membership.pk, ended_at=None).update(ended_at=clock.now()):
        raise NotReady(Reason("already_ended", _("This role was ended before.")))
    membership.refresh_from_db()
    record(actor, "member.ended", membership)
    return membership


def _last_way_in(user: User, role_only: Membership | None = None) -> Iterator[Reason]:
    """One local system admin at the topmost unit must remain able to sign in."""
    admins = Membership.objects.counting().filter(role="system_admin", unit__parent=None).select_related("user")
    affected = role_only.pk if role_only else None
    loses = any(m.pk == affected if affected else m.user_id == user.pk for m in admins)
    others = any(m.user_id != user.pk and m.user.has_usable_password() for m in admins)
    if loses and not others:
        text = _("%(name)s is the last system admin who can sign in. Make another one first.") % {"name": user.name}
        yield Reason("last_way_in", text)


@service
def deactivate_user(*, actor: Actor, user: User) -> User:
    """Never deleted: signatures, votes and ledger keep the name printed that day."""
    require(actor, "accounts.user.deactivate", user)
    refuse_if(_last_way_in(user), NotPermitted)
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        raise NotReady(Reason("inactive", _("%(name)s is deactivated already.") % {"name": user.name}))
    user.refresh_from_db()
    record(actor, "user.deactivated", user)
    return user


@service
def reactivate_user(*, actor: Actor, user: User) -> User:
    require(actor, "accounts.user.deactivate", user)
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        raise NotReady(Reason("active", _("%(name)s is active.") % {"name": user.name}))
    user.refresh_from_db()
    record(actor, "user.reactivated", user)
    return user


@service
def set_preferences(
    *, actor: Actor, language: str | None = None, theme: str | None = None, zone: str | None = None
) -> User:
    """One's own alone; what is not named stays."""
    user = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    if user is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    asked = {"language": language, "theme": theme, "zone": zone}
    given = {k: v for k, v in asked.items() if v is not None}
    refuse_if(_preference_gaps(given), Invalid)
    before = {k: getattr(user, k) for k, v in given.items() if getattr(user, k) != v}
    if before:
        User.objects.filter(pk=user.pk).update(**given)
        user.refresh_from_db()
        record(actor, "user.preferences_set", user, before=before, after={k: given[k] for k in before})
    return user


def _preference_gaps(given: dict[str, str]) -> Iterator[Reason]:
    if given.get("language") not in (None, "", *dict(settings.LANGUAGES)):
        yield Reason("bad_language", _("Choose English or Chinese."), "language")
    if given.get("theme") not in (None, *User.Theme.values):
        yield Reason("bad_theme", _("Choose light, dark or as the device."), "theme")
    if given.get("zone") is not None and given["zone"] not in available_timezones():
        text = _("“%(zone)s” is not a known time zone, for example Asia/Shanghai.") % {"zone": given["zone"]}
        yield Reason("bad_zone", text, "zone")
