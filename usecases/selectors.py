"""Reads: lists in the order they are shown, what a page needs in few queries, facts other layers ask for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DateField, Exists, F, OuterRef, Prefetch, Q, QuerySet, When
from django.db.models.functions import Cast, Coalesce

from accounts.models import Unit
from foundation import clock
from foundation.access import ancestors, within
from foundation.actor import Actor
from foundation.canonical import canonical
from usecases.models import (
    Asset,
    AssetRerun,
    Candidate,
    Contract,
    ContractItem,
    FlagshipSelection,
    FlagshipSlot,
    InventoryVersion,
    Pain,
    Ranking,
    RankingCandidate,
    RankingSnapshot,
    System,
)
from usecases.models.assets import USABLE
from usecases.models.load import Grade
from usecases.services.inventory import inventory_content, totals
from usecases.services.ranking import current_result

WORKED = ("worked", "worked_after_change")
RENEWAL_DAYS = 180


# --- pains and inventories ---------------------------------------------------------------------------------------


def pains_listed(actor: Actor) -> QuerySet[Pain]:
    return Pain.objects.visible_to(actor).select_related("unit", "owner_team").prefetch_related("systems")


def hours_of(pains: QuerySet[Pain]) -> dict[str, Any]:
    """Sum of the ranges with the share that rests on guesses, of the whole filter."""
    figures = pains.only("hours_low", "hours_likely", "hours_high", "grade")
    return _graded(list(figures.select_related(None).prefetch_related(None)))


def _graded(pieces: list[Any]) -> dict[str, Any]:
    """The totals with the grade of the weakest piece in them."""
    grades = {p.grade for p in pieces if p.hours_likely is not None}
    return totals(pieces) | {"grade": next((g for g in Grade.values if g in grades), "")}


def published_inventories(unit: Unit) -> QuerySet[InventoryVersion]:
    """Of the unit itself, newest first."""
    return InventoryVersion.objects.filter(unit=unit).order_by("-number")


def latest_inventory_row(pain: Pain) -> tuple[InventoryVersion, dict[str, Any]] | None:
    """The pain as the newest inventory of its unit (or a unit above) has it."""
    for inventory in InventoryVersion.objects.filter(unit__path__in=ancestors(pain.unit.path)).order_by(
        "-published_at"
    )[:3]:
        found = next((row for row in inventory.facts["pains"] if row["key"] == pain.key), None)
        if found:
            return inventory, found
    return None


def differing_fields(pain: Pain, row: dict[str, Any]) -> list[str]:
    """Names of what changed since a published row."""
    now = json.loads(canonical(pain.facts()))
    return [name for name, value in now.items() if row.get(name) != value]


def inventory_drift(inventory: InventoryVersion) -> int:
    """How many of its pains read differently today."""
    rows = {row["key"]: row for row in inventory.facts["pains"]}
    today = Pain.objects.filter(key__in=rows).select_related("owner_team", "unit")
    return sum(bool(differing_fields(pain, rows[pain.key])) for pain in today)


@dataclass(frozen=True)
class InventoryChange:
    key: str
    title: dict[str, str]
    kind: str  # added, removed, changed
    fields: list[str]


def compare_inventories(old: InventoryVersion, new: InventoryVersion) -> list[InventoryChange]:
    """Removed, added and changed pains, in the order of the newer one."""
    return compare_rows(old.facts["pains"], new.facts["pains"])


def compare_rows(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[InventoryChange]:
    before, after = {row["key"]: row for row in old}, {row["key"]: row for row in new}
    found = [InventoryChange(k, r["title"], "removed", []) for k, r in before.items() if k not in after]
    for key, row in after.items():
        if key not in before:
            found.append(InventoryChange(key, row["title"], "added", []))
        elif moved := [n for n, v in row.items() if n != "position" and before[key].get(n) != v]:
            found.append(InventoryChange(key, row["title"], "changed", moved))
    return found


@dataclass(frozen=True)
class Publishable:
    """What publishing a unit would freeze today, beside its last version."""

    unit: Unit
    totals: dict[str, Any]
    last: InventoryVersion | None
    changes: list[InventoryChange]


def publishable(unit: Unit) -> Publishable:
    content, last = inventory_content(unit), published_inventories(unit).first()
    rows = json.loads(canonical(content["pains"]))
    return Publishable(unit, content["totals"], last, compare_rows(last.facts["pains"], rows) if last else [])


# --- contracts, candidates ---------------------------------------------------------------------------------------


def contracts_listed(actor: Actor) -> QuerySet[Contract]:
    """The next renewal to decide comes first; those gone by stand behind."""
    listed = (
        Contract.objects.visible_to(actor).select_related("unit").annotate(item_count=Count("items", distinct=True))
    )
    notices = listed.exclude(notice_days=None).order_by("notice_days").values_list("notice_days", flat=True).distinct()
    early = [When(notice_days=n, then=Cast(F("ends_on") - timedelta(days=n), DateField())) for n in notices if n]
    dated = listed.annotate(due=Coalesce("renewal_on", Case(*early, default=F("ends_on")), output_field=DateField()))
    return dated.annotate(turn=Case(When(due__gte=clock.today(), then=0), When(due=None, then=1), default=2))


def contracts_renewing(actor: Actor, permission: str = "usecases.contract.edit") -> list[Contract]:
    """Due within half a year, soonest first."""
    today = clock.today()
    near = Contract.objects.visible_to(actor, permission).filter(
        Q(renewal_on__range=(today, today + timedelta(days=RENEWAL_DAYS))) | Q(renewal_on=None, ends_on__gte=today)
    )
    limit = today + timedelta(days=RENEWAL_DAYS)
    due = [c for c in near if c.renewal_due and today <= c.renewal_due <= limit]
    return sorted(due, key=lambda c: (c.renewal_due or today, c.key))


def candidates_listed(actor: Actor) -> QuerySet[Candidate]:
    return (
        Candidate.objects.visible_to(actor)
        .select_related("unit", "owner", "owner_team")
        .prefetch_related("pains", "items__contract")
    )


def candidate_page(actor: Actor) -> QuerySet[Candidate]:
    systems = System.objects.select_related("data_source", "owner_team")
    return (
        Candidate.objects.visible_to(actor)
        .select_related("unit", "owner", "owner_team", "pattern_version__pattern")
        .prefetch_related("pains", Prefetch("systems", systems), "categories")
        .prefetch_related(Prefetch("items", ContractItem.objects.select_related("contract__unit")))
    )


def load_of(candidate: Candidate) -> dict[str, Any]:
    """The work behind it: its pains, or its items where no pain is named; never added up twice."""
    pieces: list[Any] = list(candidate.pains.all()) or list(candidate.items.all())
    return _graded(pieces)


def frozen_text_of(candidate: Candidate) -> tuple[RankingSnapshot, bool] | None:
    """The newest snapshot that ranked it, and whether its text differs from what was ranked."""
    entry = (
        RankingCandidate.objects.filter(candidate=candidate, ranking__snapshot__isnull=False)
        .select_related("ranking__snapshot")
        .order_by("-ranking__snapshot__frozen_at")
        .first()
    )
    if entry is None:
        return None
    snapshot = entry.ranking.snapshot
    row: dict[str, Any] = next((c for c in snapshot.facts["locked"]["candidates"] if c["key"] == candidate.key), {})
    return snapshot, row.get("digest") != candidate.facts_digest()


# --- rankings ----------------------------------------------------------------------------------------------------


def rankings_listed(actor: Actor) -> QuerySet[Ranking]:
    return (
        Ranking.objects.visible_to(actor)
        .select_related("unit", "snapshot")
        .annotate(
            candidate_count=Count("entries", distinct=True),
            sheet_count=Count("scorers", distinct=True),
            done_count=Count("scorers", filter=Q(scorers__done=True), distinct=True),
        )
    )


def sheet_order(ranking: Ranking, scorer_id: Any) -> list[RankingCandidate]:
    """The candidates, shuffled anew for each scorer and stable for that scorer."""
    entries = ranking.entries.select_related("candidate__unit").prefetch_related("candidate__pains")
    return sorted(entries, key=lambda e: hashlib.sha256(f"{scorer_id}{e.pk}".encode()).digest())


def own_scores(scorer: Any) -> dict[tuple[str, str], int | None]:
    """Candidate key and criterion code to the scorer's own answer."""
    rows = scorer.scores.filter(voided_at=None).select_related("entry__candidate", "criterion")
    return {(s.entry.candidate.key, s.criterion.code): s.value for s in rows}


