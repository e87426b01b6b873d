"""What we promised and decided: charter, its signed texts, decision and evidence."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.bilingual import Bilingual, spoken
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Record, Versioned
from foundation.triggers import Trigger
from governance.models import DataCategory, PatternVersion
from metrics.models import Pilot
from usecases.models import Candidate

User = settings.AUTH_USER_MODEL


class ChildQuerySet(ScopedQuerySet[Any]):
    unit_field = "charter__unit__path"


CHARTER_OF_ROW = "SELECT c.state FROM charter_charter c WHERE c.id = {row}.charter_id"
CHARTER_OF_CRITERION = (
    "SELECT c.state FROM charter_charter c JOIN charter_objective o ON o.charter_id = c.id "
    "WHERE o.id = {row}.objective_id"
)


def draft_only(charter: str = CHARTER_OF_ROW, *, unless: str = "1 = 0") -> list[Trigger]:
    """Rows a signed text rests on change only while their charter is a draft; `unless` lets one UPDATE through."""
    message = "this row of a charter changes only while it is a draft"

    def sent(row: str) -> str:
        return f"({charter.format(row=row)}) <> 'draft'"

    return [
        Trigger("draft_ins", "INSERT", sent("NEW"), message),
        Trigger("draft_upd", "UPDATE", f"({sent('OLD')} OR {sent('NEW')}) AND NOT ({unless})", message),
        Trigger("draft_del", "DELETE", sent("OLD"), message),
    ]


# An accepted invitation: the person the seat waited for takes it, and nothing else of the row changes.
SEAT_TAKEN = (
    "OLD.user_id IS NULL AND OLD.charter_id = NEW.charter_id AND OLD.role = NEW.role AND OLD.required = NEW.required "
    "AND OLD.waits_for = NEW.waits_for "
    "AND EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = NEW.user_id AND u.email = OLD.waits_for)"
)


class Outcome(models.TextChoices):
    CONTINUE = "CONTINUE", _("Continue")
    GO = "GO", _("Go")
    EXPAND = "EXPAND", _("Expand")
    STOP = "STOP", _("Stop")


class SignRole(models.TextChoices):
    CIO = "cio", _("CIO")
    OPS_HEAD = "ops_head", _("Head of operations")
    PROGRAMME = "programme_office", _("Global AI programme")


def own_seat_of(actor: Actor) -> Q:
    """Seats of this person: by name, or by the address an invitation was sent to."""
    address = get_user_model().objects.filter(pk=actor.user_key).values("email")
    return Q(user_id=actor.user_id) | Q(user=None, waits_for__in=address)


class Charter(Versioned):
    """The promise of one unit for one time-box. Draft content is edited here; what is signed is a CharterText."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        FOR_SIGNATURE = "for_signature", _("for signature")
        SIGNED = "signed", _("running")
        DECIDED = "decided", _("decided")
        WITHDRAWN = "withdrawn", _("withdrawn")

    subject_code = "charter"
    search_fields = ("key", "question_en", "question_zh")

    key = models.CharField(max_length=20, unique=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    question_en = models.CharField(max_length=200, blank=True)
    question_zh = models.CharField(max_length=200, blank=True)
    why_now_en = models.TextField(blank=True)
    why_now_zh = models.TextField(blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    length_reason = models.CharField(max_length=300, blank=True)
    lead = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    pattern_version = models.ForeignKey(
        PatternVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    categories = models.ManyToManyField(DataCategory, blank=True, related_name="+")
    human_approves_changes = models.BooleanField(default=True)
    only_approved_data = models.BooleanField(default=True)
    cost_cap = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)
    token_cap = models.PositiveBigIntegerField(null=True, blank=True)
    exit_plan = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_why = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    question = Bilingual("question")
    why_now = Bilingual("why_now")
    objects = ScopedQuerySet.as_manager()
    lifecycle = Lifecycle(
        "state",
        "draft",
        Transition("send", ("draft",), "for_signature", "charter.text.send", "charter.sent", _("Send for signature")),
        Transition("return", ("for_signature",), "draft", "charter.text.sign", "charter.returned", _("Return")),
        Transition(
            "reopen", ("for_signature",), "draft", "charter.text.draft", "charter.reopened", _("Take back and edit")
        ),
        Transition(
            "withdraw",
            ("draft", "for_signature"),
            "withdrawn",
            "charter.text.withdraw",
            "charter.withdrawn",
            _("Withdraw"),
        ),
        Transition("enter", ("for_signature",), "signed", "charter.text.sign", "charter.signed", _("Sign")),
        Transition("decide", ("signed",), "decided", "charter.decision.sign", "charter.decided", _("Decide")),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=models.F("starts_on")), name="charter_box_has_length"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "for_signature", "signed", "decided", "withdrawn"]),
                name="charter_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.question}"

    def get_absolute_url(self) -> str:
        return reverse("charter:charter", args=[self.key])

    def is_own(self, actor: Actor, permission: str) -> bool:
        """Signatories sign and press stop; the lead presses stop too."""
        if permission == "charter.stop.press" and str(self.lead_id) == actor.user_id:
            return True
        return self.seat_of(actor) is not None

    def seat_of(self, actor: Actor) -> Signatory | None:
        """Their own seat, also the one that waited for their address; `states.read_seats` reads many at once."""
        read = self.__dict__.get("seats_read", {})
        if actor.user_id in read:
            return read[actor.user_id]
        return self.signatories.filter(own_seat_of(actor)).first() if actor.user_id else None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.unit.zone)

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.starts_on, time.min, self.zone)

    @property
    def ends_at(self) -> datetime:
        """24:00 of the last day in the charter's zone."""
        return datetime.combine(self.ends_on + timedelta(days=1), time.min, self.zone)

    @property
    def weeks(self) -> int:
        return max(1, round((self.ends_on - self.starts_on).days / 7))

    @property
    def current_text(self) -> CharterText | None:
        return self.texts.order_by("-number").first()


