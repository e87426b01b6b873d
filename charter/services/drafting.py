"""From six blanks to a text sent for signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actors import holders
from accounts.models import Unit, User
from accounts.services import invite_member
from charter import notices, rules, template
from charter.checks import charter_gaps
from charter.models import (
    Charter,
    CharterCriterion,
    CharterPilot,
    CharterText,
    DecisionPoint,
    Objective,
    OpenQuestion,
    Signatory,
    SignRole,
)
from charter.services.pilots import link_pilot
from charter.texts import charter_body
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical, digest
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.refs import next_number
from foundation.versions import save_version
from foundation.work import service
from metrics.models import Pilot
from metrics.services import void_lock
from usecases.models import Candidate
from usecases.selectors import latest_selection

Person = User | str | None  # a user, or an e-mail address that is waited for


@service
def draft_charter(
    *,
    actor: Actor,
    unit: Unit,
    question_en: str = "",
    question_zh: str = "",
    starts_on: date,
    ends_on: date,
    lead: User,
    cases: Iterable[Candidate] = (),
    signers: dict[str, Person] | None = None,
    criteria: Iterable[template.DefaultCriterion] | None = None,
    thresholds: dict[str, Any] | None = None,
    **terms: Any,
) -> Charter:
    """Six blanks; everything else comes from the template. `signers` maps a role to a person or an e-mail."""
    require(actor, "charter.text.draft", unit)
    refuse_if(_box_gaps(starts_on, ends_on), Invalid)
    charter = Charter.objects.create(
        key=f"EC-{unit.code}-{next_number(f'EC-{unit.code}'):02d}",
        unit=unit,
        question_en=question_en,
        question_zh=question_zh,
        why_now_en=terms.pop("why_now_en", "") or template.WHY_NOW["en"],
        why_now_zh=terms.pop("why_now_zh", "") or template.WHY_NOW["zh"],
        starts_on=starts_on,
        ends_on=ends_on,
        lead=lead,
        created_by_id=actor.user_key,
        **terms,
    )
    chosen = list(cases)
    _set_cases(charter, chosen)
    _set_signers(actor, charter, signers or {})
    _fill_criteria(charter, criteria, has_measure=bool(chosen))
    _set_thresholds(charter, thresholds or {})
    _set_points(charter)
    record(actor, "charter.drafted", charter, after={"question": charter.question_en or charter.question_zh})
    return charter


@service
def edit_charter(
    *,
    actor: Actor,
    charter: Charter,
    version: int | None = None,
    signers: dict[str, Person] | None = None,
    thresholds: dict[str, Any] | None = None,
    categories: Iterable[Any] | None = None,
    **changes: Any,
) -> Charter:
    """Change a draft. A charter out for signature is taken back first: signatures and locks on that text are void.

    `thresholds` maps a criterion code to its number, or None to drop the criterion.
    """
    require(actor, "charter.text.draft", charter)
    if charter.state == Charter.State.FOR_SIGNATURE:
        charter, version = _take_back(actor, charter, version), None
    if charter.state != Charter.State.DRAFT:
        raise NotReady(Reason("signed_text", _("A signed text is never edited; it can only be amended.")))
    refuse_if(_box_gaps(changes.get("starts_on", charter.starts_on), changes.get("ends_on", charter.ends_on)), Invalid)
    before, after = save_version(charter, version=version, **changes)
    if signers is not None:
        _set_signers(actor, charter, signers)
    if categories is not None:
        charter.categories.set(categories)
    _set_thresholds(charter, thresholds or {})
    if {"starts_on", "ends_on"} & set(after):
        _set_points(charter)
    record(actor, "charter.edited", charter, before=before, after=after)
    return charter


def _box_gaps(starts_on: date, ends_on: date) -> Iterator[Reason]:
    if ends_on <= starts_on:
        yield Reason("box_order", _("The time-box must end after it starts."), field="ends_on")


def _set_thresholds(charter: Charter, thresholds: dict[str, Any]) -> None:
    known = CharterCriterion.objects.filter(objective__charter=charter).values_list("code", flat=True)
    unknown = sorted(set(thresholds) - set(known))
    if unknown:
        text = _("The charter has no criterion %(codes)s.") % {"codes": ", ".join(unknown)}
        raise Invalid(Reason("criterion_unknown", text, field="thresholds"))
    refuse_if(_share_gaps(thresholds), Invalid)
    for code, number in thresholds.items():
        _set_threshold(charter, code, number)


def _share_gaps(thresholds: dict[str, Any]) -> Iterator[Reason]:
    for code, number in thresholds.items():
        known = template.criterion_of(code)
        if known and known.unit == "%" and number is not None and not 0 <= number <= 1:
            yield Reason("share_out_of_range", _("A share lies between 0 and 1."), field="thresholds")


def _set_threshold(charter: Charter, code: str, number: Decimal | None) -> None:
    """The sentence follows its number; None drops the criterion."""
    rows = CharterCriterion.objects.filter(objective__charter=charter, code=code)
    known = template.criterion_of(code)
    if number is None:
        rows.delete()
    elif known and known.has_number:
        told = known.told(Decimal(number))
        rows.update(threshold=number, sentence_en=told["en"], sentence_zh=told["zh"])
    else:
        rows.update(threshold=number)


def _take_back(actor: Actor, charter: Charter, version: int | None = None) -> Charter:
    text = charter.current_text
    if text is not None:
        void_lock(actor=actor, ref=text.digest)
    return Charter.lifecycle.apply(charter, "reopen", actor=actor, version=version)


@service
def attach_selection(*, actor: Actor, charter: Charter, candidates: Iterable[Candidate]) -> Charter:
    """Name the cases of a draft; criteria that waited for a measure come with them."""
    require(actor, "charter.selection.attach", charter)
    if charter.state != Charter.State.DRAFT:
        raise NotReady(Reason("signed_text", _("Cases are named while the charter is a draft.")))
    _set_cases(charter, list(candidates))
    _fill_criteria(charter, None, has_measure=charter.cases.exists())
    record(actor, "selection.attached", charter, cases=[str(c) for c in charter.cases.all()])
    return charter


@service
def add_question(
    *, actor: Actor, charter: Charter, text_en: str = "", text_zh: str = "", kind: str = OpenQuestion.Kind.ASSUMPTION
) -> OpenQuestion:
    require(actor, "charter.text.draft", charter)
    if not (text_en.strip() or text_zh.strip()):
        raise Invalid(Reason("text_missing", _("Write the question or assumption."), field="text_en"))
    Charter.objects.select_for_update().get(pk=charter.pk)  # numbers are given one at a time
    number = charter.questions.count() + 1
    question = OpenQuestion.objects.create(
        charter=charter, number=number, kind=kind, text_en=text_en.strip(), text_zh=text_zh.strip()
    )
    record(actor, "question.added", question, charter=charter.key)
    return question


@service
def send_charter(*, actor: Actor, charter: Charter, version: int | None = None) -> Charter:
    """Freeze the text and ask for signatures; refused with every gap at once."""
    require(actor, "charter.text.send", charter)
    refuse_if(charter_gaps(charter), Invalid)
    body = canonical(charter_body(charter))
    number = charter.texts.count() + 1
    CharterText.objects.create(
        charter=charter, number=number, body=body, digest=digest(body), author_id=actor.user_id or charter.created_by_id
    )
    sent = Charter.lifecycle.apply(charter, "send", actor=actor, version=version)
    notices.charter_sent(sent)
    return sent


@service
def save_terms(
    *,
    actor: Actor,
    charter: Charter,
    version: int | None = None,
    cases: Iterable[Candidate] | None = None,
    pilots: dict[str, Pilot] | None = None,
    questions: Iterable[str] = (),
    **changes: Any,
) -> Charter:
    """The whole form of terms in one act: edits, cases, the pilot of each case (by candidate key), new questions."""
    charter = edit_charter(actor=actor, charter=charter, version=version, **changes)
    chosen = None if cases is None else list(cases)
    if chosen is not None and {c.pk for c in chosen} != {c.candidate_id for c in charter.cases.all()}:
        attach_selection(actor=actor, charter=charter, candidates=chosen)
        if changes.get("categories") is not None:  # what this form says wins over what the cases bring along
            charter.categories.set(changes["categories"])
    for case in charter.cases.select_related("candidate"):
        pilot = (pilots or {}).get(case.candidate.key)
        if pilot is not None and pilot.pk != case.pilot_id:
            link_pilot(actor=actor, charter=charter, case=case, pilot=pilot)
    for text in questions:
        add_question(actor=actor, charter=charter, **in_its_language("text", text))
    charter.refresh_from_db()
    return charter


def in_its_language(name: str, text: str) -> dict[str, str]:
    """One typed text as `name_zh` when it holds Han characters, else as `name_en`."""
    han = any("\u4e00" <= sign <= "\u9fff" for sign in text)
    return {f"{name}_zh" if han else f"{name}_en": text.strip()}


@service
def withdraw_charter(*, actor: Actor, charter: Charter) -> Charter:
    require(actor, "charter.text.withdraw", charter)
    text = charter.current_text
    if text is not None:
        void_lock(actor=actor, ref=text.digest)
    return Charter.lifecycle.apply(charter, "withdraw", actor=actor)


def _set_cases(charter: Charter, candidates: list[Candidate]) -> None:
    if len(candidates) > 2:
        raise Invalid(Reason("too_many_cases", _("A charter carries one or two cases."), field="cases"))
    kept = {c.candidate_id: c.pilot_id for c in charter.cases.all()}
    selection = latest_selection(charter.unit)
    charter.cases.all().delete()
    for slot, candidate in enumerate(candidates, start=1):
        CharterPilot.objects.create(
            charter=charter,
            slot=slot,
            candidate=candidate,
            pilot_id=kept.get(candidate.pk),
            snapshot_digest=selection.snapshot.digest if selection else "",
        )
    if candidates:
        first = candidates[0]
        Charter.objects.filter(pk=charter.pk).update(pattern_version=first.pattern_version)
        charter.refresh_from_db()
        charter.categories.set({category for c in candidates for category in c.categories.all()})


def _set_signers(actor: Actor, charter: Charter, signers: dict[str, Person]) -> None:
    """An address that nobody with the role answers to is invited with exactly that role at the charter's unit."""
    for role in SignRole:
        person = signers.get(role.value)
        if isinstance(person, str):
            person = _asked(actor, charter, role.value, person.strip().casefold())
        if not person:
            continue
        Signatory.objects.update_or_create(
            charter=charter,
            role=role.value,
            defaults={
                "user": person if isinstance(person, User) else None,
                "waits_for": person if isinstance(person, str) else "",
                "required": role is not SignRole.PROGRAMME,
            },
        )


