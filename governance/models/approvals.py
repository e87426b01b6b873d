"""What a decision gave: approvals whose state is computed when asked, and conditions with an owner and a day."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Case, CheckConstraint, Exists, F, OuterRef, Q, Subquery, UniqueConstraint, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet, ancestors
from foundation.actor import Actor
from foundation.bilingual import Bilingual
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Versioned
from foundation.triggers import Trigger
from governance.models.catalogue import HandedDown, PatternVersion
from governance.models.data import CategoryUse, Use
from governance.models.requests import GateDecision, Lane


class Effect(models.TextChoices):
    NOT_YET = "not_yet", _("not yet")
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")
    SUPERSEDED = "superseded", _("superseded")


class ApprovalQuerySet(ScopedQuerySet["Approval"]):
    """`with_effect` is the one query that says what an approval is worth; `governance.rules` says the same in words."""

    handed_down = True

    def holding_for(self, path: str) -> ApprovalQuerySet:
        """An approval holds for its unit and all units below."""
        return self.filter(unit__path__in=ancestors(path))

    def with_effect(self, on: datetime, path: str | None = None) -> ApprovalQuerySet:
        """Annotate `effect` at a moment, for the unit at `path` (None: the approval's own unit)."""
        events = ApprovalEvent.objects.filter(approval=OuterRef("pk"), effective_at__lte=on)
        scope = Q(unit__path__in=ancestors(path)) if path else Q(unit=OuterRef("unit"))
        events = events.filter(scope)
        ended = events.filter(kind__in=["revoked", "superseded"]).order_by("effective_at", "created_at", "id")
        paused = events.filter(kind__in=["suspended", "lifted"]).order_by("-effective_at", "-created_at", "-id")
        found = self.annotate(
            ended_as=Subquery(ended.values("kind")[:1]),
            paused_as=Subquery(paused.values("kind")[:1]),
            has_overdue=Exists(_overdue(on)),
        )
        return found.annotate(
            effect=Case(
                When(ended_as__isnull=False, then=F("ended_as")),
                When(valid_from__gt=on, then=Value("not_yet")),
                When(valid_until__lte=on, then=Value("expired")),
                When(Q(paused_as="suspended") | Q(has_overdue=True), then=Value("suspended")),
                default=Value("active"),
                output_field=models.CharField(),
            )
        )


def _overdue(on: datetime) -> models.QuerySet[Condition]:
    """Blocking conditions of the approval's decision that were past their day and not closed at `on`."""
    said = ConditionEvent.objects.filter(condition=OuterRef("pk"), at__lte=on)
    judged = said.filter(kind__in=["closed", "reopened", "waived"]).order_by("-at", "-created_at", "-id")
    redated = said.filter(kind="redated").order_by("-at", "-created_at", "-id")
    return (
        Condition.objects.filter(decision=OuterRef("decision"), blocking=True)
        .filter(Q(item_key="") | Q(item_key=OuterRef("item_key")))
        .annotate(
            last=Coalesce(Subquery(judged.values("kind")[:1]), Value("open")),
            until=Coalesce(Subquery(redated.values("to_until")[:1]), F("first_due_until")),
        )
        .filter(until__lte=on)
        .exclude(last__in=["closed", "waived"])
    )


class Approval(Frozen):
    """The effect of a decision on one subject. Never changed; whether it counts is computed when it is asked."""

    key = models.CharField(max_length=20, unique=True)
    decision = models.ForeignKey(GateDecision, models.PROTECT, related_name="approvals")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    pattern_version = models.ForeignKey(PatternVersion, models.PROTECT, null=True, blank=True, related_name="approvals")
    category_use = models.ForeignKey(CategoryUse, models.PROTECT, null=True, blank=True, related_name="approvals")
    item_key = models.CharField(max_length=80)  # "pattern" or "category:<code>"
    item_digest = models.CharField(max_length=80)
    use = models.CharField(max_length=16, choices=Use.choices)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    subject_code = "approval"
    search_fields = ("key",)
    objects = ApprovalQuerySet.as_manager()
    triggers = [
        Trigger(
            "decided",
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM governance_gatedecision d JOIN governance_submission s ON s.id = d.submission_id"
            " WHERE d.id = NEW.decision_id AND s.unit_id = NEW.unit_id"
            " AND (d.outcome <> 'rejected' OR NEW.use = 'not_allowed'))",
            "an approval follows a decision that approved it",
        ),
    ]

    class Meta:
        ordering = ("-valid_from", "key")
        constraints = [
            CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="approval_ends_after_it_begins"),
            CheckConstraint(
                condition=Q(pattern_version__isnull=False, category_use__isnull=True)
                | Q(pattern_version__isnull=True, category_use__isnull=False),
                name="approval_one_subject",
            ),
            CheckConstraint(condition=Q(use__in=Use.values), name="approval_use"),
            UniqueConstraint(fields=["decision", "item_key"], name="approval_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.subject_label}"

    def get_absolute_url(self) -> str:
        return reverse("governance:approval", args=[self.key])

    @property
    def subject_label(self) -> str:
        if self.pattern_version:
            return str(self.pattern_version)
        return str(self.exposure.category_version.category.name)

    @property
    def pattern(self) -> PatternVersion:
        return self.pattern_version or self.exposure.pattern_version

    @property
    def exposure(self) -> CategoryUse:
        """What an approval of a category is about; one of a pattern has none."""
        if self.category_use is None:
            raise TypeError(f"{self.key} approves a pattern")
        return self.category_use


class ApprovalEvent(Frozen):
    class Kind(models.TextChoices):
        SUSPENDED = "suspended", _("suspended")
        LIFTED = "lifted", _("lifted")
        REVOKED = "revoked", _("revoked")
        SUPERSEDED = "superseded", _("superseded")

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="events")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    effective_at = models.DateTimeField(default=clock.now)
    reason = models.TextField(blank=True)
    lane = models.CharField(max_length=20, blank=True)
    cause_ref = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    by_label = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ("effective_at", "created_at", "id")
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=["suspended", "lifted", "revoked", "superseded"]), name="approval_event_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approval.key} {self.kind}"