class CharterText(Frozen):
    """One text once sent: blanks and terms in canonical form; signatures name its digest."""

    subject_code = "charter_text"

    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="texts")
    number = models.PositiveIntegerField()
    body = models.TextField()
    digest = models.CharField(max_length=80)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ChildQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["charter", "number"], name="charter_text_number")]

    def __str__(self) -> str:
        return f"{self.charter.key} v{self.number}"

    @property
    def unit_path(self) -> str:
        return self.charter.unit.path


class Signatory(Record):
    """Who signs; the role is one of three, CIO and head of operations are always required."""

    charter = models.ForeignKey(Charter, on_delete=models.CASCADE, related_name="signatories")
    role = models.CharField(max_length=20, choices=SignRole.choices)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    waits_for = models.CharField(max_length=200, blank=True)  # e-mail of an invitation not yet accepted
    required = models.BooleanField(default=True)

    triggers: ClassVar = draft_only(unless=SEAT_TAKEN)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["charter", "role"], name="charter_one_signatory_a_role")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.user or self.waits_for}"


class Objective(Record):
    charter = models.ForeignKey(Charter, on_delete=models.CASCADE, related_name="objectives")
    code = models.CharField(max_length=4)
    statement_en = models.CharField(max_length=200)
    statement_zh = models.CharField(max_length=200, blank=True)
    standard = models.BooleanField(default=True)

    statement = Bilingual("statement")
    triggers: ClassVar = draft_only()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["charter", "code"], name="charter_objective_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.statement}"


class CharterCriterion(Record):
    """One sentence with its rule; the rule is read by software, never by opinion."""

    class Kind(models.TextChoices):
        MUST = "must", _("must")
        SHOULD = "should", _("should")
        EXPAND = "expand", _("expand")
        STOP = "stop", _("stop")

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="criteria")
    code = models.CharField(max_length=8)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    sentence_en = models.CharField(max_length=300)
    sentence_zh = models.CharField(max_length=300, blank=True)
    metric = models.CharField(max_length=40)
    comparator = models.CharField(max_length=2, default=">=")
    threshold = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    min_sample = models.PositiveIntegerField(default=0)

    sentence = Bilingual("sentence")
    triggers: ClassVar = draft_only(CHARTER_OF_CRITERION)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.sentence}"


