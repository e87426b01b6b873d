"""A vote: who may vote and what was voted, in two tables that share no key and no time."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.triggers import Trigger
from usecases.models.anonymous import Anonymous
from usecases.models.workshops import Seat, Workshop

_SEALED = "(SELECT r.sealed_at FROM usecases_round r WHERE r.id = {row}.round_id) IS NOT NULL"
_KEPT = (
    "(SELECT w.state FROM usecases_workshop w JOIN usecases_round r ON r.workshop_id = w.id "
    "WHERE r.id = {row}.round_id) <> 'cancelled'"
)
_MESSAGE = "this vote is closed: its ballots stay as they are"


class RoundQuerySet(models.QuerySet["Round"]):
    def live(self) -> RoundQuerySet:
        """Open or resting: at most one a workshop."""
        return self.filter(sealed_at=None, superseded_at=None)

    def sealed(self) -> RoundQuerySet:
        """Latest first: it is the result."""
        return self.exclude(sealed_at=None).order_by("-number")


class Round(Anonymous):
    """One vote over a fixed set of items. Open, resting (clustering went on), superseded, or sealed for good."""

    triggers = (
        Trigger("sealed_upd", "UPDATE", 'OLD."sealed_at" IS NOT NULL', _MESSAGE),
        Trigger(
            "sealed_del", "DELETE",
            'OLD."sealed_at" IS NOT NULL AND '
            "(SELECT w.state FROM usecases_workshop w WHERE w.id = OLD.workshop_id) <> 'cancelled'", _MESSAGE,
        ),
    )  # fmt: skip

    workshop = models.ForeignKey(
        Workshop, models.CASCADE, related_name="rounds", help_text=_("The workshop the vote belongs to.")
    )
    number = models.PositiveSmallIntegerField(help_text=_("First, second … vote."))
    items = models.JSONField(help_text=_("The items that stood on the ballot, in the order of the table."))
    items_digest = models.CharField(max_length=80, help_text=_("A fingerprint of the set of items."))
    budget = models.PositiveSmallIntegerField(help_text=_("Points a person."))
    cap = models.PositiveSmallIntegerField(help_text=_("Points at most on one item."))
    reason = models.CharField(max_length=500, blank=True, help_text=_("Why there was another vote."))
    roll_size = models.PositiveSmallIntegerField(default=0, help_text=_("How many seats could vote."))
    opened_at = models.DateTimeField(default=clock.now, help_text=_("When the vote was opened."))
    suspended_at = models.DateTimeField(null=True, help_text=_("Since when it rests while items are clustered."))
    superseded_at = models.DateTimeField(null=True, help_text=_("When a vote over other items took its place."))
    sealed_at = models.DateTimeField(null=True, help_text=_("When it was closed for good."))

    objects = RoundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workshop", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["workshop"], condition=models.Q(sealed_at=None, superseded_at=None), name="round_live_once"
            ),
            models.CheckConstraint(
                condition=models.Q(sealed_at=None) | models.Q(superseded_at=None), name="round_ends_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workshop.key}/{self.number}"

    @property
    def is_open(self) -> bool:
        return self.suspended_at is None and self.superseded_at is None and self.sealed_at is None


class RollEntry(Anonymous):
    """That a seat may vote in a round, and whether it did. Frozen when the vote opens."""

    triggers = tuple(
        Trigger(f"sealed_{name}", event, _SEALED.format(row="NEW"), _MESSAGE)
        for name, event in (("ins", "INSERT"), ("upd", "UPDATE"))
    )

    round = models.ForeignKey(Round, models.CASCADE, related_name="roll", help_text=_("The vote."))
    seat = models.ForeignKey(Seat, models.CASCADE, related_name="+", help_text=_("The seat that could vote."))
    voted = models.BooleanField(default=False, help_text=_("Whether a ballot came from it; not which one."))
    done = models.BooleanField(default=False, help_text=_("Whether it said that its ballot is finished."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "seat"], name="roll_seat_once")]


class Ballot(Anonymous):
    """What was voted. `secret_hash` finds it again while the vote is open and is gone once it is closed."""

    class Belief(models.TextChoices):
        YES = "yes", _("yes")
        NO = "no", _("no")
        UNSURE = "unsure", _("unsure")

    triggers = (
        *(
            Trigger(f"sealed_{name}", event, _SEALED.format(row="NEW"), _MESSAGE)
            for name, event in (("ins", "INSERT"), ("upd", "UPDATE"))
        ),
        Trigger("sealed_del", "DELETE", f"{_SEALED} AND {_KEPT}".format(row="OLD"), _MESSAGE),
    )

    round = models.ForeignKey(Round, models.CASCADE, related_name="ballots", help_text=_("The vote."))
    secret_hash = models.CharField(
        max_length=64, null=True,
        help_text=_("A fingerprint by which your browser finds its ballot; deleted when the vote closes."),
    )  # fmt: skip
    choices: Any = models.JSONField(default=dict, help_text=_("Points by item, in the order of the table."))
    belief = models.CharField(
        max_length=8, choices=Belief, blank=True, help_text=_("The answer to the one question on the ballot.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "secret_hash"], name="ballot_once_a_secret")]
