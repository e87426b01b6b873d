"""The review page's facts: everything a signatory needs on one screen, read once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from charter import answer, panel
from charter.criteria import READABLE, CriterionReading, answers, evaluate_criteria, reading_of
from charter.models import Breach, Charter, CharterPilot, Decision, OpenQuestion, Signature
from charter.states import (
    current_signatures,
    effective_state,
    live_decision,
    needs_of,
    open_point,
    subjects_of,
    unnamed_pilots,
)
from charter.template import VOW
from foundation import clock
from foundation.actor import Actor
from foundation.audit.models import AuditEvent
from foundation.audit.timeline import entries_for, line
from foundation.bilingual import pick
from foundation.templatetags.house import day, relative, weekday
from governance.selectors import Effective, approvals_effective
from metrics.charts import dot_strip_svg, unit_for
from metrics.selectors import GainLine, dot_strip, gain_line, primary_version, proof_count
from usecases.selectors import asset_counts

ANSWER_TONES = {"answered": "ok", "partly": "warn", "open": "open"}
MINUTES_TO_READ = 4
RECENT = 2


@dataclass(frozen=True)
class CaseFacts:
    case: CharterPilot
    title: str
    channel: str
    url: str
    line: GainLine | None
    sentence: SafeString | str
    strip: SafeString | str
    medians: tuple[str, str] | None
    unit: str
    note: str

    @property
    def is_readable(self) -> bool:
        return self.line is not None and not self.line.interim and self.line.verdict in READABLE

    @property
    def word(self) -> str:
        """The evidence word; a pilot without an estimate has none."""
        return self.line.word if self.line and self.is_readable else ""


@dataclass(frozen=True)
class ObjectiveFacts:
    code: str
    title: str
    told: str
    answer: str
    tone: str
    tally: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Mark:
    week: float
    date: str
    text: str
    tone: str = ""


@dataclass
class Review:
    charter: Charter
    state: str
    word: str
    tone: str
    lines: list[tuple[str, str]]  # tone and sentence
    text_line: str
    due: tuple[str, str, str]
    weeks: int
    done: int
    box_label: str
    marks: list[Mark]
    answer: SafeString
    objectives: list[ObjectiveFacts]
    cases: list[CaseFacts]
    approvals: list[dict[str, Any]]
    panel: panel.Panel
    vow_signed: str
    vow_text: str
    latest: list[dict[str, Any]]
    latest_title: str
    evidence_count: int
    point_url: str = ""
    reading: str = ""
    decision: Decision | None = None
    signatures: list[Signature] = field(default_factory=list)


def read_review(charter: Charter, actor: Actor, since: datetime | None = None) -> Review:
    now = clock.now()
    state = effective_state(charter, now)
    decision = live_decision(charter)
    point = open_point(charter)
    readings = evaluate_criteria(charter, now)
    reading = reading_of(readings, at_end=point is None or point.is_end)
    signatures = current_signatures(charter)
    cases = [_case(c) for c in charter.cases.select_related("candidate", "pilot__unit")]
    given = panel.Given(charter, actor, state, decision, point, reading, signatures)
    weeks, done = _weeks(charter, now)
    return Review(
        charter=charter,
        state=state,
        word=panel.state_word(state),
        tone=panel.STATE_TONES.get(state, "plain"),
        lines=list(_lines(charter, state, now)),
        text_line=_text_line(charter, signatures),
        due=_due(given, now),
        weeks=weeks,
        done=done,
        box_label=_box_label(weeks, done),
        marks=_marks(charter, point, cases),
        answer=_answer(charter, state, decision, readings, cases, reading),
        objectives=_objectives(charter, readings),
        cases=cases,
        approvals=_approvals(charter, now),
        panel=panel.read_panel(given),
        vow_signed=_vow_line(signatures),
        vow_text=pick(VOW),
        latest=_latest(charter, actor, since),
        latest_title=_("Since you last looked") if since else _("What happened last"),
        evidence_count=_evidence_count(charter),
        reading=reading,
        decision=decision,
        signatures=signatures,
    )


# --- the head ----------------------------------------------------------------------------------------------------


def _lines(charter: Charter, state: str, now: datetime) -> Iterator[tuple[str, str]]:
    if state == "signed":
        yield "info", _("starts on %(day)s") % {"day": day(charter.starts_on)}
    elif state == "blocked":
        yield "warn", _("cannot start: an approval is missing or has ended")
    elif state == "suspended":
        why = {"day": day(charter.suspended_at), "why": charter.suspended_why}
        yield "warn", _("stopped since %(day)s: %(why)s") % why
    elif state == "lapsed":
        late = (now - charter.ends_at).days
        yield "warn", _("overdue by %(n)s days, authority ended") % {"n": late}


def _text_line(charter: Charter, signatures: list[Signature]) -> str:
    text = charter.current_text
    if text is None:
        return _("Draft, not sent yet")
    if charter.state == Charter.State.DRAFT:
        return _("Draft after version %(n)s") % {"n": text.number}
    if charter.state == Charter.State.FOR_SIGNATURE or not signatures:
        return _("Version %(n)s, for signature") % {"n": text.number}
    return _("Version %(n)s, signed %(day)s") % {"n": text.number, "day": day(signatures[-1].at)}


def _due(given: panel.Given, now: datetime) -> tuple[str, str, str]:
    charter, decision = given.charter, given.decision
    box = _("%(from)s to %(until)s") % {"from": day(charter.starts_on), "until": day(charter.ends_on)}
    if given.state in ("draft", "withdrawn"):
        return _("Time-box"), _("%(n)s weeks") % {"n": charter.weeks}, box
    if given.state == "for_signature":
        label = _("Your signature is asked for") if given.may_sign_text else _("Signatures are asked for")
        return (
            label,
            weekday(charter.starts_on),
            _("before the time-box opens, %(when)s") % {"when": relative(charter.starts_on)},
        )
    if given.state == "decided" and decision:
        return _("Decided"), weekday(decision.state_since), box
    on = given.point.on if given.point else charter.ends_on
    label = _("Your decision is due") if given.is_signatory else _("The decision is due")
    return label, weekday(on), _("%(when)s, about %(n)s minutes to read") % {"when": relative(on), "n": MINUTES_TO_READ}


def _weeks(charter: Charter, now: datetime) -> tuple[int, int]:
    weeks = charter.weeks
    if charter.state not in (Charter.State.SIGNED, Charter.State.DECIDED) or now < charter.starts_at:
        return weeks, -1
    passed = (now.astimezone(charter.zone).date() - charter.starts_on).days // 7
    return weeks, max(0, min(weeks, passed))


def _box_label(weeks: int, done: int) -> str:
    if done < 0:
        return _("%(weeks)s weeks, not begun") % {"weeks": weeks}
    return _("Week %(now)s of %(weeks)s") % {"now": min(done + 1, weeks), "weeks": weeks}


def _marks(charter: Charter, point: Any, cases: list[CaseFacts]) -> list[Mark]:
    points = list(charter.points.all())
    signed = {d.point_id: d for d in charter.decisions.filter(state=Decision.State.SIGNED)}
    marks = [Mark(0, panel.short_day(charter.starts_on), _("Time-box opens"))]
    learning = [c.case.pilot.ramp_until for c in cases if c.case.pilot and c.case.pilot.ramp_until]
    if learning:
        marks.append(Mark(_week(charter, max(learning)), panel.short_day(max(learning)), _("Learning weeks end")))
    for row in points:
        decided = signed.get(row.pk)
        text = _("Review: %(outcome)s") % {"outcome": decided.get_outcome_display()} if decided else row.question
        week = charter.weeks if row.is_end else _week(charter, row.on)
        marks.append(Mark(week, panel.short_day(row.on), text, "now" if point and row.pk == point.pk else ""))
    return _apart(marks, charter.weeks)


def _week(charter: Charter, on: date) -> float:
    return (on - charter.starts_on).days / 7


def _apart(marks: list[Mark], weeks: int) -> list[Mark]:
    """A mark whose words would run into the one before or after is left out; decision dates always stand."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda m: m.week):
        if kept and mark.week - kept[-1].week < weeks / 6 and not mark.tone and mark.week < weeks:
            continue
        kept.append(mark)
    return kept


