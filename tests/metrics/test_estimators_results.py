"""What the engine answers to whole logs: gains, harms, refusals, and the traps that must not fool it."""

import json
import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from metrics.estimators.canonical import sha256_bytes
from metrics.estimators.engine import RESULT_KEYS, estimate, estimate_rows, minimum_detectable
from metrics.estimators.model import DataError, PlanError
from metrics.estimators.statement import looked_back
from metrics.estimators.table import to_csv

MONDAY = datetime(2025, 6, 2, tzinfo=UTC)
HEADER = ["id", "at", "minutes"]
INCIDENT_HEADER = ["id", "opened", "resolved"]


def day(n):
    return (MONDAY + timedelta(days=n)).date().isoformat()


def task_plan(**changes):
    # 30 weeks of history, one ramp week, four weeks of pilot
    plan = {
        "plan_version": 1, "kind": "duration_task", "at": "at", "value": "minutes", "key": "id",
        "windows": {"baseline": [day(182), day(210)], "ramp": [day(210), day(217)], "pilot": [day(217), day(245)]},
        "direction": "lower", "minimum_effect": {"relative": 0.1}, "bootstrap": 499,
    }  # fmt: skip
    return plan | changes


def incident_plan(**changes):
    plan = {
        "plan_version": 1, "kind": "duration_incident", "start": "opened", "end": "resolved", "key": "id",
        "as_of": day(300), "rmst_tau": 1440,
        "windows": {"baseline": [day(182), day(210)], "pilot": [day(217), day(245)]},
        "direction": "lower", "minimum_effect": {"relative": 0.1}, "bootstrap": 499,
    }  # fmt: skip
    return plan | changes


def task_rows(pilot=60.0, quiet=60.0, per_day=3, seed=1, spread=0.4, first=0, last=245, minutes=None):
    rng = random.Random(seed)
    rows = []
    for number in range(first * per_day, last * per_day):
        at = MONDAY + timedelta(days=number / per_day, minutes=1)
        median = pilot if at >= MONDAY + timedelta(days=217) else quiet
        value = minutes if minutes is not None else round(median * rng.lognormvariate(0, spread), 2)
        rows.append([f"T{number}", at.isoformat(), str(value)])
    return rows


def incident_rows(ends=lambda opened, number: 120.0, per_day=3, last=245, seed=1):
    rng = random.Random(seed)
    rows = []
    for number in range(last * per_day):
        opened = MONDAY + timedelta(days=number / per_day, minutes=1)
        minutes = ends(opened, number)
        spent = None if minutes is None else timedelta(minutes=round(minutes * rng.lognormvariate(0, 0.6), 1))
        rows.append([f"I{number}", opened.isoformat(), "" if spent is None else (opened + spent).isoformat()])
    return rows


def run(plan, rows, header=None):
    header = header or (INCIDENT_HEADER if plan["kind"] == "duration_incident" else HEADER)
    result = estimate(plan, [to_csv(header, rows)])
    assert tuple(result) == RESULT_KEYS
    assert [guard["id"] for guard in result["guards"]] == [f"G{n}" for n in range(1, 14)]
    json.dumps(result, allow_nan=False)
    for text in (result["statement"], *(guard["sentence"] for guard in result["guards"])):
        assert text["en"].strip() and text["zh"].strip()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in result["statement"]["zh"])
    return result


def guard(result, name):
    return next(found for found in result["guards"] if found["id"] == name)


def in_pilot(opened):
    return opened >= MONDAY + timedelta(days=217)


def test_a_planted_gain_is_found_and_worded_as_before_and_after():
    result = run(task_plan(title={"en": "the weekly report", "zh": "周报"}), task_rows(pilot=30))
    assert (result["verdict"], result["decides"], result["grade"]) == ("clear_gain", "median_ratio", "D")
    assert result["evidence"] == "measured" and result["reasons"] == []
    assert 0.4 < result["estimates"]["median_ratio"]["value"] < 0.6
    assert result["estimates"]["median_ratio"]["publishable"] is True
    assert "the weekly report took a median of" in result["statement"]["en"]
    assert "Other causes are not ruled out." in result["statement"]["en"]
    assert "周报" in result["statement"]["zh"] and "低" in result["statement"]["zh"]
    assert result["inputs_hash"][:12] in result["statement"]["en"]
    assert guard(result, "G4")["status"] == "pass" and len(result["placebo"]["windows"]) >= 8


