from __future__ import annotations

from collections.abc import Iterator

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.bilingual import Bilingual
from foundation.errors import Reason
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Frozen, Versioned

USABLE = ("usable", "usable_with_limits")


def reviewed_as_usable(asset: Asset) -> Iterator[Reason]:
    latest = asset.reviews.order_by("-reviewed_at", "-created_at").first()
    if latest is None or latest.result not in USABLE:
        text = _("Nobody but the author has found it usable yet.")
        yield Reason("not_reviewed", text, fix=("usecases:asset", [asset.key]))


class Asset(Versioned):
    """Know-how others can use again: a prompt, a workflow, a runbook."""

    subject_code = "asset"
    search_fields = ("key", "title_en", "title_zh")

    class Kind(models.TextChoices):
        PROMPT = "prompt", _("prompt")
        WORKFLOW = "workflow", _("workflow")
        TOOL = "tool_logic", _("tool logic")
        RUNBOOK = "runbook", _("runbook")
        SCRIPT = "script", _("script")
        SOP = "sop", _("SOP")
        POSTMORTEM = "postmortem", _("postmortem")
        TEMPLATE = "template", _("template")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        REVIEWED = "reviewed", _("reviewed")
        RETIRED = "retired", _("retired")

    key = models.CharField(_("id"), max_length=20, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="assets", verbose_name=_("unit"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    owner_team = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )
    stored_at = models.CharField(_("stored at"), max_length=300)
    candidate = models.ForeignKey(
        "usecases.Candidate", models.PROTECT, null=True, blank=True, related_name="assets", verbose_name=_("made by")
    )
    author = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=clock.now, editable=False)

    title = Bilingual("title")
    objects = ScopedQuerySet.as_manager()

    lifecycle = Lifecycle(
        "state", "draft",
        Transition("accept", ("draft",), "reviewed", "usecases.asset.review", "asset.accepted", _("Mark as reviewed"),
                   (reviewed_as_usable,)),
        Transition("revise", ("reviewed",), "draft", "usecases.asset.edit", "asset.revised", _("Change it")),
        Transition("retire", ("draft", "reviewed"), "retired", "usecases.asset.edit", "asset.retired", _("Retire")),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "reviewed", "retired"]), name="asset_state_known"
            ),
            models.CheckConstraint(condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="asset_titled"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("usecases:asset", args=[self.key])

    def is_own(self, actor: Actor, permission: str) -> bool:
        return bool(actor.user_id) and str(self.author_id) == str(actor.user_id)


class AssetReview(Frozen):
    """Somebody other than the author looked at it."""

    class Result(models.TextChoices):
        USABLE = "usable", _("usable")
        LIMITS = "usable_with_limits", _("usable with limits")
        RETURN = "return", _("return to the author")

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    result = models.CharField(_("result"), max_length=20, choices=Result)
    note = models.CharField(_("note"), max_length=500, blank=True)
    reviewed_at = models.DateTimeField(default=clock.now)


class AssetRerun(Frozen):
    """A team used it again and says how that went."""

    class Outcome(models.TextChoices):
        WORKED = "worked", _("worked")
        CHANGED = "worked_after_change", _("worked after a change")
        NOT = "did_not_work", _("did not work")

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="reruns")
    team = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+", verbose_name=_("team"))
    entered_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome)
    note = models.CharField(_("note"), max_length=500, blank=True)
    on = models.DateField(_("on"))
