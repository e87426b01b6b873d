"""The request: opened, filled in section by section, submitted, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ancestors, require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical, digest
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.notify import tell
from foundation.refs import next_number
from foundation.versions import save_version
from foundation.work import service
from governance import packs
from governance.checks import gaps
from governance.lanes import holders
from governance.models import (
    Binding,
    CategoryUse,
    ChecklistAnswer,
    Component,
    Contributor,
    DataCategory,
    DataCategoryVersion,
    Pack,
    Pattern,
    PatternVersion,
    SecurityReuse,
    Slot,
    Submission,
)
from governance.rules import core_status, lanes_called
from governance.selectors import checklist_for, gate_for, in_force, latest_passports
from governance.services.catalogue import draft_pattern_version
from governance.texts import CONTROLS, FLOW_FIELDS, PORTABLE, SECTIONS, both, later

PACK_SECTIONS = ("purpose", "slots", "flow", "controls", "exit", "categories")
MAX_RETENTION = 3650  # days; beyond ten years nobody keeps a runtime's copies


@dataclass(frozen=True)
class ControlAnswer:
    control: str
    answer: str
    reason: str = ""
    evidence: str = ""
    evidence_on: date | None = None


@dataclass(frozen=True)
class CategoryDraft:
    """One category of the data sheet; `own_flow` only where it differs from the pattern's flow."""

    category: DataCategory
    own_flow: Mapping[str, Any] = field(default_factory=dict)
    exclusions: str | None = None


@dataclass(frozen=True)
class AnswerDraft:
    """One answer for all categories, with the codes of those that answer otherwise."""

    answer: str
    except_for: tuple[str, ...] = ()


# --- open --------------------------------------------------------------------------------------------------------


@service
def open_submission(*, actor: Actor, pattern: Pattern, unit: Unit, new_version: bool = False) -> Submission:
    """A request for a pattern in a unit, prefilled from what registers and earlier decisions know."""
    require(actor, "governance.submission.draft", unit)
    gate = gate_for(unit)
    if gate is None:
        raise NotReady(Reason("gate_missing", _("No approval gate is published for this unit.")))
    version = _version_for(actor, pattern, unit, new_version)
    submission = Submission.objects.create(
        key=_key(), gate=gate, unit=unit, pattern_version=version, submitter_id=actor.user_id
    )
    _contribute(actor, submission)
    _prefill(submission)
    record(actor, "submission.opened", submission)
    return submission


def _key() -> str:
    year = clock.now().year
    return f"G-{year}-{next_number(f'G-{year}'):02d}"


def _version_for(actor: Actor, pattern: Pattern, unit: Unit, new_version: bool) -> PatternVersion:
    open_request = (
        Submission.objects.filter(pattern_version__pattern=pattern, unit=unit)
        .exclude(state__in=["decided", "withdrawn"])
        .first()
    )
    if open_request:
        text = _("%(key)s already asks for this pattern in this unit.") % {"key": open_request.key}
        raise NotReady(Reason("already_asked", text, fix=("governance:request", [open_request.key])))
    if new_version:
        return draft_pattern_version(actor=actor, pattern=pattern, unit=unit)
    newest = pattern.versions.order_by("-number").first()
    if newest is not None and newest.state in ("draft", "submitted"):
        busy = newest.submissions.exclude(state__in=["decided", "withdrawn"]).exists()
        newest = _decided(pattern) if busy else _adopt(newest, unit)
    if newest is None:
        raise NotReady(Reason("version_open", _("Another unit is still asking for the first version of this pattern.")))
    return newest


def _decided(pattern: Pattern) -> PatternVersion | None:
    return pattern.versions.filter(state="decided").order_by("-number").first()


def _adopt(version: PatternVersion, unit: Unit) -> PatternVersion:
    """A draft belongs to the unit whose request carries it."""
    save_version(version, version=None, unit=unit)
    return version


def _prefill(submission: Submission) -> None:
    """The uses of the last decided request of this pattern, or every category the unit knows."""
    pattern = submission.pattern_version.pattern
    before = (
        Submission.objects.filter(pattern_version__pattern=pattern, state="decided")
        .filter(unit__path__in=ancestors(submission.unit.path))  # what is handed down to the unit, nobody else's flow
        .exclude(decision__outcome="rejected")
        .order_by("-state_since")
        .first()
    )
    if before:
        _add_uses(submission, {u.category_version.category: u.own_flow for u in _uses(before)})
    else:
        known = DataCategory.objects.filter(unit__path__in=ancestors(submission.unit.path))
        _add_uses(submission, dict.fromkeys(known))