def test_a_loss_is_said_as_plainly_as_a_gain():
    result = run(task_plan(), task_rows(pilot=100))
    assert result["verdict"] == "worse"
    assert "took longer" in result["statement"]["en"] and "用时变长" in result["statement"]["zh"]


def test_with_more_as_the_aim_the_same_data_is_judged_the_other_way():
    assert run(task_plan(direction="higher"), task_rows(pilot=30))["verdict"] == "worse"


def test_no_change_that_matters_is_not_the_same_as_cannot_tell():
    quiet = run(task_plan(minimum_effect={"relative": 0.25}), task_rows(per_day=12, spread=0.3))
    assert quiet["verdict"] == "no_meaningful_change" and "No change that matters" in quiet["statement"]["en"]
    vague = run(task_plan(minimum_effect={"relative": 0.05}), task_rows(per_day=1, spread=1.2))
    assert vague["verdict"] == "cannot_tell"
    assert "at the present rate" in vague["statement"]["en"].lower()


def test_a_gain_smaller_than_the_bar_may_be_said_with_its_range():
    result = run(task_plan(minimum_effect={"relative": 0.48}), task_rows(pilot=30, per_day=6))
    low, high = (1 - end for end in reversed(result["estimates"]["median_ratio"]["ci"]))
    assert 0 < low < 0.48 < high and result["verdict"] == "gain_size_uncertain"
    assert "It improved, by somewhere between" in result["statement"]["en"] and "有改善" in result["statement"]["zh"]


def test_without_history_a_gain_cannot_be_put_down_to_the_pilot():
    plan = task_plan(windows={"baseline": [day(203), day(217)], "pilot": [day(217), day(231)]})
    result = run(plan, task_rows(pilot=30, first=203))
    assert (result["verdict"], result["reasons"][0]) == ("not_attributable", "inside_week_range")
    assert guard(result, "G4")["status"] == "refuse"
    assert not any(found["publishable"] for found in result["estimates"].values())
    assert "cannot be put down to the pilot" in result["statement"]["en"]


def test_a_trend_inside_the_baseline_takes_the_gain_away():
    rows = task_rows(pilot=30)
    rows = [[key, at, str(float(value) * (0.5 if at >= day(196) and at < day(210) else 1))] for key, at, value in rows]
    result = run(task_plan(), rows)
    assert result["verdict"] == "not_attributable" and "trend_before_pilot" in result["reasons"]


def test_a_fired_guard_never_hides_a_harm():
    plan = task_plan(windows={"baseline": [day(203), day(217)], "pilot": [day(217), day(231)]})
    result = run(plan, task_rows(pilot=130, first=203))
    assert result["verdict"] == "worse" and guard(result, "G4")["status"] == "warn"


def test_noise_between_two_quiet_windows_is_rarely_a_gain():
    verdicts = [run(task_plan(bootstrap=199), task_rows(seed=seed, last=245))["verdict"] for seed in range(20)]
    assert sum(verdict in ("clear_gain", "gain_size_uncertain") for verdict in verdicts) <= 1


def test_even_against_odd_cases_of_one_window_shows_no_effect():
    for seed in range(5):
        rows = task_rows(seed=seed, first=182, last=210, per_day=10)
        moved = [
            [key, (datetime.fromisoformat(at) + timedelta(days=35 * (int(key[1:]) % 2))).isoformat(), value]
            for key, at, value in rows
        ]
        assert run(task_plan(), moved)["verdict"] not in ("clear_gain", "gain_size_uncertain")


@pytest.mark.parametrize(("each", "shown"), [(1, False), (9, False), (12, True), (19, True)])
def test_below_twenty_tasks_a_side_there_is_not_enough_data(each, shown):
    rows = [row for row in task_rows(pilot=30) if "2025-12-01" <= row[1] < "2025-12-29"][:each]
    rows += [row for row in task_rows(pilot=30) if day(217) <= row[1]][:each]
    result = run(task_plan(), rows)
    assert (result["verdict"], result["reasons"][0]) == ("not_enough_data", "below_minimum_sample")
    assert result["evidence"] == "early" and result["n"] == {"baseline": each, "pilot": each}
    assert (result["estimates"]["median_ratio"]["value"] is not None) is shown
    assert result["estimates"]["median_ratio"]["publishable"] is False
    assert "Not enough data" in result["statement"]["en"]


