"""The lanes decide: a vote on exactly this pack, and the last closing vote records the decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, NotPermitted, NotReady, Reason, Stale, refuse_if
from foundation.notify import tell
from foundation.refs import next_ref
from foundation.work import service
from governance import packs
from governance.lanes import people_at, role_in
from governance.models import (
    Approval,
    ApprovalEvent,
    Condition,
    ConditionEvent,
    DataCategoryVersion,
    GateDecision,
    Lane,
    Pack,
    PatternVersion,
    Submission,
    Vote,
    VoteItem,
)
from governance.models.data import Use
from governance.rules import end_of_day, lane_choice, last_day, outcome, strictest
from governance.selectors import closed_lanes, counted_votes, current_pack
from governance.services.requests import move_parts
from governance.texts import RETURN_REASONS, later

WORDS = {"approve": "allowed", "condition": "condition", "reject": "not_allowed"}


@dataclass(frozen=True)
class ConditionDraft:
    text_en: str = ""
    text_zh: str = ""
    owner: User | None = None
    due: date | None = None
    blocking: bool = True
    blocks_charter: bool = False
    closes_by: str = "lane"


@dataclass(frozen=True)
class ItemChoice:
    """What a lane says of one item."""

    key: str
    choice: str  # approve, condition, return, reject
    use: str = "allowed"
    reason_code: str = ""
    comment: str = ""
    condition: ConditionDraft | None = None


@service
def claim_review(*, actor: Actor, submission: Submission, version: int | None = None) -> Submission:
    """Somebody of a called lane takes it; the submitter sees that it is being read."""
    _not_own(actor, submission)
    _lane_held(actor, submission, None)
    return Submission.lifecycle.apply(submission, "claim", actor=actor, version=version)


@service
def cast_vote(
    *,
    actor: Actor,
    submission: Submission,
    lane: str,
    pack_digest: str,
    items: Iterable[ItemChoice],
    comment: str = "",
) -> Vote:
    """One lane decides on exactly the pack it read. The last closing vote records the decision in this transaction."""
    require(actor, "governance.review.vote", submission)
    submission = (
        Submission.objects.select_for_update().select_related("unit", "gate", "pattern_version").get(pk=submission.pk)
    )
    _not_own(actor, submission)
    _lane_held(actor, submission, lane)
    pack = _votable(submission, lane, pack_digest)
    chosen = list(items)
    refuse_if(choice_reasons(submission, pack, lane, chosen), Invalid)
    _one_lane(actor, pack, lane)
    if submission.state == Submission.State.SUBMITTED:
        submission = Submission.lifecycle.apply(submission, "claim", actor=actor)
    vote = _write_vote(actor, submission, pack, lane, chosen, comment)
    record(actor, "vote.cast", submission, lane=str(lane), choice=vote.choice, digest=pack.digest)
    _close(actor, submission, pack)
    return vote


# --- may this vote be cast ---------------------------------------------------------------------------------------


def _not_own(actor: Actor, submission: Submission) -> None:
    worked = submission.contributors.filter(user_id=actor.user_key).exists()
    if worked or str(submission.submitter_id) == actor.user_id:
        text = _("You asked for this or worked on it, so somebody else decides it.")
        raise NotPermitted(Reason("separation_of_duties", text))


def _lane_held(actor: Actor, submission: Submission, lane: str | None) -> None:
    lanes = [lane] if lane else submission.lanes_called
    if not any(x in Lane.values and actor.may(f"governance.lane.{x}", submission.unit.path) for x in lanes):
        name = Lane(lane).label if lane in Lane.values else "–"
        raise NotPermitted(Reason("not_your_lane", _("You do not decide in the %(lane)s lane here.") % {"lane": name}))


def _votable(submission: Submission, lane: str, pack_digest: str) -> Pack:
    pack = current_pack(submission)
    if pack is None or not submission.is_open:
        text = _("The request is %(state)s; nothing is open for a decision.") % {"state": submission.outcome}
        raise NotReady(Reason("not_in_review", text))
    if pack.digest != pack_digest:
        anew = _("The request was submitted anew after you opened it. Read what changed and decide again.")
        raise Stale(Reason("pack_changed", anew), current=submission)
    if lane not in pack.lanes:
        raise NotReady(Reason("lane_not_called", _("This lane has nothing new to judge.")))
    if lane in closed_lanes(pack):
        raise NotReady(Reason("lane_closed", _("This lane has decided already. A decision is not changed.")))
    return pack


def _one_lane(actor: Actor, pack: Pack, lane: str) -> None:
    other = pack.votes.filter(person_id=actor.user_key).exclude(lane=lane).first()
    if other and not pack.gate.one_person_many_lanes:
        text = _("You decided in the %(lane)s lane; the gate asks for another person here.")
        raise NotPermitted(Reason("one_person_one_lane", text % {"lane": other.get_lane_display()}))


def choice_reasons(submission: Submission, pack: Pack, lane: str, chosen: list[ItemChoice]) -> Iterable[Reason]:
    body = packs.read(pack.body)
    wanted = packs.lane_items(body)[lane]
    keys = [c.key for c in chosen]
    for key in wanted:
        if keys.count(key) != 1:
            yield Reason("item_open", _("Decide each item once."), field=key)
    for key in set(keys) - set(wanted):
        yield Reason("item_unknown", _("This item is not judged in your lane."), field=key)
    core = {f"category:{c['code']}": c["core_status"] for c in body["categories"]}
    for choice in chosen:
        yield from _item_reasons(submission, choice, core.get(choice.key))


def _item_reasons(submission: Submission, choice: ItemChoice, core: str | None) -> Iterable[Reason]:
    if choice.choice not in VoteItem.Choice.values:
        yield Reason("choice_missing", _("Choose approve, condition, return or reject."), field=choice.key)
    if choice.choice in ("approve", "condition") and core not in (None, "non_core"):
        text = _("Core or unanswered content cannot be approved. Return it for a narrower category, or reject it.")
        yield Reason("core_status_not_non_core", text, field=choice.key)
    if choice.choice in ("approve", "condition") and choice.use not in (Use.ALLOWED, Use.ALLOWED_MASKED):
        yield Reason("use_unknown", _("Choose allowed, or allowed when masked."), field=choice.key)
    if choice.choice == "return" and not (choice.reason_code in RETURN_REASONS or choice.comment.strip()):
        yield Reason("reason_missing", _("Say why it goes back."), field=choice.key)
    if choice.choice == "reject" and not choice.comment.strip():
        yield Reason("reason_missing", _("Say why it is rejected."), field=choice.key)
    if choice.choice == "condition":
        yield from _condition_reasons(submission, choice.key, choice.condition or ConditionDraft())


def _condition_reasons(submission: Submission, key: str, draft: ConditionDraft) -> Iterable[Reason]:
    if not (draft.text_en.strip() or draft.text_zh.strip()):
        yield Reason("condition_text", _("Say what has to be done."), field=key)
    if draft.owner is None:
        yield Reason("condition_owner", _("Name who owns the condition."), field=key)
    elif not people_at(submission.unit).filter(pk=draft.owner.pk).exists():
        yield Reason("condition_owner", _("The owner must be a person of this unit."), field=key)
    if draft.due is None:
        yield Reason("condition_due", _("Give the condition a date."), field=key)
    elif draft.due < clock.today(submission.unit.zone):
        yield Reason("condition_due", _("The date lies in the past."), field=key)
    if draft.closes_by == "charter" and draft.blocks_charter:
        text = _("A condition may not block what closes it.")
        yield Reason("condition_would_deadlock", text, field=key)


# --- write -------------------------------------------------------------------------------------------------------


def _write_vote(
    actor: Actor, submission: Submission, pack: Pack, lane: str, chosen: list[ItemChoice], comment: str
) -> Vote:
    earlier = pack.votes.filter(lane=lane, principal_id=actor.user_key, replaced_by=None).first()
    vote = Vote.objects.create(
        pack=pack, pack_digest=pack.digest, lane=lane, person_id=actor.user_key, principal_id=actor.user_key,
        role_at_time=role_in(actor, lane, submission.unit.path),
        choice=lane_choice(lane, [c.choice for c in chosen]), comment=comment.strip(), replaces=earlier,
    )  # fmt: skip
    VoteItem.objects.bulk_create(_vote_item(vote, c) for c in chosen)
    return vote


def _vote_item(vote: Vote, choice: ItemChoice) -> VoteItem:
    draft = choice.condition if choice.choice == "condition" else None
    return VoteItem(
        vote=vote, item_key=choice.key, choice=choice.choice,
        use=choice.use if choice.choice in ("approve", "condition") else "",
        reason_code=choice.reason_code, comment=choice.comment.strip(),
        condition_en=draft.text_en.strip() if draft else "", condition_zh=draft.text_zh.strip() if draft else "",
        condition_owner=draft.owner if draft else None, condition_due=draft.due if draft else None,
        condition_blocking=draft.blocking if draft else True,
        condition_blocks_charter=draft.blocks_charter if draft else False,
        condition_closes_by=draft.closes_by if draft else "lane",
    )  # fmt: skip


def _close(actor: Actor, submission: Submission, pack: Pack) -> None:
    """Return ends the round at once; else the decision follows when every lane called has closed."""
    closed = closed_lanes(pack)
    if "return" in closed.values():
        submission = Submission.lifecycle.apply(submission, "return", actor=actor)
        move_parts(actor, submission, "return")
        _tell_submitter(submission, _("%(key)s was returned to you"), _("Open the page to read what is asked for."))
    elif set(closed) == set(pack.lanes):
        _decide(actor, submission, pack, closed)


def _decide(actor: Actor, submission: Submission, pack: Pack, closed: Mapping[str, str]) -> None:
    votes = counted_votes(pack)
    items = [(vote, item) for vote in votes for item in vote.items.all()]
    word = outcome(closed.values())
    conditions = [(v, i) for v, i in items if i.choice == "condition"] if word == "approved_with_conditions" else []
    submission = Submission.lifecycle.apply(submission, "decide", actor=actor)
    decision = GateDecision.objects.create(
        submission=submission, pack=pack, pack_digest=pack.digest, outcome=word, item_outcomes=_item_outcomes(items),
        rationale="\n".join(v.comment for v in votes if v.comment), conditions_count=len(conditions),
        signers=_signers(votes),
    )  # fmt: skip
    record(actor, "decision.recorded", decision, outcome=word, digest=pack.digest, conditions=len(conditions))
    _decide_parts(actor, submission, decision)
    if word != "rejected":
        _grant(actor, submission, decision, pack)
    for ordinal, (vote, item) in enumerate(conditions, start=1):
        _set_condition(actor, submission, decision, ordinal, vote, item)
    _tell_submitter(submission, _("%(key)s is decided"), later(decision.get_outcome_display))


def _item_outcomes(items: list[tuple[Vote, VoteItem]]) -> dict[str, str]:
    words: dict[str, list[str]] = {}
    for _vote, item in items:
        word = WORDS.get(item.choice, "not_allowed")
        masked = [item.use] if word != "not_allowed" and item.use == Use.ALLOWED_MASKED else []
        words.setdefault(item.item_key, []).extend([word, *masked])
    return {key: strictest(found) for key, found in words.items()}


def _signers(votes: list[Vote]) -> list[dict[str, Any]]:
    """Name and code of the role as they stood; one person in several lanes is said so by one line with all of them."""
    found: dict[Any, dict[str, Any]] = {}
    for vote in votes:
        line = found.setdefault(vote.person_id, {"name": vote.person.name, "role": vote.role_at_time, "lanes": []})
        line["lanes"].append(vote.lane)
    return list(found.values())


def _use_of(decision: GateDecision, key: str) -> str:
    """The strictest word said of a category, its exposure included, as a permission."""
    code = key.partition(":")[2]
    masked = {
        i.use
        for vote in counted_votes(decision.pack)
        for i in vote.items.all()
        if i.item_key in (key, f"exposure:{code}") and i.use
    }
    words = [decision.item_outcomes[k] for k in (key, f"exposure:{code}") if k in decision.item_outcomes]
    if "not_allowed" in words:
        return Use.NOT_ALLOWED
    return Use.ALLOWED_MASKED if Use.ALLOWED_MASKED in masked else Use.ALLOWED


def _decide_parts(actor: Actor, submission: Submission, decision: GateDecision) -> None:
    version = submission.pattern_version
    version.refresh_from_db()
    if version.state == "submitted":
        PatternVersion.lifecycle.apply(version, "decide", actor=actor)
    for use in submission.uses.select_related("category_version"):
        passport = use.category_version
        if passport.state != "submitted":
            continue
        judged = _use_of(decision, use.item_key)
        passport = DataCategoryVersion.lifecycle.apply(passport, "decide", actor=actor, decided_use=judged)
        _supersede_passports(actor, passport)


def _supersede_passports(actor: Actor, passport: DataCategoryVersion) -> None:
    older = passport.category.versions.filter(state="decided", unit=passport.unit_id, number__lt=passport.number)
    for version in older:
        DataCategoryVersion.lifecycle.apply(version, "supersede", actor=actor)


def _grant(actor: Actor, submission: Submission, decision: GateDecision, pack: Pack) -> None:
    """One approval per judged subject; what no called lane judged keeps its own."""
    begins = decision.decided_at
    ends = _ends(submission, pack, begins)
    common = {"decision": decision, "unit": submission.unit, "valid_from": begins, "valid_until": ends}
    granted = []
    if {"architecture", "security"} & set(pack.lanes):
        digest = pack.item_digests["pattern"]
        subject = {"pattern_version": submission.pattern_version, "item_key": "pattern", "item_digest": digest}
        granted.append(Approval.objects.create(key=next_ref("AP"), use=Use.ALLOWED, **subject, **common))
    if "data" in pack.lanes:
        for use in submission.uses.select_related("category_version__category", "pattern_version"):
            subject = {"category_use": use, "item_key": use.item_key, "item_digest": pack.item_digests[use.item_key]}
            word = _use_of(decision, use.item_key)
            granted.append(Approval.objects.create(key=next_ref("AP"), use=word, **subject, **common))
    for approval in granted:
        record(actor, "approval.granted", approval, use=approval.use, until=approval.valid_until)
        _supersede(actor, approval)


def _ends(submission: Submission, pack: Pack, begins: datetime) -> datetime:
    zone = submission.unit.zone
    return end_of_day(last_day(clock.today(zone), pack.gate.validity_months), zone)


def _supersede(actor: Actor, approval: Approval) -> None:
    """At most one approval speaks for a subject of a pattern in a unit: the newest."""
    pattern = approval.pattern.pattern_id
    same = Approval.objects.filter(unit=approval.unit_id, item_key=approval.item_key).exclude(pk=approval.pk)
    own = "pattern_version__pattern" if approval.pattern_version_id else "category_use__pattern_version__pattern"
    for older in same.filter(**{own: pattern}).exclude(events__kind="superseded"):
        ApprovalEvent.objects.create(
            approval=older, unit=older.unit, kind="superseded", cause_ref=approval.key, effective_at=approval.valid_from
        )
        record(actor, "approval.superseded", older, by=approval.key)


def _set_condition(
    actor: Actor, submission: Submission, decision: GateDecision, ordinal: int, vote: Vote, item: VoteItem
) -> None:
    until = end_of_day(item.condition_due, submission.unit.zone)  # type: ignore[arg-type]
    key = item.item_key.replace("exposure:", "category:")
    condition = Condition.objects.create(  # type: ignore[misc] # a vote with a condition has owner and day
        key=next_ref("CD"), decision=decision, unit=submission.unit, ordinal=ordinal,
        item_key=key if key.startswith("category:") else "pattern",
        text_en=item.condition_en, text_zh=item.condition_zh, owner=item.condition_owner, due=item.condition_due,
        first_due_until=until, due_until=until, blocking=item.condition_blocking,
        blocks_charter=item.condition_blocks_charter, closes_by=item.condition_closes_by, set_by_lane=vote.lane,
    )  # fmt: skip
    ConditionEvent.objects.create(
        condition=condition, kind="set", by=vote.person, by_label=vote.person.name, to_due=condition.due
    )
    # The last voter is the actor; the person and role of the vote that asked for it are said by name.
    said_by: dict[str, Any] = {"set_by": vote.person.name, "role": vote.role_at_time, "lane": vote.lane}
    record(actor, "condition.set", condition, due=condition.due, **said_by)
    _tell_owner(condition)


def _tell_owner(condition: Condition) -> None:
    due = _("%(text)s — due %(day)s.")
    text = later(lambda: due % {"text": condition.text, "day": condition.due.isoformat()})
    tell([condition.owner], _("A condition is yours"), text, condition.get_absolute_url())


def _tell_submitter(submission: Submission, subject: Any, text: Any) -> None:
    if submission.submitter:
        title = later(lambda: subject % {"key": submission.key})
        tell([submission.submitter], title, text, submission.get_absolute_url())
