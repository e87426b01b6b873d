"""Reads: what holds now, what waits, what a page or a charter prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from accounts.models import Unit
from foundation import clock
from foundation.access import ancestors
from foundation.actor import Actor
from governance import packs
from governance.lanes import lanes_of
from governance.models import (
    Approval,
    ApprovalEvent,
    CategoryUse,
    Checklist,
    Condition,
    ConditionEvent,
    DataCategory,
    DataCategoryVersion,
    Gate,
    Pack,
    Pattern,
    PatternVersion,
    Submission,
    Vote,
)
from governance.models.approvals import Effect
from governance.models.data import Use
from governance.rules import RENEWAL_WINDOW, ApprovalFact, ConditionFact, EventFact, end_of_day

SOON = timedelta(days=30)
WITH_SUBJECT = (
    "unit",
    "pattern_version__pattern",
    "category_use__category_version__category",
    "category_use__pattern_version__pattern",
    "decision__submission__unit",
    "decision__pack",
)


@dataclass(frozen=True)
class Effective:
    """An approval with what it is worth at the moment asked."""

    approval: Approval
    state: str
    until: datetime
    subject_label: str
    conditions: tuple[Condition, ...]

    @property
    def state_label(self) -> str:
        return str(Effect(self.state).label)

    @property
    def is_active(self) -> bool:
        return self.state == "active"

    @property
    def permits(self) -> bool:
        """`not_allowed` is a record, never a permission."""
        return self.is_active and self.approval.use != Use.NOT_ALLOWED

    @property
    def last_day(self) -> date:
        from zoneinfo import ZoneInfo

        return (self.until - timedelta(microseconds=1)).astimezone(ZoneInfo(self.approval.unit.zone)).date()


@dataclass(frozen=True)
class ApprovalLine:
    """One line of a charter's approvals."""

    label: str
    state: str
    until: datetime
    note: str
    url: str
    approval_id: str


def as_moment(on: date | datetime | None, zone: str) -> datetime:
    """None is now; a day is asked at its last moment."""
    if on is None:
        return clock.now()
    if isinstance(on, datetime):
        return on
    return end_of_day(on, zone) - timedelta(microseconds=1)


# --- approvals ---------------------------------------------------------------------------------------------------


def effective(source: QuerySet[Approval], on: datetime, path: str | None = None) -> list[Effective]:
    """The only read path: state in SQL, conditions in one more query."""
    rows = source.with_effect(on, path).select_related(*WITH_SUBJECT)  # type: ignore[attr-defined]
    conditions = Condition.objects.select_related("owner").order_by("due", "key")
    rows = rows.prefetch_related(Prefetch("decision__conditions", conditions))
    return [_effective(row) for row in rows]


def _effective(row: Approval) -> Effective:
    own = [c for c in row.decision.conditions.all() if c.item_key in ("", row.item_key)]
    return Effective(row, row.effect, row.valid_until, row.subject_label, tuple(own))  # type: ignore[attr-defined]


def approvals_effective(unit: Unit, on: date | datetime | None = None) -> list[Effective]:
    """Every approval that speaks for a unit, its own and those above, without the superseded ones."""
    rows = effective(Approval.objects.holding_for(unit.path), as_moment(on, unit.zone), unit.path)
    return [row for row in rows if row.state not in ("superseded", "not_yet")]


def approval_facts(approval: Approval) -> ApprovalFact:
    """What the pure rule needs, for one approval."""
    events = tuple(EventFact(e.kind, e.effective_at, e.unit.path) for e in approval.events.select_related("unit"))
    rows = Condition.objects.filter(decision=approval.decision_id, blocking=True, item_key__in=["", approval.item_key])
    conditions = tuple(
        ConditionFact(c.first_due_until, tuple((e.kind, e.at, e.to_until) for e in c.events.all()))
        for c in rows.prefetch_related("events")
    )
    return ApprovalFact(approval.valid_from, approval.valid_until, events, conditions)


