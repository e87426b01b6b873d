from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
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
from usecases.models.anonymous import Anonymous

LIVE = ("prepare", "collect", "cluster", "vote", "review")
RUN = "usecases.workshop.run"
MOST_SEATS, MOST_CARDS, MOST_CARDS_A_SEAT, MOST_ITEMS = 250, 500, 30, 60
DOOR_STAYS_OPEN = timedelta(hours=12)  # after Start or the last opening; not in deadline mode
CODES_OUTLIVE_DOOR = timedelta(hours=24)


def not_paused(workshop: Workshop) -> Iterator[Reason]:
    if workshop.is_paused:
        text = _("The workshop is paused: %(reason)s") % {"reason": workshop.paused_reason}
        yield Reason("paused", text, fix=("usecases:workshop", [workshop.key]))


def something_to_show(workshop: Workshop) -> Iterator[Reason]:
    if not workshop.cards.exists() and not workshop.clusters.exists():
        yield Reason("no_cards", _("Nobody has written a card yet."))


def fit_for_a_ballot(workshop: Workshop) -> Iterator[Reason]:
    n = workshop.clusters.on_the_table().count()
    if n < 2:
        yield Reason("too_few_items", _("A vote needs at least two items; here are %(n)s.") % {"n": n})
    if n > MOST_ITEMS:
        text = _("A ballot holds at most %(most)s items; here are %(n)s. Cluster further.")
        yield Reason("too_many_items", text % {"most": MOST_ITEMS, "n": n})
    if not workshop.seats.exists():
        yield Reason("no_seats", _("Nobody has a seat yet, so nobody could vote."))


def somebody_voted(workshop: Workshop) -> Iterator[Reason]:
    current = workshop.rounds.live().first()
    if current is None or not current.ballots.exists():
        yield Reason("no_ballots", _("Nobody has voted yet."))


def has_a_result(workshop: Workshop) -> Iterator[Reason]:
    if workshop.rounds.sealed().first() is None:
        yield Reason("no_round", _("There is no closed vote to publish."))


def owners_named(workshop: Workshop) -> Iterator[Reason]:
    from usecases.workshop_results import top_items

    for cluster in top_items(workshop):
        if cluster.owner_team_id is None:
            text = _("“%(title)s” is among the first %(n)s and has no owner team.")
            yield Reason("owner_team_missing", text % {"title": cluster.title, "n": workshop.top_n}, str(cluster.pk))