def visible_result(ranking: Ranking) -> dict[str, Any]:
    """The one function every outlet reads results from: nothing while the ranking is blind."""
    return {} if ranking.is_blind else current_result(ranking)


def latest_selection(unit: Unit) -> FlagshipSelection | None:
    return (
        FlagshipSelection.objects.filter(unit=unit)
        .select_related("snapshot", "unit", "decided_by")
        .order_by("-decided_at", "-created_at")
        .first()
    )


def flagships(unit: Unit) -> list[Candidate]:
    """Of the latest selection of the unit, in the order of their slots."""
    selection = latest_selection(unit)
    if selection is None:
        return []
    slots = FlagshipSlot.objects.filter(selection=selection).select_related("candidate__unit").order_by("slot")
    return [s.candidate for s in slots if s.candidate.state == Candidate.State.FLAGSHIP]


# --- assets ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AssetCounts:
    """`reviewed_and_rerun`: reviewed as usable, with a re-run that worked; `reused_elsewhere`: by another team."""

    reviewed_and_rerun: int
    reused_elsewhere: int
    total: int


def assets_listed(actor: Actor) -> QuerySet[Asset]:
    return (
        Asset.objects.visible_to(actor)
        .select_related("unit", "owner_team", "candidate")
        .annotate(rerun_count=Count("reruns", filter=Q(reruns__outcome__in=WORKED), distinct=True))
    )


def asset_counts(unit: Unit, since: date | None = None, until: date | None = None) -> AssetCounts:
    """Under the unit; re-runs within the days given, assets born up to `until`."""
    assets = Asset.objects.filter(within([unit.path])).exclude(state=Asset.State.RETIRED)
    if until:
        assets = assets.filter(created_at__lt=_day_after(until, unit.zone))
    worked = AssetRerun.objects.filter(asset=OuterRef("pk"), outcome__in=WORKED)
    worked = worked.filter(on__gte=since) if since else worked
    worked = worked.filter(on__lte=until) if until else worked
    elsewhere = worked.filter(asset__owner_team__isnull=False).exclude(team=OuterRef("owner_team"))
    reviewed = assets.filter(state=Asset.State.REVIEWED, reviews__result__in=USABLE).distinct()
    return AssetCounts(
        reviewed.filter(Exists(worked)).count(), reviewed.filter(Exists(elsewhere)).count(), assets.count()
    )


def _day_after(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone))
