from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import ScopedQuerySet
from foundation.actor import Actor
from foundation.bilingual import Bilingual
from foundation.errors import Reason
from foundation.lifecycle import Lifecycle, Transition
from foundation.models import Record, Versioned
from foundation.triggers import Trigger

TOGETHER_AT_MOST = 4
PANEL_AT_LEAST, PANEL_AT_MOST = 3, 15
ANONYMITY_FROM = 5
FACT_GATES = ("categories", "owner", "baseline", "staff_data")


def weights_sum_to_100(ranking: Ranking) -> Iterator[Reason]:
    total = sum(c.weight for c in ranking.criteria.all())
    if total != 100:
        text = _("The weights add up to %(total)s points; they must add up to 100.") % {"total": total}
        yield Reason("weights_not_100", text, "weights", ("usecases:ranking", [ranking.pk]))


def candidates_fit(ranking: Ranking) -> Iterator[Reason]:
    entries = list(ranking.entries.select_related("candidate"))
    if not entries:
        yield Reason("no_candidates", _("No candidate is in this ranking."), "candidates")
    for entry in entries:
        if entry.candidate.state not in ("shaped", "ranked", "flagship"):
            text = _("%(name)s is not shaped yet.") % {"name": entry.candidate.title}
            yield Reason("not_shaped", text, fix=("usecases:candidate", [entry.candidate.key]))
    if ranking.mode == Ranking.Mode.TOGETHER:
        yield from together_reasons(len(entries))


def together_reasons(n: int) -> Iterator[Reason]:
    if n > TOGETHER_AT_MOST:
        limit = _("Up to %(most)s candidates can be scored together; here are %(n)s. Let each score alone.")
        yield Reason("too_many_together", limit % {"most": TOGETHER_AT_MOST, "n": n}, "mode")


def panel_fits(ranking: Ranking) -> Iterator[Reason]:
    if ranking.mode == Ranking.Mode.ALONE:
        yield from panel_reasons(ranking.scorers.exclude(user=None).count())


def panel_reasons(n: int) -> Iterator[Reason]:
    """Of those who would each score alone."""
    if not PANEL_AT_LEAST <= n <= PANEL_AT_MOST:
        text = _("A panel that scores alone has %(least)s to %(most)s people; here are %(n)s.")
        yield Reason("panel_size", text % {"least": PANEL_AT_LEAST, "most": PANEL_AT_MOST, "n": n}, "panel")


def somebody_scored(ranking: Ranking) -> Iterator[Reason]:
    if not ranking.scorers.filter(done=True).exists():
        yield Reason("no_scores", _("Nobody has scored yet."), fix=("usecases:score", [ranking.pk]))


def locked(message: str, states: str) -> list[Trigger]:
    """Rows of a ranking may change only while it stands in one of these states."""
    state = "(SELECT r.state FROM usecases_ranking r WHERE r.id = {row}.ranking_id) NOT IN ({states})"
    rows = (("ins", "INSERT", "NEW"), ("upd", "UPDATE", "NEW"), ("del", "DELETE", "OLD"))
    return [Trigger(f"lock_{n}", event, state.format(row=row, states=states), message) for n, event, row in rows]


SET_UP = locked("the set-up of a ranking is locked once scoring has started", "'draft'")


