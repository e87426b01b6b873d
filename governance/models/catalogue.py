"""Products, patterns with their parts, and which product fills which part today."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.bilingual import Bilingual
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Versioned
from foundation.triggers import Trigger


class SlotRole(models.TextChoices):
    BUILDER_RUNTIME = "builder_runtime", _("app builder and runtime")
    LLM_BRAIN = "llm_brain", _("model role and contract")
    EXTENSION_TOOL = "extension_tool", _("tools")
    KNOWLEDGE_STORE = "knowledge_store", _("knowledge store")
    LANDING_ZONE = "landing_zone", _("landing zone")
    SECURITY_COMPONENT = "security_component", _("security component")


class HandedDown(ScopedQuerySet):
    """Units below see it too."""

    handed_down = True


class Component(Versioned):
    """A product of the catalogue."""

    class Kind(models.TextChoices):
        MCP = "mcp", _("MCP server")
        PLUGIN = "plugin", _("plug-in")
        API = "api", _("API")
        MODEL = "model", _("model")
        PLATFORM = "platform", _("platform")
        NETWORK = "network", _("network")
        CONTROL = "control", _("control")

    class Origin(models.TextChoices):
        GLOBAL = "global", _("global")
        LOCAL = "local", _("local")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        IN_USE = "in_use", _("in use")
        RETIRED = "retired", _("retired")

    key = models.CharField(max_length=20, unique=True)
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=SlotRole.choices)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.GLOBAL)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    vendor = models.CharField(max_length=120, blank=True)
    replaceable = models.BooleanField(default=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.IN_USE)

    name = Bilingual("name")
    subject_code = "component"
    search_fields = ("key", "name_en", "name_zh")
    objects = HandedDown.as_manager()

    class Meta:
        ordering = ("key",)
        constraints = [
            CheckConstraint(condition=Q(role__in=SlotRole.values), name="component_role"),
            CheckConstraint(condition=Q(status__in=["proposed", "in_use", "retired"]), name="component_status"),
        ]

    def __str__(self) -> str:
        return self.name


class Pattern(Versioned):
    """What is approved is the pattern, never a product."""

    key = models.CharField(max_length=20, unique=True)
    name_en = models.CharField(max_length=160)
    name_zh = models.CharField(max_length=160, blank=True)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    owner = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    name = Bilingual("name")
    subject_code = "pattern"
    search_fields = ("key", "name_en", "name_zh")
    objects = HandedDown.as_manager()

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("governance:pattern", args=[self.key])


class PatternVersion(Versioned):
    """The version is approved; its content is frozen from `submitted` on."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        DECIDED = "decided", _("decided")
        RETIRED = "retired", _("retired")

    pattern = models.ForeignKey(Pattern, models.PROTECT, related_name="versions")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")  # where it was drafted
    number = models.PositiveSmallIntegerField()
    invariants = models.JSONField(default=list, blank=True)  # [{"en", "zh"}]
    base_flow = models.JSONField(default=dict, blank=True)  # the landing zone's flow, stated once
    portable_assets = models.JSONField(default=list, blank=True)  # codes: prompts, workflows, tool_logic
    exit_plan_en = models.TextField(blank=True)
    exit_plan_zh = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    state_since = models.DateTimeField(default=clock.now)

    exit_plan = Bilingual("exit_plan")
    subject_code = "pattern_version"
    lifecycle = Lifecycle(
        "state",
        "draft",
        Transition("submit", ("draft",), "submitted", "governance.submission.submit", "pattern.submitted"),
        Transition("return", ("submitted",), "draft", "governance.review.vote", "pattern.returned"),
        Transition("withdraw", ("submitted",), "draft", "governance.submission.withdraw", "pattern.withdrawn"),
        Transition("decide", ("submitted",), "decided", "governance.review.vote", "pattern.decided"),
    )
    triggers = [
        Trigger(
            "content",
            "UPDATE",
            "OLD.state <> 'draft' AND (OLD.base_flow IS NOT NEW.base_flow OR OLD.invariants IS NOT NEW.invariants"
            " OR OLD.portable_assets IS NOT NEW.portable_assets OR OLD.exit_plan_en IS NOT NEW.exit_plan_en"
            " OR OLD.exit_plan_zh IS NOT NEW.exit_plan_zh OR OLD.number IS NOT NEW.number"
            " OR OLD.pattern_id IS NOT NEW.pattern_id)",
            "a pattern version is frozen from its submission on: draft a new version",
        ),
        Trigger("kept", "DELETE", "OLD.state <> 'draft'", "a submitted pattern version is kept"),
    ]

    class Meta:
        ordering = ("pattern", "number")
        constraints = [
            UniqueConstraint(fields=["pattern", "number"], name="pattern_version_number"),
            CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "decided", "retired"]), name="pattern_version_state"
            ),
        ]

    def __str__(self) -> str:
        return _("%(name)s, version %(number)s") % {"name": self.pattern.name, "number": self.number}

    @property
    def key(self) -> str:
        return f"{self.pattern.key} v{self.number}"

    def get_absolute_url(self) -> str:
        return self.pattern.get_absolute_url()


