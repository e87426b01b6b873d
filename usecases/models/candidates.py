from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.bilingual import Bilingual
from foundation.canonical import digest
from foundation.errors import Reason
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Versioned
from usecases.flagship_use import not_relied_on
from usecases.reasons import FieldReason

OPEN = ("idea", "shaped", "ranked")


class DataSourceQuerySet(ScopedQuerySet["DataSource"]):
    unit_field = "system__unit__path"


class DataSource(Versioned):
    """Data freedom of a system: can its data be had, of which kind, by program, how often."""

    subject_code = "data_source"

    class ByProgram(models.TextChoices):
        UNKNOWN = "unknown", _("unknown")
        API = "api", _("API")
        QUERY = "query", _("query")
        FILE = "file", _("file")
        NO = "no", _("no")

    class HowOften(models.TextChoices):
        UNKNOWN = "unknown", _("unknown")
        BATCH = "batch", _("batch")
        NEAR = "near_real_time", _("near real time")
        STREAM = "stream", _("stream")

    class SourceLoad(models.TextChoices):
        UNKNOWN = "unknown", _("unknown")
        NONE = "none", _("none")
        LIGHT = "light", _("light")
        HEAVY = "heavy", _("heavy")

    class Objection(models.TextChoices):
        UNKNOWN = "unknown", _("not asked")
        NONE = "none", _("none")
        CONDITIONS = "conditions", _("with conditions")
        OBJECTS = "objects", _("objects")

    system = models.OneToOneField("usecases.System", models.CASCADE, related_name="data_source")
    extracted_how = models.CharField(_("how it is extracted"), max_length=300, blank=True)
    what_kind = models.CharField(_("what kind of data"), max_length=300, blank=True)
    by_program = models.CharField(_("by program"), max_length=10, choices=ByProgram, default=ByProgram.UNKNOWN)
    how_often = models.CharField(_("how often"), max_length=20, choices=HowOften, default=HowOften.UNKNOWN)
    source_load = models.CharField(
        _("load on the source"), max_length=10, choices=SourceLoad, default=SourceLoad.UNKNOWN
    )
    objection = models.CharField(_("the owner's objection"), max_length=12, choices=Objection, default="unknown")
    objection_text = models.CharField(_("what the owner said"), max_length=300, blank=True)
    planned_change = models.CharField(_("planned change"), max_length=300, blank=True)
    proven_on = models.DateField(_("last proof on"), null=True, blank=True)

    objects = DataSourceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.system.name

    @property
    def unit_path(self) -> str:
        return self.system.unit.path


def shaped_enough(candidate: Candidate) -> Iterator[Reason]:
    """What a candidate must say before others may score it; "unknown" counts as an answer on data freedom."""
    edit = ("usecases:candidate_edit", [candidate.key])
    if not (candidate.summary_en or candidate.summary_zh):
        yield FieldReason("no_summary", _("The one-sentence summary is missing."), "summary_en", edit)
    if not candidate.kind_of_help:
        yield FieldReason("no_help", _("The kind of help is not chosen."), "kind_of_help", edit)
    if not (candidate.pains.exists() or candidate.items.exists()):
        yield FieldReason("no_work", _("No pain and no contract item stands behind it."), "pains", edit)
    if not (candidate.owner_team_id or candidate.vendor):
        yield FieldReason("no_owner_team", _("Neither an owner team nor a vendor is named."), "owner_team", edit)
    if not candidate.categories.exists():
        yield FieldReason("no_category", _("No data category is named."), "categories", edit)
    if not (candidate.pattern_version_id or candidate.tools):
        yield FieldReason("no_tools", _("Neither a pattern nor the tools are named."), "tools", edit)
    if not candidate.systems.exists():
        yield FieldReason("no_data_source", _("No system is named whose data would be used."), "systems", edit)


