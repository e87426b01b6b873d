"""Products, patterns and passports: what a request is made of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.refs import next_number, next_ref
from foundation.work import service
from governance.models import (
    Binding,
    Component,
    DataCategory,
    DataCategoryVersion,
    Gate,
    Pattern,
    PatternVersion,
    SecurityReuse,
    Slot,
)
from governance.packs import current_bindings
from governance.preloaded import SLOTS
from governance.texts import CONTROLS, MANDATORY_CONTROLS

COPIED = (
    "code",
    "ordinal",
    "role",
    "name_en",
    "name_zh",
    "note_en",
    "note_zh",
    "required",
    "replaceable",
    "constraints",
)


@service
def add_component(
    *, actor: Actor, unit: Unit, name_en: str, name_zh: str = "", role: str, kind: str, vendor: str = ""
) -> Component:
    require(actor, "governance.catalogue.edit", unit)
    refuse_if([Reason("name_missing", _("Give the product a name."), field="name_en")] if not name_en else [], Invalid)
    component = Component.objects.create(
        key=next_ref("CM"), unit=unit, name_en=name_en, name_zh=name_zh, role=role, kind=kind, vendor=vendor
    )
    record(actor, "component.added", component)
    return component


@service
def draft_pattern(*, actor: Actor, unit: Unit, name_en: str, name_zh: str = "") -> Pattern:
    """A new pattern with the usual parts, its first version open."""
    require(actor, "governance.submission.draft", unit)
    if not (name_en or name_zh):
        raise Invalid(Reason("name_missing", _("Give the pattern a name."), field="name_en"))
    pattern = Pattern.objects.create(
        key=f"PT-{next_number('PT')}", unit=unit, name_en=name_en or name_zh, name_zh=name_zh, owner_id=actor.user_id
    )
    record(actor, "pattern.added", pattern)
    version = PatternVersion.objects.create(pattern=pattern, unit=unit, number=1)
    for n, (code, role, replaceable, en, note_en, zh, note_zh) in enumerate(SLOTS):
        Slot.objects.create(
            version_of=version, code=code, ordinal=n, role=role, replaceable=replaceable,
            name_en=en, name_zh=zh, note_en=note_en, note_zh=note_zh,
        )  # fmt: skip
    for n, control in enumerate(CONTROLS):
        mandatory = control in MANDATORY_CONTROLS
        SecurityReuse.objects.create(version_of=version, control=control, ordinal=n, mandatory=mandatory)
    record(actor, "pattern.drafted", version)
    return pattern


@service
def draft_pattern_version(*, actor: Actor, pattern: Pattern, unit: Unit) -> PatternVersion:
    """A copy of the newest version, open for change."""
    require(actor, "governance.submission.draft", unit)
    newest = pattern.versions.order_by("-number").first()
    if newest is None or newest.state in ("draft", "submitted"):
        raise NotReady(Reason("version_open", _("The newest version is still being worked on.")))
    version = PatternVersion.objects.create(
        pattern=pattern, unit=unit, number=newest.number + 1, invariants=newest.invariants, base_flow=newest.base_flow,
        portable_assets=newest.portable_assets, exit_plan_en=newest.exit_plan_en, exit_plan_zh=newest.exit_plan_zh,
    )  # fmt: skip
    _copy_parts(newest, version, unit)
    record(actor, "pattern.drafted", version)
    return version


def _copy_parts(source: PatternVersion, version: PatternVersion, unit: Unit) -> None:
    """Parts, what fills them in this unit today, and the answers to the controls: known facts are not asked again."""
    bound = current_bindings(source, unit)
    for slot in source.slots.all():
        copy = Slot.objects.create(version_of=version, **{name: getattr(slot, name) for name in COPIED})
        if slot.pk in bound:
            now = bound[slot.pk]
            Binding.objects.create(
                slot=copy, unit=unit, component=now.component, within=True, constraint_results=now.constraint_results,
                reason="carried_over",
            )  # fmt: skip
    for control in source.controls.all():
        facts = ("control", "ordinal", "mandatory", "answer", "reason", "evidence", "evidence_on")
        SecurityReuse.objects.create(version_of=version, **{name: getattr(control, name) for name in facts})


@service
def draft_category_version(
    *,
    actor: Actor,
    category: DataCategory,
    unit: Unit,
    exclusions: str,
    sensitivity: str = "",
    pi_grade: str = "",
) -> DataCategoryVersion:
    """A narrower category: the way out of a yes. Its twelve questions are asked anew."""
    require(actor, "governance.submission.draft", unit)
    newest = category.versions.order_by("-number").first()
    if newest is None or newest.state in ("draft", "submitted"):
        raise NotReady(Reason("version_open", _("The newest version is still being worked on.")))
    if not exclusions.strip():
        raise Invalid(Reason("exclusions_missing", _("Say what is left out or masked."), field="exclusions"))
    version = DataCategoryVersion.objects.create(
        category=category, unit=unit, number=newest.number + 1, exclusions=exclusions.strip(),
        sensitivity=sensitivity or newest.sensitivity, pi_grade=pi_grade or newest.pi_grade, prc_class=newest.prc_class,
    )  # fmt: skip
    record(actor, "category.drafted", version)
    return version


@service
def publish_gate(*, actor: Actor, unit: Unit, validity_months: int, one_person_many_lanes: bool, sla_days: int) -> Gate:
    """A new number of the gate for a unit and below; running rounds keep the one they began with."""
    require(actor, "governance.definition.publish", unit)
    wrong = [
        Reason("out_of_range", _("Choose a number from 1 to %(most)s.") % {"most": most}, field=field)
        for field, value, most in (("validity_months", validity_months, 36), ("sla_days", sla_days, 90))
        if not 1 <= value <= most
    ]
    refuse_if(wrong, Invalid)
    last = Gate.objects.filter(unit=unit, code="approval").order_by("-number").first()
    lanes = [
        {"lane": lane, "quorum": 1, "return_quorum": 1, "sla_days": sla_days}
        for lane in ("architecture", "security", "data")
    ]
    gate = Gate.objects.create(
        code="approval", number=last.number + 1 if last else 1, unit=unit, lanes=lanes,
        validity_months=validity_months, one_person_many_lanes=one_person_many_lanes,
    )  # fmt: skip
    record(actor, "gate.published", gate)
    return gate
