#!/usr/bin/env python3
"""What the Makefile does, also without make: setup | demo | test | test-all | check | bench | clean-demo.

Runs before anything is installed, so it knows only the standard library.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
LAYERS = ("foundation", "accounts", "governance", "usecases", "metrics", "charter", "desk", "config")
GROUPS = ("--group", "test", "--group", "lint")
TYPED = ("services", "selectors", "rules", "checks", "estimators", "connectors")


def main() -> int:
    verbs: dict[str, Callable[[], int]] = {
        "setup": setup,
        "demo": demo,
        "test": lambda: test("not slow"),
        "test-all": lambda: test(""),
        "check": check,
        "bench": bench,
        "clean-demo": clean_demo,
    }
    verb = verbs.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if verb is None:
        print(__doc__)
        return 2
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without compiled modules every process starts seconds later
    try:
        return verb()
    except KeyboardInterrupt:
        return 130


def run(*command: str | Path, **environment: str) -> int:
    return subprocess.call([str(part) for part in command], env={**os.environ, **environment})


def say(text: str) -> None:
    print(text, flush=True)


# --- set-up ---


def setup() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
        say(f"Pilotage needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try PYTHON=python3.12 make setup.")
        return 1
    if not PYTHON.exists() and not _make_venv():
        return 1
    if _installed_mark().exists() and _installed_mark().read_text() == _wanted():
        return 0
    if _install_with_uv() != 0 and _install_with_pip() != 0:
        say("The packages could not be installed; the messages above say why.")
        return 1
    _installed_mark().write_text(_wanted())
    return 0


def _make_venv() -> bool:
    shutil.rmtree(VENV, ignore_errors=True)  # half of one, from an interrupted run
    found = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return True
    shutil.rmtree(VENV, ignore_errors=True)
    say("Python cannot make a virtual environment here. On Debian and Ubuntu: apt-get install python3-venv")
    return False


def _installed_mark() -> Path:
    return VENV / ".pilotage-installed"


def _wanted() -> str:
    return (ROOT / "uv.lock").read_text(encoding="utf-8")


def _install_with_uv() -> int:
    if not (BIN / "uv").exists() and run(PYTHON, "-m", "pip", "install", "--quiet", "uv") != 0:
        return 1
    # --inexact leaves uv itself in the environment.
    return run(
        BIN / "uv", "sync", "--locked", "--inexact", *GROUPS, "--python", PYTHON, UV_PROJECT_ENVIRONMENT=str(VENV)
    )  # fmt: skip


def _install_with_pip() -> int:
    say("uv did not work here; installing with pip (about a minute).")
    return run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements.txt")


# --- demo ---


def demo() -> int:
    """Load the demo organisation once (`manage.py demo` keeps what is there) and serve it."""
    os.environ["DEMO"] = "1"
    if (code := setup() or run(PYTHON, "manage.py", "demo")) != 0:
        return code
    serve = [str(PYTHON), "manage.py", "serve"]
    if os.name == "nt":
        return run(*serve)
    os.execv(PYTHON, serve)  # the server takes this process over: one Ctrl-C, one process to stop


def clean_demo() -> int:
    os.environ["DEMO"] = "1"
    return setup() or run(PYTHON, "manage.py", "demo", "--wipe")


# --- test ---


def test(marks: str) -> int:
    if (code := setup()) != 0:
        return code
    _tell_what_cannot_run()
    os.environ.update({"DJANGO_ALLOW_ASYNC_UNSAFE": "1"})
    say("== SQLite ==")
    code = _pytest(marks, "sqlite")
    if code != 0:
        return code
    say("== PostgreSQL ==")
    return _pytest(" and ".join(part for part in (marks, "(not browser or bothdb)") if part), "postgres")


def _pytest(marks: str, engine: str) -> int:
    chosen = ("-m", marks) if marks else ()
    # Two workers: the suite is built for small machines. A file stays on one of them, so its world is built once;
    # in the order of collection, so the long ones in a browser do not come last.
    workers = ("-n", os.environ.get("TEST_WORKERS", "2"), "--dist", "loadfile", "--no-loadscope-reorder")
    return run(PYTHON, "-m", "pytest", *workers, "-q", *chosen, TEST_ENGINE=engine)


def _tell_what_cannot_run() -> None:
    browsers = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    own = Path.home() / ".cache" / "ms-playwright"
    if not any(map(shutil.which, browsers)) and not any(own.glob("chromium*")):
        say("Not run here: browser tests (no Chromium found; apt-get install chromium).")
    fonts = (
        subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False) if shutil.which("fc-list") else None
    )
    if fonts is None or not fonts.stdout.strip():
        say("Not judged here: Chinese glyphs in print and screenshots (no such font; apt-get install fonts-noto-cjk).")


# --- bench ---


def bench() -> int:
    """CPU ratios against a floor in the same run, quick; more with `python -m bench --full`."""
    return setup() or run(PYTHON, "-m", "bench", *(sys.argv[2:] or ["--quick"]))


# --- check ---


def check() -> int:
    """Every check runs, so that one look shows all that is wrong."""
    if (code := setup()) != 0:
        return code
    failed = [name for name, act in _checks() if not _passes(name, act)]
    say(f"check: failed: {', '.join(failed)}" if failed else "check: all good")
    return 1 if failed else 0


def _passes(name: str, act: Callable[[], int]) -> bool:
    say(f"-- {name}")
    return act() == 0


def _checks() -> list[tuple[str, Callable[[], int]]]:
    def manage(*arguments: str) -> Callable[[], int]:
        return lambda: run(PYTHON, "manage.py", *arguments, DJANGO_SETTINGS_MODULE="config.settings.test")

    return [
        ("format", lambda: run(BIN / "ruff", "format", "--check", "--output-format", "concise", ".")),
        ("lint", lambda: run(BIN / "ruff", "check", ".")),
        ("types", lambda: run(BIN / "mypy", *_typed_files())),
        ("layers", lambda: run(BIN / "lint-imports")),
        ("templates", _templates),
        ("migrations", manage("makemigrations", "--check", "--dry-run")),
        ("deployment", _deployment),
        ("translations", manage("translations", "--check")),
        ("vendored files", manage("vendor", "--check")),
        ("known weaknesses", _known_weaknesses),
    ]


def _typed_files() -> list[str]:
    """Foundation, and in the other layers the files that hold the meaning."""
    found = ["foundation"]
    for layer in LAYERS[1:-1]:
        for name in TYPED:
            found += [str(p) for p in (Path(layer) / f"{name}.py", Path(layer) / name) if p.exists()]
    return found


def _templates() -> int:
    files = [str(path) for path in sorted(Path("templates").rglob("*.html"))]
    return run(BIN / "djade", "--target-version", "5.2", "--check", *files) if files else 0


def _deployment() -> int:
    """Django's own deployment checks, with the production settings and values made up for the moment."""
    with tempfile.TemporaryDirectory(prefix="pilotage-check-") as var:
        return run(
            PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING",
            DJANGO_SETTINGS_MODULE="config.settings.production",
            SECRET_KEY=secrets.token_urlsafe(64),
            ENCRYPTION_KEYS=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            DATABASE_URL=f"sqlite:///{var}/check.sqlite3",
            BROKER_URL="redis://127.0.0.1:6379/0",
            PUBLIC_URL="https://pilotage.example",
            VAR_DIR=var,
            DEMO="0",
        )  # fmt: skip


def _known_weaknesses() -> int:
    """pip-audit asks a service on the internet; without one it is skipped, visibly."""
    try:
        socket.create_connection(("api.osv.dev", 443), timeout=5).close()
    except OSError as error:
        say(f"SKIPPED: pip-audit needs api.osv.dev, which cannot be reached from here ({error}).")
        return 0
    return run(
        BIN / "pip-audit", "--requirement", "requirements.txt", "--require-hashes", "--disable-pip",
        "--vulnerability-service", "osv", "--progress-spinner", "off",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