class Workshop(Versioned):
    """A pain-inventory session of a unit.

    `version` guards settings and steps; `rev` rises with every change others can see. Whoever took part is known
    here only as a seat; no row of a workshop names the author of a card or a ballot.
    """

    subject_code = "workshop"
    search_fields = ("key", "title_en", "title_zh")

    class State(models.TextChoices):
        PREPARE = "prepare", _("preparing")
        COLLECT = "collect", _("collecting")
        CLUSTER = "cluster", _("clustering")
        VOTE = "vote", _("voting")
        REVIEW = "review", _("reviewing")
        PUBLISHED = "published", _("published")
        CANCELLED = "cancelled", _("cancelled")

    class Mode(models.TextChoices):
        MEETING = "meeting", _("in one meeting")
        DEADLINE = "deadline", _("each phase has a deadline")

    class MergeBy(models.TextChoices):
        ANYONE = "anyone", _("anyone")
        FACILITATOR = "facilitator", _("facilitator only")

    key = models.CharField(_("id"), max_length=20, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="workshops", verbose_name=_("unit"))
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    question = models.CharField(_("own question"), max_length=140, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    mode = models.CharField(_("how"), max_length=10, choices=Mode, default=Mode.MEETING)
    facilitator = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", editable=False)
    second_facilitator = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("second facilitator")
    )
    scribe = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("scribe")
    )
    observer = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("observer")
    )
    sponsor = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("sponsor")
    )
    budget = models.PositiveSmallIntegerField(
        _("points a person"), default=10, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    cap = models.PositiveSmallIntegerField(
        _("at most on one item"), default=4, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    top_n = models.PositiveSmallIntegerField(
        _("items that need an owner team"), default=5, validators=[MinValueValidator(1), MaxValueValidator(MOST_ITEMS)]
    )
    merge_by = models.CharField(_("who may merge"), max_length=12, choices=MergeBy, default=MergeBy.ANYONE)
    follow_links = models.BooleanField(_("follow links"), default=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREPARE, editable=False)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    rev = models.PositiveIntegerField(default=1, editable=False)
    phase_until = models.DateTimeField(_("until"), null=True, blank=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_reason = models.CharField(max_length=500, blank=True, editable=False)
    acknowledged_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", editable=False)
    acknowledged_as = models.CharField(_("purpose acknowledged by"), max_length=200, blank=True, editable=False)
    acknowledged_at = models.DateTimeField(null=True, editable=False)
    door_opened_at = models.DateTimeField(null=True, editable=False)
    door_closed_at = models.DateTimeField(null=True, editable=False)
    long_code = models.CharField(max_length=8, null=True, unique=True, editable=False)
    short_code = models.CharField(max_length=6, null=True, unique=True, editable=False)
    wiped_at = models.DateTimeField(null=True, editable=False)

    title = Bilingual("title")
    objects = ScopedQuerySet.as_manager()

    lifecycle = Lifecycle(
        "state", "prepare",
        Transition("start", ("prepare",), "collect", RUN, "workshop.started", _("Start"), (not_paused,)),
        Transition("reveal", ("collect",), "cluster", RUN, "workshop.revealed", _("Show the cards"),
                   (not_paused, something_to_show)),
        Transition("recollect", ("cluster",), "collect", RUN, "workshop.recollected", _("Back to collecting"),
                   (not_paused,)),
        Transition("open_vote", ("cluster",), "vote", RUN, "workshop.vote_opened", _("Open the vote"),
                   (not_paused, fit_for_a_ballot)),
        Transition("recluster", ("vote",), "cluster", RUN, "workshop.reclustered", _("Back to clustering"),
                   (not_paused,)),
        Transition("close_vote", ("vote",), "review", RUN, "workshop.vote_closed", _("Close the vote"),
                   (not_paused, somebody_voted)),
        Transition("vote_again", ("review",), "vote", RUN, "workshop.vote_repeated", _("Vote again"),
                   (not_paused, fit_for_a_ballot)),
        Transition("publish", ("review",), "published", "usecases.inventory.publish", "workshop.published",
                   _("Publish"), (not_paused, has_a_result, owners_named)),
        Transition("cancel", LIVE, "cancelled", RUN, "workshop.cancelled", _("Cancel this workshop")),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[*LIVE, "published", "cancelled"]), name="workshop_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(title_en="") | ~models.Q(title_zh=""), name="workshop_has_a_title"
            ),
            models.CheckConstraint(condition=models.Q(budget__gte=1, cap__gte=1), name="workshop_points_positive"),
        ]
        indexes = [models.Index(fields=["unit", "-created_at", "id"], name="workshop_by_unit")]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("usecases:workshop", args=[self.key])

    def is_own(self, actor: Actor, permission: str) -> bool:
        return bool(actor.user_id) and str(actor.user_id) in (
            str(self.facilitator_id), str(self.second_facilitator_id),
        )  # fmt: skip

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def door_shuts_at(self) -> datetime | None:
        """When the door closed or will by itself; None if it never opened or stays open (deadline mode)."""
        if self.door_opened_at is None:
            return None
        ends = [self.door_closed_at] if self.door_closed_at else []
        ends += [] if self.is_live else [max(self.state_since, self.door_opened_at)]
        ends += [self.door_opened_at + DOOR_STAYS_OPEN] if self.mode == self.Mode.MEETING else []
        return min(ends, default=None)

    @property
    def is_door_open(self) -> bool:
        shuts = self.door_shuts_at
        return self.door_opened_at is not None and (shuts is None or clock.now() < shuts)

    @property
    def codes_work(self) -> bool:
        """Both codes lead here until a day after the door closed; the short one only while it is open."""
        shuts = self.door_shuts_at
        return self.door_opened_at is not None and (shuts is None or clock.now() < shuts + CODES_OUTLIVE_DOOR)

    def facts(self) -> dict[str, Any]:
        """The settings as the ledger and the published record print them."""
        return {
            "title": {"en": self.title_en, "zh": self.title_zh}, "mode": self.mode, "budget": self.budget,
            "cap": self.cap, "top_n": self.top_n, "merge_by": self.merge_by, "follow_links": self.follow_links,
        }  # fmt: skip


class Seat(Anonymous):
    """A place in one workshop, guest or account alike: no name, no account, no secret, no time of joining."""

    workshop = models.ForeignKey(
        Workshop, models.CASCADE, related_name="seats", help_text=_("The workshop the seat belongs to.")
    )
    paper = models.BooleanField(
        default=False, help_text=_("Whether the facilitator types the ballot of this seat from paper.")
    )
    done = models.BooleanField(default=False, help_text=_("Whether this seat said it has no more cards to write."))
