"""What a lane sees of a request: the ask in a sentence, what is new, and one row for each thing to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from accounts.models import User
from foundation.actor import Actor
from foundation.bilingual import pick
from foundation.errors import Reason
from foundation.templatetags.house import day
from governance import packs
from governance.lanes import lanes_of, people_at
from governance.models import Lane, Pack, Submission, Vote
from governance.models.data import DataCategoryVersion
from governance.selectors import base_pack, closed_lanes, counted_votes, current_pack, is_barred
from governance.services.reviews import ConditionDraft, ItemChoice
from governance.texts import CONDITION_SAMPLES, CONTROLS, FLOW_FIELDS, ITEMS, RETURN_REASONS, both, item_label

OPTIONS = (
    ("approve", gettext_lazy("Approve"), "ok", "check"),
    ("condition", gettext_lazy("Condition"), "warn", "e-early"),
    ("return", gettext_lazy("Return"), "seal", "undo-2"),
    ("reject", gettext_lazy("Reject"), "bad", "x"),
)

LANE_WORDS = {
    "approve": gettext_lazy("approved"),
    "approve_with_conditions": gettext_lazy("approved with conditions"),
    "return": gettext_lazy("returned"),
    "reject": gettext_lazy("rejected"),
}


@dataclass
class ReviewRow:
    """One thing to decide."""

    key: str
    title: str
    note: str
    facts: list[str]
    is_new: bool
    choice: ItemChoice | None = None
    is_personal: bool = False
    reasons: list[Reason] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    is_waiting: bool = False  # compared with what was approved, nothing could be carried over

    @property
    def options(self) -> list[dict[str, Any]]:
        return [{"value": v, "word": w, "tone": t, "icon": i} for v, w, t, i in OPTIONS]

    @property
    def chosen(self) -> str:
        return self.choice.choice if self.choice else ""

    @property
    def chosen_word(self) -> str:
        return next((str(o["word"]) for o in self.options if o["value"] == self.chosen), "")

    @property
    def chosen_tone(self) -> str:
        return next((str(o["tone"]) for o in self.options if o["value"] == self.chosen), "open")

    @property
    def is_category(self) -> bool:
        return self.key.startswith("category:")

    @property
    def masked_when(self) -> str:
        """Personal data may be approved masked at once; elsewhere masking is a condition."""
        return "approve" if self.is_personal else "condition"

    @property
    def draft(self) -> ConditionDraft:
        return (self.choice.condition if self.choice else None) or ConditionDraft()

    @property
    def text(self) -> str:
        return self.draft.text_en or self.draft.text_zh


@dataclass
class LaneLine:
    lane: str
    label: str
    word: str
    tone: str
    who: str
    on: datetime | None = None


@dataclass
class Review:
    submission: Submission
    pack: Pack
    body: packs.Body
    base: Pack | None
    changes: list[packs.Change]
    lane: str
    rows: list[ReviewRow]
    lanes: list[LaneLine]
    mine: list[str]
    blocked: list[Reason]
    people: list[User]

    @property
    def lane_label(self) -> str:
        return str(Lane(self.lane).label) if self.lane else ""

    @property
    def decided(self) -> int:
        return sum(1 for row in self.rows if row.chosen)

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def is_complete(self) -> bool:
        return self.decided == self.total and not any(row.reasons for row in self.rows)

    @property
    def waiting_rows(self) -> list[ReviewRow]:
        return [row for row in self.rows if not row.chosen]

    @property
    def status(self) -> str:
        """Five of six decided. One waits for you: …"""
        if not self.waiting_rows:
            return _("All %(total)s decided. Read once more and confirm.") % {"total": self.total}
        first = self.waiting_rows[0].title
        done = _("%(done)s of %(total)s decided.") % {"done": self.decided, "total": self.total}
        if len(self.waiting_rows) == 1:
            return f"{done} {_('“%(item)s” waits for you.') % {'item': first}}"
        more = ngettext("%(n)s waits for you.", "%(n)s wait for you.", len(self.waiting_rows))
        return f"{done} {more % {'n': len(self.waiting_rows)}}"

    @property
    def faults(self) -> list[Reason]:
        """What keeps the decision from being confirmed."""
        undecided = [Reason("item_open", _("Decide each item once."), field=r.key) for r in self.waiting_rows]
        return [reason for row in self.rows for reason in row.reasons] + undecided

    @property
    def diff(self) -> list[dict[str, str]]:
        return [c.as_dict for c in self.changes]

    @property
    def samples(self) -> list[str]:
        return [both(s) for s in CONDITION_SAMPLES]

    @property
    def reasons(self) -> list[tuple[str, Any]]:
        return list(RETURN_REASONS.items())

    @property
    def first_facts(self) -> list[dict[str, str]]:
        """What a first request brings, in three lines."""
        flow = self.body["flow"]
        names = ", ".join(pick(c["name"]) for c in self.body["categories"])
        products = ", ".join(pick(b) for b in self.body["bindings"].values())
        return [
            {"title": _("The pattern and its parts"), "text": products},
            {
                "title": _("The data it uses"),
                "after": ngettext("%(n)s category", "%(n)s categories", len(self.body["categories"]))
                % {"n": len(self.body["categories"])},
                "text": names,
            },
            {
                "title": _("Where it runs"),
                "after": packs.shown(flow["processed_in"]),
                "text": _("model in %(region)s; kept %(days)s")
                % {"region": packs.shown(flow["model_endpoint_region"]), "days": packs.days(flow["retention_days"])},
            },
        ]

    @property
    def everything(self) -> list[dict[str, Any]]:
        """The whole pack in words, for the fold under the table."""
        items = [{"title": label, "lines": item_lines(key, self.body)} for key, label in ITEMS.items()]
        return items + [{"title": pick(c["name"]), "lines": category_lines(c)} for c in self.body["categories"]]

    @property
    def layers(self) -> list[dict[str, str]]:
        return layers(self.body, {c.item for c in self.changes})


def review_of(submission: Submission, actor: Actor, lane: str = "") -> Review | None:
    """None while nothing was submitted."""
    pack = current_pack(submission)
    if pack is None:
        return None
    body = packs.read(pack.body)
    base = base_pack(submission, actor)
    closed = closed_lanes(pack)
    votes = counted_votes(pack)
    held = [x for x in lanes_of(actor, submission.unit.path) if x in pack.lanes]
    blocked = _blocked(submission, actor, held, closed, votes, pack)
    mine = [] if blocked else [x for x in held if x not in closed]
    shown = lane if lane in pack.lanes else (mine or held or pack.lanes)[0]
    changes = packs.changes(packs.read(base.body) if base else None, body)
    review = Review(
        submission, pack, body, base, changes, shown, [], lane_lines(pack), mine, blocked,
        list(people_at(submission.unit)) if shown in mine else [],
    )  # fmt: skip
    review.rows = _rows(review, votes)
    return review


def _blocked(
    submission: Submission, actor: Actor, held: list[str], closed: Mapping[str, str], votes: list[Vote], pack: Pack
) -> list[Reason]:
    """Why this reader decides nothing here, in words; empty when a lane waits for them."""
    if not submission.is_open:
        text = _("The request is %(state)s; nothing is open for a decision.") % {"state": submission.outcome}
        return [Reason("not_in_review", text)]
    if is_barred(submission, actor):
        return [Reason("separation_of_duties", _("You asked for this or worked on it, so somebody else decides it."))]
    if not held:
        return [Reason("not_your_lane", _("None of the lanes called is yours. You can read along."))]
    if all(lane in closed for lane in held):
        return [Reason("lane_closed", _("Your lane has decided already. A decision is not changed."))]
    voted = {v.lane for v in votes if str(v.person_id) == actor.user_id}
    if voted and not pack.gate.one_person_many_lanes:
        return [Reason("one_person_one_lane", _("You decided in one lane; the gate asks for another person here."))]
    return []


def lane_lines(pack: Pack) -> list[LaneLine]:
    """Each lane called: how it decided, who and when; or that it is waited for."""
    closed, votes = closed_lanes(pack), counted_votes(pack)
    waits = _("waits") if pack.submission.is_open else _("not decided")
    tones = {"approve": "ok", "approve_with_conditions": "warn", "return": "seal", "reject": "bad"}
    found = []
    for lane in pack.lanes:
        vote = next((v for v in votes if v.lane == lane), None)
        word = str(LANE_WORDS[closed[lane]]) if lane in closed else waits
        who = f"{vote.person.name}, {vote.role}" if vote else ""
        tone, on = tones.get(closed.get(lane, ""), "open"), vote.created_at if vote else None
        found.append(LaneLine(lane, str(Lane(lane).label), word, tone, who, on))
    return found


def _rows(review: Review, votes: list[Vote]) -> list[ReviewRow]:
    names = {c["code"]: pick(c["name"]) for c in review.body["categories"]}
    by_code = {c["code"]: c for c in review.body["categories"]}
    old = review.base.item_digests if review.base else {}
    said = {i.item_key: i for v in votes if v.lane == review.lane for i in v.items.all()}
    rows = []
    for key in packs.lane_items(review.body)[review.lane]:
        is_new = bool(review.base) and old.get(key) != review.pack.item_digests[key]
        row = ReviewRow(key, str(item_label(key, names)), "", [], is_new)
        category = by_code.get(key.partition(":")[2])
        if category:
            row.note, row.facts = pick(category["examples"]), category_facts(category)
            row.lines = category_lines(category)
            row.is_personal = category["pi_grade"] != "none"
        else:
            row.lines = item_lines(key, review.body)
        row.choice = _said(said[key]) if key in said else _preset(review, key, is_new)
        row.is_waiting = bool(review.base) and not is_new and review.lane in review.mine and row.choice is None
        rows.append(row)
    return rows


def _said(item: Any) -> ItemChoice:
    draft = ConditionDraft(item.condition_en, item.condition_zh, item.condition_owner, item.condition_due)
    return ItemChoice(
        item.item_key,
        item.choice,
        item.use,
        item.reason_code,
        item.comment,
        draft if item.choice == "condition" else None,
    )


def _preset(review: Review, key: str, is_new: bool) -> ItemChoice | None:
    """Carried over from the last approved pack when nothing of the item changed."""
    if review.base is None or is_new or review.lane not in review.mine:
        return None
    word = review.base.decision.item_outcomes.get(key)
    if word == "condition":
        return _preset_condition(review, key)
    if word not in ("allowed", "allowed_masked"):
        return None
    return ItemChoice(key, "approve", use=word)


def _preset_condition(review: Review, key: str) -> ItemChoice | None:
    """The same condition again, where it is still open, its owner still here and its day still ahead."""
    people = {p.pk for p in review.people}
    for old in review.base.decision.conditions.select_related("owner"):  # type: ignore[union-attr]
        if old.item_key == key and old.is_open and not old.is_overdue and old.owner_id in people:
            draft = ConditionDraft(old.text_en, old.text_zh, old.owner, old.due, old.blocking, old.blocks_charter)
            return ItemChoice(key, "condition", condition=draft)
    return None


def category_facts(category: Mapping[str, Any]) -> list[str]:
    """Sensitive content, processed in, kept: the columns of the data lane."""
    version = DataCategoryVersion
    content = str(version.Sensitivity(category["sensitivity"]).label)
    if category["pi_grade"] != "none":
        content = f"{content}, {version.PiGrade(category['pi_grade']).label}"
    flow = category["flow"]
    return [content, packs.shown(flow["processed_in"]), packs.days(flow["retention_days"])]


def category_lines(category: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The whole passport, folded under the row."""
    lines = [(_("Core or Non-Core"), str(DataCategoryVersion.CoreStatus(category["core_status"]).label))]
    if category["exclusions"]:
        lines.append((_("Left out of it"), category["exclusions"]))
    lines += [(str(label), packs.shown(category["flow"].get(name))) for name, label in FLOW_FIELDS.items()]
    yes = [code for code, answer in category["answers"].items() if answer == "yes"]
    lines.append((_("Questions answered yes"), ", ".join(sorted(yes)) or _("none")))
    return lines