def _asked(actor: Actor, charter: Charter, role: str, email: str) -> Person:
    holder = next((m.user for m in holders("charter.text.sign", charter.unit.path) if m.user.email == email), None)
    if holder is not None or not email:
        return holder
    if not charter.signatories.filter(role=role, waits_for=email).exists():
        what = _("signing the charter %(key)s") % {"key": charter.key}
        invite_member(actor=actor, role=role, unit=charter.unit, email=email, what_for=what)
    return email


def _fill_criteria(
    charter: Charter, criteria: Iterable[template.DefaultCriterion] | None, *, has_measure: bool
) -> None:
    for code, en, zh in template.OBJECTIVES:
        Objective.objects.get_or_create(charter=charter, code=code, defaults={"statement_en": en, "statement_zh": zh})
    objectives = {o.code: o for o in charter.objectives.all()}
    known = set(CharterCriterion.objects.filter(objective__charter=charter).values_list("code", flat=True))
    for row in criteria if criteria is not None else template.default_criteria(has_measure=has_measure):
        if row.code in known:
            continue
        CharterCriterion.objects.create(
            objective=objectives[row.objective],
            code=row.code,
            kind=row.kind,
            sentence_en=row.told()["en"],
            sentence_zh=row.told()["zh"],
            metric=row.metric,
            comparator=row.comparator,
            threshold=row.threshold,
            min_sample=row.min_sample,
        )


def _set_points(charter: Charter) -> None:
    """A midpoint and the last day; a draft has no decisions yet, so points may be laid anew."""
    charter.points.all().delete()
    middle = rules.midpoint(charter.starts_on, charter.ends_on)
    if charter.starts_on < middle < charter.ends_on:
        DecisionPoint.objects.create(
            charter=charter, on=middle, question_en="Continue or stop?", question_zh="继续还是停止？"
        )
    DecisionPoint.objects.create(
        charter=charter, on=charter.ends_on, question_en="Go, Expand or Stop?", question_zh="推行、扩展还是停止？"
    )
