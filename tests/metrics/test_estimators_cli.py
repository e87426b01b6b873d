"""The offline command by its exit codes."""

import gzip
import io
import json
import random

import pytest

from metrics.estimators import wording
from metrics.estimators.cli import run
from metrics.estimators.table import to_csv

PLAN = {
    "plan_version": 1, "kind": "duration_task", "at": "at", "value": "minutes", "bootstrap": 199,
    "windows": {"baseline": ["2026-01-05", "2026-02-02"], "pilot": ["2026-02-02", "2026-03-02"]},
    "direction": "lower", "minimum_effect": {"relative": 0.1},
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    rng = random.Random(1)
    days = [f"2026-{month:02d}-{day:02d}" for month in (1, 2) for day in range(5, 28)]
    rows = [[day, f"{rng.uniform(10, 60):.1f}"] for day in days]
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "data.csv").write_bytes(to_csv(["at", "minutes"], rows))
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(to_csv(["at", "minutes"], rows)))
    return tmp_path


def test_a_result_is_written_and_checks_against_itself(files):
    out, errors = files / "result.json", io.StringIO()
    assert run(files / "plan.json", files / "data.csv", out, stderr=errors) == 0
    assert run(files / "plan.json", files / "data.csv", None, out, stderr=errors) == 0
    assert "equal hashes" in errors.getvalue()


def test_without_out_the_result_goes_to_standard_output(files):
    shown = io.StringIO()
    assert run(files / "plan.json", files / "data.csv.gz", stdout=shown) == 0
    assert json.loads(shown.getvalue())["n"]["baseline"] > 20


def test_a_changed_figure_is_found_even_under_an_unchanged_hash(files):
    out, errors = files / "result.json", io.StringIO()
    run(files / "plan.json", files / "data.csv", out)
    stored = json.loads(out.read_text())
    stored["estimates"]["median_ratio"]["value"] *= 0.9
    out.write_text(json.dumps(stored))
    assert run(files / "plan.json", files / "data.csv", None, out, stderr=errors) == 4
    assert "differs: estimates" in errors.getvalue()


def test_other_library_versions_are_compared_within_a_tolerance_that_is_named(files):
    out, errors = files / "result.json", io.StringIO()
    run(files / "plan.json", files / "data.csv", out)
    stored = json.loads(out.read_text())
    stored["libraries"]["numpy"], stored["inputs_hash"] = "1.0", "0" * 64
    stored["estimates"]["median_ratio"]["ci"][0] *= 1.02
    stored["estimates"]["hl_shift"]["value"] *= 1 + 1e-12
    out.write_text(json.dumps(stored))
    assert run(files / "plan.json", files / "data.csv", None, out, stderr=errors) == 0
    assert "other library versions" in errors.getvalue()
    stored["estimates"]["hl_shift"]["value"] *= 1.01
    out.write_text(json.dumps(stored))
    assert run(files / "plan.json", files / "data.csv", None, out, stderr=errors) == 4


def test_an_invalid_plan_lists_its_faults_and_writes_nothing(files):
    errors, out = io.StringIO(), files / "result.json"
    (files / "plan.json").write_text(json.dumps(PLAN | {"colour": "red"}))
    assert run(files / "plan.json", files / "data.csv", out, stderr=errors) == 2
    assert json.loads(errors.getvalue()) == [{"path": "colour", "message": "unknown key"}]
    assert not out.exists()


def test_data_that_is_absent_or_lacks_a_column_is_named(files):
    errors = io.StringIO()
    assert run(files / "plan.json", files / "none.csv", stderr=errors) == 3
    (files / "data.csv").write_bytes(b"when,minutes\n")
    assert run(files / "plan.json", files / "data.csv", stderr=errors) == 3
    assert "at" in errors.getvalue()


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(9.44, "9.4 minutes"), (10.4, "10 minutes"), (599, "599 minutes"), (660, "11.0 hours"), (4320, "3.0 days")],
)
def test_durations_are_shown_in_the_unit_of_their_size(minutes, shown):
    assert wording.duration(minutes)["en"] == shown


@pytest.mark.parametrize(
    ("width", "n", "share", "shown"),
    [(31, 999, 0.382, "40 %"), (5, 999, 0.382, "38 %"), (2, 150, 0.382, "38 %"), (2, 200, 0.3824, "38.2 %"),
     (5, 999, 0.004, "under 1 %"), (5, 999, 0.0, "0 %"), (31, 999, 0.02, "under 5 %")],
)  # fmt: skip
def test_percentages_follow_the_width_of_the_range(width, n, share, shown):
    assert wording.percent(share, wording.percent_step(width, n))["en"] == shown
