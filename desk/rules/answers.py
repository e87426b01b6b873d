"""The four questions, answered from facts. Pure: both languages, at most 60 words, what is missing is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

MOST_WORDS = 60
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
BEHIND_THE_LINK = re.compile(
    r"\s*\d+ of \d+ checks? passed[^.]*\.|\s*Ref\. [0-9a-f]+\.|\d+项检查中[^。]*。|编号[0-9a-f]+。"
)
Pair = tuple[str, str]  # English, Chinese


@dataclass(frozen=True)
class Source:
    """A record an answer rests on."""

    label: str
    url: str
    note: str = ""
    word: str = ""  # its evidence word, where it is a figure


@dataclass(frozen=True)
class Said:
    """A published statement."""

    en: str
    zh: str
    word: str
    verdict: str


@dataclass(frozen=True)
class ValueFacts:
    statements: tuple[Said, ...] = ()
    direction: Pair | None = None
    reading_on: date | None = None
    measured: int = 0
    needed: int = 0
    questions: int = 0
    answered: int = 0
    reused: int = 0
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Signed:
    role: Pair
    on: date


@dataclass(frozen=True)
class PeopleFacts:
    vow: Pair | None = None  # only when a signed charter carries it
    vow_version: str = ""
    signed: tuple[Signed, ...] = ()
    asked: tuple[Pair, ...] = ()
    refusals: int = 0
    open_breaches: int = 0
    breaches: int = 0
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class ReviewFacts:
    pattern: Pair | None = None
    is_approved: bool = False
    slots: int = 0
    bound: int = 0
    categories: int = 0
    decided: int = 0
    conditions: int = 0
    condition_on: date | None = None
    expires_on: date | None = None
    waits_for: tuple[Pair, ...] = ()
    gaps: int = 0
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class GlobalFacts:
    used: int = 0
    from_global: int = 0
    local: tuple[Pair, ...] = ()
    replaceable: int = 0  # of the local ones: another product could fill their slot
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Answer:
    number: int
    en: str
    zh: str
    word: str  # evidence word of what is claimed, "" where nothing is a figure
    sources: tuple[Source, ...] = field(default=())

    @property
    def has_evidence(self) -> bool:
        return bool(self.sources)


QUESTIONS: dict[int, tuple[Pair, Pair]] = {
    1: (
        ("IT management", "IT 管理层"),
        ("What is the concrete value for us, right now?", "现在对我们的具体价值是什么？"),
    ),
    2: (
        ("Operations", "运维"),
        (
            "If AI saves 30 % of my time, is that 30 % fewer people or 30 % tougher KPIs?",
            "如果 AI 节省我 30% 的时间，是减少 30% 的人，还是 KPI 提高 30%？",
        ),
    ),
    3: (
        ("Architects and governance", "架构与治理"),
        ("Scope and KPIs are not final; what can we review?", "范围和 KPI 还没定，我们能评审什么？"),
    ),
    4: (
        ("Global IT", "全球 IT"),
        ("Are you aligned with the roadmap, or building an island?", "你们与路线图一致，还是在造孤岛？"),
    ),
}


def words(text: str) -> int:
    """Words of a Latin text, Han characters counted two for one word."""
    han = len(re.findall(r"[\u4e00-\u9fff]", text))
    return len(re.findall(r"[^\s\u4e00-\u9fff，。；：、？！“”（）]+", text)) + (han + 1) // 2


def plainly(sentence: str) -> str:
    """A stated gain without its count of checks and its reference number: both stand behind the link."""
    return BEHIND_THE_LINK.sub("", sentence).strip()


def day(value: date | None) -> Pair:
    if value is None:
        return ("–", "–")
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}", f"{value.year}年{value.month}月{value.day}日"


def compose_answer(number: int, facts: Any) -> Answer:
    sentences, word = COMPOSERS[number](facts)
    en, zh = fitting(sentences)
    return Answer(number, en, zh, word, facts.sources)


def fitting(sentences: Sequence[Pair]) -> Pair:
    """Sentences in their order while the answer stays short; the first always stands."""
    kept: list[Pair] = []
    for pair in sentences:
        tried = [*kept, pair]
        if kept and (
            words(" ".join(p[0] for p in tried)) > MOST_WORDS or words("".join(p[1] for p in tried)) > MOST_WORDS
        ):
            continue
        kept = tried
    return " ".join(p[0] for p in kept), "".join(p[1] for p in kept)


def _value(facts: ValueFacts) -> tuple[list[Pair], str]:
    if not facts.statements:
        return [*_no_value(facts), *_also(facts)], ""
    first, *others = sorted(facts.statements, key=lambda s: s.verdict == "worse")
    worse = sum(s.verdict == "worse" for s in facts.statements)
    found: list[Pair] = [(first.en, first.zh or first.en)]
    if worse and first.verdict != "worse":
        found.append((f"{_cases(worse)} became worse.", f"{worse} 个案例变差。"))
    rest = len(others) - (worse if first.verdict != "worse" else worse - 1)
    if rest > 0:
        found.append((f"{rest} more published below.", f"另有 {rest} 条已发布，见下。"))
    return [*found, *_also(facts)], first.word


def _cases(count: int) -> str:
    return "One case" if count == 1 else f"{count} cases"


def _no_value(facts: ValueFacts) -> list[Pair]:
    found: list[Pair] = [("None measured yet.", "尚无已测量的价值。")]
    if facts.direction:
        en, zh = facts.direction
        found.append((f"We expect {en}; that is a direction, not a number.", f"我们预期{zh}；这是方向，不是数字。"))
    if facts.reading_on:
        en, zh = day(facts.reading_on)
        found.append((f"The first reading is on {en}.", f"首次读数在{zh}。"))
    else:
        found.append(("No date for a first reading is set.", "首次读数的日期尚未确定。"))
    if facts.needed:
        left = max(0, facts.needed - facts.measured)
        en = f"{facts.measured} of {facts.needed} cases are measured, {left} are still needed."
        found.append((en, f"已测量 {facts.measured} 例，共需 {facts.needed} 例，还差 {left} 例。"))
    return found


def _also(facts: ValueFacts) -> list[Pair]:
    found: list[Pair] = []
    if facts.questions:
        en = f"{facts.answered} of {facts.questions} open questions are answered."
        found.append((en, f"{facts.questions} 个未决问题已回答 {facts.answered} 个。"))
    if facts.reused:
        en = f"{facts.reused} reusable pieces of know-how were reviewed and re-run by someone else."
        found.append((en, f"{facts.reused} 项可复用资产已由他人评审并重新运行。"))
    else:
        found.append(("Nothing is re-used by others yet.", "还没有资产被他人复用。"))
    return found


def _people(facts: PeopleFacts) -> tuple[list[Pair], str]:
    if facts.vow is None:
        return [*_no_vow(facts), *_breaches(facts)], ""
    en, zh = facts.vow
    found: list[Pair] = [("Neither. The signed charter says: " + en, "都不是。已签章程写明：" + zh)]
    given_en = ", ".join(f"{s.role[0]} on {day(s.on)[0]}" for s in facts.signed)
    given_zh = "、".join(f"{s.role[1]}（{day(s.on)[1]}）" for s in facts.signed)
    found.append((f"Signed by {given_en}.", f"签署：{given_zh}。"))
    return [*found, *_breaches(facts), *_refusals(facts)], ""


def _no_vow(facts: PeopleFacts) -> list[Pair]:
    found: list[Pair] = [
        (
            "No charter is signed yet. What the software itself makes impossible holds already: no measure keeps a "
            "person, and what fewer than five people use is not shown.",
            "章程尚未签署。软件本身已经做到：任何度量都不记录个人，少于五人使用的内容不予显示。",
        )
    ]
    if facts.asked:
        en, zh = ", ".join(p[0] for p in facts.asked), "、".join(p[1] for p in facts.asked)
        found.append((f"Asked to sign: {en}.", f"待签署：{zh}。"))
    else:
        found.append(("Nobody is asked to sign yet.", "尚未请任何人签署。"))
    return found


def _breaches(facts: PeopleFacts) -> list[Pair]:
    if facts.vow is None and not facts.breaches:
        return []
    en = f"{facts.breaches} breaches were reported, {facts.open_breaches} are open."
    zh = f"报告的护栏违反 {facts.breaches} 起，未关闭 {facts.open_breaches} 起。"
    return [(en if facts.breaches else "No breach was reported.", zh if facts.breaches else "没有报告过护栏违反。")]


def _refusals(facts: PeopleFacts) -> list[Pair]:
    if not facts.refusals:
        return [("Nobody has asked for a figure about a person.", "没有人要求查看个人数据。")]
    en = (
        "A request for a figure about a person was refused"
        if facts.refusals == 1
        else (f"{facts.refusals} requests for a figure about a person were refused")
    )
    return [(en + " and written down.", f"{facts.refusals} 次查看个人数据的请求被拒绝并记录。")]


def _review(facts: ReviewFacts) -> tuple[list[Pair], str]:
    if facts.pattern is None:
        return [
            ("No pattern is described yet, so there is nothing to review.", "尚未描述任何模式，还没有可评审的内容。")
        ], ""
    en, zh = facts.pattern
    state = ("it is approved", "已批准") if facts.is_approved else ("it is not approved yet", "尚未批准")
    found: list[Pair] = [
        (
            f"The pattern, whatever the scope: “{en}” with {facts.bound} of {facts.slots} slots bound; {state[0]}.",
            f"无论范围如何，都可评审模式：“{zh}”，{facts.slots} 个槽位已绑定 {facts.bound} 个；{state[1]}。",
        ),
        (
            f"{facts.decided} of {facts.categories} data categories are decided.",
            f"{facts.categories} 个数据类别已决定 {facts.decided} 个。",
        ),
        _conditions(facts),
    ]
    return [*found, *_dates(facts)], ""


def _conditions(facts: ReviewFacts) -> Pair:
    if not facts.conditions:
        return ("No condition is open.", "没有未关闭的条件。")
    en, zh = day(facts.condition_on)
    count = "One condition is open" if facts.conditions == 1 else f"{facts.conditions} conditions are open"
    return (f"{count}, due {en}.", f"{facts.conditions} 个条件未关闭，最近到期日{zh}。")


def _dates(facts: ReviewFacts) -> list[Pair]:
    found: list[Pair] = []
    if facts.expires_on:
        en, zh = day(facts.expires_on)
        found.append((f"The first approval ends on {en}.", f"最早的批准于{zh}到期。"))
    if facts.waits_for:
        en, zh = ", ".join(p[0] for p in facts.waits_for), "、".join(p[1] for p in facts.waits_for)
        found.append((f"A request waits for: {en}.", f"有申请等待：{zh}。"))
    if facts.gaps:
        found.append((f"The open request has {facts.gaps} gaps.", f"未提交的申请还有 {facts.gaps} 处空缺。"))
    return found


def _global(facts: GlobalFacts) -> tuple[list[Pair], str]:
    none = ("No alignment with a global programme is stated yet.", "尚未声明与任何全球计划的一致性。")
    if not facts.used:
        return [("No component is bound yet, so nothing deviates.", "尚未绑定任何组件，因此没有偏离。"), none], ""
    found: list[Pair] = [
        (
            f"{facts.from_global} of the {facts.used} components in use come from the global catalogue.",
            f"在用的 {facts.used} 个组件中有 {facts.from_global} 个来自全球目录。",
        )
    ]
    if facts.local:
        en, zh = ", ".join(p[0] for p in facts.local[:4]), "、".join(p[1] for p in facts.local[:4])
        found.append(
            (f"Local: {en}; {facts.replaceable} replaceable.", f"本地组件：{zh}；其中 {facts.replaceable} 个可替换。")
        )
    else:
        found.append(("None is local.", "没有本地组件。"))
    return [*found, none], ""


COMPOSERS: dict[int, Callable[[Any], tuple[list[Pair], str]]] = {1: _value, 2: _people, 3: _review, 4: _global}