# --- the paragraph -----------------------------------------------------------------------------------------------


def _answer(
    charter: Charter, state: str, decision: Any, readings: list[CriterionReading], cases: list[CaseFacts], reading: str
) -> SafeString:
    if state in ("draft", "for_signature", "withdrawn", "signed"):
        return answer.promise(charter, len(readings))
    open_ = charter.breaches.filter(state=Breach.State.OPEN).count()
    parts: list[Any] = [answer.learned(answers(charter, readings)), *answer.gains(cases)]
    parts.append(answer.guard(charter.breaches.count(), open_))
    if decision and decision.state in ("proposed", "signed"):
        parts.append(answer.outcome_of(decision, _proposer(charter, decision)))
    elif state in ("decision_due", "lapsed") or decision:
        parts.append(answer.reading_sentence(decision.reading if decision else reading))
    return answer.paragraph(parts)


def _proposer(charter: Charter, decision: Decision) -> str:
    who: Any = decision.proposed_by_id
    seat = charter.signatories.filter(user_id=who).first()
    return _("The %(role)s") % {"role": _role(seat.role)} if seat else _("A signatory")


def _role(role: str) -> str:
    return {"cio": _("CIO"), "ops_head": _("head of operations"), "programme_office": _("global AI programme")}[role]


# --- objectives, cases, approvals --------------------------------------------------------------------------------


