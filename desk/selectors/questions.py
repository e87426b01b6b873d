"""Facts of the four questions, gathered live for one unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Unit
from charter.models import Breach, Charter, SignRole
from charter.selectors import current_signatures, missing_signatories, open_point
from charter.template import VOW, VOW_VERSION
from desk.links import address, link_to
from desk.rules.answers import (
    QUESTIONS,
    Answer,
    GlobalFacts,
    PeopleFacts,
    ReviewFacts,
    Said,
    Signed,
    Source,
    ValueFacts,
    compose_answer,
    plainly,
)
from foundation import clock
from foundation.access import ancestors, within
from foundation.audit.models import AuditEvent
from foundation.bilingual import pick
from foundation.templatetags.house import day as day_words
from governance.checks import gaps
from governance.models import Condition, Lane, PatternVersion, Submission
from governance.packs import bindings_of, current_bindings
from governance.selectors import approvals_effective
from metrics.models import GainEstimate, Observation, Statement
from metrics.selectors import gain_line, primary_version, proof_count
from usecases.models import Asset, Candidate
from usecases.selectors import asset_counts, flagships

REFUSED = ("vow.tripped", "inventory.person_view_refused")
SOURCES = 6


@dataclass(frozen=True)
class Asked:
    """One question with its answer, as a page shows it."""

    number: int
    who: str
    question: str
    text: str
    answer: Answer

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.answer.sources[:SOURCES]

    @property
    def more(self) -> int:
        return max(0, len(self.answer.sources) - SOURCES)


@dataclass(frozen=True)
class Questions:
    unit: Unit
    as_of: datetime
    answers: tuple[Asked, ...]


def read_questions(unit: Unit) -> Questions:
    """Whoever calls has checked that the reader sees the unit."""
    charter = _charter(unit)
    gather: dict[int, Callable[[Unit, Charter | None], Any]] = {
        1: value_facts, 2: people_facts, 3: review_facts, 4: global_facts,
    }  # fmt: skip
    answers = tuple(_asked(n, compose_answer(n, gather[n](unit, charter))) for n in QUESTIONS)
    return Questions(unit, clock.now(), answers)


def _asked(number: int, answer: Answer) -> Asked:
    who, question = QUESTIONS[number]
    said = {"en": answer.en, "zh": answer.zh}
    return Asked(number, _both(who), _both(question), pick(said), answer)


def _both(pair: tuple[str, str]) -> str:
    return pick({"en": pair[0], "zh": pair[1]})


def _pair(text: Callable[[], Any]) -> tuple[str, str]:
    """A translated word in both languages."""
    with override("en"):
        en = str(text())
    with override("zh-hans"):
        return en, str(text())


def _charter(unit: Unit) -> Charter | None:
    """The one that was measured; else the newest signed one, else the newest."""
    estimated = GainEstimate.objects.filter(measure__pilot=OuterRef("cases__pilot"))
    timed = Observation.objects.filter(measure__pilot=OuterRef("cases__pilot"))
    found = Charter.objects.filter(unit=unit).exclude(state="withdrawn").order_by("-created_at")
    rows = list(found.annotate(has_data=Exists(estimated) | Exists(timed)))
    signed = [c for c in rows if c.state in ("signed", "decided")]
    measured = [c for c in signed if c.has_data]
    return next(iter([*measured, *signed, *rows]), None)


def _day(moment: datetime, unit: Unit) -> date:
    return moment.astimezone(ZoneInfo(unit.zone)).date()


def _named(record: Any, note: str = "", word: str = "") -> Source:
    title = (
        getattr(record, "question", "") or getattr(record, "title", "") or getattr(record, "name", "") or str(record)
    )
    return Source(str(title), link_to(record), note, word)


# --- 1: value ------------------------------------------------------------------------------------------------------


def value_facts(unit: Unit, charter: Charter | None) -> ValueFacts:
    published = Statement.objects.filter(within([unit.path], "estimate__unit__path"), state="published")
    said = list(published.select_related("estimate__measure__pilot").order_by("-state_since"))
    cases = [c for c in charter.cases.select_related("pilot", "candidate") if c.pilot] if charter else []
    point = open_point(charter) if charter else None
    counts = asset_counts(unit)
    asked = list(charter.questions.all()) if charter else []
    return ValueFacts(
        statements=tuple(_said(s) for s in said),
        direction=_direction([c.candidate for c in cases] or flagships(unit)),
        reading_on=min((c.pilot.decision_on for c in cases), default=point.on if point else None),
        measured=sum(proof_count(c.pilot) for c in cases),
        needed=_needed(charter),
        questions=len(asked),
        answered=sum(q.is_answered for q in asked),
        reused=counts.reviewed_and_rerun,
        sources=tuple(_value_sources(unit, said, cases, charter)),
    )


def _said(statement: Statement) -> Said:
    estimate = statement.estimate
    return Said(plainly(statement.sentence_en), plainly(statement.sentence_zh), estimate.word, estimate.verdict)


def _direction(candidates: Iterable[Candidate]) -> tuple[str, str] | None:
    chosen = next((c for c in candidates if c.direction), None)
    return _pair(chosen.get_direction_display) if chosen else None


def _needed(charter: Charter | None) -> int:
    """What the charter itself asks for before it reads a verdict."""
    if charter is None:
        return 0
    rows = charter.objectives.filter(criteria__metric="record_count").values_list("criteria__threshold", flat=True)
    return int(max(rows, default=0))


def _value_sources(unit: Unit, said: list[Statement], cases: list[Any], charter: Charter | None) -> Iterable[Source]:
    for statement in said:
        pilot = statement.estimate.measure.pilot
        published = _("stated on %(day)s") % {"day": day_words(_day(statement.state_since, unit))}
        label = pilot.name if pilot else statement.estimate.measure.name
        yield Source(label, link_to(pilot), published, statement.estimate.word)
    for case in cases:
        line = gain_line(case.pilot)
        if line is None or line.interim:
            note = _("no gain is read before %(day)s") % {"day": day_words(case.pilot.decision_on)}
            yield _named(case.pilot, note)
        elif not said:
            yield Source(case.pilot.name, line.url, _("estimated, not stated yet"), line.word)
        version = primary_version(case.pilot)
        if version is None:
            yield _named(case.pilot, _("has no measure yet"))
    if charter:
        yield _named(charter, str(charter.get_state_display()))
    if Asset.objects.filter(within([unit.path])).exists():
        yield Source(_("Assets of %(unit)s") % {"unit": unit.name}, address("usecases:assets"))


# --- 2: people -----------------------------------------------------------------------------------------------------


def people_facts(unit: Unit, charter: Charter | None) -> PeopleFacts:
    is_signed = charter is not None and charter.state in ("signed", "decided")
    given = current_signatures(charter) if charter else []
    breaches = Breach.objects.filter(charter__unit=unit)
    tripped = AuditEvent.objects.filter(within([unit.path], "unit_path"), verb__in=REFUSED).count()
    return PeopleFacts(
        vow=(VOW["en"], VOW["zh"]) if is_signed else None,
        vow_version=VOW_VERSION,
        signed=tuple(Signed(_role(s.role), _day(s.at, unit)) for s in given),
        asked=() if is_signed else tuple(_role(s.role) for s in _asked_to_sign(charter, given)),
        refusals=tripped,
        open_breaches=breaches.filter(state="open").count(),
        breaches=breaches.count(),
        sources=tuple(_people_sources(charter, given)),
    )


def _asked_to_sign(charter: Charter | None, given: list[Any]) -> list[Any]:
    return missing_signatories(charter, given) if charter and charter.state == "for_signature" else []


def _role(role: str) -> tuple[str, str]:
    return _pair(lambda: SignRole(role).label)


def _people_sources(charter: Charter | None, given: list[Any]) -> Iterable[Source]:
    if charter is None:
        return
    yield _named(charter, _("vow, version %(n)s") % {"n": VOW_VERSION})
    for signature in given:
        yield Source(
            f"{signature.person_name}, {signature.get_role_display()}", link_to(charter), day_words(signature.at)
        )


# --- 3: review -----------------------------------------------------------------------------------------------------


def review_facts(unit: Unit, charter: Charter | None) -> ReviewFacts:
    rows = [r for r in approvals_effective(unit) if r.is_active]
    patterns = [r for r in rows if r.approval.pattern_version_id]
    requests = _open_requests(unit)
    version = patterns[0].approval.pattern_version if patterns else requests[0].pattern_version if requests else None
    if version is None:
        return ReviewFacts()
    categories = [r for r in rows if r.approval.category_use_id]
    conditions = _open_conditions(unit)
    drafts = [s for s in requests if s.state in ("draft", "returned")]
    return ReviewFacts(
        pattern=(
            version.pattern.name_en or version.pattern.name_zh,
            version.pattern.name_zh or version.pattern.name_en,
        ),
        is_approved=bool(patterns),
        slots=version.slots.count(),
        bound=len(current_bindings(version, unit)),
        categories=_categories(version, unit, categories),
        decided=len({r.approval.exposure.category_version.category_id for r in categories}),
        conditions=len(conditions),
        condition_on=min((c.due for c in conditions), default=None),
        expires_on=min((r.last_day for r in rows), default=None),
        waits_for=tuple(_lanes(requests)),
        gaps=len(gaps(drafts[0])) if drafts else 0,
        sources=tuple(_review_sources(rows, conditions, requests)),
    )


def _open_requests(unit: Unit) -> list[Submission]:
    rows = Submission.objects.filter(within([unit.path])).exclude(state__in=["decided", "withdrawn"])
    return list(rows.select_related("pattern_version__pattern", "unit", "submitter").order_by("-created_at"))


def _open_conditions(unit: Unit) -> list[Condition]:
    rows = Condition.objects.filter(within([unit.path]), state__in=["open", "evidence_submitted"])
    return list(rows.select_related("owner").order_by("due", "key"))


def _categories(version: PatternVersion, unit: Unit, rows: list[Any]) -> int:
    used = version.uses.filter(unit__path__in=ancestors(unit.path)).values_list("category_version__category", flat=True)
    approved = {r.approval.category_use.category_version.category_id for r in rows}
    return len(approved | set(used))


def _lanes(requests: list[Submission]) -> Iterable[tuple[str, str]]:
    waiting = {lane for s in requests if s.is_open for lane in s.lanes_called}
    for lane in Lane.values:
        if lane in waiting:
            yield _lane(lane)


def _lane(lane: str) -> tuple[str, str]:
    return _pair(lambda: Lane(lane).label)


def _review_sources(rows: list[Any], conditions: list[Condition], requests: list[Submission]) -> Iterable[Source]:
    for request in requests:
        yield Source(
            _("Request for %(pattern)s") % {"pattern": request.pattern_version.pattern.name}, link_to(request),
            str(request.get_state_display()),
        )  # fmt: skip
    for row in rows:
        note = _("%(state)s, until %(day)s") % {"state": row.state_label, "day": day_words(row.last_day)}
        yield Source(row.subject_label, link_to(row.approval), note)
    for condition in conditions:
        yield Source(condition.text, link_to(condition), _("due %(day)s") % {"day": day_words(condition.due)})


# --- 4: global -----------------------------------------------------------------------------------------------------


def global_facts(unit: Unit, charter: Charter | None) -> GlobalFacts:
    components = {b.component.pk: b.component for b in _bound(unit)}
    local = [c for c in components.values() if c.origin == "local"]
    found = sorted(components.values(), key=lambda c: (c.origin, c.key))
    return GlobalFacts(
        used=len(components),
        from_global=len(components) - len(local),
        local=tuple((c.name_en or c.name_zh, c.name_zh or c.name_en) for c in local),
        replaceable=sum(c.replaceable for c in local),
        sources=tuple(
            Source(c.name, link_to(c) or address("governance:home"), str(c.get_origin_display())) for c in found
        ),
    )


def _bound(unit: Unit) -> Iterable[Any]:
    """What the patterns approved or asked for in the unit are built of."""
    approved = [r.approval.pattern_version for r in approvals_effective(unit) if r.approval.pattern_version_id]
    asked = [s.pattern_version for s in _open_requests(unit)]
    return bindings_of([v for v in [*approved, *asked] if v], unit).values()
