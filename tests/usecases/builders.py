"""Records of this app made the way people make them: through the services."""

from __future__ import annotations

from typing import Any

from governance.models import DataCategory
from tests.world import World, actor
from usecases import services
from usecases.models import Asset, Candidate, Contract, FlagshipSelection, InventoryVersion, Pain, Ranking, System
from usecases.models.load import FACTORS

RANGES = {
    "runs_per_month": ("2", "4", "6"),
    "items_per_run": ("1", "1", "1"),
    "minutes_per_item": ("30", "45", "90"),
    "people_per_item": ("1", "1", "2"),
}


def load(provenance: str = "guess", **ranges: tuple[str, str, str]) -> dict[str, Any]:
    """All four factors; the figures of the design's example unless given."""
    found: dict[str, Any] = {}
    for factor in FACTORS:
        low, likely, high = ranges.get(factor, RANGES[factor])
        found |= {f"{factor}_low": low, f"{factor}_likely": likely, f"{factor}_high": high}
        found[f"{factor}_provenance"] = provenance
    return found


def a_system(world: World, name: str = "ServiceNow", **fields: Any) -> System:
    return services.add_system(actor=actor(world.architect), unit=world.cn, name=name, kind="itsm", **fields)


def a_pain(world: World, title: str = "Every Monday I have to copy vendor figures", **details: Any) -> Pain:
    given = {"title_en": title, "title_zh": "每周一手工抄写供应商数据", "kind": "report", **load(), **details}
    return services.record_pain(actor=actor(world.architect), unit=given.pop("unit", world.cn), **given)


def an_inventory(world: World, pains: int = 2) -> InventoryVersion:
    for number in range(pains):
        a_pain(world, f"Pain number {number}")
    return services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)


def a_contract(world: World, **details: Any) -> Contract:
    given = {"vendor": "Vendor One", "title_en": "Application support", "title_zh": "应用支持", **details}
    items = [{"title_en": "Weekly health check", "title_zh": "每周健康检查", **load("vendor_statement")}]
    return services.add_contract(actor=actor(world.architect), unit=world.cn, items=items, **given)


def a_category(world: World, code: str = "know_how") -> DataCategory:
    made, _new = DataCategory.objects.get_or_create(
        code=code, defaults={"name_en": "Operational know-how", "name_zh": "运维知识", "unit": world.root}
    )
    return made


def a_candidate(world: World, title: str = "Vendor report", channel: str = "A9", **details: Any) -> Candidate:
    """Shaped, with an owner and everything a gate asks for except an approval of its category."""
    who = actor(world.architect)
    number = System.objects.count() + 1
    given: dict[str, Any] = {
        "title_en": title, "title_zh": "供应商报告", "summary_en": "A draft of the weekly report.",
        "kind_of_help": "draft_text", "direction": "less_effort", "owner": world.pilot_lead, "owner_team": world.team,
        "baseline_obtainable": "yes", "staff_data": "no", "tools": "ServiceNow MCP", "categories": [a_category(world)],
        "systems": [a_system(world, f"System {number}")],
    }  # fmt: skip
    if channel == "A8":
        given |= {"items": [a_contract(world).items.get()], "vendor": "Vendor One"}
    else:
        given["pains"] = [a_pain(world)]
    candidate = services.draft_candidate(actor=who, unit=world.cn, channel=channel, **{**given, **details})
    return services.shape_candidate(actor=who, candidate=candidate)


def a_ranking(world: World, candidates: list[Candidate], mode: str = "together", **details: Any) -> Ranking:
    who = actor(world.facilitator)
    given = {"title_en": "First ranking", "title_zh": "首次排名", **details}
    if mode == "alone":
        given.setdefault("panel", [world.architect, world.pilot_lead, world.ops_engineer])
    return services.draft_ranking(actor=who, unit=world.cn, candidates=candidates, mode=mode, **given)


def scores(candidates: list[Candidate], *rows: list[int | None]) -> dict[str, dict[str, int | None]]:
    """One row of six a candidate; one row alone goes for all."""
    lines = rows if len(rows) == len(candidates) else [rows[0]] * len(candidates)
    return {c.key: {f"C{i}": v for i, v in enumerate(row, 1)} for c, row in zip(candidates, lines, strict=True)}


def an_open_ranking(world: World, candidates: list[Candidate], *rows: list[int | None]) -> Ranking:
    """Scored together and opened."""
    who = actor(world.facilitator)
    ranking = services.start_scoring(actor=who, ranking=a_ranking(world, candidates))
    services.save_scores(actor=who, ranking=ranking, scores=scores(candidates, *(rows or ([4, 4, 4, 4, 4, 4],))))
    return services.open_ranking(actor=who, ranking=ranking)


def approve(world: World, code: str = "know_how") -> None:
    """Ask for approval of the category: "in approval" is what the gate of a ranking needs."""
    from tests.usecases.approvals import category_in_approval

    category_in_approval(world, a_category(world, code))


def a_selection(world: World, candidates: list[Candidate] | None = None, **details: Any) -> FlagshipSelection:
    chosen = candidates or [a_candidate(world, "Health check", "A8"), a_candidate(world, "Triage assistant", "A9")]
    approve(world)
    ranking = an_open_ranking(world, chosen)
    return services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=chosen, **details)


def a_flagship(world: World, title: str = "Vendor report", **details: Any) -> Candidate:
    """One A9 candidate, ranked and chosen."""
    candidate = a_candidate(world, title, **details)
    a_selection(world, [candidate])
    return Candidate.objects.get(pk=candidate.pk)


def an_asset(world: World, **details: Any) -> Asset:
    given = {
        "title_en": "Report prompt", "title_zh": "报告提示词", "kind": "prompt", "stored_at": "git: prompts/report.md",
        "owner_team": world.team, **details,
    }  # fmt: skip
    return services.add_asset(actor=actor(world.pilot_lead), unit=world.cn, **given)
