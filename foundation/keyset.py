"""Pages by key: no COUNT, no OFFSET, the same cost at any depth. Lists on pages and in REST share this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid, Reason

MAX_TOKEN = 4000  # characters; the longest sortable text fits, an address stays an address
_READERS: dict[str, Callable[[str], Any]] = {
    "m": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
    "u": UUID,
}


@dataclass(frozen=True)
class Page:
    items: list[Any]
    next_cursor: str | None

    @property
    def has_next(self) -> bool:
        return self.next_cursor is not None


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque, signed token: what comes back was given by us."""
    return signing.Signer(salt="keyset").sign_object([_packed(v) for v in values], compress=True)


def decode_cursor(token: str) -> list[Any]:
    try:
        if len(token) > MAX_TOKEN:
            raise signing.BadSignature
        return [_unpacked(v) for v in signing.Signer(salt="keyset").unsign_object(token)]
    except (signing.BadSignature, ValueError, UnicodeError) as error:
        text = _("This link to a further page is not valid (any more). Start again at the first page.")
        raise Invalid(Reason("bad_cursor", text, field="after")) from error


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return ["m", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, Decimal):
        return ["n", str(value)]
    if isinstance(value, UUID):
        return ["u", str(value)]
    return value


def _unpacked(value: Any) -> Any:
    return _READERS[value[0]](value[1]) if isinstance(value, list) else value


def keyset_page(
    queryset: QuerySet[Any], order: Sequence[str] = ("-created_at", "id"), after: str | None = None, size: int = 50
) -> Page:
    """`order` must end in a unique key. Empty values come last in both directions and on both engines."""
    keys = [_Key(queryset.model, name) for name in order]
    tag = f"{queryset.model._meta.label_lower}:{','.join(order)}"
    if after:
        queryset = queryset.filter(_beyond(keys, _position(after, tag, len(keys))))
    found = list(queryset.order_by(*[key.ordering() for key in keys])[: size + 1])
    items = found[:size]
    more = len(found) > size
    return Page(items, encode_cursor([tag, *[key.of(items[-1]) for key in keys]]) if more else None)


def ordered(queryset: QuerySet[Any], order: Sequence[str]) -> QuerySet[Any]:
    """All rows in the order of the pages, for exports."""
    return queryset.order_by(*[_Key(queryset.model, name).ordering() for name in order])


def _position(token: str, tag: str, width: int) -> list[Any]:
    values = decode_cursor(token)
    if len(values) != width + 1 or values[0] != tag:
        text = _("This link belongs to another list or order. Start again at the first page.")
        raise Invalid(Reason("bad_cursor", text, field="after"))
    return values[1:]


class _Key:
    def __init__(self, model: type[Model], name: str) -> None:
        self.name = name.lstrip("-")
        self.descending = name.startswith("-")
        self.nullable = _may_be_empty(model, self.name)

    def ordering(self) -> OrderBy:
        last = True if self.nullable else None
        return F(self.name).desc(nulls_last=last) if self.descending else F(self.name).asc(nulls_last=last)

    def of(self, item: Any) -> Any:
        if isinstance(item, dict):
            return item[self.name]
        for part in self.name.split("__"):
            item = getattr(item, part) if item is not None else None
        return item

    def past(self, value: Any) -> Q:
        if value is None:
            return Q(pk__in=[])
        further = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        return further | Q(**{f"{self.name}__isnull": True}) if self.nullable else further

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


def _may_be_empty(model: type[Model], name: str) -> bool:
    current: Any = model
    for part in name.split("__"):
        try:
            field = current._meta.get_field(current._meta.pk.name if part == "pk" else part)
        except (FieldDoesNotExist, AttributeError):
            return True  # an annotation
        if getattr(field, "null", True):
            return True
        current = field.related_model
    return False


def _beyond(keys: list[_Key], values: list[Any]) -> Q:
    """(a, b, c) past (x, y, z), spelled out because directions may differ."""
    found, same = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        found |= same & key.past(value)
        same &= key.same(value)
    return found
