"""Rankings: set up, score blind, open, void, freeze."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actors import people_who_may
from accounts.models import Unit, User
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical
from foundation.errors import NotPermitted, NotReady, Reason
from foundation.notify import tell
from foundation.versions import save_version
from foundation.work import service
from usecases.approvals import category_states
from usecases.criteria import GATES, PRESET
from usecases.models import Candidate, Criterion, Ranking, RankingCandidate, RankingGate, RankingScorer, Score
from usecases.models.ranking import PANEL_AT_LEAST, TOGETHER_AT_MOST, panel_reasons, together_reasons
from usecases.rules.ranking import rank
from usecases.services.fields import NO_TITLE, assign, check, faults, reason_given, titled

SEEDS = 2**32 - 2
Sheet = Mapping[str, Mapping[str, int | None]]  # candidate key -> criterion code -> score, None = don't know


@service
def draft_ranking(
    *,
    actor: Actor,
    unit: Unit,
    candidates: Iterable[Candidate],
    title_en: str = "",
    title_zh: str = "",
    mode: str | None = None,
    panel: Iterable[User] = (),
) -> Ranking:
    """With the preset criteria, points and gates. Up to four candidates are scored together unless said otherwise."""
    require(actor, "usecases.ranking.setup", unit)
    chosen = list(candidates)
    mode = mode or (Ranking.Mode.TOGETHER if len(chosen) <= TOGETHER_AT_MOST else Ranking.Mode.ALONE)
    ranking = Ranking(unit=unit, mode=mode, set_up_by_id=actor.user_id)
    assign(ranking, {"title_en": title_en, "title_zh": title_zh})
    check([*titled(ranking), *faults(ranking, ("title_en", "title_zh", "mode")), *_foreign(chosen, unit)])
    ranking.save(force_insert=True)
    _write_preset(ranking)
    _set_candidates(ranking, chosen)
    _set_panel(ranking, panel)
    record(actor, "ranking.drafted", ranking, candidates=[c.key for c in chosen], mode=mode)
    return ranking


def setup_reasons(
    *,
    title_en: str,
    title_zh: str,
    mode: str,
    candidates: Iterable[Candidate],
    panel: Iterable[User],
    unit: Unit | None,
) -> Iterable[Reason]:
    """What the set-up page asks at once; a draft by another door may still be filled in until scoring starts."""
    chosen, people = list(candidates), list(panel)
    if not (title_en.strip() or title_zh.strip()):
        yield NO_TITLE
    if not chosen:
        yield Reason("no_candidates", _("Choose at least one candidate."), "candidates")
    if mode == Ranking.Mode.TOGETHER:
        yield from together_reasons(len(chosen))
    elif mode == Ranking.Mode.ALONE:
        yield from panel_reasons(len(people))
    if unit:
        yield from _foreign(chosen, unit)


def _write_preset(ranking: Ranking) -> None:
    for position, c in enumerate(PRESET, start=1):
        Criterion.objects.create(
            ranking=ranking, code=c["code"], position=position, name_en=c["name"]["en"], name_zh=c["name"]["zh"],
            anchors=c["anchors"], weight=c["weight"],
        )  # fmt: skip
    for gate in GATES:
        RankingGate.objects.create(ranking=ranking, **gate)


def _foreign(candidates: list[Candidate], unit: Unit) -> Iterable[Reason]:
    for candidate in candidates:
        if not candidate.unit.path.startswith(unit.path):
            text = _("%(name)s belongs to another unit.") % {"name": candidate.title}
            yield Reason("other_unit", text, "candidates")


def _set_candidates(ranking: Ranking, candidates: list[Candidate]) -> None:
    """Entries that stay keep their void scores."""
    chosen = list(dict.fromkeys(candidates))
    ranking.entries.exclude(candidate__in=chosen).delete()
    for position, candidate in enumerate(chosen, start=1):
        RankingCandidate.objects.update_or_create(ranking=ranking, candidate=candidate, defaults={"position": position})


def _set_panel(ranking: Ranking, panel: Iterable[User]) -> None:
    """Everybody on the panel may score at this unit."""
    people = list(dict.fromkeys(panel))
    able = {p.pk for p in people_who_may("usecases.ranking.score", ranking.unit)} if people else set()
    text = _("%(name)s holds no role here that may score.")
    check([Reason("may_not_score", text % {"name": p.name}, "panel") for p in people if p.pk not in able])
    gone = ranking.scorers.exclude(user__in=people)
    Score.objects.filter(scorer__in=gone).update(scorer=None)  # void scores stay, without a name
    gone.delete()
    for person in people:
        RankingScorer.objects.get_or_create(ranking=ranking, user=person)


def _in_draft(ranking: Ranking) -> None:
    if ranking.state != Ranking.State.DRAFT:
        text = _("Criteria, weights, candidates and panel are locked since scoring started. Void the scores first.")
        raise NotReady(Reason("locked", text, fix=("usecases:ranking", [ranking.pk])))


@service
def edit_ranking(
    *,
    actor: Actor,
    ranking: Ranking,
    version: int | None = None,
    title_en: str,
    title_zh: str = "",
    mode: str,
    candidates: Iterable[Candidate],
    panel: Iterable[User] = (),
) -> Ranking:
    """Only while it is a draft."""
    require(actor, "usecases.ranking.setup", ranking)
    ranking.refresh_from_db()
    _in_draft(ranking)
    chosen, changes = list(candidates), {"title_en": title_en.strip(), "title_zh": title_zh.strip(), "mode": mode}
    assign(ranking, changes)
    check([*titled(ranking), *faults(ranking, changes), *_foreign(chosen, ranking.unit)])
    ranking.refresh_from_db()
    save_version(ranking, version=version, **changes)
    _set_candidates(ranking, chosen)
    _set_panel(ranking, panel)
    record(actor, "ranking.edited", ranking, after={**changes, "candidates": [c.key for c in chosen]})
    return ranking


@service
def weigh_criteria(
    *, actor: Actor, ranking: Ranking, weights: Mapping[str, int], reason: str, version: int | None = None
) -> Ranking:
    """Whole points that sum to 100, set before any score is seen."""
    require(actor, "usecases.ranking.weigh", ranking)
    ranking.refresh_from_db()
    _in_draft(ranking)
    why = reason_given(reason)
    criteria = list(ranking.criteria.all())
    check(_weight_reasons(criteria, weights))
    before = {c.code: c.weight for c in criteria}
    save_version(ranking, version=version, weights_reason=why)
    for criterion in criteria:
        Criterion.objects.filter(pk=criterion.pk).update(weight=weights[criterion.code])
    record(actor, "ranking.weighed", ranking, before=before, after=dict(weights), reason=why)
    return ranking


def _weight_reasons(criteria: list[Criterion], weights: Mapping[str, int]) -> Iterable[Reason]:
    if set(weights) != {c.code for c in criteria}:
        yield Reason("weights_incomplete", _("Give points to each of the criteria."), "weights")
        return
    bad = [w for w in weights.values() if isinstance(w, bool) or not isinstance(w, int) or not 0 <= w <= 100]
    if bad:
        yield Reason("weight_range", _("Points are whole numbers from 0 to 100."), "weights")
    elif sum(weights.values()) != 100:
        text = _("The weights add up to %(total)s points; they must add up to 100.")
        yield Reason("weights_not_100", text % {"total": sum(weights.values())}, "weights")


@service
def start_scoring(*, actor: Actor, ranking: Ranking, version: int | None = None) -> Ranking:
    """Locks criteria, weights, gates, candidates' texts and panel; tells the panel."""
    require(actor, "usecases.ranking.setup", ranking)
    ranking.refresh_from_db()
    _in_draft(ranking)
    if ranking.mode == Ranking.Mode.TOGETHER and not ranking.scorers.filter(user=None).exists():
        RankingScorer.objects.create(ranking=ranking, user=None)
    if ranking.mode == Ranking.Mode.ALONE:
        ranking.scorers.filter(user=None).delete()
    started = Ranking.lifecycle.apply(
        ranking, "start", actor=actor, version=version, locked_at=clock.now(), locked_text=canonical(_lock(ranking)),
        seed=secrets.randbelow(SEEDS), result_text="",
    )  # fmt: skip
    people = [s.user for s in started.scorers.exclude(user=None).select_related("user")]
    link = started.get_absolute_url()
    tell(
        people, _("Your scores are asked for"), _("Score the candidates; nobody sees your scores before opening."), link
    )
    return started