def _objectives(charter: Charter, readings: list[CriterionReading]) -> list[ObjectiveFacts]:
    said = answers(charter, readings)
    words = {"answered": _("Answered"), "partly": _("Partly"), "open": pgettext("answer", "Open")}
    found = []
    for row in charter.objectives.all():
        own = [r for r in readings if r.criterion.objective_id == row.pk]
        state = said.get(row.code, "open")
        tally = _tally(charter) if row.code == "O1" and charter.questions.exists() else None
        found.append(ObjectiveFacts(row.code, row.statement, _told(own), words[state], ANSWER_TONES[state], tally))
    return found


def _told(readings: list[CriterionReading]) -> str:
    """What is known so far, in the words of the readings; before anything ran, the sentence that will judge."""
    told: list[str] = []
    for reading in readings:
        if reading.kind in ("must", "expand"):
            text = reading.value.sentence.strip().rstrip(".。")
            if text and text not in told:
                told.append(text)
    return "; ".join(told)


def _tally(charter: Charter) -> tuple[int, int, int]:
    held = charter.questions.filter(answer__in=["held", "yes"]).count()
    open_ = charter.questions.filter(answer=OpenQuestion.Answer.OPEN).count()
    return held, charter.questions.count() - held - open_, open_


def _case(case: CharterPilot) -> CaseFacts:
    pilot, candidate = case.pilot, case.candidate
    line_ = gain_line(pilot) if pilot else None
    dots = dot_strip(pilot) if pilot else None
    version = primary_version(pilot) if pilot else None
    channel = {"A8": _("A8, external"), "A9": _("A9, internal")}.get(candidate.channel, candidate.channel)
    return CaseFacts(
        case=case,
        title=candidate.title,
        channel=channel,
        url=line_.url if line_ else pilot.get_absolute_url() if pilot else candidate.get_absolute_url(),
        line=line_,
        sentence=_sentence(case, line_),
        strip=dot_strip_svg(dots) if dots else "",
        medians=_medians(dots),
        unit=str(version.measure.get_preset_display()) if version else "",
        note=_case_note(case, line_),
    )


def _sentence(case: CharterPilot, line_: GainLine | None) -> SafeString | str:
    if line_ is not None:
        return answer.with_bold_figures(answer.finding(line_.sentence))
    if case.pilot is None and unnamed_pilots(case).exists():
        return _("A pilot is drafted; the charter does not name it yet.")
    if case.pilot is None:
        return _("No pilot is drafted for this case yet.")
    return format_html("<b>{}</b> {}", _("None measured yet."), _direction(case))


def _direction(case: CharterPilot) -> str:
    version = primary_version(case.pilot) if case.pilot else None
    if version is None:
        return _("The pilot has no primary measure.")
    less = {"lower": _("Less is expected."), "higher": _("More is expected.")}
    return less.get(version.direction, "")