def item_lines(key: str, body: packs.Body) -> list[tuple[str, str]]:
    if key == "slots":
        bound = body["bindings"]
        return [(pick(s["name"]), pick(bound[s["code"]]) if s["code"] in bound else "–") for s in body["slots"]] + [
            (_("What never changes"), " ".join(pick(i) for i in body["invariants"]))
        ]
    if key == "flow":
        return [(str(label), packs.shown(body["flow"].get(name))) for name, label in FLOW_FIELDS.items()]
    if key == "exit":
        return [(_("How to leave"), packs.exit_words(body["exit"]))]
    if key == "controls":
        return [
            (both(CONTROLS.get(c["control"], (c["control"],) * 2)), packs.control_words(c) or "–")
            for c in body["controls"]
            if c["answer"] or c["mandatory"]
        ]
    return []


def layers(body: packs.Body, changed: set[str]) -> list[dict[str, str]]:
    """The parts of the pattern, the replaceable ones dashed."""
    found = []
    for slot in body["slots"]:
        product = body["bindings"].get(slot["code"])
        note = _("%(product)s today") % {"product": pick(product)} if product else pick(slot["note"])
        if slot["replaceable"]:
            found.append({"title": pick(slot["name"]), "state": _("replaceable"), "note": note, "tone": "open"})
        else:
            found.append({"title": pick(slot["name"]), "state": _("stable"), "note": note, "tone": "ok"})
    if "slots" in changed and found:
        found[0] |= {"tone": "seal", "state": _("changed")}
    reused = all(c["answer"] != "new" for c in body["controls"])
    state = _("changed") if "controls" in changed else _("reused") if reused else _("new")
    found.append(
        {"title": _("Security controls"), "state": state, "note": "", "tone": "seal" if "controls" in changed else "ok"}
    )
    return found


def headline(submission: Submission, base: Pack | None, changes: list[packs.Change]) -> str:
    """The ask in one sentence."""
    facts = {"unit": submission.unit.name, "pattern": submission.pattern_version.pattern.name}
    if base is None:
        return _("%(unit)s asks to use “%(pattern)s” for the first time") % facts
    facts["day"] = day(base.decision.decided_at)
    if not changes:
        return _("%(unit)s asks for the pattern approved on %(day)s, unchanged") % facts
    text = ngettext(
        "%(unit)s asks for the pattern approved on %(day)s, with one thing new",
        "%(unit)s asks for the pattern approved on %(day)s, with %(n)s things new",
        len(changes),
    )
    return text % {**facts, "n": len(changes)}


def headline_twin(submission: Submission, base: Pack | None, changes: list[packs.Change]) -> str:
    """The same in the other language."""
    from django.utils.translation import get_language

    other = "en" if (get_language() or "en").startswith("zh") else "zh-hans"
    with override(other):
        return headline(submission, base, changes)