def _uses(submission: Submission) -> Iterable[CategoryUse]:
    return submission.uses.select_related("category_version__category", "pattern_version")


def _add_uses(submission: Submission, flows: Mapping[DataCategory, Any]) -> None:
    passports = latest_passports(c.pk for c in flows)
    CategoryUse.objects.bulk_create(
        CategoryUse(
            submission=submission,
            category_version=passports[category.pk],
            pattern_version=submission.pattern_version,
            unit=submission.unit,
            own_flow=flow or None,
        )
        for category, flow in flows.items()
        if category.pk in passports
    )


# --- edit --------------------------------------------------------------------------------------------------------


def _edited(actor: Actor, submission: Submission, version: int | None, section: str, **changes: Any) -> None:
    """What every edit does: permission, draft only, version, contributor, one ledger entry."""
    require(actor, "governance.submission.draft", submission)
    if submission.state != Submission.State.DRAFT:
        text = _("The request is %(state)s; its content is frozen.") % {"state": submission.get_state_display()}
        raise NotReady(Reason("request_frozen", text))
    before, after = save_version(submission, version=version, edited_at=clock.now(), **changes)
    _contribute(actor, submission)
    before.pop("edited_at", None), after.pop("edited_at", None)
    record(actor, "submission.edited", submission, before=before, after=after, section=section)


def _contribute(actor: Actor, submission: Submission) -> None:
    if actor.user_id:
        Contributor.objects.get_or_create(
            submission=submission, user_id=actor.user_id, defaults={"round": submission.round}
        )


def _open_version(submission: Submission) -> PatternVersion:
    version = PatternVersion.objects.select_for_update().get(pk=submission.pattern_version_id)
    if version.state != "draft":
        text = _("Version %(number)s is decided. Ask with a new version to change it.")
        raise NotReady(Reason("version_decided", text % {"number": version.number}))
    return version


@service
def edit_purpose(
    *, actor: Actor, submission: Submission, version: int | None, purpose_en: str = "", purpose_zh: str = ""
) -> Submission:
    _edited(actor, submission, version, "purpose", purpose_en=purpose_en.strip(), purpose_zh=purpose_zh.strip())
    return submission


@service
def note_wait(*, actor: Actor, submission: Submission, version: int | None, section: str, text: str) -> Submission:
    """Say what a section waits for: it then reads “cannot complete yet”."""
    if section not in SECTIONS:
        raise Invalid(Reason("section_unknown", _("This section does not exist."), field="section"))
    waits = {**submission.waits, section: text.strip()}
    _edited(actor, submission, version, section, waits={k: v for k, v in waits.items() if v})
    return submission


@service
def bind_slots(
    *, actor: Actor, submission: Submission, version: int | None, components: Mapping[str, Component]
) -> Submission:
    """What fills each part in this unit; a change is a new row that replaces the former one."""
    _edited(actor, submission, version, "slots")
    slots = {s.code: s for s in submission.pattern_version.slots.all()}
    bound = packs.current_bindings(submission.pattern_version, submission.unit)
    wrong = [r for code, component in components.items() for r in _binding_reasons(slots.get(code), code, component)]
    refuse_if(wrong, Invalid)
    for code, component in components.items():
        _bind(actor, submission, slots[code], component, bound.get(slots[code].pk))
    return submission


def _binding_reasons(slot: Slot | None, code: str, component: Component) -> Iterable[Reason]:
    if slot is None:
        yield Reason("slot_unknown", _("This pattern has no such part."), field=code)
    elif component.role != slot.role:
        text = _("%(product)s does not fit the part “%(slot)s”.") % {"product": component.name, "slot": slot.name}
        yield Reason("outside_constraints", text, field=code)
    elif component.status == Component.Status.RETIRED:
        yield Reason("outside_constraints", _("%(product)s is retired.") % {"product": component.name}, field=code)


