"""The request, what is frozen of it, who votes, and the decision that follows."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.bilingual import Bilingual
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Versioned
from foundation.triggers import Trigger
from governance.models.catalogue import HandedDown, PatternVersion
from governance.models.data import Use


class Lane(models.TextChoices):
    ARCHITECTURE = "architecture", _("architecture")
    SECURITY = "security", _("security")
    DATA = "data", _("data handling")


class Gate(Frozen):
    """A published definition; the newest number of the nearest unit upwards holds, a running round keeps its own."""

    code = models.SlugField(max_length=20)
    number = models.PositiveSmallIntegerField()
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    lanes = models.JSONField()  # [{"lane", "quorum", "return_quorum", "sla_days"}]
    validity_months = models.PositiveSmallIntegerField()
    one_person_many_lanes = models.BooleanField(default=False)
    published_at = models.DateTimeField(default=clock.now)

    subject_code = "gate"
    objects = HandedDown.as_manager()

    class Meta:
        constraints = [UniqueConstraint(fields=["unit", "code", "number"], name="gate_number")]

    def __str__(self) -> str:
        return _("gate %(code)s, number %(number)s") % {"code": self.code, "number": self.number}

    def lane(self, code: str) -> dict[str, int]:
        return next(entry for entry in self.lanes if entry["lane"] == code)


class SubmissionQuerySet(ScopedQuerySet["Submission"]):
    def open(self) -> SubmissionQuerySet:
        return self.filter(state__in=["submitted", "in_review"])

    def listed(self) -> SubmissionQuerySet:
        return self.select_related("unit", "pattern_version__pattern", "submitter", "decision", "gate")


class Submission(Versioned):
    """One thing asked for: this pattern with its data, in this unit."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        IN_REVIEW = "in_review", _("in review")
        RETURNED = "returned", _("returned")
        DECIDED = "decided", _("decided")
        WITHDRAWN = "withdrawn", _("withdrawn")

    key = models.CharField(max_length=20, unique=True)
    gate = models.ForeignKey(Gate, models.PROTECT, related_name="+")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    pattern_version = models.ForeignKey(PatternVersion, models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField(default=1)
    submitter = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    purpose_en = models.TextField(blank=True)
    purpose_zh = models.TextField(blank=True)
    waits = models.JSONField(default=dict, blank=True)  # section -> what it waits for, in words
    lanes_called = models.JSONField(default=list, blank=True)
    first_submitted_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    edited_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)

    purpose = Bilingual("purpose")
    subject_code = "submission"
    search_fields = ("key", "pattern_version__pattern__name_en", "pattern_version__pattern__name_zh")
    objects = SubmissionQuerySet.as_manager()
    lifecycle = Lifecycle(
        "state",
        "draft",
        Transition(
            "submit", ("draft",), "submitted", "governance.submission.submit", "submission.submitted", _("Submit")
        ),
        Transition(
            "claim",
            ("submitted",),
            "in_review",
            "governance.review.claim",
            "review.claimed",
            _("Take this for review"),
        ),
        Transition(
            "return",
            ("submitted", "in_review"),
            "returned",
            "governance.review.vote",
            "submission.returned",
            _("Return"),
        ),
        Transition("decide", ("in_review",), "decided", "governance.review.vote", "submission.decided", _("Decide")),
        Transition(
            "redraft",
            ("returned",),
            "draft",
            "governance.submission.draft",
            "submission.redrafted",
            _("Work on it again"),
        ),
        Transition(
            "withdraw",
            ("draft", "submitted", "in_review"),
            "withdrawn",
            "governance.submission.withdraw",
            "submission.withdrawn",
            _("Withdraw"),
        ),
    )
    triggers = [Trigger("kept", "DELETE", "OLD.state <> 'draft'", "a submitted request is kept")]

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "in_review", "returned", "decided", "withdrawn"]),
                name="submission_state",
            ),
            CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitter__isnull=False), name="submission_submitter"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.pattern_version.pattern.name}"

    def get_absolute_url(self) -> str:
        return reverse("governance:request", args=[self.key])

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.SUBMITTED, self.State.IN_REVIEW)

    @property
    def outcome(self) -> str:
        """The word people use: the state, or how it was decided."""
        decision = getattr(self, "decision", None)
        return str(decision.get_outcome_display() if decision else self.get_state_display())