def test_empty_windows_are_an_answer_not_an_error():
    for plan, rows in ((task_plan(), []), (incident_plan(), [])):
        assert run(plan, rows)["verdict"] == "not_enough_data"


@pytest.mark.parametrize("value", [30.0, 0.0])
def test_equal_values_are_no_change_at_the_recorded_resolution(value):
    result = run(task_plan(), task_rows(minutes=value))
    assert (result["verdict"], result["reasons"]) == ("no_meaningful_change", ["no_change_at_recorded_resolution"])
    assert result["estimates"]["median_ratio"]["value"] == 1
    assert result["estimates"]["hl_shift"] | {"method": ""} == {
        "value": 0, "ci": [0, 0], "level": 0.95, "method": "", "publishable": True, "null_reason": None,
    }  # fmt: skip


def test_a_zero_baseline_median_gives_no_ratio_and_an_absolute_bar_uses_the_shift():
    rows = task_rows(pilot=30)
    rows = [[key, at, value if at >= day(217) else "0"] for key, at, value in rows]
    result = run(task_plan(), rows)
    assert (result["verdict"], result["reasons"]) == ("not_enough_data", ["baseline_is_zero"])
    assert result["estimates"]["hl_shift"]["value"] > 0
    absolute = run(task_plan(minimum_effect={"absolute": 5}), rows)
    assert (absolute["decides"], absolute["verdict"]) == ("hl_shift", "worse")


def test_coarse_rounding_hands_the_decision_to_the_share_within_a_limit():
    rows = [
        [key, at, str(round(float(value) / 30) * 30)] for key, at, value in task_rows(pilot=25, per_day=6, spread=0.5)
    ]
    without = run(task_plan(), rows)
    assert (without["verdict"], without["reasons"]) == ("cannot_tell", ["rounding"])
    with_limit = run(task_plan(within=[30]), rows)
    assert (with_limit["decides"], with_limit["verdict"]) == ("share_within_30", "clear_gain")
    assert with_limit["estimates"]["share_within_30"]["value"] > 0
    assert "within 30 minutes" in with_limit["statement"]["en"]


def test_tasks_started_and_never_ended_stop_the_estimate_above_one_in_ten():
    plan = task_plan(start="opened", end="resolved", windows=incident_plan()["windows"])
    plan = {key: value for key, value in plan.items() if key not in ("value", "at")}
    few = incident_rows(lambda opened, number: None if number % 20 == 0 else 60)
    many = incident_rows(lambda opened, number: None if number % 4 == 0 else 60)
    assert guard(run(plan, few, INCIDENT_HEADER), "G6")["status"] == "warn"
    result = run(plan, many, INCIDENT_HEADER)
    assert (result["verdict"], result["reasons"]) == ("not_enough_data", ["open_tasks"])
    assert result["median"] is None and result["censored"] == {"baseline": 0, "pilot": 0}


def test_open_incidents_are_counted_as_open_never_dropped():
    ends = lambda opened, number: None if number % 25 == 0 else (60 if in_pilot(opened) else 120)  # noqa: E731
    result = run(incident_plan(), incident_rows(ends))
    assert (result["decides"], result["verdict"]) == ("km_median_ratio", "clear_gain")
    assert result["n"] == {"baseline": 84, "pilot": 84} and result["censored"]["pilot"] > 0
    assert result["median"] is None and "median_ratio" not in result["estimates"]
    assert "still open and counted as open" in result["statement"]["en"]


def test_above_one_in_ten_open_restricted_mean_time_decides():
    ends = lambda opened, number: None if number % 5 == 0 else (40 if in_pilot(opened) else 600)  # noqa: E731
    result = run(incident_plan(), incident_rows(ends))
    assert (result["decides"], result["verdict"]) == ("rmst_diff", "clear_gain")
    assert "incidents stayed open" in result["statement"]["en"] and "平均未解决时长" in result["statement"]["zh"]
    assert result["rmst"]["diff"] == result["estimates"]["rmst_diff"]["value"] < 0


