"""The tree of units. Closed, never deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import available_timezones

from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require, within
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, Reason, refuse_if
from foundation.refs import next_number
from foundation.work import service

CODE = re.compile(r"^[A-Z0-9][A-Z0-9-]{0,11}$")
MAX_DEPTH = 12  # levels; the path column holds no more


@service
def add_unit(
    *,
    actor: Actor,
    parent: Unit,
    code: str,
    name_en: str,
    name_zh: str = "",
    kind: str = Unit.Kind.TEAM,
    zone: str = "",
    language: str = "",
) -> Unit:
    require(actor, "accounts.unit.edit", parent)
    zone = zone or parent.zone
    refuse_if(content_gaps(code=code, name_en=name_en, name_zh=name_zh, zone=zone, kind=kind), Invalid)
    refuse_if(_cannot_hold(parent))
    unit = new_unit(
        parent,
        code=code,
        name_en=name_en.strip() or name_zh.strip(),
        name_zh=name_zh.strip(),
        kind=kind,
        zone=zone,
        language=language or parent.language,
    )
    record(actor, "unit.added", unit, after={"code": code, "name": unit.name_en, "kind": kind, "parent": parent.code})
    return unit


def new_unit(parent: Unit | None, **fields: str) -> Unit:
    number = next_number("unit")
    path = f"{parent.path if parent else '/'}{number:04d}/"
    return Unit.objects.create(id=number, parent=parent, path=path, **fields)


def content_gaps(*, code: str, name_en: str, name_zh: str, zone: str, kind: str) -> Iterator[Reason]:
    """Everything wrong with a new unit, at once."""
    if not CODE.match(code):
        yield Reason(
            "bad_code", _("The code is one to twelve capital letters, digits or hyphens, for example CN."), "code"
        )
    elif Unit.objects.filter(code=code).exists():
        yield Reason(
            "code_taken", _("The code %(code)s is in use. Codes are never given twice.") % {"code": code}, "code"
        )
    if not (name_en.strip() or name_zh.strip()):
        yield Reason("name_missing", _("Give the unit a name in English or in Chinese."), "name_en")
    if zone not in available_timezones():
        yield Reason(
            "bad_zone", _("“%(zone)s” is not a known time zone, for example Asia/Shanghai.") % {"zone": zone}, "zone"
        )
    if kind not in Unit.Kind.values:
        yield Reason("bad_kind", _("The kind is group, region or team."), "kind")


def _cannot_hold(parent: Unit) -> Iterator[Reason]:
    if parent.closed_at:
        yield Reason("unit_closed", _("%(unit)s is closed and takes no units below it.") % {"unit": parent.name})
    if parent.depth + 1 >= MAX_DEPTH:
        yield Reason("too_deep", _("The tree has at most %(n)s levels.") % {"n": MAX_DEPTH})


@service
def rename_unit(*, actor: Actor, unit: Unit, name_en: str, name_zh: str = "") -> Unit:
    require(actor, "accounts.unit.edit", unit)
    if not (name_en.strip() or name_zh.strip()):
        raise Invalid(Reason("name_missing", _("Give the unit a name in English or in Chinese."), "name_en"))
    before = {"name_en": unit.name_en, "name_zh": unit.name_zh}
    after = {"name_en": name_en.strip() or name_zh.strip(), "name_zh": name_zh.strip()}
    Unit.objects.filter(pk=unit.pk).update(**after)
    unit.refresh_from_db()
    record(actor, "unit.renamed", unit, before=before, after=after)
    return unit


@service
def move_unit(*, actor: Actor, unit: Unit, parent: Unit) -> Unit:
    """All paths below are rewritten in one transaction; rights follow the new place at once."""
    require(actor, "accounts.unit.edit", unit)
    require(actor, "accounts.unit.edit", parent)
    unit, parent = (Unit.objects.select_for_update().get(pk=u.pk) for u in (unit, parent))
    refuse_if([*_cannot_move(unit, parent), *_cannot_hold(parent)])
    old, new = unit.path, f"{parent.path}{unit.pk:04d}/"
    Unit.objects.filter(within([old], "path")).update(
        path=Concat(Value(new), Substr(F("path"), len(old) + 1), output_field=Unit._meta.get_field("path"))
    )
    Unit.objects.filter(pk=unit.pk).update(parent=parent)
    unit.refresh_from_db()
    record(actor, "unit.moved", unit, before={"path": old}, after={"path": new}, parent=parent.name)
    return unit


def _cannot_move(unit: Unit, parent: Unit) -> Iterator[Reason]:
    if unit.parent_id is None:
        yield Reason("is_root", _("The topmost unit stays where it is."))
    if parent.path.startswith(unit.path):
        yield Reason("below_itself", _("A unit cannot be moved below itself."), "parent")


@service
def close_unit(*, actor: Actor, unit: Unit) -> Unit:
    require(actor, "accounts.unit.edit", unit)
    refuse_if(_cannot_close(unit))
    Unit.objects.filter(pk=unit.pk).update(closed_at=clock.now())
    unit.refresh_from_db()
    record(actor, "unit.closed", unit)
    return unit


def _cannot_close(unit: Unit) -> Iterator[Reason]:
    if unit.closed_at:
        yield Reason("already_closed", _("%(unit)s is closed already.") % {"unit": unit.name})
    if unit.parent_id is None:
        yield Reason("is_root", _("The topmost unit stays open."))
    below = Unit.objects.open().filter(parent=unit)
    if below:
        names = ", ".join(u.name for u in below)
        yield Reason("open_below", _("These units below it are still open: %(names)s.") % {"names": names})