class Contributor(Frozen):
    """Who edited what is judged, and therefore does not judge it."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="contributors")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [UniqueConstraint(fields=["submission", "user"], name="contributor_once")]


class Pack(Frozen):
    """The request as it was submitted: canonical text, its digest, one digest per item."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="packs")
    round = models.PositiveSmallIntegerField()
    schema = models.CharField(max_length=40)
    body = models.TextField()
    digest = models.CharField(max_length=80)
    item_digests = models.JSONField()
    section_digests = models.JSONField()
    lanes = models.JSONField()
    lanes_count = models.PositiveSmallIntegerField()
    gate = models.ForeignKey(Gate, models.PROTECT, related_name="+")

    subject_code = "pack"
    triggers = [
        Trigger(
            "submitted",
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM governance_submission s WHERE s.id = NEW.submission_id"
            " AND s.state = 'submitted' AND s.round = NEW.round)",
            "a pack is frozen when its request is submitted",
        )
    ]

    class Meta:
        constraints = [
            UniqueConstraint(fields=["submission", "round"], name="pack_round"),
            CheckConstraint(condition=Q(lanes_count__gte=1), name="pack_has_lanes"),
        ]

    def __str__(self) -> str:
        return f"{self.submission.key} r{self.round}"

    @property
    def unit_path(self) -> str:
        return self.submission.unit.path


