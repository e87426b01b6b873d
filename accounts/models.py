"""Who exists: units as a tree, people, the roles they hold at units, and the keys they carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.roles import ROLES
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.models import Record
from foundation.paths import PathField


def known_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not a known time zone, for example Asia/Shanghai.") % {"zone": name})


class UnitQuerySet(ScopedQuerySet["Unit"]):
    """A person sees the units below their own, and the names of those above."""

    unit_field = "path"
    handed_down = True

    def open(self) -> UnitQuerySet:
        return self.filter(closed_at=None)


class Unit(models.Model):
    """One node of the organisation. Roles held here count for everything whose path starts with `path`."""

    class Kind(models.TextChoices):
        GROUP = "group", _("group")
        REGION = "region", _("region")
        TEAM = "team", _("team")

    subject_code = "unit"

    id = models.PositiveIntegerField(primary_key=True)  # from next_number: never reused, part of the path
    code = models.CharField(_("code"), max_length=12, unique=True)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEAM)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    path = PathField(max_length=120, unique=True)
    zone = models.CharField(_("time zone"), max_length=60, default="UTC", validators=[known_zone])
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("parent", 0), condition=Q(parent=None), name="one_root_unit"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """In the reader's language, else the other one."""
        chinese = (get_language() or "en").startswith("zh")
        return (self.name_zh or self.name_en) if chinese else (self.name_en or self.name_zh)

    @property
    def key(self) -> str:
        return self.code

    @property
    def indented(self) -> str:
        return "– " * self.depth + self.name

    @property
    def depth(self) -> int:
        return self.path.count("/") - 2


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = User(email=email.strip().casefold(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().casefold())


class User(Record, AbstractBaseUser):
    """A person or a service account. Deactivated, never deleted: what they signed keeps their name."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        SERVICE = "service", _("service account")

    class Theme(models.TextChoices):
        AUTO = "auto", _("as the device")
        LIGHT = "light", pgettext_lazy("theme", "light")
        DARK = "dark", pgettext_lazy("theme", "dark")

    subject_code = "user"
    key = ""
    is_staff = False
    is_superuser = False
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True)
    zone = models.CharField(_("time zone"), max_length=60, default="UTC", validators=[known_zone])
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    is_active = models.BooleanField(default=True)
    persona = models.CharField(max_length=40, blank=True)  # set by the demo loader alone

    objects = UserManager()

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().casefold()
        super().save(*args, **kwargs)

    @property
    def initials(self) -> str:
        """Two letters of a Western name, the last two characters of a Chinese one."""
        words = self.name.split()
        if not words:
            return "?"
        if len(words) == 1:
            return words[0][-2:] if not words[0].isascii() else words[0][:2].upper()
        return (words[0][0] + words[-1][0]).upper()

    @property
    def unit_path(self) -> str:
        """The lowest unit that covers every role this person holds; the root while they hold none."""
        return covering_path([m.unit.path for m in Membership.objects.live().filter(user=self).select_related("unit")])


def covering_path(paths: list[str]) -> str:
    if not paths:
        return Unit.objects.values_list("path", flat=True).filter(parent=None).first() or ""
    shared = "/"
    for steps in zip(*(p.strip("/").split("/") for p in paths), strict=False):
        if len(set(steps)) > 1:
            break
        shared += steps[0] + "/"
    return shared


class MembershipQuerySet(ScopedQuerySet["Membership"]):
    def live(self, at: datetime | None = None) -> MembershipQuerySet:
        """Not ended, begun, not run out; proposed ones included."""
        now = at or clock.now()
        return self.filter(Q(until=None) | Q(until__gt=now), ended_at=None, since__lte=now)

    def counting(self, at: datetime | None = None) -> MembershipQuerySet:
        """Live and confirmed: what gives rights."""
        return self.live(at).exclude(confirmed_at=None).filter(user__is_active=True)


class Membership(Record):
    """One role at one unit. Ended, never deleted: votes and signatures keep its id."""

    class Source(models.TextChoices):
        BOOTSTRAP = "bootstrap", _("first start")
        INVITATION = "invitation", _("invitation")
        HAND = "hand", _("by hand")
        SSO = "sso", _("sign-in group")

    subject_code = "membership"
    key = ""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    source = models.CharField(max_length=10, choices=Source.choices)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "unit"], condition=Q(ended_at=None), name="one_live_role_per_unit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user.name}: {self.role_label} · {self.unit.code}"

    @property
    def role_label(self) -> str:
        return str(ROLES[self.role].label) if self.role in ROLES else self.role

    @property
    def is_proposed(self) -> bool:
        return self.confirmed_at is None

    def is_own(self, actor: Actor, permission: str) -> bool:
        """Holders of a role may confirm and end that same role, at their unit and below, for others."""
        if not actor.user_id:
            return False
        held = Membership.objects.counting().filter(user_id=actor.user_id, role=self.role)
        return any(self.unit.path.startswith(m.unit.path) for m in held.select_related("unit"))


class InvitationQuerySet(ScopedQuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=clock.now())


class Invitation(Record):
    """Exactly one role at one unit, single use. Only the digest of its token is kept."""

    subject_code = "invitation"
    key = ""

    role = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"), blank=True)  # empty: a copied link, bound to whoever accepts first
    note = models.CharField(max_length=500, blank=True)
    what_for = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    counts_at_once = models.BooleanField(default=False)  # else a deciding role waits for confirmation
    expires_at = models.DateTimeField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_accepted_or_revoked"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role_label} · {self.unit.code}"  # no address: the ledger keeps this for ever

    @property
    def role_label(self) -> str:
        return str(ROLES[self.role].label)

    @property
    def is_link(self) -> bool:
        return not self.email

    @property
    def state(self) -> str:
        """open, accepted, revoked or expired: read from what happened, never written."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "open" if self.expires_at > clock.now() else "expired"


class ApiToken(Record):
    """A key for programs; rights are the holder's, cut to scopes and unit. Only the digest is kept."""

    subject_code = "token"
    key = ""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(_("label"), max_length=80)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    @property
    def unit_path(self) -> str:
        return self.unit.path if self.unit else self.user.unit_path

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > clock.now()


class Installation(models.Model):
    """One row: what this database is. `demo` is set on an empty database only and opens the persona switch."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    demo = models.BooleanField(default=False)
    marked_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return "demo" if self.demo else "real"


def root_unit() -> Unit | None:
    return Unit.objects.filter(parent=None).first()


def is_demo() -> bool:
    """Both halves: the setting and the mark in the database."""
    return settings.DEMO and Installation.objects.filter(demo=True).exists()