def _bind(actor: Actor, submission: Submission, slot: Slot, component: Component, now: Binding | None) -> None:
    if now and now.component_id == component.pk:
        return
    own = now if now and now.unit_id == submission.unit_id else None
    if own and not slot.replaceable:
        text = _("“%(slot)s” is not replaceable. Draft a new version of the pattern.") % {"slot": slot.name}
        raise NotReady(Reason("slot_not_replaceable", text, field=slot.code))
    binding = Binding.objects.create(
        slot=slot, unit=submission.unit, component=component, replaces=own, within=True, checked_by_id=actor.user_id,
        constraint_results=[{"rule": "role", "result": "pass"}, {"rule": "status", "result": "pass"}],
    )  # fmt: skip
    record(actor, "slot.bound", binding, slot=slot.code, product=component.key)


@service
def edit_flow(*, actor: Actor, submission: Submission, version: int | None, flow: Mapping[str, Any]) -> Submission:
    """Where data is stored, processed and seen from, and how long: stated once for the whole pattern."""
    _edited(actor, submission, version, "landing")
    pattern_version = _open_version(submission)
    refuse_if(_flow_reasons(flow), Invalid)
    _before, after = save_version(pattern_version, version=None, base_flow={**pattern_version.base_flow, **flow})
    if after:
        record(actor, "pattern.edited", pattern_version, after=after)
    submission.pattern_version = pattern_version
    return submission


def _flow_reasons(flow: Mapping[str, Any]) -> Iterable[Reason]:
    for name in flow.keys() - FLOW_FIELDS.keys():
        yield Reason("flow_unknown", _("“%(name)s” is not part of a data flow.") % {"name": name}, field=name)
    days = flow.get("retention_days")
    if days is not None and not (isinstance(days, int) and 0 <= days <= MAX_RETENTION):
        text = _("Give the days as a number from 0 to %(most)s.") % {"most": MAX_RETENTION}
        yield Reason("retention_range", text, field="retention_days")


@service
def record_security_reuse(
    *, actor: Actor, submission: Submission, version: int | None, answers: Iterable[ControlAnswer]
) -> Submission:
    _edited(actor, submission, version, "landing")
    pattern_version = _open_version(submission)
    rows = {c.control: c for c in pattern_version.controls.all()}
    given = list(answers)
    refuse_if([r for a in given for r in _control_reasons(a, rows)], Invalid)
    for answer in given:
        save_version(
            rows[answer.control], version=None, answer=answer.answer, reason=answer.reason.strip(),
            evidence=answer.evidence.strip(), evidence_on=answer.evidence_on,
        )  # fmt: skip
    record(actor, "reuse.recorded", pattern_version, after={a.control: a.answer for a in given})
    return submission


def _control_reasons(answer: ControlAnswer, rows: Mapping[str, SecurityReuse]) -> Iterable[Reason]:
    label = {"control": both(CONTROLS.get(answer.control, (answer.control,) * 2))}
    if answer.control not in rows:
        yield Reason("control_unknown", _("There is no control “%(control)s”.") % label, field=answer.control)
    elif answer.answer not in SecurityReuse.Answer.values:
        yield Reason("answer_unknown", _("Choose an answer for “%(control)s”.") % label, field=answer.control)
    elif answer.evidence_on and answer.evidence_on > clock.today():
        yield Reason("evidence_future", _("The validation of “%(control)s” lies ahead.") % label, field=answer.control)


@service
def edit_exit(
    *,
    actor: Actor,
    submission: Submission,
    version: int | None,
    portable_assets: Iterable[str],
    exit_plan_en: str = "",
    exit_plan_zh: str = "",
) -> Submission:
    _edited(actor, submission, version, "exit")
    pattern_version = _open_version(submission)
    assets = [code for code in PORTABLE if code in set(portable_assets)]
    _before, after = save_version(
        pattern_version, version=None, portable_assets=assets,
        exit_plan_en=exit_plan_en.strip(), exit_plan_zh=exit_plan_zh.strip(),
    )  # fmt: skip
    if after:
        record(actor, "pattern.edited", pattern_version, after=after)
    submission.pattern_version = pattern_version
    return submission


@service
def declare_categories(
    *, actor: Actor, submission: Submission, version: int | None, categories: Iterable[CategoryDraft]
) -> Submission:
    """The categories of the request and how each differs from the flow stated once."""
    _edited(actor, submission, version, "data")
    drafts = list(categories)
    refuse_if([r for d in drafts for r in _flow_reasons(d.own_flow)], Invalid)
    uses = {u.category_version.category_id: u for u in _uses(submission)}
    kept = {d.category.pk for d in drafts}
    for category_id, use in uses.items():
        if category_id not in kept:
            submission.answers.filter(category_version=use.category_version_id).delete()
            use.delete()
    _add_uses(submission, {d.category: {} for d in drafts if d.category.pk not in uses})
    uses = {u.category_version.category_id: u for u in _uses(submission)}
    for draft in drafts:
        if draft.category.pk in uses:
            _shape(actor, submission, uses[draft.category.pk], draft)
    record(actor, "category_use.declared", submission, after={"categories": [d.category.code for d in drafts]})
    return submission


