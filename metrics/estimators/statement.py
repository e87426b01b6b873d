"""One sentence that may be said, in both languages, filled from the estimate and never from anywhere else."""

from __future__ import annotations

import math
from datetime import date

from . import wording
from .decide import Deciding
from .model import Text
from .sentences import Facts, Shown, counts_of, difference_sentence, shown_of
from .times import DAY, local, plan_instant
from .verdict import GAINS, records_needed

LOOKED_BACK: Text = {
    "en": "Looked back over old data, windows chosen afterwards: ",
    "zh": "回看旧数据（时间段为事后选定）：",
}
EARLY: Text = {"en": "So far, and early: ", "zh": "初步结果："}
YEAR = 365  # days


def statement(facts: Facts) -> Text:
    body, tail = _body(facts), _tail(facts)
    verdict = facts.judgement.verdict
    if facts.evidence == "early" and verdict in (*GAINS, "no_meaningful_change", "worse", "cannot_tell"):
        body = {"en": EARLY["en"] + body["en"], "zh": EARLY["zh"] + body["zh"]}
    late = _late(facts)
    return {"en": f"{body['en']}{late['en']} {tail['en']}", "zh": body["zh"] + late["zh"] + tail["zh"]}


def looked_back(text: Text) -> Text:
    """The same statement of a look-back: the mark stands in front."""
    return {language: LOOKED_BACK[language] + words for language, words in text.items()}


def _body(facts: Facts) -> Text:
    verdict, reasons = facts.judgement.verdict, facts.judgement.reasons
    main = _why(facts, reasons[0]) if reasons else {"en": "", "zh": ""}
    more = _measurable(facts)
    if verdict == "suppressed":
        return {"en": "Not shown: fewer than five people.", "zh": "不予显示：人数少于五。"}
    if verdict == "refused":
        return {"en": f"Not computed: {main['en']}.", "zh": f"未计算：{main['zh']}。"}
    if verdict == "not_enough_data":
        return {"en": f"Not enough data: {main['en']}.{more['en']}", "zh": f"数据不足：{main['zh']}。{more['zh']}"}
    if verdict is None:
        return _interim(facts, more)
    if verdict == "not_attributable":
        return {
            "en": f"A difference is visible, but it cannot be put down to the pilot: {main['en']}.",
            "zh": f"可见差异，但不能归因于试点：{main['zh']}。",
        }
    shown = shown_of(facts)
    if verdict == "cannot_tell":
        return _cannot_tell(reasons, shown, main, more)
    if verdict == "no_meaningful_change":
        return {
            "en": f"No change that matters: the plausible range, {shown.whole['en']}, "
            f"lies inside the agreed bar of {shown.bar['en']}.",
            "zh": f"无有意义的变化：合理范围{shown.whole['zh']}，均在约定门槛{shown.bar['zh']}之内。",
        }
    return _reported(facts, shown) if facts.grade == "E" else difference_sentence(facts, shown, verdict)


def _why(facts: Facts, code: str) -> Text:
    """Too few records of a pilot that has not begun is no lack: it only has to begin."""
    first = min(facts.frame.pilot[0], facts.frame.ramp[0] if facts.frame.ramp else facts.frame.pilot[0])
    if code != "below_minimum_sample" or facts.frame.as_of is None or facts.frame.as_of > first:
        return wording.reason(code)
    when = wording.day(local(first, facts.frame.zone).date())
    return {"en": f"the pilot begins on {when['en']}", "zh": f"试点于{when['zh']}开始"}


def _interim(facts: Facts, more: Text) -> Text:
    when = wording.day(local(plan_instant(facts.case.plan["decision_on"], facts.frame.zone), facts.frame.zone).date())
    n0, n1 = counts_of(facts)
    return {
        "en": f"No verdict before {when['en']}: {n0} and {n1} records so far.{more['en']}",
        "zh": f"{when['zh']}前不作判断：目前记录{n0}条与{n1}条。{more['zh']}",
    }