def approval_lines(unit: Unit, on: date | datetime | None = None) -> list[ApprovalLine]:
    return [
        ApprovalLine(
            label=row.subject_label,
            state=row.state,
            until=row.until,
            note=_line_note(row),
            url=row.approval.get_absolute_url(),
            approval_id=row.approval.key,
        )
        for row in approvals_effective(unit, on)
    ]


def _line_note(row: Effective) -> str:
    notes = [str(Use(row.approval.use).label)] if row.approval.use != Use.ALLOWED else []
    notes += [c.text for c in row.conditions if c.is_open]
    return "; ".join(notes)


def in_force(unit: Unit, pattern: Pattern, on: datetime) -> dict[str, str]:
    """Digest of every item approved for a unit and good for at least the renewal window."""
    found: dict[str, str] = {}
    for row in effective(_of_pattern(pattern).holding_for(unit.path), on, unit.path):
        if not row.permits or row.until <= on + RENEWAL_WINDOW:
            continue
        digests = row.approval.decision.pack.item_digests
        keys = packs.PATTERN_ITEMS if row.approval.pattern_version_id else [row.approval.item_key]
        code = row.approval.item_key.partition(":")[2]
        keys = [*keys, f"exposure:{code}"] if code else keys
        found |= {key: digests[key] for key in keys if key in digests}
    return found


def _of_pattern(pattern: Pattern) -> Any:
    from django.db.models import Q

    own = Q(pattern_version__pattern=pattern) | Q(category_use__pattern_version__pattern=pattern)
    return Approval.objects.filter(own).order_by("valid_from")


def replaced_versions(submission: Submission) -> list[PatternVersion]:
    """Versions whose approval in this unit ends when the request is approved: the newest one speaks alone."""
    version = submission.pattern_version
    rows = (
        _of_pattern(version.pattern)
        .filter(unit=submission.unit_id)
        .exclude(item_key="pattern", pattern_version=version)
    )
    standing = [row for row in effective(rows, clock.now()) if row.state in ("active", "suspended")]
    found = {row.approval.pattern.pk: row.approval.pattern for row in standing}
    found.pop(version.pk, None)
    return sorted(found.values(), key=lambda v: v.number)


@dataclass(frozen=True)
class Replaced:
    """An approval that a newer one took the place of."""

    old: PatternVersion
    new: PatternVersion
    on: date


def replaced_by(version: PatternVersion, item_key: str, unit: Unit, on: datetime) -> Replaced | None:
    """How the approval of an item of this version ended for a unit, when another version took its place."""
    from zoneinfo import ZoneInfo

    rows = effective(_of_pattern(version.pattern).filter(item_key=item_key).holding_for(unit.path), on, unit.path)
    ended = [r.approval for r in rows if r.state == "superseded" and r.approval.pattern.pk == version.pk]
    events = ApprovalEvent.objects.filter(approval__in=[a.pk for a in ended], kind="superseded", effective_at__lte=on)
    last = events.order_by("-effective_at").first()
    newer = next((r.approval.pattern for r in rows if last and r.approval.key == last.cause_ref), None)
    if last is None or newer is None or newer.pk == version.pk:
        return None
    return Replaced(version, newer, last.effective_at.astimezone(ZoneInfo(unit.zone)).date())


def approvals_of_pattern(pattern: Pattern, actor: Actor) -> list[Effective]:
    return effective(_of_pattern(pattern).visible_to(actor).order_by("-valid_from", "key"), clock.now())


def approvals_of_category(category: DataCategory, actor: Actor) -> list[Effective]:
    own = Approval.objects.filter(category_use__category_version__category=category).order_by("-valid_from", "key")
    return effective(own.visible_to(actor), clock.now())


def ending_soon(actor: Actor, on: datetime) -> list[Effective]:
    rows = Approval.objects.visible_to(actor).filter(valid_until__gt=on, valid_until__lte=on + SOON)
    return [row for row in effective(rows, on) if row.is_active]