class Condition(Versioned):
    """What a lane asked for, with an owner and a day. Overdue is computed, never stored."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        EVIDENCE_SUBMITTED = "evidence_submitted", _("evidence given")
        CLOSED = "closed", _("closed")
        WAIVED = "waived", _("waived")

    class ClosesBy(models.TextChoices):
        LANE = "lane", _("the lane that set it")
        CHARTER = "charter", _("the signed charter")

    key = models.CharField(max_length=20, unique=True)
    decision = models.ForeignKey(GateDecision, models.PROTECT, related_name="conditions")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    ordinal = models.PositiveSmallIntegerField()
    item_key = models.CharField(max_length=80, blank=True)  # empty: every approval of the decision
    text_en = models.CharField(max_length=400, blank=True)
    text_zh = models.CharField(max_length=400, blank=True)
    owner = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    due = models.DateField()
    first_due_until = models.DateTimeField()  # end of the first due day in the unit's zone
    due_until = models.DateTimeField()  # of the due day that holds now
    blocking = models.BooleanField(default=True)
    blocks_charter = models.BooleanField(default=False)
    set_by_lane = models.CharField(max_length=20, choices=Lane.choices)
    closes_by = models.CharField(max_length=10, choices=ClosesBy.choices, default=ClosesBy.LANE)
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    state_since = models.DateTimeField(default=clock.now)

    text = Bilingual("text")
    subject_code = "condition"
    search_fields = ("key", "text_en", "text_zh")
    objects = HandedDown.as_manager()
    lifecycle = Lifecycle(
        "state",
        "open",
        Transition(
            "evidence",
            ("open", "evidence_submitted"),
            "evidence_submitted",
            "governance.condition.evidence",
            "condition.evidenced",
            _("Give evidence"),
        ),
        Transition(
            "close",
            ("open", "evidence_submitted"),
            "closed",
            "governance.condition.close",
            "condition.closed",
            _("Close the condition"),
        ),
        Transition(
            "reopen",
            ("evidence_submitted", "closed"),
            "open",
            "governance.condition.close",
            "condition.reopened",
            _("Send back"),
        ),
        Transition(
            "waive",
            ("open", "evidence_submitted"),
            "waived",
            "governance.condition.waive",
            "condition.waived",
            _("Waive the condition"),
        ),
    )
    triggers = [
        Trigger(
            "counted",
            "INSERT",
            "NEW.ordinal > (SELECT d.conditions_count FROM governance_gatedecision d WHERE d.id = NEW.decision_id)",
            "a condition is set with its decision, not afterwards",
        ),
        Trigger(
            "content",
            "UPDATE",
            "OLD.decision_id IS NOT NEW.decision_id OR OLD.text_en IS NOT NEW.text_en OR OLD.text_zh IS NOT NEW.text_zh"
            " OR OLD.owner_id IS NOT NEW.owner_id OR OLD.blocking IS NOT NEW.blocking"
            " OR OLD.set_by_lane IS NOT NEW.set_by_lane OR OLD.item_key IS NOT NEW.item_key"
            " OR OLD.first_due_until IS NOT NEW.first_due_until OR OLD.blocks_charter IS NOT NEW.blocks_charter"
            " OR OLD.closes_by IS NOT NEW.closes_by",
            "the text of a condition is part of its decision",
        ),
        Trigger("kept", "DELETE", "1 = 1", "a condition is closed or waived, never deleted"),
    ]

    class Meta:
        ordering = ("due", "key")
        constraints = [
            UniqueConstraint(fields=["decision", "ordinal"], name="condition_ordinal"),
            CheckConstraint(
                condition=Q(state__in=["open", "evidence_submitted", "closed", "waived"]), name="condition_state"
            ),
            CheckConstraint(condition=~Q(text_en="") | ~Q(text_zh=""), name="condition_has_text"),
            CheckConstraint(condition=~Q(closes_by="charter", blocks_charter=True), name="condition_would_deadlock"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.text}"

    def get_absolute_url(self) -> str:
        return reverse("governance:condition", args=[self.key])

    def is_own(self, actor: Actor, permission: str) -> bool:
        """Evidence is given by the owner of the condition."""
        return actor.user_id == str(self.owner_id)

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.OPEN, self.State.EVIDENCE_SUBMITTED)

    @property
    def is_overdue(self) -> bool:
        return self.is_open and clock.now() >= self.due_until


class Evidence(Frozen):
    """Proof somebody points to, with the day it took effect."""

    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    label = models.CharField(max_length=300)
    url = models.URLField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    effective_on = models.DateField()
    uploaded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    subject_code = "evidence"

    def __str__(self) -> str:
        return self.label


class ConditionEvent(Frozen):
    class Kind(models.TextChoices):
        SET = "set", _("set")
        EVIDENCED = "evidenced", _("evidence given")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("sent back")
        WAIVED = "waived", _("waived")
        REDATED = "redated", _("given another date")

    condition = models.ForeignKey(Condition, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField(default=clock.now)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    by_label = models.CharField(max_length=160)
    reason = models.TextField(blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    from_due = models.DateField(null=True, blank=True)
    to_due = models.DateField(null=True, blank=True)
    to_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("at", "created_at", "id")
        constraints = [
            CheckConstraint(
                condition=~Q(kind="redated") | Q(to_due__isnull=False, to_until__isnull=False),
                name="condition_redate_whole",
            ),
            CheckConstraint(
                condition=~Q(kind__in=["waived", "reopened", "redated"]) | ~Q(reason=""), name="condition_event_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition.key} {self.kind}"

    @property
    def why(self) -> str:
        """The reason in the reader's language; `charter:<key>` stands for a signature that closed it."""
        kind, _sep, key = self.reason.partition(":")
        if self.kind == self.Kind.CLOSED and kind == "charter" and self.condition.closes_by == "charter":
            return _("Closed by the signature of %(charter)s.") % {"charter": key}
        return self.reason
