"""The chain from a pain to a sealed decision, step by step, each by the role whose step it is.

The steps only use a `Hand`: the same script runs through Django's test client on both engines and in Chromium.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation

from charter.models import Charter, Decision
from charter.panel import outcome_word
from foundation.actor import system_actor
from foundation.jobs import run_due
from governance import packs, preloaded
from governance.models import Component, Condition, DataCategory, Pattern, PatternVersion, Submission
from governance.selectors import current_pack
from metrics.models import GainEstimate, MeasureLock, Pilot
from tests.journeys.hands import Hand
from tests.world import client_for
from usecases.models import Candidate, FlagshipSelection, Ranking, System

SHANGHAI = ZoneInfo("Asia/Shanghai")
BEFORE_FROM = datetime(2026, 5, 4, 9, tzinfo=SHANGHAI)  # a Monday, four weeks before the box
BOX_STARTS = datetime(2026, 6, 1, 9, tzinfo=SHANGHAI)
BOX_ENDS = datetime(2026, 7, 26, 18, tzinfo=SHANGHAI)  # eight weeks later
PANEL = ("architect", "pilot_lead", "ops_engineer")
TASK_TIMES = "/api/v1/metrics/task-times"
LANES = ("architecture_approver", "security_approver", "data_approver")
CONTROLS = ("network", "firewall", "identity", "logging")

WORDS = {
    "en": {
        "pain": "Every Monday I have to copy vendor figures into a report",
        "second": "Every night I have to look up who owns an alert",
        "support": "Application support",
        "check": "Weekly health check of the vendor",
        "summary": "Drafts the weekly report; a person signs it.",
        "ranking": "First ranking",
        "why": "The report is the work the teams named first.",
        "purpose": "Operations drafts reports from its own runbooks; people sign.",
        "masking": "Names are replaced by roles",
        "exit": "Export the workflows and write the report by hand for two weeks.",
        "condition": "Remove names from postmortems",
        "done": "A script removes names; 20 postmortems were checked by hand.",
        "question": "Can an assistant take the weekly report off operations, safely?",
        "assumption": "Logs carry owner tags.",
        "answer": "Seen in 40 of 40 logs of June.",
        "asset": "Prompt of the weekly report",
        "learned": "The report is drafted in less time and people still sign it.",
        "scope": "Weekly report of Shanghai operations",
        "cost": "Not reported by the runtime.",
    },
    "zh": {
        "pain": "每周一手工把供应商数据抄进报告",
        "second": "每晚手工查告警归谁负责",
        "support": "应用支持",
        "check": "供应商每周健康检查",
        "summary": "起草周报，由人签发。",
        "ranking": "首次排名",
        "why": "报告是各团队最先提到的工作。",
        "purpose": "运维依据自己的手册起草报告，由人签发。",
        "masking": "姓名替换为角色",
        "exit": "导出工作流，手工写两周报告。",
        "condition": "从事后复盘中去除姓名",
        "done": "脚本去除姓名，人工核对了20份。",
        "question": "助手能否安全地接走每周报告？",
        "assumption": "日志带有归属标签。",
        "answer": "六月的40份日志中都有。",
        "asset": "周报提示词",
        "learned": "起草报告更快，仍由人签发。",
        "scope": "上海运维的周报",
        "cost": "运行平台未报告。",
    },
}


@dataclass
class Chain:
    """`move` sets the clock; `times` task times are recorded on each side of the start, `typed` of them on the phone
    form and the others by a script of the team."""

    world: Any
    hand: Hand
    move: Callable[[datetime], None]
    times: int = 20  # the least a side that reads a verdict
    typed: int = 20
    seen: dict[str, str] = field(default_factory=dict)  # addresses and keys found on the way
    headings: dict[str, str] = field(default_factory=dict)  # step: heading of the page it ended on
    texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lang = "zh" if self.hand.language.startswith("zh") else "en"
        self.words = WORDS[self.lang]
        self.titled = f"title_{self.lang}"

    def on(self, moment: datetime, role: str) -> Hand:
        """That moment, with that person before the screen."""
        self.move(moment)
        self.hand.sit(getattr(self.world, role))
        return self.hand

    def day(self, month: int, day: int, hour: int = 10) -> datetime:
        return datetime(2026, month, day, hour, tzinfo=SHANGHAI)

    def note(self, step: str) -> None:
        assert self.hand.page_language.lower() == self.hand.language, (step, self.hand.page_language)
        self.headings[step], self.texts[step] = self.hand.heading, self.hand.text

    def run(self) -> Decision:
        self.record_pains()
        self.publish_inventory()
        self.add_contract()
        self.shape_candidates()
        self.ask_for_approval()
        self.rank()
        self.choose()
        self.decide_lanes()
        self.meet_condition()
        self.draft_pilot()
        self.draft_charter()
        self.type_times(BEFORE_FROM, "B", 139)
        self.sign_charter()
        self.start_pilot()
        self.type_times(BOX_STARTS + timedelta(weeks=1), "P", 59)
        self.keep_know_how()
        self.estimate()
        self.freeze_report()
        return self.decide()

    # --- from a pain to two candidates -------------------------------------------------------------------------------

    def record_pains(self) -> None:
        hand = self.on(self.day(3, 2), "ops_engineer")
        for words, minutes in (("pain", "2h"), ("second", "5min")):
            hand.open("/pains/new")
            hand.write(**{self.titled: self.words[words]})
            hand.choose("kind", "report")
            hand.choose("quick_runs_per_month", "weekly")
            hand.choose("quick_minutes_per_item", minutes)
            hand.choose("quick_items_per_run", "one")
            hand.choose("quick_people_per_item", "one")
            hand.choose("owner_team", self.world.team.pk)
            hand.press("Record")
            assert hand.heading == self.words[words]
            self.seen[words] = hand.path
        self.note("pain recorded")

    def publish_inventory(self) -> None:
        hand = self.on(self.day(3, 3), "facilitator")
        hand.open("/inventories/publish")
        hand.choose("acknowledge", "on")
        hand.press("Publish")
        hand.reads("INV-CN-v1", self.words["pain"], self.words["second"])
        self.note("inventory published")

    def add_contract(self) -> None:
        hand = self.on(self.day(3, 4), "architect")
        hand.open("/systems/new")
        hand.write(name="ServiceNow")
        hand.choose("kind", "itsm")
        hand.press("Add")
        hand.press("Save")
        hand.open("/contracts/new")
        hand.write(**{"vendor": "Vendor One", self.titled: self.words["support"]})
        hand.choose("kind", "support")
        hand.write(**{f"item-{self.titled}": self.words["check"]})
        hand.choose("item-kind", "manual_check")
        hand.press("Add")
        hand.press("Make a candidate")
        self.seen["from contract"] = hand.key

    def shape_candidates(self) -> None:
        hand = self.on(self.day(3, 5), "architect")
        hand.open(self.seen["pain"])
        hand.press("Make a candidate")
        self.seen["from pain"] = hand.key
        for name in ("from pain", "from contract"):
            self._shape(self.seen[name])
        self.note("candidate shaped")

    def _shape(self, key: str) -> None:
        hand = self.hand
        hand.open(f"/candidates/{key}/edit")
        hand.write(**{f"summary_{self.lang}": self.words["summary"], "tools": "ServiceNow MCP"})
        hand.choose("kind_of_help", "draft_text")
        hand.choose("direction", "less_effort")
        hand.choose("owner", self.world.pilot_lead.pk)
        hand.choose("owner_team", self.world.team.pk)
        hand.choose("categories", self.category.pk)
        hand.choose("systems", self.system_pk)
        hand.choose("pattern_version", PatternVersion.objects.get().pk)
        hand.choose("staff_data", "no")
        hand.choose("baseline_obtainable", "yes")
        hand.press("Save")
        hand.press_value("act", "shape")
        assert Candidate.objects.get(key=key).state == "shaped"

    @property
    def category(self) -> DataCategory:
        return DataCategory.objects.get(code="know_how")

    @property
    def system_pk(self) -> Any:
        return System.objects.get().pk

    # --- asked for before it is ranked: "in approval" is what the gate of a ranking needs ----------------------------

    def ask_for_approval(self) -> None:
        hand = self.on(self.day(3, 9), "architect")
        hand.open("/governance/new")
        hand.choose("unit", self.world.cn.pk)
        hand.choose("pattern", Pattern.objects.get().pk)
        hand.press("Open the request")
        self.seen["request"] = request = hand.path
        self._section("purpose", **{f"purpose_{self.lang}": self.words["purpose"]})
        self._slots()
        self._landing()
        self._data()
        self._exit()
        hand.open(f"{request}/submit")
        hand.press("Submit for approval")
        assert hand.path == request
        self.note("approval asked for")

    def _section(self, name: str, **fields: str) -> None:
        self.hand.open(f"{self.seen['request']}/{name}")
        if fields:
            self.hand.write(**fields)
            self.hand.press("Save")

    def _slots(self) -> None:
        self._section("slots")
        for slot in PatternVersion.objects.get().slots.all():
            fitting = Component.objects.filter(role=slot.role).exclude(status="retired").order_by("key")
            self.hand.choose(slot.code, fitting[0].pk)
        self.hand.press("Save")

    def _landing(self) -> None:
        self._section("landing")
        place = "AliCloud Shanghai"
        self.hand.write(
            stored_in=place, processed_in=place, model_endpoint_region="China (Shanghai)", accessed_from="Shanghai",
            retention_days=90, masking=self.words["masking"],
        )  # fmt: skip
        for control in CONTROLS:
            self.hand.choose(f"{control}-answer", "reused")
            self.hand.write(**{f"{control}-evidence": "Validation 7", f"{control}-evidence_on": "2026-01-15"})
        self.hand.press("Save")

    def _data(self) -> None:
        self._section("data")
        for category in DataCategory.objects.all():
            self.hand.choose(f"{category.code}-use", "on")
        for number in range(1, 13):
            self.hand.choose(f"CN{number:02d}-answer", "no")
        self.hand.press("Save")

    def _exit(self) -> None:
        self._section("exit")
        self.hand.choose("portable_assets", "prompts", "workflows")
        self.hand.write(**{f"exit_plan_{self.lang}": self.words["exit"]})
        self.hand.press("Save")

    # --- scored by people, chosen by the head of operations ----------------------------------------------------------

    def rank(self) -> None:
        hand = self.on(self.day(3, 11), "facilitator")
        chosen = [Candidate.objects.get(key=self.seen[name]) for name in ("from pain", "from contract")]
        hand.open("/rankings/new")
        hand.write(**{self.titled: self.words["ranking"]})
        hand.choose("candidates", *(c.pk for c in chosen))
        hand.choose("mode", "alone")
        hand.choose("panel", *(getattr(self.world, role).pk for role in PANEL))
        hand.press("button|Set up")
        self.seen["ranking"] = hand.path
        hand.press_value("act", "start")
        for number, role in enumerate(PANEL):
            self._score(self.day(3, 12, 9 + number), role, chosen)
        hand = self.on(self.day(3, 13), "facilitator")
        hand.open(self.seen["ranking"])
        hand.press_value("act", "open")
        assert Ranking.objects.get().state == "open"
        self.note("ranking opened")

    def _score(self, moment: datetime, role: str, candidates: list[Candidate]) -> None:
        hand = self.on(moment, role)
        hand.open(f"/candidates/score/{Ranking.objects.get().pk}")
        for candidate, mark in zip(candidates, (5, 3), strict=True):
            for criterion in range(1, 7):
                hand.choose(f"score-{candidate.key}-C{criterion}", mark)
        hand.press("Save the sheet")
        assert hand.path == self.seen["ranking"]

    def choose(self) -> None:
        hand = self.on(self.day(3, 16), "ops_head")
        hand.open(f"{self.seen['ranking']}/choose")
        hand.choose("chosen", self.candidate.pk)
        hand.write(reason=self.words["why"])
        hand.press("Freeze and choose")
        hand.reads("R-0001", self.words["pain"])
        self.note("flagship chosen")
        assert [s.candidate_id for s in FlagshipSelection.objects.get().slots.all()] == [self.candidate.pk]

    @property
    def candidate(self) -> Candidate:
        return Candidate.objects.get(key=self.seen["from pain"])

    # --- three lanes, one condition ----------------------------------------------------------------------------------

    def decide_lanes(self) -> None:
        for number, role in enumerate(LANES):
            self._review(self.day(3, 18 + number), role)
        self.note("lanes decided")

    def _review(self, moment: datetime, role: str) -> None:
        hand = self.on(moment, role)
        hand.open(f"{self.seen['request']}/review")
        for key in self._items(role):
            hand.choose(f"choice-{key}", "approve")
        if role == "data_approver":
            key = "category:know_how"
            hand.choose(f"choice-{key}", "condition")
            hand.write(**{f"text-{key}": self.words["condition"], f"due-{key}": "2026-05-15"})
            hand.choose(f"owner-{key}", self.world.architect.pk)
        script = hand.offers("Check and confirm")
        hand.press("Check and confirm" if script else "Confirm my decisions")
        hand.press_value("step", "confirm")

    def _items(self, role: str) -> list[str]:
        lane = role.removesuffix("_approver")
        return list(packs.lane_items(packs.read(current_pack(Submission.objects.get()).body))[lane])

    def meet_condition(self) -> None:
        key = Condition.objects.get().key
        hand = self.on(self.day(4, 8), "architect")
        hand.open(f"/governance/conditions/{key}")
        hand.write(label=self.words["done"], effective_on="2026-04-07")
        hand.press("Give evidence")
        hand = self.on(self.day(4, 9), "data_approver")
        hand.open(f"/governance/conditions/{key}")
        hand.press("Close the condition")
        assert Condition.objects.get().state == "closed"
        self.note("condition closed")

    # --- pilot, measure, charter -------------------------------------------------------------------------------------

    def draft_pilot(self) -> None:
        hand = self.on(self.day(4, 20), "pilot_lead")
        hand.open("/measures/pilots/new")
        hand.choose("candidate", self.candidate.pk)
        hand.write(starts_on=BOX_STARTS.date(), ends_on=BOX_ENDS.date())
        hand.press("Draft the pilot")
        self.seen["pilot"] = hand.path
        hand.open(f"{hand.path}/measures/new?preset=time_per_task")
        hand.write(minimum_effect="10")
        hand.press("Make the measure")
        self.seen["measure"] = hand.path
        self.note("measure drafted")

    def draft_charter(self) -> None:
        hand = self.on(self.day(4, 21), "pilot_lead")
        hand.open("/charters/new")
        hand.write(question=self.words["question"], starts_on=BOX_STARTS.date(), ends_on=BOX_ENDS.date())
        hand.choose("cases", self.candidate.pk)
        hand.choose("lead", self.world.pilot_lead.pk)
        hand.write(n_O2_a="20", n_O3_a="1")
        hand.choose("signer_cio", self.world.cio.pk)
        hand.choose("signer_ops_head", self.world.ops_head.pk)
        hand.press("Draft the charter")
        self.seen["charter"] = hand.path
        assert not hand.offers("Send for signature"), "a charter without its pilot could be sent"
        hand.open(f"{hand.path}/edit")
        hand.choose(f"pilot_{self.candidate.key}", Pilot.objects.get().pk)
        hand.write(questions=self.words["assumption"], exit_plan=self.words["exit"])
        hand.press("Save the terms")
        hand.press("Send for signature")
        assert Charter.objects.get().state == "for_signature"
        self.note("charter sent")

    def sign_charter(self) -> None:
        for number, role in enumerate(("ops_head", "cio")):
            hand = self.on(self.day(5, 27 + number), role)
            hand.open(f"{self.seen['charter']}/sign")
            hand.press("Sign %(key)s", key="EC-CN-01")
            lock = MeasureLock.objects.get()
            assert (lock.binding_at is not None) == (role == "cio")
        self.note("charter signed")

    def start_pilot(self) -> None:
        hand = self.on(BOX_STARTS - timedelta(days=2), "pilot_lead")
        hand.open(self.seen["charter"])
        assert not hand.offers("Start the pilot: %(case)s", case=self.candidate.title), "started before its box"
        hand = self.on(BOX_STARTS, "pilot_lead")
        hand.open(self.seen["charter"])
        hand.press("Start the pilot: %(case)s", case=self.words["pain"])
        assert Pilot.objects.get().status == "running"
        self.note("pilot started")

    # --- what the pilot shows ----------------------------------------------------------------------------------------

    def type_times(self, monday: datetime, name: str, centre: float) -> None:
        """Spread over four weeks, typed on the day by somebody of the team."""
        draw = random.Random(centre)  # noqa: S311 - invented minutes
        for number in range(self.times):
            week, place = divmod(number * 4, self.times)
            moment = monday + timedelta(weeks=week, days=place % 5, hours=place % 7, minutes=number)
            minutes, case = f"{centre * draw.lognormvariate(0, 0.2):.1f}", f"{name}-{number:03d}"
            if number < self.typed:
                self._type_time(moment, minutes, case)
            else:
                self._send_time(moment, minutes, case)
        self.note(f"times {name}")

    def _type_time(self, moment: datetime, minutes: str, case: str) -> None:
        hand = self.on(moment, "ops_engineer")
        hand.open(f"{self.seen['pilot']}/time")
        hand.write(minutes=minutes, case=case)
        hand.write(review_minutes="9")
        hand.press("Save and next")

    def _send_time(self, moment: datetime, minutes: str, case: str) -> None:
        self.move(moment)
        item = {"minutes": minutes, "case": case, "review_minutes": "9"}
        body = {"pilot": Pilot.objects.get().key, "items": [item]}
        sent = client_for(self.world.ops_engineer).post(TASK_TIMES, body, content_type="application/json")
        assert sent.status_code == 201, sent.content

    def keep_know_how(self) -> None:
        hand = self.on(self.day(7, 6), "pilot_lead")
        hand.open("/assets/new")
        hand.write(**{self.titled: self.words["asset"], "stored_at": "git: prompts/weekly"})
        hand.choose("kind", "prompt")
        hand.choose("owner_team", self.world.team.pk)
        hand.press("Add")
        asset = hand.path
        hand = self.on(self.day(7, 7), "architect")
        hand.open(f"{asset}/review")
        hand.choose("result", "usable")
        hand.press("Save review")
        hand = self.on(self.day(7, 8), "ops_engineer")
        hand.open(f"{asset}/rerun")
        hand.choose("team", self.world.cn.pk)
        hand.choose("outcome", "worked")
        hand.press("Record")
        hand = self.on(self.day(7, 9), "architect")
        hand.open(f"/charters/questions/{Charter.objects.get().questions.get().pk}")
        hand.choose("answer", "held")
        hand.write(evidence=self.words["answer"])
        hand.press("Keep the answer")
        self.note("know-how kept")

    def estimate(self) -> None:
        hand = self.on(self.day(7, 27), "pilot_lead")
        hand.open(self.seen["pilot"])
        hand.press("Run the estimate")
        run_due()
        found = GainEstimate.objects.get()
        assert found.verdict == "clear_gain", (found.verdict, found.reasons)
        hand.open(self.seen["pilot"])
        hand.reads(found.sentence_zh if self.lang == "zh" else found.sentence_en)
        self.note("estimate read")

    def freeze_report(self) -> None:
        report = Pilot.objects.get().report
        hand = self.on(self.day(7, 27, 14), "pilot_lead")
        hand.open(f"/measures/{report.key}/freeze")
        hand.press("Freeze %(key)s", key=report.key)
        assert report.freezes.count() == 1 and f"/measures/{report.key}/frozen/" in hand.path
        self.seen["frozen report"] = hand.path
        self.note("report frozen")

    # --- the decision ------------------------------------------------------------------------------------------------

    def word_of(self, outcome: str) -> str:
        with translation.override(self.hand.language):
            return outcome_word(outcome)

    def decide(self) -> Decision:
        charter = self.seen["charter"]
        hand = self.on(self.day(7, 28), "pilot_lead")
        hand.open(f"{charter}/decide")
        hand.choose("outcome", "EXPAND")
        hand.write(rationale=self.words["learned"], scope=self.words["scope"], run_cost=self.words["cost"])
        hand.choose("owner_id", self.world.ops_head.pk)
        hand.press("Freeze the evidence and prepare")
        prepared = Decision.objects.get()
        assert (prepared.reading, prepared.point.is_end) == ("EXPAND", True), prepared.evidence.body
        hand = self.on(self.day(7, 29), "ops_head")
        self._choose_outcome()
        hand.press("Propose and sign %(word)s", word=self.word_of("EXPAND"))
        hand = self.on(self.day(7, 30), "cio")
        self._choose_outcome()
        hand.press("Sign %(word)s", word=self.word_of("EXPAND"))
        decision = Decision.objects.get()
        assert decision.state == "signed" and decision.get_absolute_url() == hand.path
        self.note("decision signed")
        return decision

    def _choose_outcome(self) -> None:
        self.hand.open(self.seen["charter"])
        self.hand.choose("outcome", "EXPAND")
        self.hand.press("Review and sign")


def lay_catalogue(world: Any) -> None:
    """What bootstrap leaves behind: the pattern skeleton, six categories, gates and the checklist."""
    preloaded.load(actor=system_actor("command"), unit=world.root)