# --- conditions --------------------------------------------------------------------------------------------------


def conditions_blocking(unit: Unit, what: str, on: date | datetime | None = None) -> list[Condition]:
    """Open conditions that stop `what` ("charter") for a unit, as they stood at `on`."""
    if what != "charter":
        raise ValueError(f"nothing is blocked by the name {what}")
    moment = as_moment(on, unit.zone)
    rows = Condition.objects.filter(unit__path__in=ancestors(unit.path), blocks_charter=True, created_at__lte=moment)
    rows = rows.select_related("owner", "unit", "decision__submission").prefetch_related(
        Prefetch("events", ConditionEvent.objects.order_by("at", "created_at", "id"))
    )
    return [c for c in rows if _last_word(c, moment) not in ("closed", "waived")]


def _last_word(condition: Condition, on: datetime) -> str:
    words = [e.kind for e in condition.events.all() if e.at <= on and e.kind in ("closed", "waived", "reopened")]
    return words[-1] if words else "open"


def conditions_listed(actor: Actor) -> QuerySet[Condition]:
    rows = Condition.objects.visible_to(actor).select_related(
        "owner", "unit", "decision__submission__pattern_version__pattern"
    )
    return rows.order_by("due", "key")


# --- requests ----------------------------------------------------------------------------------------------------


def gate_for(unit: Unit) -> Gate | None:
    """The newest published gate of the nearest unit upwards."""
    rows = Gate.objects.filter(unit__path__in=ancestors(unit.path), code="approval")
    return rows.order_by("-unit__path", "-number").first()


def checklist_for(unit: Unit) -> Checklist | None:
    rows = Checklist.objects.filter(unit__path__in=ancestors(unit.path), code="core")
    return rows.order_by("-unit__path", "-number").prefetch_related("items").first()


def current_pack(submission: Submission) -> Pack | None:
    return submission.packs.filter(round=submission.round).first()


def counted_votes(pack: Pack) -> list[Vote]:
    """The newest vote of every principal on a pack."""
    rows = pack.votes.filter(replaced_by=None).select_related("person").prefetch_related("items__condition_owner")
    return list(rows.order_by("created_at"))


def closed_lanes(pack: Pack) -> dict[str, str]:
    """Lane to how it closed; a lane still open is not in it."""
    from governance.rules import lane_result

    votes = counted_votes(pack)
    found = {}
    for lane in pack.lanes:
        rule = pack.gate.lane(lane)
        result = lane_result([v.choice for v in votes if v.lane == lane], rule["quorum"], rule["return_quorum"])
        if result:
            found[lane] = result
    return found


def base_pack(submission: Submission, actor: Actor) -> Pack | None:
    """What a reviewer compares with: the pattern's last decided pack in this unit's line, else one they may see."""
    rows = Pack.objects.filter(
        submission__pattern_version__pattern=submission.pattern_version.pattern_id,
        decision__outcome__in=["approved", "approved_with_conditions"],
    ).exclude(submission=submission)
    rows = rows.select_related("submission__unit", "decision").order_by("-decision__decided_at")
    seen = [p for p in rows[:50] if submission.unit.path.startswith(p.submission.unit.path)]
    return seen[0] if seen else rows.filter(submission__in=Submission.objects.visible_to(actor)).first()


def submissions_listed(actor: Actor) -> QuerySet[Submission]:
    return Submission.objects.visible_to(actor).listed().order_by("-created_at")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Waiting:
    submission: Submission
    lanes: list[str]  # lanes still open
    mine: list[str]  # of these, those the actor may decide in

    @property
    def is_mine(self) -> bool:
        return bool(self.mine)


def waiting(actor: Actor) -> list[Waiting]:
    """Requests in review, with the lanes still open and which of them wait for this actor."""
    rows = list(
        Submission.objects.visible_to(actor)
        .open()  # type: ignore[attr-defined]
        .listed()
        .prefetch_related(
            "contributors",
            Prefetch("packs", Pack.objects.select_related("gate").prefetch_related("votes")),
        )
        .order_by("due_on", "key")
    )
    return [_waiting(row, actor) for row in rows]


