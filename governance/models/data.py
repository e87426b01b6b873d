"""Data categories with their reusable passport, and the checklist that makes it."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.bilingual import Bilingual
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Versioned
from foundation.triggers import Trigger
from governance.models.catalogue import HandedDown, PatternVersion


class Use(models.TextChoices):
    ALLOWED = "allowed", _("allowed")
    ALLOWED_MASKED = "allowed_masked", _("allowed, masked")
    NOT_ALLOWED = "not_allowed", _("not allowed")


class DataCategory(Versioned):
    code = models.SlugField(max_length=40, unique=True)
    ordinal = models.PositiveSmallIntegerField(default=0)
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    examples_en = models.CharField(max_length=300, blank=True)
    examples_zh = models.CharField(max_length=300, blank=True)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    owner = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    name = Bilingual("name")
    examples = Bilingual("examples")
    subject_code = "data_category"
    search_fields = ("code", "name_en", "name_zh")
    objects = HandedDown.as_manager()

    class Meta:
        ordering = ("ordinal", "code")
        verbose_name_plural = "data categories"

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("governance:category", args=[self.code])


class DataCategoryVersion(Versioned):
    """The passport: what the category holds and whether it is Core. Judged together with its use."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        DECIDED = "decided", _("decided")
        SUPERSEDED = "superseded", _("superseded")

    class Sensitivity(models.TextChoices):
        PUBLIC = "public", _("public")
        INTERNAL = "internal", _("internal")
        CONFIDENTIAL = "confidential", _("confidential")
        SECRET = "secret", _("secret")  # noqa: S105 - a data class

    class CoreStatus(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        NON_CORE = "non_core", _("Non-Core")
        CORE = "core", _("Core")

    class PrcClass(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        GENERAL = "general", _("general")
        IMPORTANT = "important", _("important")
        CORE = "core", _("core")

    class PiGrade(models.TextChoices):
        NONE = "none", _("no personal data")
        PI = "pi", _("personal data")
        SENSITIVE = "sensitive_pi", _("sensitive personal data")

    category = models.ForeignKey(DataCategory, models.PROTECT, related_name="versions")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")  # whose request carries it
    number = models.PositiveSmallIntegerField()
    sensitivity = models.CharField(max_length=20, choices=Sensitivity.choices)
    core_status = models.CharField(max_length=10, choices=CoreStatus.choices, default=CoreStatus.UNKNOWN)
    prc_class = models.CharField(max_length=10, choices=PrcClass.choices, default=PrcClass.UNKNOWN)
    pi_grade = models.CharField(max_length=14, choices=PiGrade.choices, default=PiGrade.NONE)
    exclusions = models.CharField(max_length=500, blank=True)
    decided_use = models.CharField(max_length=16, choices=Use.choices, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)

    subject_code = "data_category_version"
    lifecycle = Lifecycle(
        "state",
        "draft",
        Transition("submit", ("draft",), "submitted", "governance.submission.submit", "category.submitted"),
        Transition("return", ("submitted",), "draft", "governance.review.vote", "category.returned"),
        Transition("withdraw", ("submitted",), "draft", "governance.submission.withdraw", "category.withdrawn"),
        Transition("decide", ("submitted",), "decided", "governance.review.vote", "category.decided"),
        Transition("supersede", ("decided",), "superseded", "governance.review.vote", "category.superseded"),
    )
    triggers = [
        Trigger(
            "content",
            "UPDATE",
            "OLD.state IN ('decided', 'superseded') AND (OLD.sensitivity IS NOT NEW.sensitivity"
            " OR OLD.core_status IS NOT NEW.core_status OR OLD.prc_class IS NOT NEW.prc_class"
            " OR OLD.pi_grade IS NOT NEW.pi_grade OR OLD.exclusions IS NOT NEW.exclusions"
            " OR OLD.decided_use IS NOT NEW.decided_use OR OLD.category_id IS NOT NEW.category_id"
            " OR OLD.number IS NOT NEW.number)",
            "a decided data category version is frozen: draft a new version",
        ),
        Trigger("kept", "DELETE", "OLD.state <> 'draft'", "a submitted data category version is kept"),
    ]

    class Meta:
        ordering = ("category", "number")
        constraints = [
            UniqueConstraint(fields=["category", "number"], name="category_version_number"),
            CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "decided", "superseded"]), name="category_version_state"
            ),
            CheckConstraint(
                condition=~Q(state="decided") | Q(decided_use="not_allowed") | Q(core_status="non_core"),
                name="category_decided_is_non_core",
            ),
        ]

    def __str__(self) -> str:
        return _("%(name)s, version %(number)s") % {"name": self.category.name, "number": self.number}

    @property
    def key(self) -> str:
        return f"{self.category.code} v{self.number}"


