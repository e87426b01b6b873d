"""Pains, frozen inventory, contracts, candidates, ranking and the two flagships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from desk.demo import stories
from desk.demo.calendar import Beat, Calendar
from desk.demo.cast import Cast
from desk.demo.workshops import hold_first
from desk.services import note_box
from foundation import clock
from governance.models import DataCategory, PatternVersion
from usecases import services
from usecases.models import Asset, Candidate, ContractItem, Pain, System
from usecases.models.load import FACTORS


@dataclass
class Cases:
    pains: dict[str, Pain] = field(default_factory=dict)
    items: dict[str, ContractItem] = field(default_factory=dict)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)


def ranges(provenance: str, *factors: tuple[float, float, float]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (low, likely, high) in zip(FACTORS, factors, strict=True):
        found |= {f"{name}_low": str(low), f"{name}_likely": str(likely), f"{name}_high": str(high)}
        found[f"{name}_provenance"] = provenance
    return found


def write_conviction(calendar: Calendar, cast: Cast) -> None:
    """Box A1: why at all, dated, with its sources."""
    with clock.pinned(calendar.at(-150, 10)):
        note_box(
            actor=cast.actor("architect"),
            unit=cast.units["CN"],
            box="A1",
            said_on=calendar.today - timedelta(days=150),
            sources=[
                "Industry round table of operations heads / 行业运维负责人圆桌会",
                "Own notes of three night shifts / 三个夜班的自记",
            ],
            trend="Assistants draft and search well; they decide badly alone. / 助手善于起草和检索，不善于独自决定。",
            experience="Two colleagues tried drafts on old tickets and kept half of the sentences. / "
            "两位同事用旧工单试写草稿，保留了一半句子。",
            monitoring="Monitoring keeps twelve months and is trusted. / 监控保留十二个月数据，值得信任。",
            itsm="Tickets are complete for incidents, thin for requests. / 事件工单完整，请求工单单薄。",
            cloud="One landing zone with logging and single sign-on. / 一个带日志和单点登录的落地区。",
        )


def record_pains(calendar: Calendar, cast: Cast, cases: Cases) -> None:
    """From the workshop of the hub; where the work happens is added the day after."""
    systems = (("ServiceNow", "itsm", "ServiceNow"), ("Zabbix", "monitoring", "Zabbix"), ("CMDB", "cmdb", "配置库"))
    with clock.pinned(calendar.at(-146)):
        for name, kind, _zh in systems:
            cases.systems[name] = services.add_system(
                actor=cast.actor("architect"), unit=cast.units["CN"], name=name, kind=kind
            )
    details: dict[str, dict[str, Any]] = {}
    for key, en, zh, kind, *load, provenance, team in stories.PAINS:
        size = ranges(provenance, *load)
        details[key] = {"title_en": en, "title_zh": zh, "kind": kind, "owner_team": cast.units[team], **size}
    cases.pains = hold_first(calendar, cast, details)
    with clock.pinned(calendar.at(-139, 10)):
        for pain in cases.pains.values():
            shadow = "script" if pain.kind == "shadow_automation" else "none"
            services.edit_pain(
                actor=cast.actor("architect"), pain=pain, systems=[cases.systems["ServiceNow"]],
                shadow_automation=shadow,
            )  # fmt: skip


def answer_data_freedom(calendar: Calendar, cast: Cast, cases: Cases) -> None:
    """Whether the data of the named systems can be had; asked of their owners before candidates are drafted."""
    with clock.pinned(calendar.at(-110, 10)):
        for name, answers in stories.FREEDOM.items():
            services.edit_source(
                actor=cast.actor("architect"),
                system=cases.systems[name],
                proven_on=calendar.today - timedelta(days=111),
                **answers,
            )


def add_contracts(calendar: Calendar, cast: Cast, cases: Cases) -> None:
    for number, (key, vendor, en, zh, kind, renews, items) in enumerate(stories.CONTRACTS):
        with clock.pinned(calendar.at(-132 + number, 14)):
            rows = [
                {"kind": k, "title_en": e, "title_zh": z, **ranges("vendor_statement", *load)}
                for k, e, z, *load in items
            ]
            contract = services.add_contract(
                actor=cast.actor("architect"),
                unit=cast.units["CN"],
                items=rows,
                vendor=vendor,
                title_en=en,
                title_zh=zh,
                kind=kind,
                ends_on=calendar.today + timedelta(days=renews + 90),
                renewal_on=calendar.today + timedelta(days=renews),
            )
            for position, item in enumerate(contract.items.order_by("position")):
                cases.items[f"{key}:{position}"] = item


def draft_candidates(calendar: Calendar, cast: Cast, cases: Cases, version: PatternVersion) -> None:
    categories = {c.code: c for c in DataCategory.objects.all()}
    for number, row in enumerate(stories.CASES):
        key, channel, origin, en, zh, summary_en, summary_zh, help_, direction, needs, baseline = row
        with clock.pinned(calendar.at(-98, 9, 5 * number)):
            actor = cast.actor("architect")
            details: dict[str, Any] = {
                "title_en": en, "title_zh": zh, "summary_en": summary_en, "summary_zh": summary_zh,
                "kind_of_help": help_, "direction": direction,
                "owner": cast["lead"], "owner_team": cast.units["CN-OPS"],
                "baseline_obtainable": baseline, "staff_data": "no", "pattern_version": version,
                "tools": "ServiceNow MCP (global / 全球), CMDB look-up (local) / CMDB 查询（本地）",
                "categories": [categories[code] for code in needs],
                "systems": [cases.systems["ServiceNow"], cases.systems["CMDB"]],
            }  # fmt: skip
            if channel == "A8":
                candidate = services.draft_from_item(actor=actor, item=cases.items[origin], **details)
            else:
                details.pop("systems")
                candidate = services.promote_pain(actor=actor, pain=cases.pains[origin], **details)
            cases.candidates[key] = services.shape_candidate(actor=actor, candidate=candidate)
    with clock.pinned(calendar.at(-97, 17)):
        services.decline_candidate(
            actor=cast.actor("architect"),
            candidate=cases.candidates["capacity"],
            reason="Plant production figures are core data; they stay where they are. / 产线产量是核心数据，留在原处。",
        )


def rank_and_choose(calendar: Calendar, cast: Cast, cases: Cases) -> None:
    entered = [cases.candidates[key] for key in stories.SCORES]
    facilitator = cast.actor("architect")
    with clock.pinned(calendar.at(-97, 9)):
        ranking = services.draft_ranking(
            actor=facilitator,
            unit=cast.units["CN"],
            candidates=entered,
            title_en="First ranking of the Shanghai hub",
            title_zh="上海中心首次排名",
            mode="alone",
            panel=[cast[key] for key in stories.PANEL],
        )
        ranking = services.start_scoring(actor=facilitator, ranking=ranking)
    for seat, key in enumerate(stories.PANEL):
        with clock.pinned(calendar.at(-96, 9 + seat)):
            sheet = {
                cases.candidates[name].key: {f"C{i}": score for i, score in enumerate(rows[seat], 1)}
                for name, rows in stories.SCORES.items()
            }
            services.save_scores(actor=cast.actor(key), ranking=ranking, scores=sheet)
    with clock.pinned(calendar.at(-95, 15)):
        ranking = services.open_ranking(actor=facilitator, ranking=ranking)
    with clock.pinned(calendar.at(-94, 15)):
        chosen = [cases.candidates["reports"], cases.candidates["triage"]]
        services.select_flagships(
            actor=cast.actor("ops_head"),
            ranking=ranking,
            chosen=chosen,
            reason="One vendor case and one of our own, as the rule says. / 按规则选一个供应商案例和一个自有案例。",
        )
        for key in cases.candidates:
            cases.candidates[key] = Candidate.objects.get(pk=cases.candidates[key].pk)
    with clock.pinned(calendar.at(-93, 11)):
        services.park_candidate(
            actor=facilitator,
            candidate=cases.candidates["find"],
            reason="The wiki gives no export by program; parked until its move in spring. / "
            "知识库不支持程序导出，搁置至春季迁移后。",
        )


def keep_assets(calendar: Calendar, cast: Cast) -> Iterator[Beat]:
    for number, (kind, en, zh, reviewed, teams) in enumerate(stories.ASSETS):
        add = partial(
            services.add_asset,
            actor=cast.actor("lead"),
            unit=cast.units["CN"],
            kind=kind,
            title_en=en,
            title_zh=zh,
            stored_at=f"git: know-how/{kind}-{number + 1}",
            owner_team=cast.units["CN-OPS"],
        )
        yield calendar.at(-62 + 5 * number, 11), add
        if reviewed:
            yield calendar.at(-61 + 5 * number, 14), partial(_review, cast, en)
        for place, team in enumerate(teams):
            yield calendar.at(min(-3, -58 + 5 * number + place), 15), partial(_rerun, cast, en, team)


def _review(cast: Cast, title: str) -> None:
    services.review_asset(actor=cast.actor("data"), asset=Asset.objects.get(title_en=title), result="usable")


def _rerun(cast: Cast, title: str, team: str) -> None:
    who = cast.actor("dba" if team == "CN-DB" else "architect")
    asset = Asset.objects.get(title_en=title)
    services.record_rerun(actor=who, asset=asset, team=cast.units[team], outcome="worked")
