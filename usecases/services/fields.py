"""Checks every service of this app shares: model rules as Reasons, links that count as a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.calendar_days import is_usable, outside_words
from foundation.errors import Invalid, Reason, Stale, refuse_if
from foundation.versions import save_version

NO_TITLE = Reason("no_title", _("Give it a title, in English or in Chinese."), "title_en")


def titled(obj: Any) -> Iterator[Reason]:
    if not (obj.title_en or obj.title_zh):
        yield NO_TITLE


def faults(obj: models.Model, names: Iterable[str]) -> Iterator[Reason]:
    """What the fields themselves refuse: length, range, unknown choice."""
    for name in names:
        field: Any = obj._meta.get_field(name)
        if isinstance(field, models.ForeignKey):
            continue
        value = getattr(obj, name)
        yield from _too_long(field, value)
        if isinstance(value, date) and not is_usable(value):
            yield Reason("bad_day", f"{field.verbose_name}: {outside_words()}", name)
            continue
        try:
            setattr(obj, name, field.clean(value, obj))
        except ValidationError as error:
            for message in error.messages:
                yield Reason("bad_value", _("%(field)s: %(why)s") % {"field": field.verbose_name, "why": message}, name)


def _too_long(field: Any, value: Any) -> Iterator[Reason]:
    most = field.max_length if isinstance(field, models.TextField) else None
    if most and isinstance(value, str) and len(value) > most:
        text = _("%(field)s: at most %(most)s characters, these are %(n)s.")
        yield Reason("too_long", text % {"field": field.verbose_name, "most": most, "n": len(value)}, field.name)


def known_only(given: dict[str, Any], allowed: Iterable[str]) -> None:
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise TypeError(f"unknown fields: {', '.join(unknown)}")


def assign(obj: models.Model, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(obj, name, value.strip() if isinstance(value, str) else value)


def reason_given(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise Invalid(Reason("reason_missing", _("Say why in one sentence."), "reason"))
    if len(text) > 500:
        raise Invalid(Reason("too_long", _("The reason is longer than 500 characters."), "reason"))
    return text


def save_with_links(
    obj: Any, *, version: int | None, changes: dict[str, Any], links: Mapping[str, Iterable[Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Like `save_version`, and a changed set of links counts as a change, too."""
    before, after = save_version(obj, version=version, **changes)
    old = {name: set(getattr(obj, name).all()) for name in links}
    moved = {name: set(new) for name, new in links.items() if set(new) != old[name]}
    if moved and not after:
        _next_version(obj)
    for name, new in moved.items():
        getattr(obj, name).set(new)
        before[name], after[name] = _names(old[name]), _names(new)
    return before, after


def _next_version(obj: Any) -> None:
    if not type(obj)._default_manager.filter(pk=obj.pk, version=obj.version).update(version=obj.version + 1):
        raise Stale(current=type(obj)._default_manager.filter(pk=obj.pk).first())
    obj.refresh_from_db()


def _names(objects: Iterable[Any]) -> list[str]:
    return sorted(str(getattr(o, "key", "") or o) for o in objects)


def check(reasons: Iterable[Reason]) -> None:
    refuse_if(reasons, Invalid)