class Candidate(Versioned):
    """What we might try. It has an expected direction and never a number of its own."""

    subject_code = "candidate"
    search_fields = ("key", "title_en", "title_zh")

    class Channel(models.TextChoices):
        A8 = "A8", _("A8 vendor")
        A9 = "A9", _("A9 own team")
        OTHER = "other", _("other")

    class Help(models.TextChoices):
        SUMMARISE = "summarise", _("summarise")
        LOGS = "analyse_logs", _("analyse logs")
        KNOWLEDGE = "find_knowledge", _("find knowledge")
        TRIAGE = "triage", _("triage")
        DRAFT = "draft_text", _("draft a text or report")
        CHECK = "run_check", _("run a check")
        WORKFLOW = "orchestrate", _("orchestrate a workflow")
        HEAL = "self_heal", _("self-heal with approval")
        OTHER = "other", _("other")

    class Direction(models.TextChoices):
        EFFORT = "less_effort", _("less effort")
        REPEATS = "fewer_repeats", _("fewer repeats")
        NOISE = "less_noise", _("less noise")
        ACKNOWLEDGE = "faster_acknowledgement", _("faster acknowledgement")
        RESTORE = "faster_restoration", _("faster restoration")
        ERRORS = "fewer_errors", _("fewer errors")
        COVERAGE = "better_coverage", _("better coverage")

    class Answer(models.TextChoices):
        UNKNOWN = "unknown", _("unknown")
        YES = "yes", _("yes")
        NO = "no", _("no")

    class State(models.TextChoices):
        IDEA = "idea", _("idea")
        SHAPED = "shaped", _("shaped")
        RANKED = "ranked", _("ranked")
        FLAGSHIP = "flagship", _("flagship")
        PARKED = "parked", _("parked")
        DECLINED = "declined", _("declined")

    key = models.CharField(_("id"), max_length=20, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="candidates", verbose_name=_("unit"))
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    summary_en = models.CharField(_("summary, English"), max_length=400, blank=True)
    summary_zh = models.CharField(_("summary, Chinese"), max_length=400, blank=True)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel)
    kind_of_help = models.CharField(_("kind of help"), max_length=20, choices=Help, blank=True)
    pains = models.ManyToManyField("usecases.Pain", blank=True, related_name="candidates", verbose_name=_("pains"))
    items = models.ManyToManyField(
        "usecases.ContractItem", blank=True, related_name="candidates", verbose_name=_("contract items")
    )
    systems = models.ManyToManyField(
        "usecases.System", blank=True, related_name="candidates", verbose_name=_("systems whose data it needs")
    )
    owner = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    owner_team = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )
    vendor = models.CharField(_("vendor"), max_length=120, blank=True)
    partner = models.CharField(_("co-design partner"), max_length=160, blank=True)
    partner_agreed_on = models.DateField(_("agreed on"), null=True, blank=True)
    direction = models.CharField(_("expected direction"), max_length=24, choices=Direction, blank=True)
    seen_by = models.CharField(_("how it would be seen"), max_length=300, blank=True)
    baseline_obtainable = models.CharField(
        _("baseline obtainable inside the time-box"), max_length=8, choices=Answer, default=Answer.UNKNOWN
    )
    baseline_where = models.CharField(_("baseline from"), max_length=200, blank=True)
    staff_data = models.CharField(_("data on staff performance"), max_length=8, choices=Answer, default=Answer.UNKNOWN)
    categories = models.ManyToManyField(
        "governance.DataCategory", blank=True, related_name="+", verbose_name=_("data categories")
    )
    pattern_version = models.ForeignKey(
        "governance.PatternVersion", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pattern")
    )
    tools = models.CharField(_("tools"), max_length=300, blank=True)
    open_questions = models.TextField(_("open questions it answers"), max_length=2000, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.IDEA, editable=False)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)

    title = Bilingual("title")
    summary = Bilingual("summary")
    objects = ScopedQuerySet.as_manager()

    lifecycle = Lifecycle(
        "state", "idea",
        Transition("shape", ("idea",), "shaped", "usecases.candidate.edit", "candidate.shaped", _("Mark as shaped"),
                   (shaped_enough,)),
        Transition("rank", ("shaped",), "ranked", "usecases.flagship.select", "candidate.ranked", _("Rank")),
        Transition("select", ("ranked",), "flagship", "usecases.flagship.select", "candidate.selected",
                   _("Choose as flagship")),
        Transition("step_down", ("flagship",), "ranked", "usecases.flagship.select", "candidate.stepped_down",
                   _("No longer a flagship"), (not_relied_on,)),
        Transition("park", OPEN, "parked", "usecases.candidate.edit", "candidate.parked", _("Park"),
                   (not_relied_on,)),
        Transition("decline", OPEN, "declined", "usecases.candidate.decline", "candidate.declined", _("Decline"),
                   (not_relied_on,)),
        Transition("reopen", ("parked", "declined"), "shaped", "usecases.candidate.edit", "candidate.reopened",
                   _("Take up again"), (shaped_enough,)),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["idea", "shaped", "ranked", "flagship", "parked", "declined"]),
                name="candidate_state_known",
            ),
            models.CheckConstraint(condition=models.Q(channel__in=["A8", "A9", "other"]), name="candidate_channel"),
            models.CheckConstraint(condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="candidate_titled"),
        ]
        indexes = [models.Index(fields=["unit", "-created_at", "id"], name="candidate_by_unit")]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("usecases:candidate", args=[self.key])

    def is_own(self, actor: Actor, permission: str) -> bool:
        return bool(actor.user_id) and str(self.owner_id) == str(actor.user_id)

    def facts(self) -> dict[str, Any]:
        """The text a ranking locks; the owner stands as a yes or no, so no name enters a record for ever."""
        return {
            "key": self.key,
            "channel": self.channel,
            "title": {"en": self.title_en, "zh": self.title_zh},
            "summary": {"en": self.summary_en, "zh": self.summary_zh},
            "kind_of_help": self.kind_of_help,
            "direction": self.direction,
            "pains": sorted(p.key for p in self.pains.all()),
            "items": sorted(i.key for i in self.items.select_related("contract")),
            "owner_named": self.owner_id is not None,
            "owner_team": self.owner_team.code if self.owner_team else None,
            "vendor": self.vendor,
            "categories": sorted(c.code for c in self.categories.all()),
            "systems": sorted(s.key for s in self.systems.all()),
            "pattern_version": str(self.pattern_version_id) if self.pattern_version_id else None,
            "tools": self.tools,
            "baseline_obtainable": self.baseline_obtainable,
            "staff_data": self.staff_data,
        }

    def facts_digest(self) -> str:
        return digest(self.facts())