def test_an_earlier_as_of_opens_what_was_not_yet_resolved():
    rows = incident_rows(lambda opened, number: 3000)
    later, earlier = run(incident_plan(), rows), run(incident_plan(as_of=day(245)), rows)
    assert later["censored"] == {"baseline": 0, "pilot": 0} and later["decides"] == "median_ratio"
    assert earlier["censored"]["pilot"] > 0 and earlier["n"] == later["n"]


def test_what_opened_after_as_of_is_left_out_by_name():
    result = run(incident_plan(as_of=day(238)), incident_rows())
    assert {"reason": "opened_after_as_of", "window": "pilot", "count": 21} in result["excluded"]


def test_an_end_at_as_of_is_closed():
    rows = [[f"I{i}", f"{day(183)}T00:00:00Z", f"{day(184)}T00:00:00Z"] for i in range(3)]
    assert run(incident_plan(as_of=f"{day(184)}T00:00:00Z"), rows)["censored"]["baseline"] == 0


def test_a_pilot_in_which_nothing_has_ended_gives_no_verdict():
    result = run(incident_plan(), incident_rows(lambda opened, number: None if in_pilot(opened) else 120))
    assert (result["verdict"], result["reasons"][0]) == ("not_enough_data", "no_event_in_window")


def test_a_horizon_beyond_the_follow_up_is_refused_and_never_lowered():
    ends = lambda opened, number: None if number % 5 == 0 else 60  # noqa: E731
    result = run(incident_plan(as_of=day(246), rmst_tau=60_000), incident_rows(ends))
    assert (result["verdict"], result["reasons"]) == ("not_enough_data", ["tau_beyond_follow_up"])
    assert result["rmst"]["tau"] == 60_000 > result["rmst"]["tau_max"] and result["rmst"]["diff"] is None


def test_weekdays_against_a_week_with_its_weekend_is_refused():
    windows = {"baseline": [day(182), day(208)], "pilot": [day(217), day(245)]}
    result = run(incident_plan(windows=windows), incident_rows())
    assert (result["verdict"], result["reasons"]) == ("refused", ["windows_not_whole_weeks"])
    assert "Not computed" in result["statement"]["en"] and "未计算" in result["statement"]["zh"]
    shifted = {"baseline": [day(182), day(210)], "pilot": [day(218), day(246)]}
    assert run(incident_plan(windows=shifted), incident_rows())["reasons"] == ["windows_not_whole_weeks"]


def test_a_window_over_the_end_of_summer_time_is_still_whole_weeks():
    windows = {"baseline": ["2025-09-29", "2025-10-27"], "pilot": ["2025-10-27", "2025-11-24"]}
    result = run(incident_plan(windows=windows, zone="Europe/Paris"), incident_rows())
    assert guard(result, "G1")["status"] == "pass"


def test_ambiguous_and_skipped_wall_times_are_excluded_until_answered():
    rows = [[key, at[:19], value] for key, at, value in task_rows(per_day=6)]
    odd = [["A1", "2025-10-26T02:30:00", "60"], ["N1", "2026-03-29T02:30:00", "60"]]
    windows = {"baseline": ["2025-10-06", "2025-11-03"], "pilot": [day(217), day(245)]}
    asked = run(task_plan(zone="Europe/Paris", windows=windows), rows + odd)
    assert {"reason": "ambiguous_local_time", "window": "baseline", "count": 1} in asked["excluded"]
    assert guard(asked, "G12")["status"] == "warn"
    answered = run(task_plan(zone="Europe/Paris", windows=windows, fold="second"), rows + odd)
    assert guard(answered, "G12")["status"] == "pass" and answered["n"]["baseline"] == asked["n"]["baseline"] + 1
    many = run(task_plan(zone="Europe/Paris", windows=windows), rows + [[f"A{n}", odd[0][1], "9"] for n in range(9)])
    assert (many["verdict"], many["reasons"]) == ("refused", ["ambiguous_local_time"])