def _lock(ranking: Ranking) -> dict[str, Any]:
    entries = ranking.entries.select_related("candidate__owner_team")
    return {
        "mode": ranking.mode,
        "scale": [ranking.scale_low, ranking.scale_high],
        "weights_reason": ranking.weights_reason,
        "criteria": [
            {"key": c.code, "name": {"en": c.name_en, "zh": c.name_zh}, "anchors": c.anchors, "weight": c.weight}
            for c in ranking.criteria.all()
        ],
        "gates": [{"code": g.code, "criterion": g.criterion, "min_mean": g.min_mean} for g in ranking.gates.all()],
        "candidates": [{**e.candidate.facts(), "digest": e.candidate.facts_digest()} for e in entries],
    }


@service
def save_scores(*, actor: Actor, ranking: Ranking, scores: Sheet) -> RankingScorer:
    """The actor's own sheet, or the one sheet of a meeting; the last save wins. The ledger gets the turnout only."""
    require(actor, "usecases.ranking.score", ranking)
    ranking = Ranking.objects.select_for_update().get(pk=ranking.pk)
    if ranking.state != Ranking.State.SCORING:
        text = _("Scores are taken only while scoring is under way.")
        raise NotReady(Reason("not_scoring", text, fix=("usecases:ranking", [ranking.pk])))
    scorer = sheet_of(actor, ranking)
    entries = {e.candidate.key: e for e in ranking.entries.select_related("candidate")}
    criteria = {c.code: c for c in ranking.criteria.all()}
    check(_score_reasons(ranking, scores, entries, criteria))
    _write_scores(scorer, scores, entries, criteria)
    filled = scorer.scores.filter(voided_at=None).count()
    RankingScorer.objects.filter(pk=scorer.pk).update(done=filled == len(entries) * len(criteria))
    scorer.refresh_from_db()
    panel, turnout = ranking.scorers.count(), ranking.scorers.filter(done=True).count()
    record(actor, "ranking.scored", ranking, as_role=str(_("the panel")), turnout=turnout, panel=panel)
    return scorer