class OpenQuestion(Versioned):
    """The ledger behind O1: questions and assumptions with what became of them."""

    class Kind(models.TextChoices):
        QUESTION = "question", _("question")
        ASSUMPTION = "assumption", _("assumption")

    class Answer(models.TextChoices):
        OPEN = "open", _("open")
        YES = "yes", _("yes")
        NO = "no", _("no")
        HELD = "held", _("held")
        DID_NOT_HOLD = "did_not_hold", _("did not hold")

    subject_code = "question"

    charter = models.ForeignKey(Charter, on_delete=models.CASCADE, related_name="questions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ASSUMPTION)
    text_en = models.CharField(max_length=300, blank=True)
    text_zh = models.CharField(max_length=300, blank=True)
    answer = models.CharField(max_length=14, choices=Answer.choices, default=Answer.OPEN)
    answered_on = models.DateField(null=True, blank=True)
    evidence = models.TextField(blank=True)

    text = Bilingual("text")
    objects = ChildQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["charter", "number"], name="question_number"),
            models.CheckConstraint(
                condition=Q(answer="open", answered_on=None) | (~Q(answer="open") & Q(answered_on__isnull=False)),
                name="question_answer_has_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"A-{self.number:02d} {self.text}"

    @property
    def unit_path(self) -> str:
        return self.charter.unit.path

    @property
    def is_answered(self) -> bool:
        return self.answer != self.Answer.OPEN


class Breach(Versioned):
    """A guardrail that was crossed; an open one blocks Go, Expand and every new pilot."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    class Guardrail(models.TextChoices):
        LEARNING_FIRST = "V1", _("learning first")
        PER_TASK = "V2", _("per task, never per person")
        HUMAN_APPROVES = "V3", _("a human approves changes")
        APPROVED_DATA = "V4", _("only approved data")
        VOLUNTARY = "V5", _("voluntary")
        STOP_BUTTON = "V6", _("a stop button")
        COST_CAP = "V7", _("cost cap")
        AMNESTY = "V8", _("amnesty")

    class Judgement(models.TextChoices):
        CORRECTED = "corrected", _("corrected")
        STOPPED = "stopped", _("stopped")
        ACCEPTED = "accepted", _("accepted with reason")

    subject_code = "breach"

    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="breaches")
    number = models.PositiveIntegerField()
    guardrail = models.CharField(max_length=2, choices=Guardrail.choices)
    seen_at = models.DateTimeField(default=clock.now)
    what = models.TextField()
    source = models.CharField(max_length=200, blank=True)
    reported_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    state_since = models.DateTimeField(default=clock.now)
    judgement = models.CharField(max_length=10, choices=Judgement.choices, blank=True)
    reached_production = models.BooleanField(default=False)
    closing_note = models.TextField(blank=True)

    objects = ChildQuerySet.as_manager()
    lifecycle = Lifecycle(
        "state",
        "open",
        Transition("close", ("open",), "closed", "charter.breach.decide", "breach.closed", _("Close the breach")),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charter", "number"], name="breach_number"),
            models.CheckConstraint(condition=Q(state="open") | ~Q(judgement=""), name="breach_closed_with_a_judgement"),
        ]

    def __str__(self) -> str:
        return f"{self.get_guardrail_display()} ({self.charter.key})"

    @property
    def unit_path(self) -> str:
        return self.charter.unit.path

    def is_own(self, actor: Actor, permission: str) -> bool:
        return self.charter.is_own(actor, permission)


class Signature(Frozen):
    """A person's word on one digest. Void is computed: the digest is no longer the current one."""

    class Target(models.TextChoices):
        TEXT = "charter_text", _("charter")
        DECISION = "decision", _("decision")

    subject_code = "signature"

    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="signatures")
    target = models.CharField(max_length=16, choices=Target.choices)
    target_id = models.UUIDField()
    digest = models.CharField(max_length=80)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=SignRole.choices)
    title_at_time = models.CharField(max_length=100)
    statement = models.CharField(max_length=300)
    at = models.DateTimeField(default=clock.now)

    objects = ChildQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["target", "target_id", "digest", "role"], name="signature_once_a_role"),
            models.UniqueConstraint(fields=["target", "target_id", "digest", "person"], name="signature_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_name}, {self.get_role_display()}"

    @property
    def unit_path(self) -> str:
        return self.charter.unit.path


class CharterPilot(Record):
    """A case under the charter: one of at most two slots."""

    charter = models.ForeignKey(Charter, on_delete=models.CASCADE, related_name="cases")
    slot = models.PositiveSmallIntegerField()
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+")
    pilot = models.ForeignKey(Pilot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    snapshot_digest = models.CharField(max_length=80, blank=True)

    objects = ChildQuerySet.as_manager()
    triggers: ClassVar = draft_only()

    class Meta:
        ordering = ["slot"]
        constraints = [
            models.UniqueConstraint(fields=["charter", "slot"], name="charter_case_slot"),
            models.CheckConstraint(condition=Q(slot__in=[1, 2]), name="charter_at_most_two_cases"),
        ]

    def __str__(self) -> str:
        return spoken(self.candidate, "title")


class DecisionPoint(Record):
    """A date with a question; answered when a signed, unreplaced Decision names it."""

    charter = models.ForeignKey(Charter, on_delete=models.CASCADE, related_name="points")
    on = models.DateField()
    question_en = models.CharField(max_length=200)
    question_zh = models.CharField(max_length=200, blank=True)

    question = Bilingual("question")
    triggers: ClassVar = draft_only()

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["charter", "on"], name="charter_point_day")]

    def __str__(self) -> str:
        return f"{self.charter.key} {self.on}"

    @property
    def is_end(self) -> bool:
        return self.on >= self.charter.ends_on