def _shape(actor: Actor, submission: Submission, use: CategoryUse, draft: CategoryDraft) -> None:
    base = submission.pattern_version.base_flow
    differs = {k: v for k, v in draft.own_flow.items() if v not in (None, "") and v != base.get(k)}
    save_version(use, version=None, own_flow=differs or None)
    passport = use.category_version
    if draft.exclusions is not None and passport.state == "draft" and draft.exclusions != passport.exclusions:
        before, after = save_version(passport, version=None, exclusions=draft.exclusions.strip())
        record(actor, "category.edited", passport, before=before, after=after)


@service
def answer_checklist(
    *, actor: Actor, submission: Submission, version: int | None, answers: Mapping[str, AnswerDraft]
) -> Submission:
    """Answered once for the request; one answer a category is written. `except_for` answer the opposite."""
    _edited(actor, submission, version, "data")
    checklist = checklist_for(submission.unit)
    items = {i.code: i for i in checklist.items.all()} if checklist else {}
    uses = [u for u in _uses(submission) if u.category_version.state == "draft"]
    codes = {u.category_version.category.code for u in uses}
    refuse_if([r for c, a in answers.items() for r in _answer_reasons(c, a, items, codes)], Invalid)
    for code, draft in answers.items():
        for use in uses:
            _answer(submission, use.category_version, items[code], _for(draft, use.category_version.category.code))
    record(actor, "checklist.answered", submission, after={c: a.answer for c, a in answers.items()})
    return submission


def _answer_reasons(code: str, draft: AnswerDraft, items: Mapping[str, Any], codes: set[str]) -> Iterable[Reason]:
    if code not in items:
        yield Reason("question_unknown", _("There is no question %(code)s.") % {"code": code}, field=code)
    if draft.answer not in ChecklistAnswer.Answer.values:
        yield Reason("answer_unknown", _("Answer %(code)s with yes, no or not known.") % {"code": code}, field=code)
    if set(draft.except_for) - codes:
        yield Reason(
            "except_unknown", _("%(code)s names a category this request does not have.") % {"code": code}, code
        )
    if draft.except_for and draft.answer == "not_known":
        yield Reason("except_of_unknown", _("%(code)s: an exception needs a yes or a no.") % {"code": code}, code)


def _for(draft: AnswerDraft, category: str) -> str:
    if category not in draft.except_for:
        return draft.answer
    return "no" if draft.answer == "yes" else "yes"


def _answer(submission: Submission, passport: DataCategoryVersion, item: Any, answer: str) -> None:
    found, made = ChecklistAnswer.objects.get_or_create(
        submission=submission, category_version=passport, item=item, defaults={"answer": answer}
    )
    if not made:
        save_version(found, version=None, answer=answer)


# --- submit, take back -------------------------------------------------------------------------------------------


@service
def submit_submission(*, actor: Actor, submission: Submission, version: int | None = None) -> Submission:
    """Freeze the pack and call the lanes that have something new to judge."""
    require(actor, "governance.submission.submit", submission)
    submission = Submission.objects.select_for_update().get(pk=submission.pk)
    if submission.state == Submission.State.DRAFT:
        refuse_if([g.reason for g in gaps(submission)], Invalid)
        _settle_core_status(actor, submission)
    body, lanes = _asks(submission)
    due = clock.today(submission.unit.zone) + timedelta(days=max(submission.gate.lane(x)["sla_days"] for x in lanes))
    submission = Submission.lifecycle.apply(
        submission, "submit", actor=actor, version=version, submitter_id=actor.user_id, lanes_called=lanes,
        due_on=due, first_submitted_at=submission.first_submitted_at or clock.now(),
    )  # fmt: skip
    _add_editors(submission)
    move_parts(actor, submission, "submit")
    _freeze(actor, submission, body, lanes)
    _tell_lanes(submission)
    return submission