class Vote(Frozen):
    """One lane's word on exactly this pack."""

    class Choice(models.TextChoices):
        APPROVE = "approve", _("approve")
        APPROVE_WITH_CONDITIONS = "approve_with_conditions", _("approve with conditions")
        RETURN = "return", _("return")
        REJECT = "reject", _("reject")

    pack = models.ForeignKey(Pack, models.PROTECT, related_name="votes")
    pack_digest = models.CharField(max_length=80)
    lane = models.CharField(max_length=20, choices=Lane.choices)
    person = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    principal = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    role_at_time = models.CharField(max_length=120)  # the code of the role
    choice = models.CharField(max_length=30, choices=Choice.choices)
    comment = models.TextField(blank=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")

    subject_code = "vote"
    triggers = [
        Trigger(
            "not_own",
            "INSERT",
            "EXISTS (SELECT 1 FROM governance_pack p JOIN governance_submission s ON s.id = p.submission_id"
            " WHERE p.id = NEW.pack_id AND (s.submitter_id IN (NEW.person_id, NEW.principal_id)"
            " OR EXISTS (SELECT 1 FROM governance_contributor c WHERE c.submission_id = s.id"
            " AND c.user_id IN (NEW.person_id, NEW.principal_id))))",
            "who asked or worked on a request does not vote on it",
        ),
        Trigger(
            "on_current",
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM governance_pack p JOIN governance_submission s ON s.id = p.submission_id"
            " WHERE p.id = NEW.pack_id AND p.digest = NEW.pack_digest AND p.round = s.round AND s.state = 'in_review')",
            "a vote names the current pack of a request in review",
        ),
        Trigger(
            "one_person",
            "INSERT",
            "EXISTS (SELECT 1 FROM governance_vote v WHERE v.pack_id = NEW.pack_id AND v.person_id = NEW.person_id"
            " AND ((v.lane = NEW.lane AND v.principal_id <> NEW.principal_id) OR (v.lane <> NEW.lane AND EXISTS"
            " (SELECT 1 FROM governance_pack p JOIN governance_gate g ON g.id = p.gate_id WHERE p.id = NEW.pack_id"
            " AND NOT g.one_person_many_lanes))))",
            "one person counts once in a lane, and in one lane unless the gate allows more",
        ),
    ]

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["pack", "lane", "principal"], condition=Q(replaces__isnull=True), name="vote_once_per_principal"
            ),
            CheckConstraint(condition=Q(lane__in=Lane.values), name="vote_lane"),
            CheckConstraint(
                condition=Q(choice__in=["approve", "approve_with_conditions", "return", "reject"]), name="vote_choice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_lane_display()}: {self.get_choice_display()}"

    @property
    def role(self) -> str:
        """The role of `role_at_time` in the reader's language."""
        from governance.texts import role_label

        return role_label(self.role_at_time)

    @property
    def unit_path(self) -> str:
        return self.pack.submission.unit.path


class VoteItem(Frozen):
    class Choice(models.TextChoices):
        APPROVE = "approve", _("Approve")
        CONDITION = "condition", _("Condition")
        RETURN = "return", _("Return")
        REJECT = "reject", _("Reject")

    vote = models.ForeignKey(Vote, models.PROTECT, related_name="items")
    item_key = models.CharField(max_length=80)
    choice = models.CharField(max_length=10, choices=Choice.choices)
    use = models.CharField(max_length=16, choices=Use.choices, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    comment = models.TextField(blank=True)
    condition_en = models.CharField(max_length=400, blank=True)
    condition_zh = models.CharField(max_length=400, blank=True)
    condition_owner = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    condition_due = models.DateField(null=True, blank=True)
    condition_blocking = models.BooleanField(default=True)
    condition_blocks_charter = models.BooleanField(default=False)
    condition_closes_by = models.CharField(max_length=10, default="lane")

    condition = Bilingual("condition")

    class Meta:
        ordering = ("item_key",)
        constraints = [
            UniqueConstraint(fields=["vote", "item_key"], name="vote_item_once"),
            CheckConstraint(
                condition=~Q(choice="condition")
                | (
                    (~Q(condition_en="") | ~Q(condition_zh=""))
                    & Q(condition_owner__isnull=False)
                    & Q(condition_due__isnull=False)
                ),
                name="vote_item_condition_whole",
            ),
            CheckConstraint(
                condition=~Q(choice="return") | ~Q(comment="") | ~Q(reason_code=""), name="vote_item_return_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_key}: {self.choice}"


class GateDecision(Frozen):
    """The record of a gate. Superseded by a later request, never edited."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("approved")
        APPROVED_WITH_CONDITIONS = "approved_with_conditions", _("approved with conditions")
        REJECTED = "rejected", _("rejected")

    submission = models.OneToOneField(Submission, models.PROTECT, related_name="decision")
    pack = models.OneToOneField(Pack, models.PROTECT, related_name="decision")
    pack_digest = models.CharField(max_length=80)
    outcome = models.CharField(max_length=30, choices=Outcome.choices)
    item_outcomes = models.JSONField()
    rationale = models.TextField(blank=True)
    conditions_count = models.PositiveSmallIntegerField(default=0)
    signers = models.JSONField()  # [{"name", "role", "lanes"}], role and lanes as codes
    decided_at = models.DateTimeField(default=clock.now)

    subject_code = "gate_decision"
    triggers = [
        Trigger(
            "voted",
            "INSERT",
            "(SELECT COUNT(DISTINCT v.lane) FROM governance_vote v WHERE v.pack_id = NEW.pack_id"
            " AND v.pack_digest = NEW.pack_digest AND v.choice <> 'return')"
            " < (SELECT p.lanes_count FROM governance_pack p WHERE p.id = NEW.pack_id)",
            "a decision follows the votes of every lane called",
        ),
        Trigger(
            "of_its_pack",
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM governance_pack p WHERE p.id = NEW.pack_id AND p.digest = NEW.pack_digest"
            " AND p.submission_id = NEW.submission_id)",
            "a decision names the pack that was voted on",
        ),
    ]

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(outcome="approved_with_conditions", conditions_count__gte=1)
                | Q(outcome__in=["approved", "rejected"], conditions_count=0),
                name="decision_conditions_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission.key}: {self.get_outcome_display()}"

    @property
    def signers_shown(self) -> list[dict[str, Any]]:
        """The signers with their roles in the reader's language."""
        from governance.texts import role_label

        return [{**signer, "role": role_label(signer["role"])} for signer in self.signers]

    @property
    def unit_path(self) -> str:
        return self.submission.unit.path

    @property
    def key(self) -> str:
        return self.submission.key
