"""Secrets at rest: sealed with the first of ENCRYPTION_KEYS, opened with any of them; tokens kept as digests."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.errors import NotReady, Reason

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

MASK = "••••••"


class Unreadable(NotReady):
    code = "sealed_unreadable"


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: nothing can be sealed")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds a key that is not 32 bytes in URL-safe base64") from error


def seal(text: str) -> str:
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode("ascii")


def unseal(token: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        text = _("A stored secret was sealed with a key this installation does not have. Enter the secret again.")
        raise Unreadable(Reason("sealed_unreadable", text)) from error


def new_key() -> str:
    """A fresh entry for ENCRYPTION_KEYS."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode("ascii")


def new_token(bits: int = 256) -> str:
    """Random text for links and API tokens; show once, keep `token_digest` of it."""
    if bits < 128:
        raise ValueError("a token below 128 bits can be guessed")
    return secrets.token_urlsafe((bits + 7) // 8)


def token_digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


class Sealed:
    """A secret as the model holds it: printing, comparing in a log or exporting shows the mask only."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def of(cls, text: str) -> Sealed:
        return cls(seal(text))

    def reveal(self) -> str:
        return unseal(self.token)

    def __bool__(self) -> bool:
        return bool(self.token)

    def __str__(self) -> str:
        return MASK if self.token else ""

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)


class _SealOnAssign:
    """Plain text becomes sealed the moment it is assigned, so that no later repr or log can show it."""

    def __init__(self, field: models.Field[Any, Any]) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        return instance.__dict__[self.field.attname]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Stores the sealed text. Never editable in forms or admin, never in a dump, only `isnull` can be asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SealOnAssign(self))

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Sealed) or hasattr(value, "resolve_expression"):
            return value
        return Sealed.of(str(value)) if value != "" else Sealed("")

    def from_db_value(self, value: str | None, *_rest: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> Any:
        value = self.to_python(value)
        return value.token if isinstance(value, Sealed) else value

    def value_to_string(self, obj: models.Model) -> str:
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def formfield(self, **_kwargs: Any) -> None:  # type: ignore[override]
        return None
