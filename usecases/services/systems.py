from __future__ import annotations

from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, Reason
from foundation.refs import next_number
from foundation.versions import save_version
from foundation.work import service
from usecases.models import DataSource, System
from usecases.services.fields import assign, check, faults, known_only

SOURCE_FIELDS = (
    "extracted_how", "what_kind", "by_program", "how_often", "source_load", "objection", "objection_text",
    "planned_change", "proven_on",
)  # fmt: skip


@service
def add_system(
    *, actor: Actor, unit: Unit, name: str, kind: str = System.Kind.OTHER, owner_team: Unit | None = None
) -> System:
    """Every system gets its data source row at once; unanswered questions read "unknown"."""
    require(actor, "usecases.system.edit", unit)
    return make_system(actor, unit, name, kind, owner_team)


def make_system(actor: Actor, unit: Unit, name: str, kind: str, owner_team: Unit | None) -> System:
    system = System(unit=unit, name=name.strip(), kind=kind, owner_team=owner_team)
    check(faults(system, ("name", "kind")))
    if System.objects.filter(unit=unit, name__iexact=system.name).exists():
        text = _("“%(name)s” is in the list of systems already.") % {"name": system.name}
        raise Invalid(Reason("system_known", text, "name"))
    system.key = f"{slugify(system.name)[:40] or 'system'}-{next_number('system')}"
    system.save(force_insert=True)
    DataSource.objects.create(system=system)
    record(actor, "system.added", system, name=system.name)
    return system


@service
def edit_system(
    *, actor: Actor, system: System, version: int | None = None, name: str, kind: str, owner_team: Unit | None = None
) -> System:
    require(actor, "usecases.system.edit", system)
    changes = {"name": name.strip(), "kind": kind, "owner_team": owner_team}
    assign(system, changes)
    check(faults(system, ("name", "kind")))
    system.refresh_from_db()
    before, after = save_version(system, version=version, **changes)
    if after:
        record(actor, "system.edited", system, before=before, after=after)
    return system


@service
def edit_source(*, actor: Actor, system: System, version: int | None = None, **answers: Any) -> DataSource:
    """The data freedom questions of one system."""
    require(actor, "usecases.source.edit", system)
    known_only(answers, SOURCE_FIELDS)
    source = DataSource.objects.select_related("system__unit").get(system=system)
    assign(source, answers)
    check(faults(source, answers))
    changes = {name: getattr(source, name) for name in answers}
    source.refresh_from_db()
    before, after = save_version(source, version=version, **changes)
    if after:
        record(actor, "data_source.edited", source, before=before, after=after)
    return source