def test_times_without_zone_are_refused_and_bare_dates_are_not():
    naive = [[key, at[:19], value] for key, at, value in task_rows()]
    assert run(task_plan(), naive)["reasons"] == ["zone_unknown"]
    dates = [[key, at[:10], value] for key, at, value in task_rows()]
    assert guard(run(task_plan(), dates), "G12")["status"] == "pass"


def test_a_filter_on_use_is_refused_and_the_used_share_is_printed():
    rows = [[*row, "yes" if index % 2 else "no"] for index, row in enumerate(task_rows(pilot=30))]
    plan = task_plan(usage={"column": "used", "used": ["yes"]})
    result = run(plan, rows, [*HEADER, "used"])
    assert guard(result, "G13")["value"] == pytest.approx(0.5) and guard(result, "G13")["status"] == "warn"
    plan["filter"] = [{"column": "used", "op": "==", "value": "yes"}]
    assert run(plan, rows, [*HEADER, "used"])["reasons"] == ["selected_on_use"]


def test_fewer_than_five_people_hide_every_figure():
    rows = [[*row, f"P{index % 4}"] for index, row in enumerate(task_rows(pilot=30))]
    result = run(task_plan(person="who"), rows, [*HEADER, "who"])
    assert (result["verdict"], result["reasons"]) == ("suppressed", ["too_few_people"])
    for key in ("n", "counts", "median", "estimates", "placebo", "diagnostics", "km_median", "rmst", "xmr"):
        assert result[key] is None
    assert all(found["value"] is None for found in result["guards"])
    assert "P1" not in json.dumps(result)
    assert run(task_plan(person="who"), [[*row[:3], f"P{i % 5}"] for i, row in enumerate(rows)], [*HEADER, "who"])["n"]


def test_before_the_decision_date_only_progress_is_given():
    result = run(task_plan(as_of=day(250), decision_on=day(260)), task_rows(pilot=30))
    assert (result["verdict"], result["reasons"], result["evidence"]) == (None, ["interim"], "early")
    for key in ("median", "estimates", "placebo", "diagnostics"):
        assert result[key] is None
    assert result["n"]["pilot"] == 84 and "No verdict before" in result["statement"]["en"]
    assert guard(result, "G3")["status"] == guard(result, "G4")["status"] == "not_run"


def test_too_small_a_sample_shows_no_figure_before_the_decision_date_either():
    rows = task_rows(pilot=30)
    rows = [row for row in rows if row[1] < day(217)] + [row for row in rows if row[1] >= day(217)][:12]
    result = run(task_plan(as_of=day(250), decision_on=day(260)), rows)
    assert result["verdict"] == "not_enough_data"
    assert result["estimates"] is None and result["median"] is None


def test_a_guardrail_may_call_a_harm_before_the_decision_date_and_nothing_else():
    harm = run(task_plan(as_of=day(250), decision_on=day(260), role="guardrail"), task_rows(pilot=120))
    assert harm["verdict"] == "worse" and harm["evidence"] == "early"
    gain = run(task_plan(as_of=day(250), decision_on=day(260), role="guardrail"), task_rows(pilot=30))
    assert gain["verdict"] is None


def test_a_measure_registered_late_is_early_at_most_and_says_so():
    result = run(task_plan(locked_at=day(220)), task_rows(pilot=30))
    assert result["evidence"] == "early" and result["grade"] == "D" and "registered_late" in result["reasons"]
    assert "Registered 3 days after the pilot began." in result["statement"]["en"]
    assert result["statement"]["en"].startswith("So far, and early:")
    assert looked_back(result["statement"])["zh"].startswith("回看旧数据")
    assert run(task_plan(locked_at=day(217)), task_rows(pilot=30))["evidence"] == "measured"


def test_what_people_report_is_an_estimate_and_worded_as_one():
    result = run(task_plan(method="self_report"), task_rows(pilot=30))
    assert (result["grade"], result["evidence"]) == ("E", "estimate")
    assert "Reported, not measured." in result["statement"]["en"] and "为自述" in result["statement"]["zh"]


