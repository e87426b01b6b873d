from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.bilingual import Bilingual
from foundation.errors import Reason
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Versioned
from usecases.models.load import LoadFields

LIVE = ("raw", "clustered", "voted")
ONE_TO_FIVE = [MinValueValidator(1), MaxValueValidator(5)]


def needs_a_candidate(pain: Pain) -> Iterator[Reason]:
    if not pain.candidates.exists():
        yield Reason("no_candidate", _("No candidate names this pain yet."), fix=("usecases:pain_promote", [pain.key]))


class Pain(Versioned, LoadFields):
    """Repetitive or low-value work somebody named. Hours describe work, never a person."""

    subject_code = "pain"
    search_fields = ("key", "title_en", "title_zh")

    class Kind(models.TextChoices):
        REPETITIVE = "repetitive", _("repetitive")
        LOW_VALUE = "low_value", _("low value")
        INCIDENT = "incident", _("high-friction incident")
        CHECK = "manual_check", _("manual check")
        REPORT = "report", _("report by hand")
        ESCALATION = "escalation", _("recurring escalation")
        AUDIT = "audit_finding", _("audit finding")
        SHADOW = "shadow_automation", _("shadow automation")
        OTHER = "other", _("other")

    class State(models.TextChoices):
        RAW = "raw", _("raw")
        CLUSTERED = "clustered", _("clustered")
        VOTED = "voted", _("voted")
        PROMOTED = "promoted", _("promoted")
        PARKED = "parked", _("parked")
        REJECTED = "rejected", _("rejected")

    class Shadow(models.TextChoices):
        NONE = "none", _("none")
        SCRIPT = "script", _("a script")
        MACRO = "macro", _("a macro or copy-paste")
        AI = "unapproved_ai", _("an AI tool nobody approved")
        OTHER = "other", _("something else")

    class Source(models.TextChoices):
        DIRECT = "direct", _("recorded here")
        CARD = "card", _("workshop card")
        EXCEL = "excel", _("table import")
        API = "api", _("API")
        MINING = "ticket_mining", _("ticket mining")
        VENDOR = "vendor", _("vendor")
        AUDIT = "audit", _("audit")
        MANAGEMENT = "management", _("management request")
        DEMO = "demo", _("demo")
        TALK = "renewal_talk", _("renewal talk")

    key = models.CharField(_("id"), max_length=20, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="pains", verbose_name=_("unit"))
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    description_en = models.TextField(_("description, English"), max_length=2000, blank=True)
    description_zh = models.TextField(_("description, Chinese"), max_length=2000, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.REPETITIVE)
    workaround = models.TextField(_("workaround today"), max_length=1000, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    severity = models.PositiveSmallIntegerField(_("severity"), null=True, blank=True, validators=ONE_TO_FIVE)
    consequence = models.PositiveSmallIntegerField(
        _("consequence of an error"), null=True, blank=True, validators=ONE_TO_FIVE
    )
    owner_team = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, blank=True, related_name="owned_pains", verbose_name=_("owner team")
    )
    teams_affected = models.PositiveSmallIntegerField(_("teams affected"), null=True, blank=True)
    systems = models.ManyToManyField("usecases.System", blank=True, related_name="pains", verbose_name=_("systems"))
    shadow_automation = models.CharField(_("shadow automation"), max_length=20, choices=Shadow, blank=True)
    shadow_where = models.CharField(_("where it lives"), max_length=200, blank=True)
    shadow_may_be_shown = models.BooleanField(_("it may be shown"), default=False)
    evidence_links = models.JSONField(_("evidence links"), default=list, blank=True)
    source = models.CharField(_("source"), max_length=20, choices=Source, default=Source.DIRECT)
    source_id = models.CharField(_("row id in the source"), max_length=120, blank=True)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RAW, editable=False)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)

    title = Bilingual("title")
    description = Bilingual("description")
    objects = ScopedQuerySet.as_manager()

    lifecycle = Lifecycle(
        "state", "raw",
        Transition("promote", LIVE, "promoted", "usecases.pain.promote", "pain.promoted", _("Make a candidate"),
                   (needs_a_candidate,)),
        Transition("vote", ("raw", "clustered"), "voted", "usecases.inventory.publish", "pain.voted", _("Vote on")),
        Transition("park", LIVE, "parked", "usecases.pain.park", "pain.parked", _("Park")),
        Transition("reject", LIVE, "rejected", "usecases.pain.park", "pain.rejected", _("Reject")),
        Transition("reopen", ("parked", "rejected"), "raw", "usecases.pain.edit", "pain.reopened", _("Reopen")),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["raw", "clustered", "voted", "promoted", "parked", "rejected"]),
                name="pain_state_known",
            ),
            models.CheckConstraint(condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="pain_has_a_title"),
            models.UniqueConstraint(
                fields=["unit", "source", "source_id"], condition=~models.Q(source_id=""), name="pain_row_once"
            ),
        ]
        indexes = [models.Index(fields=["unit", "-created_at", "id"], name="pain_by_unit")]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("usecases:pain", args=[self.key])

    @property
    def spoken_source_id(self) -> str:
        """The id the source gave; one made here from the titles says nothing to anybody."""
        return "" if self.source_id.startswith("title:") else self.source_id

    def is_own(self, actor: Actor, permission: str) -> bool:
        return bool(actor.user_id) and str(self.recorded_by_id) == str(actor.user_id)

    def facts(self) -> dict[str, Any]:
        """What an inventory freezes of it, and what later edits are compared with."""
        return {
            "key": self.key,
            "title": {"en": self.title_en, "zh": self.title_zh},
            "kind": self.kind,
            "description": {"en": self.description_en, "zh": self.description_zh},
            "owner_team": self.owner_team.code if self.owner_team else None,
            "teams_affected": self.teams_affected,
            "severity": self.severity,
            "consequence": self.consequence,
            "factors": self.factor_facts(),
            "hours": self.hours_facts(),
        }
