"""Freeze a ranking, choose one or two flagships from it."""

from __future__ import annotations

import json
import platform
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical, digest
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.refs import next_ref
from foundation.work import service
from usecases.flagship_use import uses_of
from usecases.models import Candidate, FlagshipSelection, FlagshipSlot, Ranking, RankingSnapshot, Score
from usecases.rules.ranking import FLAG_RANGE, METHOD, MIN_COVERAGE
from usecases.services.ranking import current_result

SCHEMA = "ranking-snapshot/1"
AT_MOST = 2


@service
def freeze_ranking(*, actor: Actor, ranking: Ranking, version: int | None = None, dissent: str = "") -> RankingSnapshot:
    """The record without a choice; flagships may be chosen from it later."""
    require(actor, "usecases.flagship.select", ranking)
    ranking = Ranking.objects.select_for_update().get(pk=ranking.pk)
    return freeze(actor, ranking, version, {"dissent": dissent.strip()})


def freeze(actor: Actor, ranking: Ranking, version: int | None, extra: dict[str, Any]) -> RankingSnapshot:
    if ranking.state != Ranking.State.OPEN:
        text = _("Only an opened ranking can be frozen.")
        raise NotReady(Reason("not_open", text, fix=("usecases:ranking", [ranking.pk])))
    key, result = next_ref("R"), current_result(ranking)
    facts = snapshot_facts(actor, ranking, key, extra, result)
    body = canonical(facts)
    forget_scorers(ranking)
    snapshot = RankingSnapshot.objects.create(
        key=key, unit=ranking.unit, ranking=ranking, predecessor=previous(ranking), frozen_by_id=actor.user_id,
        frozen_at=facts["frozen"]["at"], body=body, digest=digest(body),
    )  # fmt: skip
    Ranking.lifecycle.apply(ranking, "freeze", actor=actor, version=version, snapshot=key, digest=snapshot.digest,
                            result_text=canonical(result))  # fmt: skip
    for entry in ranking.entries.select_related("candidate"):
        if entry.candidate.state == Candidate.State.SHAPED:
            Candidate.lifecycle.apply(entry.candidate, "rank", actor=actor, snapshot=key)
    return snapshot


def previous(ranking: Ranking) -> RankingSnapshot | None:
    return RankingSnapshot.objects.filter(unit=ranking.unit).order_by("-frozen_at").first()


def snapshot_facts(
    actor: Actor, ranking: Ranking, key: str, extra: dict[str, Any], result: dict[str, Any]
) -> dict[str, Any]:
    """What was not computed is absent; what was given as empty is absent, too."""
    before = previous(ranking)
    role = str(actor.title_at("usecases.flagship.select", ranking.unit.path))
    facts = {
        "schema": SCHEMA,
        "key": key,
        "version": 1,
        "method": METHOD,
        "mode": ranking.mode,
        "code": {"python": platform.python_version()},
        "seed": ranking.seed,
        "limits": {"coverage": str(MIN_COVERAGE), "flag_range": FLAG_RANGE},
        "unit": ranking.unit.code,
        "title": {"en": ranking.title_en, "zh": ranking.title_zh},
        "locked": json.loads(ranking.locked_text),
        "input": result["input"],
        "output": result["output"],
        "fact_gates": result["gates"],
        "opened_at": ranking.opened_at,
        "opened_incomplete": ranking.open_incomplete,
        "frozen": {"by": actor.label, "role": role, "at": clock.now()},
        "predecessor": before.key if before else None,
    }
    return facts | {name: value for name, value in extra.items() if value}


def forget_scorers(ranking: Ranking) -> None:
    """Scores are written anew in random order with new ids and no scorer, so that no key or order leads back."""
    rows = list(ranking.scores.all())
    random.SystemRandom().shuffle(rows)
    ranking.scores.all().delete()
    now = clock.now()
    for row in rows:
        row.pk, row.scorer, row.created_at = uuid.uuid4(), None, now
        row._state.adding = True
    Score.objects.bulk_create(rows)


def proposal(output: dict[str, Any], channels: dict[str, str]) -> list[str]:
    """Best eligible A8 and best eligible A9."""
    order = output["eligible"]["order"]
    found = [next((key for key in order if channels[key] == channel), None) for channel in ("A8", "A9")]
    return [key for key in found if key]


@service
def select_flagships(
    *, actor: Actor, ranking: Ranking, chosen: Iterable[Candidate], reason: str = "", dissent: str = ""
) -> FlagshipSelection:
    """Freezes an opened ranking on the way. Any other choice than the proposal needs a reason; two at the most."""
    require(actor, "usecases.flagship.select", ranking)
    ranking = Ranking.objects.select_for_update().get(pk=ranking.pk)
    if ranking.state not in (Ranking.State.OPEN, Ranking.State.FROZEN):
        text = _("Flagships are chosen from an opened ranking.")
        raise NotReady(Reason("not_open", text, fix=("usecases:ranking", [ranking.pk])))
    picked = list(dict.fromkeys(chosen))
    result = current_result(ranking)
    output = result["output"]
    channels = {c["key"]: c["channel"] for c in result["input"]["candidates"]}
    proposed = proposal(output, channels)
    refuse_if(_choice_reasons(picked, output, proposed, reason.strip()), Invalid)
    snapshot = _snapshot(actor, ranking, picked, reason.strip(), dissent.strip())
    return _write_selection(actor, snapshot, picked, proposed, channels, output, reason.strip(), dissent.strip())