def _medians(dots: Any) -> tuple[str, str] | None:
    if dots is None or dots.median_before is None or dots.median_pilot is None:
        return None
    unit = unit_for(max([*dots.before, *dots.pilot, 1]))
    return unit.show(dots.median_before), unit.show(dots.median_pilot)


def _case_note(case: CharterPilot, line_: GainLine | None) -> str:
    if case.pilot is None:
        return ""
    if line_ is not None and not line_.interim and line_.as_of:
        return _("data to %(day)s") % {"day": day(line_.as_of)}
    count = proof_count(case.pilot)
    if case.pilot.status == "draft":
        return _("the pilot has not started")
    return ngettext("%(n)s case so far", "%(n)s cases so far", count) % {"n": count}


def _approvals(charter: Charter, now: datetime) -> list[dict[str, Any]]:
    """The pattern in a word, the categories as a count; what carries a condition or no longer holds in full."""
    needs = needs_of(charter)
    if needs.pattern_version is None:
        return [{"tone": "open", "label": _("pattern and data come with the cases"), "url": reverse("governance:home")}]
    rows = approvals_effective(charter.unit, now)
    pattern = [r for r in rows if r.approval.pattern_version_id == needs.pattern_version.pk]
    found = [_approval(_("Pattern"), pattern, needs.pattern_version.pattern.get_absolute_url())]
    categories = {c.pk: [r for r in rows if _category_of(r) == c.pk] for c in needs.categories}
    plain = [c for c in needs.categories if any(r.permits and not _open(r) for r in categories[c.pk])]
    if plain:
        text = ngettext("%(n)s data category", "%(n)s data categories", len(plain)) % {"n": len(plain)}
        found.append({"tone": "ok", "label": text, "url": reverse("governance:home")})
    for category in needs.categories:
        if category not in plain:
            found.append(_approval(category.name, categories[category.pk], reverse("governance:home")))
    return found


def _category_of(row: Effective) -> Any:
    use = row.approval.category_use
    return use.category_version.category_id if use else None


def _open(row: Effective) -> list[str]:
    return [str(c.text) for c in row.conditions if c.is_open]


def _approval(label: str, rows: list[Effective], url: str) -> dict[str, Any]:
    best = next((r for r in rows if r.permits), rows[0] if rows else None)
    if best is None:
        return {"tone": "blocked", "label": _("%(what)s: not approved") % {"what": label}, "url": url}
    url = best.approval.get_absolute_url()
    if not best.permits:
        return {"tone": "blocked", "label": f"{label}: {best.state_label}", "url": url}
    notes = _open(best)
    if notes:
        text = _("%(what)s with a condition: %(condition)s") % {"what": label, "condition": "; ".join(notes)}
        return {"tone": "warn", "label": text, "url": url}
    return {"tone": "ok", "label": label, "url": url}


# --- vow, latest -------------------------------------------------------------------------------------------------


def _vow_line(signatures: list[Signature]) -> str:
    if not signatures:
        return _("Not signed yet; the signatures cover it.")
    roles = _(" and ").join(_role(s.role) for s in signatures)
    return _("Signed by %(roles)s, %(day)s") % {"roles": roles, "day": panel.short_day(signatures[-1].at)}


def _latest(charter: Charter, actor: Actor, since: datetime | None) -> list[dict[str, Any]]:
    rows = entries_for(actor).filter(subject_id__in=subjects_of(charter)).exclude(Q(verb__in=panel.QUIET))
    if since:
        rows = rows.filter(at__gt=since)
    return [_happened(event) for event in rows[:RECENT]]


def _happened(event: AuditEvent) -> dict[str, Any]:
    text = panel.short_line(event) or line(event).sentence
    tone = "warn" if event.verb in panel.WARNINGS else "ok"
    return {"when": panel.short_day(event.at), "text": text, "tone": tone}


def _evidence_count(charter: Charter) -> int:
    rows = charter.questions.count() + charter.breaches.count() + charter.packs.count()
    return rows + asset_counts(charter.unit).total
