"""The deciding estimate in words: one sentence a kind of estimate, English and Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from . import decide, durations, wording
from .data import Frame
from .decide import Case, Deciding
from .model import Guard, Text
from .times import local
from .verdict import GAINS, Judgement

DESIGN: dict[str, Text] = {
    "A": {"en": "tasks were assigned by lot or in turn", "zh": "任务随机或交替分配"},
    "B": {"en": "compared with similar services", "zh": "与同类服务相比"},
    "C": {"en": "against its own trend and season", "zh": "与自身趋势和季节相比"},
    "D": {"en": "while the pilot ran", "zh": "试点期间"},
    "E": {"en": "as people report", "zh": "据反馈"},
}
TASKS: dict[str, Text] = {
    "duration_task": {"en": "the task", "zh": "该任务"},
    "duration_incident": {"en": "restoring service", "zh": "恢复服务"},
}
NOT_RULED_OUT: Text = {"en": " Other causes are not ruled out.", "zh": "未排除其他原因。"}


@dataclass(frozen=True)
class Facts:
    case: Case
    frame: Frame
    found: Deciding | None
    judgement: Judgement
    grade: str
    evidence: str
    guards: list[Guard]
    inputs_hash: str
    last_record: date | None
    late_days: int | None


@dataclass(frozen=True)
class Shown:
    """The deciding estimate in words."""

    size: Text  # "38 %", without a sign
    span: Text  # sizes when the range lies on one side of no change, else with less and more
    whole: Text  # always with less and more
    less: bool
    straddles: bool
    bar: Text


def difference_sentence(facts: Facts, shown: Shown, verdict: str) -> Text:
    assert facts.found is not None
    if facts.found.estimate.scale == "ratio":
        text = _median_sentence(facts, shown, verdict)
    elif facts.found.name == "rmst_diff":
        text = _open_time_sentence(facts, shown)
    elif facts.found.estimate.scale == "share":
        text = _share_sentence(facts, shown)
    else:
        text = _shift_sentence(facts, shown)
    if verdict == "gain_size_uncertain":
        text = {
            "en": f"{text['en']} It improved, by somewhere between {_between(shown.span['en'])}; "
            f"the agreed bar is {shown.bar['en']}.",
            "zh": f"{text['zh']}有改善，幅度在{shown.span['zh']}之间；约定门槛为{shown.bar['zh']}。",
        }
    if facts.grade == "D" and verdict in GAINS:
        return {language: text[language] + NOT_RULED_OUT[language] for language in text}
    return text


def _median_sentence(facts: Facts, shown: Shown, verdict: str) -> Text:
    task, (m0, m1), (n0, n1) = _task(facts), _values(facts), counts_of(facts)
    begin, until = _window(facts)
    open_ = _open(facts)
    count = {"en": f"{n0} and {n1} records{open_['en']}", "zh": f"记录{n0}条与{n1}条{open_['zh']}"}
    range_ = {
        "en": f"(plausible range {shown.span['en']}; {count['en']})",
        "zh": f"（合理范围{shown.span['zh']}；{count['zh']}）",
    }
    sized = verdict != "gain_size_uncertain"
    less, longer = shown.less, ("less", "减少") if shown.less else ("more", "增加")
    design = DESIGN[facts.grade]
    if verdict == "worse":
        word, word_zh = ("less time", "变短") if less else ("longer", "变长")
        return {
            "en": f"{_capital(task['en'])} took {word}: median {m1['en']} against {m0['en']} before, "
            f"{shown.size['en']} {longer[0]} {range_['en']}, {design['en']}.",
            "zh": f"{task['zh']}用时{word_zh}：中位{m1['zh']}，此前{m0['zh']}，"
            f"{longer[1]}{shown.size['zh']}{range_['zh']}，{design['zh']}。",
        }
    if facts.grade != "D":
        size = f": {shown.size['en']} {longer[0]} {range_['en']}" if sized else f" ({count['en']})"
        size_zh = f"，{longer[1]}{shown.size['zh']}{range_['zh']}" if sized else f"（{count['zh']}）"
        return {
            "en": f"Between {begin['en']} and {until['en']}, {task['en']} took a median of {m1['en']} "
            f"instead of {m0['en']}{size}, {design['en']}.",
            "zh": f"{begin['zh']}至{until['zh']}，{task['zh']}的中位用时由{m0['zh']}变为{m1['zh']}"
            f"{size_zh}，{design['zh']}。",
        }
    lower = ("lower", "低") if less else ("higher", "高")
    size = f". That is {shown.size['en']} {lower[0]} {range_['en']}." if sized else f" ({count['en']})."
    size_zh = f"，{lower[1]}{shown.size['zh']}{range_['zh']}。" if sized else f"（{count['zh']}）。"
    return {
        "en": f"While the pilot ran ({begin['en']} to {until['en']}), {task['en']} took a median of {m1['en']}; "
        f"before, {m0['en']}{size}",
        "zh": f"试点期间（{begin['zh']}至{until['zh']}），{task['zh']}的中位用时为{m1['zh']}，"
        f"此前为{m0['zh']}{size_zh}",
    }


def _open_time_sentence(facts: Facts, shown: Shown) -> Text:
    (r0, r1), (n0, n1) = _values(facts), counts_of(facts)
    tau = wording.duration(facts.case.plan["rmst_tau"])
    still = wording.count(sum(sample.open for sample in facts.case.samples))
    less, less_zh = ("less", "少") if shown.less else ("more", "多")
    return {
        "en": f"In the first {tau['en']} after opening, incidents stayed open {r1['en']} on average instead of "
        f"{r0['en']} ({shown.size['en']} {less}; plausible range {shown.span['en']}; {n0} and {n1} records, "
        f"{still} still open and counted as open).",
        "zh": f"开单后{tau['zh']}内，平均未解决时长为{r1['zh']}，此前为{r0['zh']}（相差{less_zh}{shown.size['zh']}；"
        f"合理范围{shown.span['zh']}；记录{n0}条与{n1}条，其中{still}条仍未解决并按未解决计）。",
    }


def _share_sentence(facts: Facts, shown: Shown) -> Text:
    assert facts.found is not None
    limit = decide.limit_of(facts.case.plan, facts.found.name)
    counts = [durations.share_counts(sample, limit) for sample in facts.case.samples]
    p0, p1 = (wording.percent(k / n, "1") for k, n in counts)
    n0, n1 = (wording.count(n) for _, n in counts)
    within, task = wording.duration(limit), _task(facts)
    return {
        "en": f"{_capital(task['en'])} within {within['en']} happened in {p1['en']} of {n1} instead of {p0['en']} "
        f"of {n0}: {shown.size['en']} (plausible range {shown.span['en']}).",
        "zh": f"{task['zh']}在{within['zh']}内完成的占比由{p0['zh']}（{n0}条）变为{p1['zh']}（{n1}条），"
        f"相差{shown.size['zh']}（合理范围{shown.span['zh']}）。",
    }


def _shift_sentence(facts: Facts, shown: Shown) -> Text:
    task, (n0, n1) = _task(facts), counts_of(facts)
    begin, until = _window(facts)
    less, less_zh = ("less", "少") if shown.less else ("more", "多")
    return {
        "en": f"While the pilot ran ({begin['en']} to {until['en']}), {task['en']} took {shown.size['en']} {less} "
        f"than before (plausible range {shown.span['en']}; {n0} and {n1} records).",
        "zh": f"试点期间（{begin['zh']}至{until['zh']}），{task['zh']}用时比此前{less_zh}{shown.size['zh']}"
        f"（合理范围{shown.span['zh']}；记录{n0}条与{n1}条）。",
    }


def shown_of(facts: Facts) -> Shown:
    assert facts.found is not None
    estimate = facts.found.estimate
    origin = 1.0 if estimate.scale == "ratio" else 0.0
    low, high = (end - origin for end in estimate.ci or (origin, origin))
    value = (estimate.value if estimate.value is not None else origin) - origin
    step = wording.percent_step((high - low) * 100, min(sample.n for sample in facts.case.samples))

    def words(change: float) -> Text:
        if estimate.scale == "ratio":
            return wording.percent(change, step)
        if estimate.scale == "share":
            size = wording.points(change, step)
            return {"en": f"{size} points", "zh": f"{size}个百分点"}
        return wording.duration(abs(change))

    straddles = low < 0 < high
    sizes = sorted((low, high), key=abs)
    plain = {
        "en": f"{words(sizes[0])['en']} to {words(sizes[1])['en']}",
        "zh": f"{words(sizes[0])['zh']}至{words(sizes[1])['zh']}",
    }
    signed = [_signed(words(end), end) for end in (low, high)]
    whole = {"en": f"{signed[0]['en']} to {signed[1]['en']}", "zh": f"{signed[0]['zh']}至{signed[1]['zh']}"}
    return Shown(words(value), whole if straddles else plain, whole, value < 0, straddles, _bar(facts, words))


def _bar(facts: Facts, words: Callable[[float], Text]) -> Text:
    effect = facts.case.plan["minimum_effect"]
    if "relative" in effect:
        size = effect["relative"] * 100
        return wording.percent(effect["relative"], "1" if float(size).is_integer() else "0.1")
    assert facts.found is not None
    if facts.found.estimate.scale == "share":
        return words(effect["absolute"])
    return wording.duration(effect["absolute"])


def _signed(size: Text, change: float) -> Text:
    if change == 0:
        return {"en": "no change", "zh": "无变化"}
    more = change > 0
    return {"en": f"{size['en']} {'more' if more else 'less'}", "zh": f"{'多' if more else '少'}{size['zh']}"}


def _task(facts: Facts) -> Text:
    title: Text | None = facts.case.plan["title"]
    return title or TASKS[facts.case.plan["kind"]]


def _values(facts: Facts) -> tuple[Text, Text]:
    assert facts.found is not None
    found = [decide.window_value(facts.case, sample, facts.found.name) for sample in facts.case.samples]
    before, after = (wording.duration(value or 0.0) for value in found)
    return before, after


def counts_of(facts: Facts) -> tuple[str, str]:
    return wording.count(facts.case.baseline.n), wording.count(facts.case.pilot.n)


def _open(facts: Facts) -> Text:
    still = sum(sample.open for sample in facts.case.samples)
    if not still:
        return {"en": "", "zh": ""}
    shown = wording.count(still)
    return {"en": f", {shown} still open and counted as open", "zh": f"，其中{shown}条仍未解决并按未解决计"}


def _window(facts: Facts) -> tuple[Text, Text]:
    """The pilot's first and last civil day."""
    begin, until = facts.frame.pilot
    days = local(begin, facts.frame.zone).date(), local(until - 1, facts.frame.zone).date()
    return wording.day(days[0]), wording.day(days[1])


def _between(span: str) -> str:
    return span.replace(" to ", " and ", 1)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
