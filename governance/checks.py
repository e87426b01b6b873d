"""What is missing: before a request can be sent, before a vote counts, before a pilot may run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.errors import Reason
from governance.lanes import holders
from governance.models import DataCategory, Lane, PatternVersion, SecurityReuse, Submission
from governance.models.data import Use
from governance.needs import PilotNeeds
from governance.packs import current_bindings
from governance.selectors import (
    SOON,
    Effective,
    Replaced,
    approvals_effective,
    as_moment,
    checklist_for,
    replaced_by,
)
from governance.texts import FLOW_FIELDS

FLOW_NEEDED = ("stored_in", "processed_in", "model_endpoint_region", "retention_days")


@dataclass(frozen=True)
class Gap:
    """One thing missing in a section, in words, with the page that fixes it."""

    section: str
    code: str
    text: Any
    submission_key: str

    @property
    def reason(self) -> Reason:
        return Reason(self.code, self.text, fix=("governance:section", [self.submission_key, self.section]))


def gaps(submission: Submission) -> list[Gap]:
    """Everything a request still needs, in the order of its sections."""
    found = (
        *_purpose(submission),
        *_slots(submission),
        *_landing(submission),
        *_data(submission),
        *_exit(submission.pattern_version),
    )
    return [Gap(section, code, text, submission.key) for section, code, text in found]


Missing = Iterator[tuple[str, str, Any]]


def _purpose(submission: Submission) -> Missing:
    if not (submission.purpose_en or submission.purpose_zh):
        yield "purpose", "purpose_missing", _("Say in a sentence what the pattern is for.")


def _slots(submission: Submission) -> Missing:
    version = submission.pattern_version
    bound = current_bindings(version, submission.unit)
    for slot in version.slots.all():
        if slot.required and slot.pk not in bound:
            yield "slots", "slot_unbound", _("Say what fills “%(slot)s” today.") % {"slot": slot.name}


def _landing(submission: Submission) -> Missing:
    version = submission.pattern_version
    for field in FLOW_NEEDED:
        if version.base_flow.get(field) in (None, ""):
            yield "landing", "flow_missing", _("Fill in “%(field)s”.") % {"field": FLOW_FIELDS[field]}
    for control in version.controls.all():
        yield from _control(control)


def _control(control: SecurityReuse) -> Missing:
    name = {"control": control.label}
    if control.mandatory and not control.answer:
        yield "landing", "security_reuse_missing", _("Answer the control “%(control)s”.") % name
    if control.answer == "reused" and not (control.evidence and control.evidence_on):
        yield "landing", "evidence_missing", _("Name the validation of “%(control)s” and its date.") % name
    if control.answer in ("new", "not_applicable") and not control.reason:
        yield "landing", "reason_missing", _("Say why for “%(control)s”.") % name


def _data(submission: Submission) -> Missing:
    uses = list(submission.uses.select_related("category_version__category"))
    if not uses:
        yield "data", "category_undeclared", _("Choose at least one data category.")
    open_uses = [u for u in uses if u.category_version.state == "draft"]
    yield from _answers(submission, open_uses)
    for use in uses:
        name = {"category": use.category_version.category.name}
        if use.category_version.state == "submitted" and submission.state == "draft":
            yield "data", "category_in_other_request", _("“%(category)s” is being decided in another request.") % name
        if use.category_version.state == "decided" and use.category_version.decided_use == Use.NOT_ALLOWED:
            yield "data", "category_not_allowed", _("“%(category)s” was not allowed; write a narrower one.") % name


def _answers(submission: Submission, uses: list[Any]) -> Missing:
    checklist = checklist_for(submission.unit)
    items = list(checklist.items.all()) if checklist else []
    given = set(submission.answers.exclude(answer="not_known").values_list("item_id", "category_version_id"))
    open_items = [i for i in items if any((i.pk, u.category_version_id) not in given for u in uses)]
    if open_items:
        yield (
            "data",
            "checklist_open",
            _("%(count)s of %(total)s questions are not answered.") % {"count": len(open_items), "total": len(items)},
        )


def _exit(version: PatternVersion) -> Missing:
    if not version.portable_assets:
        yield "exit", "portable_missing", _("Say what can be taken along.")
    if not (version.exit_plan_en or version.exit_plan_zh):
        yield "exit", "exit_missing", _("Say how the unit would leave this pattern.")


def lanes_without_people(submission: Submission, lanes: list[str]) -> list[Reason]:
    """Nobody there yet: a warning with a way to invite, not a bar."""
    missing = [lane for lane in lanes if not holders(lane, submission.unit).exists()]
    return [
        Reason("lane_empty", _("Nobody decides in the %(lane)s lane for this unit yet.") % {"lane": Lane(lane).label})
        for lane in missing
    ]


# --- can it be piloted -------------------------------------------------------------------------------------------


def pilot_reasons(needs: PilotNeeds, on: date | datetime | None = None) -> list[Reason]:
    """Every reason of governance why a pilot may not run at `on`; none means yes."""
    rows = approvals_effective(needs.unit, on)
    moment = as_moment(on, needs.unit.zone)
    return [*_pattern_reasons(needs, rows, moment), *_category_reasons(needs, rows, moment)]


def pilot_pins(needs: PilotNeeds, on: date | datetime | None = None) -> list[str]:
    """Keys of the approvals a yes relies on."""
    rows = approvals_effective(needs.unit, on)
    chosen = [_best(_of_version(needs, rows)), *(_best(_of_category(needs, c, rows)) for c in needs.categories)]
    return [row.approval.key for row in chosen if row is not None and row.permits]


def pilot_warnings(needs: PilotNeeds, on: date | datetime | None = None) -> list[Reason]:
    """What does not block and should be known."""
    moment = as_moment(on, needs.unit.zone)
    pins = set(pilot_pins(needs, on))
    rows = [row for row in approvals_effective(needs.unit, on) if row.approval.key in pins]
    found = {c.pk: c for row in rows for c in row.conditions if c.is_open and moment < c.due_until <= moment + SOON}
    warnings = [
        Reason(
            "condition_due_soon",
            _("The condition “%(text)s” is due on %(day)s.") % {"text": c.text, "day": c.due.isoformat()},
            fix=("governance:condition", [c.key]),
        )
        for c in found.values()
    ]
    warnings += [
        Reason(
            "approval_ends_soon",
            _("The approval of %(subject)s ends after %(day)s.")
            % {"subject": row.subject_label, "day": row.last_day.isoformat()},
            fix=("governance:approval", [row.approval.key]),
        )
        for row in rows
        if row.until <= moment + timedelta(days=60)
    ]
    return warnings


def _of_version(needs: PilotNeeds, rows: list[Effective]) -> list[Effective]:
    return [r for r in rows if needs.pattern_version and r.approval.pattern_version_id == needs.pattern_version.pk]


def _of_category(needs: PilotNeeds, category: DataCategory, rows: list[Effective]) -> list[Effective]:
    """Approvals of a category in this pattern; one of an earlier version counts when the item is the same."""
    if needs.pattern_version is None:
        return []
    own = [r for r in rows if r.approval.category_use_id and _category_id(r) == category.pk]
    own = [r for r in own if r.approval.exposure.pattern_version.pattern_id == needs.pattern_version.pattern_id]
    same = [r for r in own if r.approval.exposure.pattern_version_id == needs.pattern_version.pk]
    return same or [r for r in own if r.approval.item_digest in _digests_of(needs, rows)]


def _category_id(row: Effective) -> Any:
    return row.approval.exposure.category_version.category_id


def _digests_of(needs: PilotNeeds, rows: list[Effective]) -> set[str]:
    """Item digests of the packs that approved the version asked about."""
    return {d for r in _of_version(needs, rows) for d in r.approval.decision.pack.item_digests.values()}


RANK = ("active", "suspended", "expired", "revoked")


def _best(rows: list[Effective]) -> Effective | None:
    return min(rows, key=lambda r: (RANK.index(r.state), -r.approval.valid_from.timestamp()), default=None)


def _pattern_reasons(needs: PilotNeeds, rows: list[Effective], on: datetime) -> Iterator[Reason]:
    if needs.pattern_version is None:
        yield Reason("pattern_missing", _("No pattern is chosen."), fix=("governance:home", []))
        return
    yield from _slot_reasons(needs)
    best = _best(_of_version(needs, rows))
    if best is None or best.state == "revoked":
        yield _not_approved(needs, needs.pattern_version, replaced_by(needs.pattern_version, "pattern", needs.unit, on))
    elif best.state == "expired":
        yield _ended("pattern_expired", best)
    elif best.state == "suspended":
        yield from _suspended("pattern_suspended", best, on)


def _not_approved(needs: PilotNeeds, version: PatternVersion, replaced: Replaced | None) -> Reason:
    name = {"name": version, "unit": needs.unit.name}
    if replaced:
        text = _("%(replaced)s; version %(old)s no longer counts for %(unit)s.")
        name |= {"replaced": _replaced_words(replaced), "old": replaced.old.number}
    else:
        text = _("The pattern “%(name)s” is not approved for %(unit)s.")
    return Reason("pattern_not_approved", text % name, fix=("governance:pattern", [version.pattern.key]))


def _replaced_words(replaced: Replaced) -> str:
    text = _("Version %(old)s of “%(pattern)s” was replaced by version %(new)s on %(day)s")
    return text % {
        "old": replaced.old.number,
        "pattern": replaced.old.pattern.name,
        "new": replaced.new.number,
        "day": replaced.on.isoformat(),
    }


def _slot_reasons(needs: PilotNeeds) -> Iterator[Reason]:
    version = needs.pattern_version
    bound = current_bindings(version, needs.unit)  # type: ignore[arg-type]
    for slot in version.slots.filter(required=True):  # type: ignore[union-attr]
        if slot.pk not in bound:
            text = _("Nothing fills “%(slot)s” in %(unit)s.") % {"slot": slot.name, "unit": needs.unit.name}
            yield Reason("slot_unbound", text, fix=("governance:pattern", [version.pattern.key]))  # type: ignore[union-attr]


def _category_reasons(needs: PilotNeeds, rows: list[Effective], on: datetime) -> Iterator[Reason]:
    if not needs.categories:
        yield Reason("category_undeclared", _("The candidate names no data category."))
    for category in needs.categories:
        yield from _category_reason(needs, category, rows, on)


def _category_reason(
    needs: PilotNeeds, category: DataCategory, rows: list[Effective], on: datetime
) -> Iterator[Reason]:
    best = _best(_of_category(needs, category, rows))
    page = ("governance:category", [category.code])
    name = {"category": category.name, "unit": needs.unit.name}
    if best is None or best.state == "revoked":
        yield _category_replaced(needs, category, on) or Reason(
            "category_not_approved", _("“%(category)s” is not approved for %(unit)s.") % name, fix=page
        )
        yield from _not_non_core(category, best)
    elif best.state == "expired":
        yield _ended("category_expired", best)
    elif best.approval.use == Use.NOT_ALLOWED:
        yield Reason("category_not_allowed", _("“%(category)s” may not be used in %(unit)s.") % name, fix=page)
        yield from _not_non_core(category, best)
    elif best.state == "suspended":
        yield from _suspended("category_not_approved", best, on)


def _category_replaced(needs: PilotNeeds, category: DataCategory, on: datetime) -> Reason | None:
    """Said beside an approvals line that reads approved: it is, for the newer version."""
    version = needs.pattern_version
    replaced = version and replaced_by(version, f"category:{category.code}", needs.unit, on)
    if not (version and replaced):
        return None
    text = _("%(replaced)s; the approval of “%(category)s” went to the newer version with it.")
    facts = {"replaced": _replaced_words(replaced), "category": category.name}
    return Reason("category_not_approved", text % facts, fix=("governance:pattern", [version.pattern.key]))


def _not_non_core(category: DataCategory, best: Effective | None) -> Iterator[Reason]:
    """Named beside the refusal, because it is the reason no approval can follow."""
    version = best.approval.exposure.category_version if best else category.versions.order_by("-number").first()
    if version is not None and version.core_status == "core":
        text = _("“%(category)s” is Core. A narrower category without it may be asked for.")
        yield Reason(
            "core_status_not_non_core", text % {"category": category.name}, fix=("governance:category", [category.code])
        )


def _ended(code: str, row: Effective) -> Reason:
    text = _("The approval of “%(subject)s” ended after %(day)s.")
    facts = {"subject": row.subject_label, "day": row.last_day.isoformat()}
    return Reason(code, text % facts, fix=("governance:approval", [row.approval.key]))


def _suspended(code: str, row: Effective, on: datetime) -> Iterator[Reason]:
    """An overdue condition is named as such; else somebody suspended it."""
    overdue = [c for c in row.conditions if c.blocking and on >= c.due_until and c.is_open]
    for condition in overdue:
        text = _("The condition “%(text)s” was due on %(day)s.")
        facts = {"text": condition.text, "day": condition.due.isoformat()}
        yield Reason("condition_overdue", text % facts, fix=("governance:condition", [condition.key]))
    if not overdue or row.approval.paused_as == "suspended":  # type: ignore[attr-defined]
        text = _("The approval of “%(subject)s” is suspended.")
        yield Reason(code, text % {"subject": row.subject_label}, fix=("governance:approval", [row.approval.key]))