def sheet_of(actor: Actor, ranking: Ranking) -> RankingScorer:
    """NotPermitted for somebody who is not on the panel of a ranking that is scored alone."""
    together = ranking.mode == Ranking.Mode.TOGETHER
    found = ranking.scorers.filter(user=None) if together else ranking.scorers.filter(user_id=actor.user_key)
    scorer = found.first()
    if scorer is None:
        raise NotPermitted(Reason("not_on_panel", _("You are not on the panel of this ranking.")))
    return scorer


def _score_reasons(
    ranking: Ranking, scores: Sheet, entries: Mapping[str, Any], criteria: Mapping[str, Any]
) -> Iterable[Reason]:
    low, high = ranking.scale_low, ranking.scale_high
    for key, row in scores.items():
        if key not in entries:
            yield Reason("unknown_candidate", _("%(key)s is not in this ranking.") % {"key": key}, "scores")
            continue
        for code, value in row.items():
            where = {"key": key, "code": code, "low": low, "high": high}
            if code not in criteria:
                yield Reason("unknown_criterion", _("%(code)s is not a criterion of this ranking.") % where, "scores")
            elif value is not None and (
                isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high
            ):
                text = _("%(key)s, %(code)s: a whole number from %(low)s to %(high)s, or “don't know”.") % where
                yield Reason("off_scale", text, f"score-{key}-{code}")


def _write_scores(
    scorer: RankingScorer, scores: Sheet, entries: Mapping[str, Any], criteria: Mapping[str, Any]
) -> None:
    for key, row in scores.items():
        for code, value in row.items():
            Score.objects.update_or_create(
                ranking_id=scorer.ranking_id, scorer=scorer, entry=entries[key], criterion=criteria[code],
                voided_at=None, defaults={"value": value},
            )  # fmt: skip


@service
def open_ranking(*, actor: Actor, ranking: Ranking, version: int | None = None, incomplete: bool = False) -> Ranking:
    """No way back but voiding. Computes totals, ranks and eligibility; `incomplete` opens without missing sheets."""
    require(actor, "usecases.ranking.setup", ranking)
    ranking = Ranking.objects.select_for_update().get(pk=ranking.pk)
    missing = ranking.scorers.filter(done=False).count()
    if ranking.state == Ranking.State.SCORING and missing and not incomplete:
        text = _("%(n)s of the sheets are not filled in. Wait, or open without them and say so.") % {"n": missing}
        raise NotReady(Reason("panel_incomplete", text, "incomplete"))
    if missing and ranking.mode == Ranking.Mode.ALONE:
        _enough_sheets(ranking)
    result = canonical(compute(ranking)) if ranking.state == Ranking.State.SCORING else ""
    return Ranking.lifecycle.apply(
        ranking, "open", actor=actor, version=version, opened_at=clock.now(), result_text=result,
        open_incomplete=bool(missing),
    )  # fmt: skip


def _enough_sheets(ranking: Ranking) -> None:
    """Means of one or two sheets would show what a person wrote alone and unseen."""
    done = ranking.scorers.filter(done=True).count()
    if done < PANEL_AT_LEAST:
        text = _("Scores are opened from %(least)s filled sheets on; here are %(n)s.")
        raise NotReady(Reason("too_few_sheets", text % {"least": PANEL_AT_LEAST, "n": done}, "incomplete"))