OPEN_VERSION = "(SELECT v.state FROM governance_patternversion v WHERE v.id = {row}.version_id) <> 'draft'"
PART_FROZEN = "a part of a submitted pattern version is frozen: draft a new version"


def _parts() -> list[Trigger]:
    return [
        Trigger("fixed_in", "INSERT", OPEN_VERSION.format(row="NEW"), PART_FROZEN),
        Trigger("fixed_up", "UPDATE", OPEN_VERSION.format(row="OLD"), PART_FROZEN),
        Trigger("fixed_del", "DELETE", OPEN_VERSION.format(row="OLD"), PART_FROZEN),
    ]


class Slot(Versioned):
    """A part of the pattern; what fills it today is a Binding."""

    version_of = models.ForeignKey(PatternVersion, models.PROTECT, related_name="slots", db_column="version_id")
    code = models.SlugField(max_length=40)
    ordinal = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=20, choices=SlotRole.choices)
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    note_en = models.CharField(max_length=200, blank=True)
    note_zh = models.CharField(max_length=200, blank=True)
    required = models.BooleanField(default=True)
    replaceable = models.BooleanField(default=True)
    constraints = models.JSONField(default=dict, blank=True)

    name = Bilingual("name")
    note = Bilingual("note")
    subject_code = "slot"
    triggers = _parts()

    class Meta:
        ordering = ("version_of", "ordinal")
        constraints = [
            UniqueConstraint(fields=["version_of", "code"], name="slot_code"),
            CheckConstraint(condition=Q(role__in=SlotRole.values), name="slot_role"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def unit_path(self) -> str:
        return self.version_of.unit.path


class Binding(Frozen):
    """Which product fills a slot in a unit since when; a swap is a new row."""

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="bindings")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    component = models.ForeignKey(Component, models.PROTECT, related_name="bindings")
    from_at = models.DateTimeField(default=clock.now)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    reason = models.CharField(max_length=300, blank=True)  # a code, or words a person wrote
    constraint_results = models.JSONField(default=list)
    within = models.BooleanField()
    checked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    subject_code = "binding"
    triggers = [
        Trigger(
            "fixed_slot",
            "INSERT",
            "EXISTS (SELECT 1 FROM governance_slot s JOIN governance_binding b ON b.slot_id = s.id"
            " WHERE s.id = NEW.slot_id AND b.unit_id = NEW.unit_id AND NOT s.replaceable)",
            "a slot that is not replaceable is not bound again",
        ),
    ]

    class Meta:
        ordering = ("slot", "from_at")
        constraints = [
            CheckConstraint(condition=Q(within=True), name="binding_within_constraints"),
            CheckConstraint(condition=Q(replaces__isnull=True) | ~Q(replaces=F("id")), name="binding_replaces_other"),
        ]

    def __str__(self) -> str:
        return f"{self.slot.name}: {self.component.name}"

    @property
    def why(self) -> str:
        """The reason in the reader's language; a part is carried over from the version before its own."""
        if self.reason == "carried_over":
            return _("carried over from version %(number)s") % {"number": self.slot.version_of.number - 1}
        return str(_("the product the company runs today")) if self.reason == "runs_today" else self.reason


class SecurityReuse(Versioned):
    """One control of the landing zone: reused with proof, new, or not applicable with a reason."""

    class Answer(models.TextChoices):
        UNANSWERED = "", _("not answered")
        REUSED = "reused", _("reused")
        NEW = "new", _("new")
        NOT_APPLICABLE = "not_applicable", _("not applicable")

    version_of = models.ForeignKey(PatternVersion, models.PROTECT, related_name="controls", db_column="version_id")
    control = models.SlugField(max_length=40)
    ordinal = models.PositiveSmallIntegerField(default=0)
    mandatory = models.BooleanField(default=True)
    answer = models.CharField(max_length=20, choices=Answer.choices, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    evidence = models.CharField(max_length=300, blank=True)
    evidence_on = models.DateField(null=True, blank=True)

    subject_code = "control"
    triggers = _parts()

    class Meta:
        ordering = ("version_of", "ordinal")
        constraints = [
            UniqueConstraint(fields=["version_of", "control"], name="control_once"),
            CheckConstraint(condition=Q(answer__in=["", "reused", "new", "not_applicable"]), name="control_answer"),
        ]

    def __str__(self) -> str:
        return str(self.label)

    @property
    def label(self) -> str:
        from governance.texts import CONTROLS, both

        return both(CONTROLS.get(self.control, (self.control, self.control)))

    @property
    def unit_path(self) -> str:
        return self.version_of.unit.path