def _choice_reasons(
    picked: list[Candidate], output: dict[str, Any], proposed: list[str], reason: str
) -> Iterable[Reason]:
    if not 1 <= len(picked) <= AT_MOST:
        yield Reason("one_or_two", _("Choose one flagship or two, not more."), "chosen")
    eligible = output["eligible"]["order"]
    for candidate in picked:
        if candidate.key not in eligible:
            codes = ", ".join(output["eligible"]["not_eligible"].get(candidate.key, ["not in this ranking"]))
            text = _("%(name)s is not eligible (%(codes)s). Mend that and rank again.")
            yield Reason("not_eligible", text % {"name": candidate.title, "codes": codes}, "chosen")
    if {c.key for c in picked} != set(proposed) and not reason:
        text = _("This is not the proposal of the ranking. Say why you choose otherwise.")
        yield Reason("override_reason", text, "reason")


def _snapshot(actor: Actor, ranking: Ranking, picked: list[Candidate], reason: str, dissent: str) -> RankingSnapshot:
    if ranking.state == Ranking.State.FROZEN:
        return ranking.snapshot
    extra = {"chosen": [c.key for c in picked], "override_reason": reason, "dissent": dissent}
    return freeze(actor, ranking, None, extra)


def _write_selection(
    actor: Actor, snapshot: RankingSnapshot, picked: list[Candidate], proposed: list[str], channels: dict[str, str],
    output: dict[str, Any], reason: str, dissent: str,
) -> FlagshipSelection:  # fmt: skip
    before = FlagshipSelection.objects.filter(unit=snapshot.unit).order_by("-decided_at").first()
    keys, leaving = [c.key for c in picked], who_leaves(snapshot.unit, picked)
    now = clock.now()
    facts = {
        "schema": "flagship-selection/1",
        "snapshot": {"key": snapshot.key, "digest": snapshot.digest},
        "proposal": proposed,
        "chosen": [
            {"slot": i, "key": c.key, "channel": c.channel, "text": c.facts_digest()}
            for i, c in enumerate(picked, start=1)
        ],
        "not_chosen": {key: _why_not(key, output) for key in channels if key not in keys},
        "override_reason": reason,
        "dissent": dissent,
        "decided": {"role": str(actor.title_at("usecases.flagship.select", snapshot.unit.path)), "at": now},
        "predecessor": str(before.pk) if before else None,
    }
    if leaving.stays:
        facts["stays"] = [c.key for c, _reasons in leaving.stays]
    body = canonical(facts)
    selection = FlagshipSelection.objects.create(
        snapshot=snapshot, unit=snapshot.unit, predecessor=before, decided_by_id=actor.user_id, decided_at=now,
        override_reason=reason, body=body, digest=digest(body),
    )  # fmt: skip
    for slot, candidate in enumerate(picked, start=1):
        FlagshipSlot.objects.create(selection=selection, slot=slot, candidate=candidate)
    _move(actor, leaving, picked)
    record(actor, "flagship.selected", selection, snapshot=snapshot.key, chosen=keys, override_reason=reason)
    return selection


def _why_not(key: str, output: dict[str, Any]) -> dict[str, Any]:
    """Codes of what failed, or rank and total."""
    failed = output["eligible"]["not_eligible"].get(key)
    return {"not_eligible": failed} if failed else {"rank": output["ranks"][key], "total": output["totals"][key]}


@dataclass(frozen=True)
class Leaving:
    """Flagships of the unit that are not chosen again."""

    steps_down: list[Candidate]
    stays: list[tuple[Candidate, list[Reason]]]  # relied on, with the reasons


def who_leaves(unit: Any, picked: Iterable[Candidate]) -> Leaving:
    """A flagship something stands on keeps its place, whatever is chosen."""
    chosen = {c.pk for c in picked}
    held = Candidate.objects.filter(state=Candidate.State.FLAGSHIP, slots__selection__unit=unit).distinct()
    others = [c for c in held.order_by("key") if c.pk not in chosen]
    uses = uses_of(others)
    return Leaving([c for c in others if c.pk not in uses], [(c, uses[c.pk]) for c in others if c.pk in uses])


def _move(actor: Actor, leaving: Leaving, picked: list[Candidate]) -> None:
    for candidate in leaving.steps_down:
        Candidate.lifecycle.apply(candidate, "step_down", actor=actor)
    for candidate in picked:
        fresh = Candidate.objects.get(pk=candidate.pk)
        if fresh.state != Candidate.State.FLAGSHIP:
            Candidate.lifecycle.apply(fresh, "select", actor=actor)