def _waiting(submission: Submission, actor: Actor) -> Waiting:
    pack = next((p for p in submission.packs.all() if p.round == submission.round), None)
    votes = list(pack.votes.all()) if pack else []
    voted = {v.lane for v in votes}
    # with a quorum of one the first vote closes a lane; more need a second look at the count
    open_lanes = [
        lane
        for lane in submission.lanes_called
        if lane not in voted or sum(v.lane == lane for v in votes) < pack.gate.lane(lane)["quorum"]  # type: ignore[union-attr]
    ]
    mine = [] if is_barred(submission, actor) else [x for x in open_lanes if x in lanes_of(actor, submission.unit.path)]
    done = {v.lane for v in votes if str(v.person_id) == actor.user_id}
    return Waiting(submission, open_lanes, [x for x in mine if x not in done])


def is_barred(submission: Submission, actor: Actor) -> bool:
    """Who asked or worked on it does not judge it."""
    workers = {str(c.user_id) for c in submission.contributors.all()} | {str(submission.submitter_id)}
    return actor.user_id in workers


# --- the matrix of the governance page ---------------------------------------------------------------------------


@dataclass(frozen=True)
class MatrixRow:
    category: DataCategory
    cells: list[Effective | None]


def matrix(actor: Actor, units: list[Unit]) -> list[MatrixRow]:
    """Categories by units: the approval that counts best for each, from one pass over what the actor sees."""
    categories = list(DataCategory.objects.visible_to(actor))
    now = clock.now()
    rows = effective(Approval.objects.visible_to(actor).filter(category_use__isnull=False), now)
    found: dict[tuple[Any, Any], Effective] = {}
    for row in rows:
        if row.state == "superseded":
            continue
        code = row.approval.exposure.category_version.category_id
        for unit in units:
            if unit.path.startswith(row.approval.unit.path):
                found[code, unit.pk] = _better(found.get((code, unit.pk)), row)
    return [MatrixRow(c, [found.get((c.pk, u.pk)) for u in units]) for c in categories]


ORDER = ("active", "suspended", "expired", "revoked", "not_yet", "superseded")


def _better(first: Effective | None, second: Effective) -> Effective:
    if first is None or ORDER.index(second.state) < ORDER.index(first.state):
        return second
    return first


def units_shown(actor: Actor, limit: int = 12) -> list[Unit]:
    """Units that ever asked, at most a screenful; before the first request the highest ones."""
    rows = Unit.objects.visible_to(actor).filter(closed_at=None).order_by("path")
    asked = list(rows.filter(Exists(Submission.objects.filter(unit=OuterRef("pk"))))[:limit])
    return asked or list(rows[:4])


# --- patterns and categories -------------------------------------------------------------------------------------


def versions_of(pattern: Pattern) -> QuerySet[PatternVersion]:
    return pattern.versions.select_related("unit", "pattern").order_by("-number")


def latest_passports(codes: Iterable[Any]) -> dict[Any, DataCategoryVersion]:
    """Newest version of each category that is not superseded, by category id."""
    rows = DataCategoryVersion.objects.filter(category__in=list(codes)).exclude(state="superseded").order_by("number")
    return {row.category_id: row for row in rows.select_related("category")}


def uses_of(version: PatternVersion, unit: Unit) -> QuerySet[CategoryUse]:
    return CategoryUse.objects.filter(pattern_version=version, unit__path__in=ancestors(unit.path))


def suspension_of(approval: Approval) -> ApprovalEvent | None:
    """The suspension that holds now, if any."""
    last = approval.events.filter(kind__in=["suspended", "lifted"]).order_by("-effective_at", "-created_at").first()
    return last if last and last.kind == "suspended" else None