class Ranking(Versioned):
    """A ranking in progress. Scores are invisible to everybody but their scorer until it is opened."""

    subject_code = "ranking"

    class Mode(models.TextChoices):
        TOGETHER = "together", _("scored together")
        ALONE = "alone", _("each scores alone")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCORING = "scoring", _("scoring")
        OPEN = "open", _("open")
        FROZEN = "frozen", _("frozen")
        CANCELLED = "cancelled", _("cancelled")

    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="rankings", verbose_name=_("unit"))
    title_en = models.CharField(_("title, English"), max_length=140, blank=True)
    title_zh = models.CharField(_("title, Chinese"), max_length=140, blank=True)
    mode = models.CharField(_("how"), max_length=10, choices=Mode, default=Mode.TOGETHER)
    scale_low = models.SmallIntegerField(default=1, editable=False)
    scale_high = models.SmallIntegerField(default=5, editable=False)
    seed = models.BigIntegerField(default=0, editable=False)
    weights_reason = models.CharField(_("why these weights"), max_length=500, blank=True)
    open_incomplete = models.BooleanField(_("opened without the whole panel"), default=False, editable=False)
    locked_at = models.DateTimeField(null=True, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    locked_text = models.TextField(blank=True, editable=False)
    result_text = models.TextField(blank=True, editable=False)
    set_up_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)

    title = Bilingual("title")
    objects = ScopedQuerySet.as_manager()

    lifecycle = Lifecycle(
        "state", "draft",
        Transition("start", ("draft",), "scoring", "usecases.ranking.setup", "ranking.started", _("Start scoring"),
                   (weights_sum_to_100, candidates_fit, panel_fits)),
        Transition("open", ("scoring",), "open", "usecases.ranking.setup", "ranking.opened", _("Open the scores"),
                   (somebody_scored,)),
        Transition("void", ("scoring", "open"), "draft", "usecases.ranking.setup", "ranking.voided",
                   _("Void the scores and change the set-up")),
        Transition("freeze", ("open",), "frozen", "usecases.flagship.select", "ranking.frozen", _("Freeze")),
        Transition("cancel", ("draft", "scoring", "open"), "cancelled", "usecases.ranking.setup",
                   "ranking.cancelled", _("Cancel this ranking")),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "scoring", "open", "frozen", "cancelled"]),
                name="ranking_state_known",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("usecases:ranking", args=[self.pk])

    def is_own(self, actor: Actor, permission: str) -> bool:
        if permission == "usecases.ranking.score":
            return self.has_on_panel(actor)
        return bool(actor.user_id) and str(self.set_up_by_id) == str(actor.user_id)

    def has_on_panel(self, actor: Actor) -> bool:
        return bool(actor.user_id) and self.scorers.filter(user_id=actor.user_key).exists()

    @property
    def is_blind(self) -> bool:
        """Scores may not be shown yet, by anybody to anybody."""
        return self.state in (self.State.DRAFT, self.State.SCORING)

    @property
    def result(self) -> dict[str, Any]:
        """`{"input", "output", "gates"}` as computed when the scores were opened."""
        return json.loads(self.result_text) if self.result_text else {}


class RankingCandidate(Record):
    """A candidate's place in a ranking; its text is locked in `Ranking.locked_text` when scoring starts."""

    triggers = SET_UP

    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="entries")
    candidate = models.ForeignKey("usecases.Candidate", models.PROTECT, related_name="entries")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["ranking", "candidate"], name="candidate_once_a_ranking"),
        ]


class Criterion(Record):
    """A question with three anchors; more is better."""

    triggers = SET_UP

    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="criteria")
    code = models.CharField(max_length=10)
    position = models.PositiveSmallIntegerField()
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    anchors = models.JSONField(default=dict)
    weight = models.PositiveSmallIntegerField(_("points"))

    name = Bilingual("name")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["ranking", "code"], name="criterion_once_a_ranking"),
            models.CheckConstraint(condition=models.Q(weight__lte=100), name="criterion_weight_at_most_100"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RankingGate(Record):
    """Fails: listed and explained, not eligible. Either a fact or a least mean on a criterion."""

    triggers = SET_UP

    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="gates")
    code = models.CharField(max_length=20)
    criterion = models.CharField(max_length=10, blank=True)
    min_mean = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["ranking", "code"], name="gate_once_a_ranking")]

    def __str__(self) -> str:
        return self.code


class RankingScorer(Record):
    """A place on the panel. `user` is null for the one sheet that a meeting fills in together."""

    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="scorers")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    done = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ranking", "user"], name="scorer_once_a_ranking")]


class Score(Record):
    """One answer, null meaning "don't know". `scorer` is emptied when the ranking is frozen."""

    triggers = locked("the scores of this ranking are frozen", "'draft', 'scoring', 'open'")

    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="scores")
    scorer = models.ForeignKey(RankingScorer, models.CASCADE, null=True, related_name="scores")
    entry = models.ForeignKey(RankingCandidate, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="scores")
    value = models.SmallIntegerField(null=True)
    voided_at = models.DateTimeField(null=True)
    voided_why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scorer", "entry", "criterion"],
                condition=models.Q(voided_at=None),
                name="score_once",
            ),
            models.CheckConstraint(
                condition=models.Q(value=None) | models.Q(value__gte=1, value__lte=5), name="score_on_the_scale"
            ),
        ]