class EvidencePack(Frozen):
    """The facts as they stood; later data never rewrite them."""

    subject_code = "evidence_pack"

    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="packs")
    body = models.TextField()
    digest = models.CharField(max_length=80)
    as_of = models.DateTimeField()
    pins = models.JSONField(default=dict)

    objects = ChildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.charter.key} {self.as_of:%Y-%m-%d}"

    @property
    def reading(self) -> str:
        """What the rules read from these facts; a decision that stands on them carries the same word."""
        return str(json.loads(self.body)["reading"])

    @property
    def unit_path(self) -> str:
        return self.charter.unit.path


CONTENT = (
    "point_id",
    "evidence_id",
    "outcome",
    "reading",
    "rationale",
    "scope",
    "terms",
    "digest",
    "key",
    "charter_id",
    "prepared_by_id",
    "proposed_by_id",
    "replaces_id",
)


class Decision(Versioned):
    """Go, Expand, Stop (midpoint: Continue or Stop) with its evidence; from `proposed` on its content is frozen."""

    class State(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        PROPOSED = "proposed", _("proposed")
        DISAGREED = "disagreed", _("disagreed")
        SIGNED = "signed", _("signed")
        REPLACED = "replaced", _("replaced")

    subject_code = "decision"
    search_fields = ("key", "rationale")

    key = models.CharField(max_length=20, unique=True)
    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="decisions")
    point = models.ForeignKey(DecisionPoint, on_delete=models.PROTECT, related_name="decisions")
    evidence = models.ForeignKey(EvidencePack, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reading = models.CharField(max_length=12)
    rationale = models.TextField(blank=True)
    scope = models.TextField(blank=True)
    terms = models.JSONField(default=dict)  # deviation reason, conditions, owner, run cost line, follow-ups, summary
    digest = models.CharField(max_length=80, blank=True)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    dissent = models.JSONField(default=list)
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREPARED)
    state_since = models.DateTimeField(default=clock.now)

    objects = ChildQuerySet.as_manager()
    lifecycle = Lifecycle(
        "state",
        "prepared",
        Transition("propose", ("prepared",), "proposed", "charter.decision.propose", "decision.proposed", _("Propose")),
        Transition(
            "disagree", ("proposed",), "disagreed", "charter.decision.sign", "decision.disagreed", _("Disagree")
        ),
        Transition("seal", ("proposed",), "signed", "charter.decision.sign", "decision.signed", _("Sign")),
        Transition("replace", ("signed",), "replaced", "charter.decision.sign", "decision.replaced", _("Replace")),
    )
    triggers: ClassVar = [
        Trigger(
            "content",
            "UPDATE",
            "OLD.state <> 'prepared' AND (" + " OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in CONTENT) + ")",
            "a proposed decision is never edited, only replaced",
        ),
        Trigger(
            "dissent",
            "UPDATE",
            "OLD.state <> 'prepared' AND OLD.dissent IS NOT NEW.dissent "
            "AND NOT (OLD.state = 'proposed' AND NEW.state = 'disagreed')",
            "dissent is written with the disagreement it records, never afterwards",
        ),
        Trigger(
            "sealed",
            "UPDATE",
            "OLD.state IN ('signed', 'replaced', 'disagreed') "
            "AND NOT (OLD.state = 'signed' AND NEW.state = 'replaced')",
            "a signed decision is never edited, only replaced",
        ),
        Trigger("kept", "DELETE", "OLD.state <> 'prepared'", "a proposed or signed decision is never deleted"),
    ]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point"], condition=Q(state="signed"), name="decision_one_signed_a_point"),
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "proposed", "disagreed", "signed", "replaced"]),
                name="decision_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.get_outcome_display()}"

    def get_absolute_url(self) -> str:
        return reverse("charter:decision", args=[self.key])

    @property
    def unit_path(self) -> str:
        return self.charter.unit.path

    def is_own(self, actor: Actor, permission: str) -> bool:
        return self.charter.is_own(actor, permission)


class RunningService(Versioned):
    """After Go or Expand: offered to its named owner, who accepts it."""

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        RUNNING = "running", _("running")
        ENDED = "ended", _("ended")

    subject_code = "service"

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="services")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    review_due: models.DateField[date, date] = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OFFERED)
    state_since = models.DateTimeField(default=clock.now)

    objects = ScopedQuerySet.as_manager()
    lifecycle = Lifecycle(
        "state",
        "offered",
        Transition("accept", ("offered",), "running", "charter.read", "service.accepted", _("Accept the service")),
        Transition("end", ("offered", "running"), "ended", "charter.service.review", "service.ended", _("End")),
    )

    def __str__(self) -> str:
        return spoken(self.candidate, "title")