def compute(ranking: Ranking) -> dict[str, Any]:
    """`{"input", "output", "gates"}`: scorers become S1 … Sn in random order and no mapping is kept."""
    entries = list(ranking.entries.select_related("candidate__unit", "candidate__owner"))
    evidence = {e.candidate.key: fact_gates(e.candidate) for e in entries}
    given = rank_input(ranking, entries, {k: [g["code"] for g in v if not g["ok"]] for k, v in evidence.items()})
    return {"input": given, "output": rank(given), "gates": evidence}


def current_result(ranking: Ranking) -> dict[str, Any]:
    """As computed at opening, with the fact gates read anew until it is frozen: a fact mended late saves the scores."""
    result = ranking.result
    if not result or ranking.state != Ranking.State.OPEN:
        return result
    entries = ranking.entries.select_related("candidate__unit", "candidate__owner")
    gates = json.loads(canonical({e.candidate.key: fact_gates(e.candidate) for e in entries}))
    if gates == result["gates"]:
        return result
    blocked = {key: [g["code"] for g in rows if not g["ok"]] for key, rows in gates.items()}
    given = result["input"] | {"blocked": {key: codes for key, codes in blocked.items() if codes}}
    return json.loads(canonical({"input": given, "output": rank(given), "gates": gates}))


def rank_input(ranking: Ranking, entries: list[RankingCandidate], blocked: dict[str, list[str]]) -> dict[str, Any]:
    criteria = list(ranking.criteria.all())
    matrices = _matrices(ranking, entries, criteria)
    names = [f"S{i}" for i in range(1, len(matrices) + 1)]
    gates = [{"criterion": g.criterion, "min_mean": g.min_mean} for g in ranking.gates.all() if g.criterion]
    return {
        "criteria": [{"key": c.code, "weight": c.weight} for c in criteria],
        "scale": [ranking.scale_low, ranking.scale_high],
        "seed": ranking.seed,
        "candidates": [{"key": e.candidate.key, "channel": e.candidate.channel} for e in entries],
        "scorers": names,
        "scores": dict(zip(names, matrices, strict=True)),
        "gates": gates,
        "blocked": {key: codes for key, codes in blocked.items() if codes},
    }


def _matrices(
    ranking: Ranking, entries: list[RankingCandidate], criteria: list[Criterion]
) -> list[list[list[int | None]]]:
    """One matrix for each sheet with an answer, shuffled."""
    sheets: dict[Any, dict[tuple[Any, Any], int | None]] = {}
    for score in ranking.scores.filter(voided_at=None):
        sheets.setdefault(score.scorer_id, {})[(score.entry_id, score.criterion_id)] = score.value
    matrices = [[[cells.get((e.pk, c.pk)) for c in criteria] for e in entries] for cells in sheets.values()]
    random.SystemRandom().shuffle(matrices)
    return matrices


def fact_gates(candidate: Candidate) -> list[dict[str, Any]]:
    """The facts a candidate must meet to be chosen, with what was read."""
    states = category_states(candidate.unit, candidate.categories.all())
    return [
        {
            "code": "categories",
            "ok": bool(states) and all(s.passes for s in states),
            "read": [{"code": s.category.code, "state": s.state} for s in states],
        },
        {"code": "owner", "ok": candidate.owner_id is not None, "read": candidate.owner_id is not None},
        {
            "code": "baseline",
            "ok": candidate.baseline_obtainable == Candidate.Answer.YES,
            "read": candidate.baseline_obtainable,
        },
        {"code": "staff_data", "ok": candidate.staff_data == Candidate.Answer.NO, "read": candidate.staff_data},
    ]


@service
def void_ranking(*, actor: Actor, ranking: Ranking, reason: str, version: int | None = None) -> Ranking:
    """Back to draft. The scores are kept as void, with the reason, and never shown."""
    why = reason_given(reason)
    voided = Ranking.lifecycle.apply(
        ranking, "void", actor=actor, version=version, state_reason=why, reason=why, result_text="", locked_text="",
        opened_at=None, locked_at=None,
    )  # fmt: skip
    voided.scores.filter(voided_at=None).update(voided_at=clock.now(), voided_why=why)
    voided.scorers.update(done=False)
    return voided


@service
def cancel_ranking(*, actor: Actor, ranking: Ranking, reason: str, version: int | None = None) -> Ranking:
    why = reason_given(reason)
    return Ranking.lifecycle.apply(ranking, "cancel", actor=actor, version=version, state_reason=why, reason=why)


__all__ = [
    "cancel_ranking", "compute", "current_result", "draft_ranking", "edit_ranking", "fact_gates", "open_ranking",
    "save_scores", "setup_reasons", "sheet_of", "start_scoring", "void_ranking", "weigh_criteria",
]  # fmt: skip