def test_tasks_assigned_by_lot_are_worded_so():
    windows = {"baseline": [day(182), day(189)], "pilot": [day(217), day(245)]}
    result = run(task_plan(assignment="alternating", windows=windows), task_rows(pilot=30, per_day=12))
    assert guard(result, "G4")["status"] == "not_run" and result["grade"] == "D"  # season not separated
    same_months = {"baseline": [day(217), day(224)], "pilot": [day(224), day(238)]}
    result = run(task_plan(assignment="alternating", windows=same_months), task_rows(pilot=30, per_day=12))
    assert result["grade"] == "A"


def test_shuffled_and_repeated_rows_change_nothing_but_hash_and_count():
    rows = task_rows(pilot=40)
    shuffled = rows + rows[::3]
    random.Random(4).shuffle(shuffled)
    one, two = run(task_plan(), rows), run(task_plan(), shuffled)
    for key in ("n", "coverage", "median", "estimates", "placebo", "guards", "verdict", "grade", "evidence"):
        assert one[key] == two[key]
    assert sum(row["count"] for row in two["excluded"] if row["reason"] == "duplicate_key") > 0
    again = run(task_plan(), rows)
    assert (one["inputs_hash"], one["result_hash"]) == (again["inputs_hash"], again["result_hash"])


def test_of_differing_rows_with_one_key_the_earliest_stays():
    rows = task_rows()
    late = [["T700", f"{day(240)}T00:00:00+00:00", "9999"]]
    assert run(task_plan(), rows + late)["median"] == run(task_plan(), late + rows)["median"]


def test_every_row_left_out_has_one_reason():
    at = f"{day(183)}T10:00:00Z"
    rows = [
        ["a", at, "5", "", "x"], ["a", at, "5", "", "x"], ["b", at, "5", "a", "x"], ["c", at, "", "", "x"],
        ["d", at, "soon", "", "x"], ["e", at, "-3", "", "x"], ["f", "", "5", "", "x"], ["g", "soon", "5", "", "x"],
        ["h", day(211), "5", "", "x"], ["i", day(10), "5", "", "x"], ["j", at, "5", "", "y"],
    ]  # fmt: skip
    plan = task_plan(parent="parent", filter=[{"column": "team", "op": "==", "value": "x"}])
    result = run(plan, rows, [*HEADER, "parent", "team"])
    found = {(row["reason"], row["window"]): row["count"] for row in result["excluded"]}
    assert found == {
        ("filtered_out", None): 1, ("outside_windows", None): 1, ("in_ramp", "ramp"): 1, ("missing_start", None): 1,
        ("missing_value", "baseline"): 1, ("unparsable", "baseline"): 1, ("unparsable", None): 1,
        ("negative_duration", "baseline"): 1, ("child_of_parent", "baseline"): 1, ("duplicate_key", "baseline"): 1,
    }  # fmt: skip
    assert result["n"]["baseline"] + sum(found.values()) == result["counts"]["read"] == len(rows)


@pytest.mark.parametrize(
    ("op", "value", "kept"),
    [
        ("==", 70, 1), ("!=", "70", 3), ("!=", 70, 3), ("<", 100, 2), (">", 70, 0), ("in", ["?", "7"], 2),
        ("not_in", [70], 3), ("present", None, 2), ("missing", None, 2),
    ],
)  # fmt: skip
def test_predicates_compare_numbers_as_numbers_and_texts_as_written(op, value, kept):
    rows = [[f"r{n}", f"{day(183)}T10:00:00Z", "5", group] for n, group in enumerate(["70", "?", "", "7"])]
    rule = {"column": "group", "op": op} | ({} if value is None else {"value": value})
    result = run(task_plan(filter=[rule], missing=["", "?"]), rows, [*HEADER, "group"])
    assert result["n"]["baseline"] == kept


def test_a_text_on_a_time_column_compares_as_time():
    rows = [["a", "1/12/2025 23:00", "5"], ["b", "2/12/2025 01:00", "5"], ["c", "", "5"]]
    rule = {"column": "at", "op": ">=", "value": "2025-12-02"}
    result = run(task_plan(filter=[rule], date_format="day_first", zone="UTC"), rows)
    assert result["n"]["baseline"] == 1 and {"reason": "filtered_out", "window": None, "count": 2} in result["excluded"]