REQUEST_CLOSED = "(SELECT s.state FROM governance_submission s WHERE s.id = {row}.submission_id) <> 'draft'"
SHEET_FROZEN = "the data sheet of a submitted request is frozen"


def _sheet() -> list[Trigger]:
    return [
        Trigger("fixed_in", "INSERT", REQUEST_CLOSED.format(row="NEW"), SHEET_FROZEN),
        Trigger("fixed_up", "UPDATE", REQUEST_CLOSED.format(row="OLD"), SHEET_FROZEN),
        Trigger("fixed_del", "DELETE", REQUEST_CLOSED.format(row="OLD"), SHEET_FROZEN),
    ]


class CategoryUse(Versioned):
    """What the data lane judges: this category in this pattern in this unit."""

    submission = models.ForeignKey("governance.Submission", models.PROTECT, related_name="uses")
    category_version = models.ForeignKey(DataCategoryVersion, models.PROTECT, related_name="uses")
    pattern_version = models.ForeignKey(PatternVersion, models.PROTECT, related_name="uses")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    own_flow = models.JSONField(null=True, blank=True)  # only what differs from the pattern's base flow

    subject_code = "category_use"
    triggers = _sheet()

    class Meta:
        ordering = ("category_version__category__ordinal",)
        constraints = [UniqueConstraint(fields=["submission", "category_version"], name="category_use_once")]

    def __str__(self) -> str:
        return self.category_version.category.name

    @property
    def flow(self) -> dict[str, object]:
        return {**self.pattern_version.base_flow, **(self.own_flow or {})}

    @property
    def item_key(self) -> str:
        return f"category:{self.category_version.category.code}"


class Checklist(Frozen):
    """Published questions; a new wording is a new number."""

    code = models.SlugField(max_length=40)
    number = models.PositiveSmallIntegerField()
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    published_at = models.DateTimeField(default=clock.now)

    subject_code = "checklist"

    class Meta:
        constraints = [UniqueConstraint(fields=["unit", "code", "number"], name="checklist_number")]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"


class ChecklistItem(Frozen):
    """Worded so that yes is the bad answer."""

    class Effect(models.TextChoices):
        CORE = "core", _("makes the category Core")
        EXCLUDE = "exclude", _("must be excluded")
        SECURITY = "lane:security", _("asks the security lane")
        DATA = "lane:data", _("asks the data lane")

    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="items")
    code = models.CharField(max_length=10)
    ordinal = models.PositiveSmallIntegerField()
    text_en = models.CharField(max_length=300)
    text_zh = models.CharField(max_length=300)
    effect = models.CharField(max_length=20, choices=Effect.choices)

    text = Bilingual("text")

    class Meta:
        ordering = ("checklist", "ordinal")
        constraints = [UniqueConstraint(fields=["checklist", "code"], name="checklist_item_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ChecklistAnswer(Versioned):
    class Answer(models.TextChoices):
        YES = "yes", _("yes")
        NO = "no", _("no")
        NOT_KNOWN = "not_known", _("not known")

    submission = models.ForeignKey("governance.Submission", models.PROTECT, related_name="answers")
    category_version = models.ForeignKey(DataCategoryVersion, models.PROTECT, related_name="answers")
    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=10, choices=Answer.choices)

    triggers = _sheet()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["submission", "category_version", "item"], name="checklist_answer_once"),
            CheckConstraint(condition=Q(answer__in=["yes", "no", "not_known"]), name="checklist_answer_value"),
        ]

    def __str__(self) -> str:
        return f"{self.item.code}: {self.answer}"
