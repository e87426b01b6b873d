"""Pure rules: order and warnings of the boxes, the four answers."""

from __future__ import annotations

from datetime import date

import pytest

from desk.rules.answers import (
    MOST_WORDS,
    GlobalFacts,
    PeopleFacts,
    ReviewFacts,
    Said,
    Signed,
    ValueFacts,
    compose_answer,
    plainly,
    words,
)
from desk.rules.journey import RECOMMENDED, Facts, crossings, happened, next_box, unmet, warnings
from desk.selectors.search import id_forms

NOTHING = {code: Facts("not_started") for code in RECOMMENDED}
LONG = Said(
    "The vendor health-check report takes 59 minutes, down from 139 minutes, between 50 and 63 % less, n 43 and 52.",
    "供应商健康检查报告耗时 59 分钟，此前为 139 分钟，减少 50% 至 63%，样本 43 与 52。",
    "measured",
    "clear_gain",
)
WORSE = Said("Triage became slower.", "排查变慢。", "early", "worse")


def on(day: int) -> date:
    return date(2026, 3, day)


def test_gains_discussed_before_a_selection_are_warned_about_gently():
    boxes = NOTHING | {"A4": Facts("under_way", on(1)), "SEL": Facts("done", on(20))}
    assert [(w.box, w.before) for w in warnings(boxes) if w.box == "A4"] == [("A4", "SEL")]
    later = boxes | {"A4": Facts("under_way", on(25))}
    assert [w for w in warnings(later) if w.box == "A4"] == []


def test_a_skip_satisfies_nothing_elsewhere():
    boxes = NOTHING | {"A2": Facts("skipped"), "A6": Facts("done", on(2))}
    assert unmet("CH", boxes) == ["A2"]


def test_next_is_the_first_open_box_and_advised_ones_never_hold_up():
    boxes = NOTHING | {"A1": Facts("done", on(1)), "A2": Facts("done", on(2))}
    assert next_box(boxes) == "A6"
    assert next_box({code: Facts("done", on(1)) for code in RECOMMENDED}) is None


def test_what_happened_is_ordered_by_date_and_crossings_are_counted():
    boxes = NOTHING | {"A6": Facts("done", on(1)), "A2": Facts("done", on(5)), "A1": Facts("under_way", on(9))}
    assert happened(boxes) == ["A6", "A2", "A1"]
    assert crossings(happened(boxes)) == 3


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        (1, ValueFacts()),
        (1, ValueFacts((LONG, WORSE), None, None, 30, 30, 14, 11, 3)),
        (1, ValueFacts((), ("less effort", "减少工作量"), on(27), 12, 30, 14, 3, 0)),
        (2, PeopleFacts()),
        (2, PeopleFacts(("Nothing here is used to cut headcount.", "不用于减员。"), "1",
                        (Signed(("CIO", "首席信息官"), on(1)), Signed(("Head of operations", "运维负责人"), on(2))))),
        (3, ReviewFacts()),
        (3, ReviewFacts(("LLM + tools", "大模型与工具"), True, 7, 7, 6, 5, 1, on(20), on(30),
                        (("architecture", "架构"), ("data handling", "数据"), ("security", "安全")), 2)),
        (4, GlobalFacts()),
        (4, GlobalFacts(7, 5, (("CMDB look-up", "CMDB 查询"), ("Log server", "日志服务器")), 2)),
    ],
)  # fmt: skip
def test_every_answer_stays_short_and_speaks_both_languages(number, facts):
    answer = compose_answer(number, facts)
    assert 3 <= words(answer.en) <= MOST_WORDS
    assert 3 <= words(answer.zh) <= MOST_WORDS
    assert " None" not in answer.en and "%(" not in answer.en


def test_without_a_measured_gain_the_answer_says_none_yet_and_when():
    answer = compose_answer(1, ValueFacts((), ("less effort", "减少工作量"), on(27), 12, 30))
    assert answer.en.startswith("None measured yet.")
    assert "27 Mar 2026" in answer.en and "12 of 30" in answer.en and "18 are still needed" in answer.en
    assert answer.word == ""


def test_a_case_that_became_worse_is_said_too():
    answer = compose_answer(1, ValueFacts((LONG, WORSE)))
    assert answer.en.startswith("The vendor health-check report takes 59 minutes")
    assert "One case became worse." in answer.en
    assert answer.word == "measured"


def test_without_a_signed_charter_nobody_claims_a_vow():
    answer = compose_answer(2, PeopleFacts(asked=(("CIO", "首席信息官"),)))
    assert answer.en.startswith("No charter is signed yet.")
    assert "Asked to sign: CIO." in answer.en


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("uc14", "UC-014"), ("UC 14", "UC-014"), ("uc-0014", "UC-014"), ("p31", "P-0031"), ("ec cn 1", "EC-CN-01"),
        ("g202607", "G-2026-07"), ("g-2026-7", "G-2026-07"), ("inv-cn-v1", "INV-CN-v1"), ("pt1", "PT-1"),
    ],
)  # fmt: skip
def test_ids_are_read_as_people_type_them(typed, stored):
    assert stored in id_forms(typed)


@pytest.mark.parametrize("typed", ["vendor report", "14", "供应商", "a1b2c3d4e5", "'; drop"])
def test_plain_words_are_no_ids(typed):
    assert id_forms(typed) == []


def test_a_stated_gain_is_said_without_checks_and_reference():
    en = "It took 59 minutes. 6 of 13 checks passed; 3 remarks; 4 were not run. Data to 26 Nov 2026. Ref. 73ea73b4693e."
    zh = "用时为59分钟。13项检查中6项通过；3项备注。数据截至2026年11月26日。编号73ea73b4693e。"
    assert plainly(en) == "It took 59 minutes. Data to 26 Nov 2026."
    assert plainly(zh) == "用时为59分钟。数据截至2026年11月26日。"
    assert plainly("We say 59 minutes.") == "We say 59 minutes."