def test_end_events_that_follow_a_timer_are_named():
    rows = [[key, at, (datetime.fromisoformat(at) + timedelta(days=5)).isoformat()] for key, at, _ in incident_rows()]
    rows = [[*row, row[1]] for row in rows]
    result = run(incident_plan(other_events=["seen"], rmst_tau=600), rows, [*INCIDENT_HEADER, "seen"])
    assert guard(result, "G7")["status"] == "warn" and "5.0 days" in guard(result, "G7")["sentence"]["en"]


def test_a_third_fewer_records_a_week_is_a_remark():
    rows = [row for index, row in enumerate(task_rows(pilot=30)) if row[1] < day(217) or index % 2]
    assert guard(run(task_plan(), rows), "G9")["status"] == "warn"


def test_guards_outside_this_version_never_claim_to_have_passed():
    result = run(task_plan(), task_rows())
    assert {guard(result, name)["status"] for name in ("G5", "G10", "G11")} == {"not_run"}


def test_columns_in_memory_give_the_figures_of_the_file():
    rows = task_rows(pilot=30)
    rows += rows[:5]
    data = to_csv(HEADER, rows)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(HEADER)}
    assert estimate_rows(task_plan(), columns, [sha256_bytes(data)]) == run(task_plan(), rows)


def test_what_could_be_seen_at_the_least_is_known_before_the_pilot():
    rows = [row for row in task_rows() if row[1] < day(210)]
    found = minimum_detectable(task_plan(), [to_csv(HEADER, rows)])
    assert 0 < found["smallest_detectable"] < 0.3 and found["more_weeks_needed"] == 0
    short = minimum_detectable(task_plan(), [to_csv(HEADER, rows[-30:])])
    assert short["smallest_detectable"] is None and short["more_weeks_needed"] > 0


def test_a_missing_column_and_unreadable_data_are_named():
    with pytest.raises(DataError, match="minutes"):
        estimate(task_plan(), [to_csv(["id", "at"], [["1", day(183)]])])
    with pytest.raises(DataError, match="UTF-8"):
        estimate(task_plan(), ["标识,at,minutes\n".encode("gb18030")])
    with pytest.raises(DataError, match="line 3"):
        estimate(task_plan(), [b"id,at,minutes\n1,2025-12-01,5\n2,2025-12-01\n"])


def test_repeated_header_names_are_told_apart_by_position():
    rows = [[f"r{n}", f"{day(183)}T10:00:00Z", "999", "5"] for n in range(3)]
    result = estimate(task_plan(value="minutes#2"), [to_csv(["id", "at", "minutes", "minutes"], rows)])
    assert result["n"]["baseline"] == 3


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"estimator": "mean"}, "estimator"),
        ({"kind": "count"}, "kind"),
        ({"arm": {"column": "a"}}, "arm"),
        ({"comparison": {}}, "comparison"),
        ({"covariates": []}, "covariates"),
        ({"minimum_effect": None}, "minimum_effect"),
        ({"direction": "up"}, "direction"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"decision_on": "2026-01-01"}, "as_of"),
        ({"windows": {"baseline": [day(0), day(7)], "pilot": [day(0), day(7)]}}, "windows.pilot"),
        ({"windows": {"baseline": [day(7), day(0)], "pilot": [day(7), day(14)]}}, "windows.baseline"),
        ({"filter": [{"column": "a", "op": "~", "value": 1}]}, "filter[0]"),
        ({"thresholds": {"min_task": 5}}, "thresholds.min_task"),
        ({"thresholds": {"luck": 5}}, "thresholds.luck"),
        ({"event": [{"column": "a", "op": "present"}]}, "event"),
        ({"minimum_effect": {"relative": math.nan}}, "minimum_effect"),
    ],
)
def test_a_plan_that_cannot_run_names_the_place(change, path):
    with pytest.raises(PlanError) as refused:
        estimate(task_plan(**change), [b"id,at,minutes\n"])
    assert path in [error["path"] for error in refused.value.errors]


def test_all_faults_of_a_plan_come_at_once():
    with pytest.raises(PlanError) as refused:
        estimate({"kind": "duration_incident", "colour": 1}, [b""])
    paths = {error["path"] for error in refused.value.errors}
    assert {"colour", "plan_version", "direction", "minimum_effect", "windows", "as_of", "rmst_tau"} <= paths
