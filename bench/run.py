"""python -m bench [--quick | --full] [--engine postgres | sqlite] [P14 …]: a table, result.json, 1 if a bound broke.

`--accept` writes the ratios of this run to baseline.json: later runs are held against them.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench import figures, meter, pair, stats
from bench.pair import Figure, Judged, Played

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
ROUNDS = {"quick": 3, "full": 7}
WARN, BROKEN = 1.10, 1.25  # times the ratio that was accepted last
BUSY = 2.0  # load above which figures of a two-core machine are doubtful


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    known = figures.load()
    unknown = [name for name in options.figures if name not in known]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    if os.getloadavg()[0] > BUSY:
        say(f"The machine is busy (load {os.getloadavg()[0]:.2f}): repeat this when it is quiet.")
    before = signal.signal(signal.SIGTERM, _end)
    results: list[dict[str, Any]] = []
    try:
        for name in options.figures or known:
            results.append(measure(known[name], options))
            options.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    finally:
        signal.signal(signal.SIGTERM, before)
        print("\n".join(table(results)), flush=True)
    if options.accept:
        accept(results)
    return 1 if any(r["verdict"] in (stats.FAIL, "WRONG") for r in results) else 0


def _end(*_signal: Any) -> None:
    """By way of every `finally`: no server of ours outlives the run."""
    raise SystemExit(143)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="CPU ratios against a floor, in one run.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const="quick", help="3 rounds (the default)")
    size.add_argument("--full", dest="size", action="store_const", const="full", help="7 rounds, full sizes")
    parser.add_argument("--engine", choices=("postgres", "sqlite"), default="postgres", help="sqlite never fails a run")
    parser.add_argument("--rounds", type=int, help="other than the size says")
    parser.add_argument("--out", type=Path, default=HERE / "result.json")
    parser.add_argument("--accept", action="store_true", help="make these ratios the ones later runs are held against")
    parser.add_argument("figures", nargs="*", metavar="P14")
    parser.set_defaults(size="quick")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- one figure ---


def measure(cls: type[Figure], options: argparse.Namespace) -> dict[str, Any]:
    quick = options.size == "quick"
    figure = cls(quick=quick, engine=options.engine, say=say)
    say(f"{cls.id}: {cls.title} ({options.engine}, {options.size})")
    try:
        figure.open()
        played = pair.play(figure, options.rounds or ROUNDS[options.size])
    except pair.Wrong as fault:
        return _nothing(figure, "WRONG", str(fault))
    except Exception as fault:  # noqa: BLE001 - one figure that cannot be played must not hide the others
        traceback.print_exc()
        return _nothing(figure, stats.FAIL, f"{type(fault).__name__}: {fault}")
    finally:
        figure.close()
    return report(played, pair.judge(played, quick=quick), quick=quick)


def _nothing(figure: Figure, verdict: str, why: str) -> dict[str, Any]:
    return {"id": figure.id, "title": figure.title, "engine": figure.engine, "verdict": verdict, "why": why,
            "bounds": [], "host": meter.host(), "git": _git()}  # fmt: skip


def report(
    played: Played, judged: list[Judged], *, quick: bool, baseline: dict[str, Any] | None = None
) -> dict[str, Any]:
    figure = played.figure
    accepted = (baseline if baseline is not None else _baseline()).get(figure.id, {}).get(figure.engine, {})
    bounds = [_bound(j, accepted.get(j.bound.name)) for j in judged]
    return {
        "id": figure.id, "title": figure.title, "engine": figure.engine, "n": figure.n, "seed": figure.seed,
        "quick": quick, "rounds": len(played.rounds), "repeated": played.repeated,
        **{side: _side(played.of(side)) for side in figure.sides},
        "bounds": bounds,
        "verdict": overall([b["verdict"] for b in bounds], figure.engine),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": {**meter.host(), "steal": round(max(s.steal for r in played.rounds for s in r.values()), 3)},
        "git": _git(),
    }  # fmt: skip


def _side(samples: list[meter.Sample]) -> dict[str, Any]:
    names = sorted({name for s in samples for name in s.facts})
    return {
        "cpu_ms": round(1000 * median(s.cpu_s for s in samples), 1),
        "wall_ms": round(1000 * median(s.wall_s for s in samples), 1),
        "rss_mb": round(max(s.rss_mb for s in samples), 1),
        "sql": max(s.sql for s in samples),
        **{name: round(median(s.facts[name] for s in samples if name in s.facts), 4) for name in names},
    }


def _bound(judged: Judged, accepted: float | None) -> dict[str, Any]:
    found = {"name": judged.bound.name, "kind": judged.bound.kind, "limit": judged.bound.limit}
    if judged.bound.limit == pair.WATCHED:
        found["limit"] = None  # JSON knows no infinity
    found |= {name: round(value, 4) for name, value in asdict(judged.spread).items()}
    verdict = judged.verdict if found["limit"] is not None or accepted or judged.verdict != stats.PASS else "noted"
    if judged.bound.kind == "ratio" and accepted:
        found["accepted"] = accepted
        if judged.spread.median > BROKEN * accepted:
            verdict = stats.FAIL
        elif judged.spread.median > WARN * accepted:
            say(f"{judged.bound.name}: {judged.spread.median:.2f}, accepted was {accepted:.2f}")
    return {**found, "verdict": verdict}


def overall(verdicts: Iterable[str], engine: str) -> str:
    """The worst word; on SQLite a broken bound is printed and fails nothing, because PostgreSQL gives the verdict."""
    found = set(verdicts)
    worst = next((word for word in (stats.FAIL, stats.UNSTABLE) if word in found), stats.PASS)
    return f"{worst} (printed only)" if engine == "sqlite" else worst


def _git() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


# --- the baseline ---


def _baseline() -> dict[str, Any]:
    return json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}


def accept(results: list[dict[str, Any]]) -> None:
    kept = _baseline()
    for result in results:
        found = {b["name"]: round(b["median"], 2) for b in result["bounds"] if b["kind"] == "ratio"}
        if found and result["verdict"].startswith(stats.PASS):
            kept.setdefault(result["id"], {})[result["engine"]] = found
    BASELINE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


# --- the table ---


def table(results: list[dict[str, Any]]) -> list[str]:
    rows = [("figure", "bound", "ours", "lowest – highest", "floor", "usual way", "verdict")]
    for result in results:
        if not result["bounds"]:
            rows.append((result["id"], result["why"], "", "", "", "", result["verdict"]))
        for b in result["bounds"]:
            rows.append((
                result["id"], _limit(b), f"{b['median']:.3g}",
                f"{b['smallest']:.3g} – {b['largest']:.3g}", _beside(result, "floor", b), _beside(result, "naive", b),
                b["verdict"],
            ))  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    return [lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]]


def _limit(b: dict[str, Any]) -> str:
    if b["limit"] is not None:
        return f"{b['name']} ≤ {b['limit']:g}"
    return f"{b['name']} (was {b['accepted']:g})" if "accepted" in b else b["name"]


def _beside(result: dict[str, Any], side: str, bound: dict[str, Any]) -> str:
    """The same figure of another side: its CPU as a ratio to the floor, or its own fact."""
    other = result.get(side)
    if not other:
        return "–"
    if bound["kind"] == "ratio":
        return f"{other['cpu_ms'] / result['floor']['cpu_ms']:.3g}"
    return f"{other[bound['name']]:.3g}" if bound["name"] in other else "–"