def preview_lanes(submission: Submission) -> list[str]:
    """Which lanes a submit would call now."""
    body = packs.build(submission)
    known = in_force(submission.unit, submission.pattern_version.pattern, clock.now())
    return lanes_called(packs.lane_items(body), packs.item_digests(body), known)


def _asks(submission: Submission) -> tuple[packs.Body, list[str]]:
    body = packs.build(submission)
    known = in_force(submission.unit, submission.pattern_version.pattern, clock.now())
    lanes = lanes_called(packs.lane_items(body), packs.item_digests(body), known)
    if not lanes:
        raise NotReady(Reason("nothing_to_ask", _("Everything here is approved already; there is nothing to ask.")))
    return body, lanes


def _settle_core_status(actor: Actor, submission: Submission) -> None:
    """Computed from the answers, for passports that are not decided yet."""
    checklist = checklist_for(submission.unit)
    effects = {i.code: i.effect for i in checklist.items.all()} if checklist else {}
    for use in _uses(submission):
        passport = use.category_version
        if passport.state != "draft":
            continue
        given = submission.answers.filter(category_version=passport).values_list("item__code", "answer")
        before, after = save_version(
            passport, version=None, core_status=core_status(dict(given), effects), unit=submission.unit
        )
        if after:
            record(actor, "category.edited", passport, before=before, after=after)


def _add_editors(submission: Submission) -> None:
    """Whoever worked on the same draft version in an earlier, withdrawn request is a contributor too."""
    mine = Q(submission__pattern_version=submission.pattern_version_id, submission__unit=submission.unit_id)
    earlier = Contributor.objects.filter(mine).exclude(submission=submission).exclude(submission__state="decided")
    for user_id in set(earlier.values_list("user_id", flat=True)):
        Contributor.objects.get_or_create(submission=submission, user_id=user_id, defaults={"round": submission.round})


def move_parts(actor: Actor, submission: Submission, step: str) -> None:
    """The versions a request carries move with it; decided ones stay."""
    source = "draft" if step == "submit" else "submitted"
    version = submission.pattern_version
    version.refresh_from_db()
    if version.state == source:
        PatternVersion.lifecycle.apply(version, step, actor=actor)
    for use in _uses(submission):
        if use.category_version.state == source:
            DataCategoryVersion.lifecycle.apply(use.category_version, step, actor=actor)


def _freeze(actor: Actor, submission: Submission, body: packs.Body, lanes: list[str]) -> Pack:
    body = {**body, "round": submission.round, "lanes": lanes, "submitter": actor.label}
    text = canonical(body)
    items = packs.item_digests(body)
    pack = Pack.objects.create(
        submission=submission, round=submission.round, schema=packs.SCHEMA, body=text, digest=digest(text),
        item_digests=items | {"pattern": packs.pattern_digest(items)},
        section_digests={name: digest({name: body[name]}) for name in PACK_SECTIONS},
        lanes=lanes, lanes_count=len(lanes), gate=submission.gate,
    )  # fmt: skip
    record(actor, "pack.frozen", submission, digest=pack.digest, round=submission.round)
    return pack


def _tell_lanes(submission: Submission) -> None:
    barred = set(submission.contributors.values_list("user_id", flat=True))
    people = {p.pk: p for lane in submission.lanes_called for p in holders(lane, submission.unit) if p.pk not in barred}
    ask = _("%(unit)s asks to use the pattern “%(pattern)s”. Open the page to see what is new and to decide.")
    tell(
        people.values(),
        later(lambda: _("%(unit)s asks for your decision") % _names(submission)),
        later(lambda: ask % _names(submission)),
        submission.get_absolute_url() + "/review",
    )


def _names(submission: Submission) -> dict[str, str]:
    return {"unit": submission.unit.name, "pattern": submission.pattern_version.pattern.name}


@service
def withdraw_submission(*, actor: Actor, submission: Submission, version: int | None = None) -> Submission:
    """Taken back: what was submitted stays readable, its votes count for nothing."""
    submission = Submission.lifecycle.apply(submission, "withdraw", actor=actor, version=version)
    move_parts(actor, submission, "withdraw")
    return submission


@service
def redraft_submission(*, actor: Actor, submission: Submission, version: int | None = None) -> Submission:
    """A returned request is worked on again, as its next round."""
    return Submission.lifecycle.apply(
        submission, "redraft", actor=actor, version=version, round=submission.round + 1, lanes_called=[], due_on=None
    )