def _cannot_tell(reasons: list[str], shown: Shown, main: Text, more: Text) -> Text:
    if reasons[0] == "rounding":
        return {"en": f"We cannot tell yet: {main['en']}.", "zh": f"目前无法判断：{main['zh']}。"}
    return {
        "en": f"We cannot tell yet: the data fit anything from {shown.whole['en']}.{more['en']}",
        "zh": f"目前无法判断：数据与{shown.whole['zh']}之间的任何结果都相符。{more['zh']}",
    }


def _reported(facts: Facts, shown: Shown) -> Text:
    n0, n1 = counts_of(facts)
    word, word_zh = ("less", "减少") if shown.less else ("more", "增加")
    return {
        "en": f"People report {shown.size['en']} {word} ({n0} and {n1} answers). Reported, not measured.",
        "zh": f"据反映{word_zh}{shown.size['zh']}（{n0}与{n1}份答复）。为自述，非测量。",
    }


def _measurable(facts: Facts) -> Text:
    """What would make this measurable, from the data at hand."""
    verdict, limits = facts.judgement.verdict, facts.case.settings.thresholds
    minimum = limits["min_task"] if facts.case.task else limits["min_incident_opened"]
    if verdict == "cannot_tell" and facts.found is not None:
        return _needed(facts, facts.found)
    small = min(sample.n for sample in facts.case.samples) < minimum
    if (verdict is None and small) or "below_minimum_sample" in facts.judgement.reasons:
        return {
            "en": f" At least {minimum:g} records are needed in each window.",
            "zh": f"每个时间段至少需要{minimum:g}条记录。",
        }
    return {"en": "", "zh": ""}


def _needed(facts: Facts, found: Deciding) -> Text:
    needed = records_needed(facts.case, found)
    rate = min(
        sample.n / ((span[1] - span[0]) / DAY)
        for sample, span in zip(facts.case.samples, (facts.frame.baseline, facts.frame.pilot), strict=True)
    )
    if needed is None or not rate:
        return {"en": "", "zh": ""}
    if needed / rate > YEAR:
        return {
            "en": " At the present rate this is not measurable this way; consider alternating tasks.",
            "zh": "按目前的数量无法以此方式测量；可考虑交替分配任务。",
        }
    days = math.ceil(needed / rate)
    return {
        "en": f" About {wording.count(needed)} records are needed in each window, {days} days at the present rate.",
        "zh": f"每个时间段约需{wording.count(needed)}条记录，按目前的数量约{days}天。",
    }


def _late(facts: Facts) -> Text:
    if facts.late_days is None:
        return {"en": "", "zh": ""}
    days = wording.count(facts.late_days)
    unit = "day" if facts.late_days == 1 else "days"
    return {"en": f" Registered {days} {unit} after the pilot began.", "zh": f"登记时试点已开始{days}天。"}


def _tail(facts: Facts) -> Text:
    statuses = [guard.status for guard in facts.guards]
    passed, idle = statuses.count("pass"), statuses.count("not_run")
    remarks = len(statuses) - passed - idle
    en, zh = f"{passed} of 13 checks passed", f"13项检查中{passed}项通过"
    if remarks:
        en += f"; {remarks} remark{'s' if remarks > 1 else ''}"
        zh += f"；{remarks}项备注"
    if idle:
        en += f"; {idle} do not apply or were not run"
        zh += f"；{idle}项不适用或未运行"
    until = _data_to(facts)
    ref = facts.inputs_hash[:12]
    if until is None:
        return {"en": f"{en}. Ref. {ref}.", "zh": f"{zh}。编号{ref}。"}
    when = wording.day(until)
    return {"en": f"{en}. Data to {when['en']}. Ref. {ref}.", "zh": f"{zh}。数据截至{when['zh']}。编号{ref}。"}


def _data_to(facts: Facts) -> date | None:
    if facts.frame.as_of is None:
        return facts.last_record
    return local(facts.frame.as_of, facts.frame.zone).date()
