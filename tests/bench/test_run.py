"""The command: one registry, a table a reader understands, and an exit code that fails the build."""

from __future__ import annotations

import json
import os
import signal

import pytest

from bench import figures, run
from bench.pair import FLOOR, OURS, Wrong
from tests.bench.test_pair import Toy


@pytest.fixture
def registry(monkeypatch, tmp_path):
    monkeypatch.setattr(run.figures, "load", lambda: {"P0": TinyToy})
    monkeypatch.setattr(run, "BASELINE", tmp_path / "baseline.json")
    return tmp_path


class TinyToy(Toy):
    sides = (OURS, FLOOR)
    opened = closed = 0
    costs = 1.5
    fault: Exception | None = None

    def __init__(self, *, quick, engine, say):
        super().__init__(cost={FLOOR: 1.0, OURS: type(self).costs})
        self.quick, self.engine, self.say = quick, engine, say

    def open(self):
        if type(self).fault:
            raise type(self).fault


def bench(folder, *arguments: str) -> tuple[int, list[dict]]:
    code = run.main(["--out", str(folder / "r.json"), *arguments])
    return code, json.loads((folder / "r.json").read_text())


def test_a_run_that_keeps_its_bounds_says_so(registry, capsys):
    code, (result,) = bench(registry)
    assert (code, result["verdict"], result["rounds"]) == (0, "PASS", 3)
    assert result["ours"]["cpu_ms"] == 1500 and result["floor"]["cpu_ms"] == 1000
    assert {"cpu", "load", "steal", "versions"} <= result["host"].keys() and result["git"]
    assert "| P0" in capsys.readouterr().out


def test_a_broken_bound_fails_the_run_on_postgresql_and_is_printed_on_sqlite(registry, monkeypatch):
    monkeypatch.setattr(TinyToy, "costs", 2.5)
    assert bench(registry)[0] == 1
    code, (result,) = bench(registry, "--engine", "sqlite")
    assert (code, result["verdict"]) == (0, "FAIL (printed only)")


def test_a_ratio_a_quarter_above_what_was_accepted_fails(registry, monkeypatch, capsys):
    bench(registry, "--accept")
    assert json.loads(run.BASELINE.read_text()) == {"P0": {"postgres": {"cpu": 1.5}}}
    monkeypatch.setattr(TinyToy, "costs", 1.7)  # + 13 %
    assert bench(registry)[0] == 0
    assert "accepted was 1.50" in capsys.readouterr().err
    monkeypatch.setattr(TinyToy, "costs", 1.95)  # + 30 %, still below its bound of 2
    assert bench(registry)[0] == 1


@pytest.mark.parametrize("fault", [Wrong("7 of 200 saw an older version"), RuntimeError("no server")])
def test_a_figure_that_did_not_do_its_work_fails_with_the_reason(registry, monkeypatch, capsys, fault):
    monkeypatch.setattr(TinyToy, "fault", fault)
    code, (result,) = bench(registry)
    assert code == 1 and str(fault) in result["why"] and str(fault) in capsys.readouterr().out


def test_a_run_that_is_ended_closes_what_it_opened_and_keeps_what_it_has(registry, monkeypatch, capsys):
    class Ended(TinyToy):
        id = "P1"
        was_closed = False

        def open(self):
            os.kill(os.getpid(), signal.SIGTERM)

        def close(self):
            Ended.was_closed = True

    monkeypatch.setattr(run.figures, "load", lambda: {"P0": TinyToy, "P1": Ended})
    with pytest.raises(SystemExit):
        run.main(["--out", str(registry / "r.json")])
    assert Ended.was_closed and [r["id"] for r in json.loads((registry / "r.json").read_text())] == ["P0"]
    assert "| P0" in capsys.readouterr().out


def test_an_unknown_figure_is_named(registry, capsys):
    assert run.main(["P99"]) == 2
    assert "P99" in capsys.readouterr().err


def test_every_figure_has_a_title_bounds_and_a_floor():
    found = figures.load()
    assert {"P14", "P14b"} <= set(found)
    for figure in found.values():
        assert figure.title and figure.bounds and figure.sides
        assert FLOOR in figure.sides or not any(b.kind == "ratio" for b in figure.bounds)
