"""What the table of a workshop holds: cards as typed, clusters of them, and the ops that moved them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.bilingual import Bilingual
from usecases.models.anonymous import Anonymous
from usecases.models.load import LoadFields
from usecases.models.pains import ONE_TO_FIVE, Pain
from usecases.models.workshops import Workshop


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def on_the_table(self) -> ClusterQuerySet:
        return self.filter(merged_into=None).order_by("place", "id")


class Cluster(Anonymous, LoadFields):
    """An item of the table and of the ballot; a loose card is a cluster of one, born with the id of its card.

    A cluster merged away keeps its row, so that every op can be undone and a late merge can be followed back.
    The figures of review wait here until publishing makes the pain.
    """

    class Channel(models.TextChoices):
        A8 = "A8", _("A8 vendor")
        A9 = "A9", _("A9 own team")
        OTHER = "other", _("other")

    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="clusters")
    version = models.PositiveIntegerField(default=1, editable=False)
    pain = models.ForeignKey(Pain, models.PROTECT, null=True, related_name="clusters")
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="merged")
    place = models.PositiveIntegerField()
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Pain.Kind, default=Pain.Kind.REPETITIVE)
    severity = models.PositiveSmallIntegerField(_("severity"), null=True, blank=True, validators=ONE_TO_FIVE)
    consequence = models.PositiveSmallIntegerField(
        _("consequence of an error"), null=True, blank=True, validators=ONE_TO_FIVE
    )
    owner_team = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )
    teams_affected = models.PositiveSmallIntegerField(_("teams affected"), null=True, blank=True)
    channel = models.CharField(_("becomes a candidate"), max_length=10, choices=Channel, blank=True)

    title = Bilingual("title")
    objects = ClusterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="cluster_has_a_title"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Card(Anonymous):
    """A contribution as typed. Once the cards are shown, nothing tells who wrote it."""

    workshop = models.ForeignKey(
        Workshop, models.CASCADE, related_name="cards", help_text=_("The workshop the card was written in.")
    )
    cluster = models.ForeignKey(
        Cluster, models.PROTECT, null=True, related_name="cards",
        help_text=_("The group it lies in, once the cards are shown."),
    )  # fmt: skip
    place = models.PositiveIntegerField(default=0, help_text=_("Its place in the group."))
    text = models.CharField(_("card"), max_length=140, help_text=_("The sentence as it was typed."))
    often = models.CharField(max_length=12, blank=True, help_text=_("How often, if that was answered."))
    takes = models.CharField(max_length=12, blank=True, help_text=_("How long, if that was answered."))
    hour = models.DateTimeField(help_text=_("The hour it was written in; no minute."))
    redacted = models.BooleanField(default=False, help_text=_("Whether the facilitator took something out."))
    edit_hash = models.CharField(
        max_length=64, blank=True,
        help_text=_("A fingerprint by which the browser that wrote it may change it; deleted at the showing."),
    )  # fmt: skip
    follow_hash = models.CharField(
        max_length=64, blank=True, db_index=True,
        help_text=_("The fingerprint of a follow link, if you kept one; it shows no more than the published list."),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.text


class ClusterOp(Anonymous):
    """A merge, split, move, rewording, redaction or “keep apart”, with the state before it. Nobody's name.

    `touched` are the ids it changed; it is undone only after every later op on one of them.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", _("merge")
        SPLIT = "split", _("split")
        MOVE = "move", _("move")
        REWORD = "reword", _("rewording")
        REDACT = "redact", _("redaction")
        KEEP = "keep", _("kept apart")

    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="ops")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    phase = models.CharField(max_length=10, choices=Workshop.State)
    after_round = models.PositiveSmallIntegerField(default=0)
    suggested = models.BooleanField(default=False)
    touched = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    undone = models.BooleanField(default=False)
    told = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["workshop", "number"], name="cluster_op_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
