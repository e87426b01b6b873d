"""The journey of a unit: every box is read from the records, none is ever ticked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.models import Unit
from charter.models import Charter, CharterPilot
from charter.selectors import effective_state
from desk.links import address, link_to
from desk.models import BoxNote, BoxSkip, latest_skips
from desk.rules import journey as rules
from foundation import clock
from foundation.access import within
from foundation.bilingual import spoken
from foundation.templatetags.house import day as day_words
from governance.models import Approval, CategoryUse, SecurityReuse, Submission
from governance.selectors import Effective, approvals_effective, conditions_blocking, effective
from metrics.models import Observation, Pilot, SourceImport, Statement
from metrics.selectors import plans_locked
from usecases.models import Candidate, Contract, FlagshipSelection, FlagshipSlot, InventoryVersion, Pain, Ranking


@dataclass(frozen=True)
class Box:
    title: Any
    does: Any  # what it is for, one line
    owner: Any
    act: Any = ""  # what to do next
    page: str = ""  # url name of the page where it is done


@dataclass(frozen=True)
class Evidence:
    label: str
    on: date | None
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Reading:
    """What one box says today."""

    code: str
    state: rules.State = "not_started"
    evidence: tuple[Evidence, ...] = ()
    count: int = 0
    missing: tuple[str, ...] = ()
    mark: str = ""  # a word of its own: lapsed, suspended
    skip: BoxSkip | None = None
    warnings: tuple[str, ...] = ()

    @property
    def box(self) -> Box:
        return BOXES[self.code]

    @property
    def title(self) -> Any:
        return self.box.title

    @property
    def first_on(self) -> date | None:
        return min((e.on for e in self.evidence if e.on), default=None)

    @property
    def facts(self) -> rules.Facts:
        return rules.Facts(self.state, self.first_on)

    @property
    def state_word(self) -> Any:
        return STATE_WORDS[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]


@dataclass(frozen=True)
class Journey:
    unit: Unit
    boxes: tuple[Reading, ...]
    next_code: str | None
    as_of: datetime = field(default_factory=clock.now)

    def box(self, code: str) -> Reading:
        return next(b for b in self.boxes if b.code == code)

    @property
    def done(self) -> int:
        return sum(b.state == "done" for b in self.boxes)

    @property
    def next(self) -> Reading | None:
        return self.box(self.next_code) if self.next_code else None

    @property
    def happened(self) -> list[Reading]:
        return [self.box(code) for code in rules.happened(self._facts)]

    @property
    def crossings(self) -> int:
        return rules.crossings(rules.happened(self._facts))

    @property
    def _facts(self) -> dict[str, rules.Facts]:
        return {b.code: b.facts for b in self.boxes}

    @property
    def rail(self) -> list[dict[str, Any]]:
        """For `<c-journey-rail>` on any page."""
        return [_rail_item(self, b) for b in self.boxes]


def _rail_item(journey: Journey, box: Reading) -> dict[str, Any]:
    state = {"done": "done", "skipped": "skipped"}.get(box.state, "open")
    current = box.code == journey.next_code
    note = box.mark or ("" if current or box.state != "under_way" else box.state_word)
    url = address("desk:journey", journey.unit.code) + f"#{box.code}"
    return {
        "code": box.code, "title": box.title, "note": note, "url": url, "word": box.state_word,
        "state": "current" if current else state,
    }  # fmt: skip


STATE_WORDS = {
    "not_started": gettext_lazy("not started"),
    "under_way": gettext_lazy("under way"),
    "done": pgettext_lazy("journey box", "done"),
    "skipped": gettext_lazy("left out"),
}
TONES = {"not_started": "open", "under_way": "info", "done": "ok", "skipped": "blocked"}

BOXES = {
    "A1": Box(
        gettext_lazy("Conviction"),
        gettext_lazy("A dated note: the trend, own experience, and how mature monitoring, ITSM and cloud are."),
        gettext_lazy("facilitator"),
        gettext_lazy("Write the note"),
    ),
    "A2": Box(
        gettext_lazy("Pain inventory"),
        gettext_lazy("What costs operations time, agreed and frozen, without any promise about numbers."),
        gettext_lazy("facilitator"),
        gettext_lazy("Publish the inventory"),
        "usecases:inventories",
    ),
    "A3": Box(
        gettext_lazy("Demos"),
        gettext_lazy("Something small to look at, tied to a pain."),
        gettext_lazy("architect"),
        gettext_lazy("Note what was shown"),
    ),
    "A6": Box(
        gettext_lazy("Validation"),
        gettext_lazy("The pattern, its data categories and controls, approved once for the unit."),
        gettext_lazy("architect asks, approvers decide"),
        gettext_lazy("Ask for the approval"),
        "governance:home",
    ),
    "A7": Box(
        gettext_lazy("Direction"),
        gettext_lazy("What management says before a formal request: not blocked, sponsored or blocked."),
        gettext_lazy("CIO, head of operations"),
        gettext_lazy("Note the direction"),
    ),
    "CH": Box(
        gettext_lazy("Charter"),
        gettext_lazy("A question, a time-box, guardrails, and who decides on which evidence."),
        gettext_lazy("pilot lead drafts, CIO and head of operations sign"),
        gettext_lazy("Draft or sign the charter"),
        "charter:charters",
    ),
    "A8": Box(
        gettext_lazy("External cases"),
        gettext_lazy("Repeated work a vendor contract pays for, with a size somebody gave."),
        gettext_lazy("architect"),
        gettext_lazy("Look through a contract"),
        "usecases:contracts",
    ),
    "A9": Box(
        gettext_lazy("Internal cases"),
        gettext_lazy("Candidates from the pain inventory, with an owner team."),
        gettext_lazy("facilitator, owner teams"),
        gettext_lazy("Make a candidate of a pain"),
        "usecases:candidates",
    ),
    "SEL": Box(
        gettext_lazy("Selection"),
        gettext_lazy("Ranked together, one or two chosen, measures locked before the pilot."),
        gettext_lazy("CIO, head of operations"),
        gettext_lazy("Rank and choose"),
        "usecases:rankings",
    ),
    "A4": Box(
        gettext_lazy("Gains"),
        gettext_lazy("What was measured, with its uncertainty. Before there is data, nothing."),
        gettext_lazy("pilot lead"),
        gettext_lazy("Publish what was measured"),
        "metrics:measures",
    ),
    "A5": Box(
        gettext_lazy("Self-serve"),
        gettext_lazy("Mature teams go on by themselves, earned by evidence."),
        gettext_lazy("head of operations"),
        gettext_lazy("Note what is asked"),
    ),
}


def read_journey(unit: Unit) -> Journey:
    """All boxes in the recommended order. Whoever calls has checked that the reader sees the unit."""
    skips = latest_skips(unit)
    read = {code: _skipped(read_box(unit, code), skips.get(code)) for code in rules.RECOMMENDED}
    facts = {code: r.facts for code, r in read.items()}
    said = _warnings(unit, facts)
    boxes = tuple(replace(r, warnings=tuple(said.get(code, ()))) for code, r in read.items())
    return Journey(unit, boxes, rules.next_box(facts))


def read_box(unit: Unit, code: str) -> Reading:
    """One box from its records alone."""
    return READERS[code](unit)


def _skipped(reading: Reading, skip: BoxSkip | None) -> Reading:
    """Evidence is stronger than a skip: what is there is shown as done."""
    if skip is None or reading.state == "done":
        return reading
    return replace(reading, state="skipped", skip=skip)


def _warnings(unit: Unit, facts: dict[str, rules.Facts]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for warning in rules.warnings(facts):
        began = facts[warning.box].first_on
        unmeasured = warning.box == "A4" and not _has_baseline(unit, began)
        found.setdefault(warning.box, []).append(_gently(warning, unmeasured))
    return found


def _has_baseline(unit: Unit, on: date | None) -> bool:
    """Something from before a pilot was measured, and known on that day."""
    rows = Observation.objects.filter(measure__unit__path__startswith=unit.path, excluded_why="")
    first = rows.filter(at__date__lt=F("measure__pilot__starts_on")).aggregate(at=Min("received_at"))["at"]
    imported = SourceImport.objects.filter(within([unit.path])).aggregate(at=Min("as_of"))["at"]
    known = min((m for m in (first, imported) if m), default=None)
    day = _day(known, unit)
    return day is not None and (on is None or day <= on)


def _gently(warning: rules.Warning, unmeasured: bool) -> str:
    if unmeasured:
        return _("Gains are discussed before a baseline exists.")
    if warning.box == "A5":
        return _("Self-serve is pitched before a gain was measured.")
    if warning.box == "A3":
        return _("Demos without an inventory rest on assumptions about the pains.")
    words = {"box": BOXES[warning.box].title, "before": BOXES[warning.before].title}
    return _("“%(box)s” began before “%(before)s” was there.") % words


def _state(done: bool, begun: Any) -> rules.State:
    return "done" if done else "under_way" if begun else "not_started"


def _read(
    code: str,
    done: bool,
    evidence: Iterable[Evidence],
    missing: Iterable[str],
    mark: str = "",
    count: int | None = None,
) -> Reading:
    found = tuple(evidence)
    gaps = () if done else tuple(missing)
    return Reading(code, _state(done, found), found, len(found) if count is None else count, gaps, mark)


def _day(moment: datetime | None, unit: Unit) -> date | None:
    return moment.astimezone(ZoneInfo(unit.zone)).date() if moment else None


def _notes(unit: Unit, code: str) -> list[BoxNote]:
    return list(BoxNote.objects.filter(unit=unit, box=code).order_by("said_on", "created_at"))


def _note_evidence(notes: Iterable[BoxNote]) -> list[Evidence]:
    return [Evidence(_short(n.summary), n.said_on, note=", ".join(n.sources)) for n in notes]


def _short(text: str, size: int = 90) -> str:
    return text if len(text) <= size else text[: size - 1].rstrip() + "…"


# --- one reader a box ---------------------------------------------------------------------------------------------


def _a1(unit: Unit) -> Reading:
    notes = _notes(unit, "A1")
    whole = [n for n in notes if n.is_complete]
    gaps = notes[-1].missing if notes else []
    words = {
        "trend": _("the trend"), "experience": _("own experience"), "monitoring": _("maturity of monitoring"),
        "itsm": _("maturity of ITSM"), "cloud": _("maturity of the cloud"), "source": _("a source"),
    }  # fmt: skip
    missing = [_("Not said yet: %(what)s.") % {"what": ", ".join(words[g] for g in gaps)}] if gaps else []
    return _read("A1", bool(whole), _note_evidence(notes), missing or [_("No dated note is written yet.")])


def _a2(unit: Unit) -> Reading:
    published = InventoryVersion.objects.filter(within([unit.path])).order_by("published_at")
    rows = [
        Evidence(
            _("Inventory %(number)s of %(unit)s") % {"number": i.number, "unit": i.unit.name},
            _day(i.published_at, unit), link_to(i), ngettext("%(n)s pain", "%(n)s pains", i.count) % {"n": i.count},
        )
        for i in published.select_related("unit").defer("body")
    ]  # fmt: skip
    talks = _note_evidence(_notes(unit, "A2"))
    pains = Pain.objects.filter(within([unit.path])).order_by("created_at")
    count = pains.count()
    first = pains.first() if count else None
    if first and not rows:
        text = ngettext("%(n)s pain recorded", "%(n)s pains recorded", count) % {"n": count}
        talks.append(Evidence(text, _day(first.created_at, unit), address("usecases:pains")))
    gap = _("Pains are recorded; the inventory is not published.") if first else _("No pain is recorded yet.")
    return _read("A2", bool(rows), [*talks, *rows], [gap])


def _a3(unit: Unit) -> Reading:
    shown = _note_evidence(_notes(unit, "A3"))
    gap = _("Which pains it answered is not recorded: assumption-based.") if shown else _("Nothing was shown yet.")
    return _read("A3", False, shown, [gap])


def _a6(unit: Unit) -> Reading:
    rows = approvals_effective(unit)
    patterns = [r for r in rows if r.approval.pattern_version_id]
    active = [r for r in patterns if r.is_active]
    open_points = _undecided(active, rows, unit)
    whole = [r for r in active if not open_points[r.approval.pattern_version_id]]
    evidence = [_approval(r, unit) for r in [*_superseded(unit), *patterns]]
    requests = Submission.objects.filter(unit__path__startswith=unit.path).exclude(state="withdrawn")
    waiting = list(requests.exclude(state="decided").select_related("pattern_version__pattern").order_by("created_at"))
    evidence += [_request(s, unit) for s in waiting]
    mark = str(patterns[0].state_label) if patterns and not active else ""
    return _read("A6", bool(whole), evidence, _a6_gaps(active, open_points, waiting), mark)


def _superseded(unit: Unit) -> list[Effective]:
    """Earlier approvals of a pattern: they count no more, but validation began with them."""
    older = Approval.objects.holding_for(unit.path).filter(pattern_version__isnull=False).order_by("valid_from")
    return [r for r in effective(older, clock.now(), unit.path) if r.state == "superseded"]


def _approval(row: Effective, unit: Unit) -> Evidence:
    note = _("%(state)s, until %(day)s") % {"state": row.state_label, "day": day_words(row.last_day)}
    return Evidence(row.subject_label, _day(row.approval.valid_from, unit), link_to(row.approval), note)


def _request(submission: Submission, unit: Unit) -> Evidence:
    began = submission.first_submitted_at or submission.created_at
    label = _("Request for %(pattern)s") % {"pattern": submission.pattern_version.pattern.name}
    return Evidence(label, _day(began, unit), link_to(submission), str(submission.get_state_display()))


def _undecided(active: list[Effective], rows: list[Effective], unit: Unit) -> dict[Any, list[str]]:
    """By pattern version: its categories nobody decided, and how many controls nobody answered."""
    decided = {r.approval.exposure.category_version.category_id for r in rows if r.approval.category_use_id}
    found: dict[Any, list[str]] = {r.approval.pattern_version_id: [] for r in active}
    uses = CategoryUse.objects.filter(pattern_version__in=found, submission__state="decided")
    for use in uses.select_related("category_version__category", "unit"):
        category = use.category_version.category
        if unit.path.startswith(use.unit.path) and category.pk not in decided:
            found[use.pattern_version_id].append(_("The category %(name)s is not decided.") % {"name": category.name})
    unanswered = SecurityReuse.objects.filter(version_of__in=found, answer="", mandatory=True)
    for version in unanswered.values("version_of").annotate(n=Count("pk")).order_by("version_of"):
        found[version["version_of"]].append(_("%(n)s controls are not answered.") % {"n": version["n"]})
    return found


def _a6_gaps(active: list[Effective], open_points: dict[Any, list[str]], waiting: list[Submission]) -> list[str]:
    if active:
        return open_points[active[0].approval.pattern_version_id]
    if waiting:
        return [_("The request is not decided: %(state)s.") % {"state": waiting[-1].get_state_display()}]
    return [_("No pattern is approved for this unit.")]


def _a7(unit: Unit) -> Reading:
    said = _note_evidence(_notes(unit, "A7"))
    gap = _("The direction was given in a talk; no decided request for it exists.") if said else _("No direction yet.")
    return _read("A7", False, said, [gap])


def _ch(unit: Unit) -> Reading:
    known = Charter.objects.filter(unit=unit).exclude(state="withdrawn").prefetch_related("signatures")
    charters = list(known.order_by("created_at"))
    signed = [c for c in charters if c.state in ("signed", "decided")]
    evidence = [_charter(c, unit) for c in charters]
    gaps = [_("The charter is not signed.")] if charters else [_("No charter is drafted.")]
    if not signed:
        gaps += [_("A condition blocks it: %(text)s") % {"text": c.text} for c in conditions_blocking(unit, "charter")]
    mark = _("time-box over") if signed and effective_state(signed[-1]) == "lapsed" else ""
    return _read("CH", bool(signed), evidence, gaps, mark)


def _charter(charter: Charter, unit: Unit) -> Evidence:
    on = _first_signed(charter) if charter.state in ("signed", "decided") else charter.created_at
    return Evidence(charter.question, _day(on, unit), link_to(charter), str(charter.get_state_display()))


def _first_signed(charter: Charter) -> datetime:
    """When the first text was whole; later texts and decisions do not move it."""
    given = sorted((s for s in charter.signatures.all() if s.target == "charter_text"), key=lambda s: s.at)
    return max((s.at for s in given if s.target_id == given[0].target_id), default=charter.state_since)


def _a8(unit: Unit) -> Reading:
    found = Candidate.objects.filter(within([unit.path]), channel="A8").exclude(state="declined")
    sized = found.filter(items__hours_likely__isnull=False, items__isnull=False).distinct().order_by("created_at")
    evidence = [_candidate(c, unit) for c in sized]
    rest = found.exclude(pk__in=[c.pk for c in sized]).order_by("created_at")
    contracts = Contract.objects.filter(within([unit.path])).annotate(n=Count("items")).order_by("created_at")
    begun = [Evidence(c.title, _day(c.created_at, unit), link_to(c), c.vendor) for c in contracts]
    gap = _("No contract is recorded.")
    if begun:
        gap = _("No candidate comes from an item of a contract with a size somebody gave.")
    return _read("A8", bool(evidence), [*begun, *evidence, *(_candidate(c, unit) for c in rest)], [gap])


def _candidate(candidate: Candidate, unit: Unit) -> Evidence:
    state = str(candidate.get_state_display())
    return Evidence(candidate.title, _day(candidate.created_at, unit), link_to(candidate), state)


def _a9(unit: Unit) -> Reading:
    found = Candidate.objects.filter(within([unit.path]), channel__in=["A9", "other"]).exclude(state="declined")
    rows = list(found.annotate(named=Count("pains")).order_by("created_at"))
    whole = [c for c in rows if c.owner_team_id and c.named]
    gap = _("No candidate comes from the pain inventory yet.")
    if rows:
        gap = _("The candidates name no owner team, or no pain.")
    return _read("A9", bool(whole), [_candidate(c, unit) for c in rows], [gap])


def _sel(unit: Unit) -> Reading:
    slots = Prefetch("slots", FlagshipSlot.objects.select_related("candidate"))
    made = FlagshipSelection.objects.filter(unit=unit).prefetch_related(slots)
    selections = list(made.select_related("snapshot").order_by("decided_at", "created_at"))
    rankings = Ranking.objects.filter(unit=unit, state__in=["draft", "scoring", "open"]).order_by("created_at")
    if not selections:
        begun = [_ranking(r, unit) for r in rankings]
        return _read("SEL", False, begun, [_("No flagship is chosen.")])
    gaps = _sel_gaps(unit, selections)
    return _read("SEL", not all(gaps), [_selection(s, unit) for s in selections], gaps[-1])


def _selection(selection: FlagshipSelection, unit: Unit) -> Evidence:
    names = ", ".join(s.candidate.title for s in selection.slots.all())
    return Evidence(names, _day(selection.decided_at, unit), link_to(selection), _("chosen"))


def _ranking(ranking: Ranking, unit: Unit) -> Evidence:
    title = spoken(ranking, "title") or _("Ranking")
    return Evidence(title, _day(ranking.created_at, unit), link_to(ranking), str(ranking.get_state_display()))


def _sel_gaps(unit: Unit, selections: list[FlagshipSelection]) -> list[list[str]]:
    """What each selection lacks."""
    signed = CharterPilot.objects.filter(charter__unit=unit, charter__state__in=["signed", "decided"])
    pilots: dict[Any, list[Any]] = {}
    for candidate, pilot in signed.values_list("candidate", "pilot"):
        pilots.setdefault(candidate, []).append(pilot)
    locked = plans_locked(p for found in pilots.values() for p in found if p)

    def gaps(selection: FlagshipSelection) -> list[str]:
        started = [p for slot in selection.slots.all() for p in pilots.get(slot.candidate_id, ())]
        if not started:
            return [_("The selection is not attached to a signed charter.")]
        return [] if locked.issuperset(started) else [_("The measures are not locked.")]

    return [gaps(selection) for selection in selections]


def _a4(unit: Unit) -> Reading:
    said = Statement.objects.filter(within([unit.path], "estimate__unit__path"), state="published")
    rows = list(said.select_related("estimate__measure__pilot").order_by("state_since"))
    early = _note_evidence(_notes(unit, "A4"))
    published = [_statement(s, unit) for s in rows]
    running = list(Pilot.objects.filter(within([unit.path])).exclude(status="draft").order_by("starts_on"))
    begun = [Evidence(p.name, p.starts_on, link_to(p), str(p.get_status_display())) for p in running]
    gap = _("No pilot has data.")
    if running:
        last = running[-1].decision_on
        gap = (
            _("No gain is read before %(day)s.") % {"day": day_words(last)}
            if last > clock.today(unit.zone)
            else _("What was measured is not published.")
        )
    return _read("A4", bool(rows), [*early, *begun, *published], [gap])


def _statement(statement: Statement, unit: Unit) -> Evidence:
    pilot = statement.estimate.measure.pilot
    return Evidence(
        _short(statement.sentence), _day(statement.state_since, unit), link_to(pilot), _grade(statement.estimate.word)
    )


def _grade(word: str) -> str:
    from usecases.models.load import Grade

    return str(Grade(word).label) if word in Grade.values else word


def _a5(unit: Unit) -> Reading:
    said = _note_evidence(_notes(unit, "A5"))
    return _read("A5", False, said, [_("Earned by a measured gain and the decision Expand; nothing is granted yet.")])


READERS: dict[str, Callable[[Unit], Reading]] = {
    "A1": _a1, "A2": _a2, "A3": _a3, "A6": _a6, "A7": _a7, "CH": _ch, "A8": _a8, "A9": _a9, "SEL": _sel,
    "A4": _a4, "A5": _a5,
}  # fmt: skip
