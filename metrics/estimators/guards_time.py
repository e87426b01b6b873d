"""Guards on windows and history: whole weeks, season, trend before the pilot, invented pilots (G1 to G4)."""

from __future__ import annotations

from dataclasses import replace

from . import decide
from .data import Frame, take
from .decide import Case
from .model import Guard, Text
from .placebo import Strip, span_days
from .scene import Scene, before_decision, not_run, text
from .times import local, shift_days
from .wording import rounded


def whole_weeks(scene: Scene) -> Guard:
    if scene.case.task:
        return not_run("G1", "Whole weeks are not asked of task times.", "任务用时不要求整周时间段。")
    zone, spans = scene.frame.zone, (scene.frame.baseline, scene.frame.pilot)
    walls = [(local(begin, zone), local(until, zone)) for begin, until in spans]
    whole = all(a.time() == b.time() and (b.date() - a.date()).days % 7 == 0 for a, b in walls)
    if whole and walls[0][0].weekday() == walls[1][0].weekday():
        return Guard(
            "G1", "pass", None, None,
            text("Both windows are whole weeks from the same weekday.", "两个时间段均为从同一星期几开始的整周。"),
        )  # fmt: skip
    return Guard(
        "G1", "refuse", None, None,
        text("The windows are not whole weeks from the same weekday.", "时间段不是从同一星期几开始的整周。"),
        "windows_not_whole_weeks",
    )  # fmt: skip


def season(scene: Scene) -> Guard:
    base, pilot = (_months(span, scene.frame) for span in (scene.frame.baseline, scene.frame.pilot))
    if pilot <= base:
        return Guard(
            "G2", "pass", None, None,
            text("The pilot's months also occur in the baseline.", "试点月份在基线中均有对应。"),
        )  # fmt: skip
    return Guard(
        "G2", "warn", None, None,
        text(
            "Season not separated: the pilot fell in other months of the year than the baseline.",
            "未区分季节：试点与基线不在相同月份。",
        ),
    )  # fmt: skip


def _months(span: tuple[int, int], frame: Frame) -> set[int]:
    first, last = local(span[0], frame.zone), local(span[1] - 1, frame.zone)
    total = (last.year - first.year) * 12 + last.month - first.month
    return {(first.month - 1 + step) % 12 + 1 for step in range(total + 1)}


def trend_before(scene: Scene) -> Guard:
    if scene.interim:
        return before_decision("G3")
    halves = _halves(scene)
    if scene.found is None or halves is None:
        return not_run(
            "G3",
            "The baseline is too short or too thin to be split in two, so a trend before the pilot was not looked for.",
            "基线过短或记录过少，无法一分为二，未检查试点前的趋势。",
        )
    name = "rmst_ratio" if scene.case.censored or halves.censored else "hl_ratio"
    before, claimed = decide.estimate(halves, name), decide.estimate(scene.case, name)
    if before.value is None or before.ci is None or claimed.value is None:
        return not_run("G3", "The halves of the baseline cannot be compared.", "基线的两半无法比较。")
    change = before.value - 1
    apart = not before.ci[0] <= 1 <= before.ci[1]
    fires = apart and abs(change) >= abs(claimed.value - 1) / 2
    shown, rising = rounded(abs(change) * 100, "1"), change > 0
    sentence = text(
        f"Inside the baseline, the second half was {shown} % {'higher' if rising else 'lower'} than the first"
        + ("; a trend was under way before the pilot." if fires else ", which does not explain the change."),
        f"基线内后半段比前半段{'高' if rising else '低'}{shown}%"
        + ("，试点前已有趋势。" if fires else "，不足以解释变化。"),
    )
    return Guard(
        "G3", "refuse" if fires else "pass", change, abs(claimed.value - 1) / 2, sentence,
        "trend_before_pilot" if fires else None,
    )  # fmt: skip


def _halves(scene: Scene) -> Case | None:
    """The baseline at a week boundary, the extra week in the second half."""
    begin, until = scene.frame.baseline
    weeks = span_days(begin, until, scene.frame.zone) // 7
    if weeks < 2:
        return None
    middle = shift_days(begin, 7 * (weeks // 2), scene.frame.zone)
    first, second = (take(scene.records, span, scene.frame.as_of) for span in ((begin, middle), (middle, until)))
    halves = replace(scene.case, baseline=first, pilot=second)
    return None if decide.sample_reasons(halves) else halves


def placebo_pilots(scene: Scene) -> Guard:
    if scene.interim:
        return before_decision("G4")
    if scene.case.plan["assignment"] in ("random", "alternating") and scene.case.plan["method"] != "self_report":
        return not_run(
            "G4", "Tasks were assigned by lot or in turn, so history is not the comparison.",
            "任务随机或交替分配，不以历史作比较。",
        )  # fmt: skip
    if scene.found is None or scene.strip is None or scene.found.estimate.value is None:
        return not_run(
            "G4", "There is no estimate to compare with the service's own history.", "没有可与自身历史比较的估计值。"
        )
    strip, value, limit = scene.strip, scene.found.estimate.value, scene.limit("g4_week_p")
    inside = strip.range is not None and strip.range[0] <= value <= strip.range[1]
    weeks_fire = strip.week_p is None or strip.week_p > limit
    reason = "inside_placebo_range" if inside else "inside_week_range" if weeks_fire else None
    few = len(strip.windows) < scene.limit("g4_windows")
    return Guard(
        "G4", "refuse" if reason else "warn" if few else "pass", strip.week_p, limit,
        _placebo_text(strip, inside, weeks_fire), reason,
    )  # fmt: skip


def _placebo_text(strip: Strip, inside: bool, weeks_fire: bool) -> Text:
    count, (history, pilot) = len(strip.windows), strip.weeks
    en, zh = f"{count} invented pilots fitted into the service's own history", f"自身历史中可放入{count}个虚拟试点"
    if strip.range is not None:
        en += "; the change lies " + ("inside" if inside else "outside") + " their 95 % range"
        zh += "，变化" + ("在" if inside else "不在") + "其95%范围内"
    if strip.week_p is None:
        return text(en + "; weeks could not be compared.", zh + "；无法逐周比较。")
    chance = "below 0.001" if strip.week_p < 0.001 else rounded(strip.week_p, "0.001")
    chance_zh = "小于0.001" if strip.week_p < 0.001 else rounded(strip.week_p, "0.001")
    verb, verb_zh = ("do not stand out", "并不突出") if weeks_fire else ("stand out", "明显突出")
    return text(
        f"{en}; the {pilot} pilot weeks {verb} from {history} weeks before (chance {chance}).",
        f"{zh}；{pilot}个试点周与此前{history}周相比{verb_zh}（概率{chance_zh}）。",
    )
