"""The house keeps its shape: directions, words, births of states, nothing inline."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent.parent
STOREYS = ["config", "desk", "charter", "metrics", "usecases", "governance", "accounts", "foundation"]
HEAVY = [
    "pandas", "numpy", "pyarrow", "scipy", "statsmodels", "plotly", "weasyprint", "mcp", "openpyxl", "xlsxwriter",
    "pptx", "python_calamine", "httpx2", "opentelemetry", "lxml", "PIL", "segno", "icalendar",
]  # fmt: skip
DOMAIN_WORDS = [
    "pain", "pains", "charter", "charters", "pilot", "pilots", "candidate", "candidates", "workshop", "workshops",
    "guardrail", "guardrails",
]  # fmt: skip


def python_files(*folders: str) -> list[Path]:
    return [
        path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts
    ]


def test_no_field_points_to_a_storey_on_its_left():
    wrong = []
    for model in apps.get_models():
        here = model._meta.app_label
        if here not in STOREYS:
            continue
        for field in model._meta.get_fields():
            if field.auto_created or not field.is_relation or field.related_model is None:
                continue
            there = field.related_model._meta.app_label
            if there in STOREYS and STOREYS.index(there) < STOREYS.index(here):
                wrong.append(f"{model.__name__}.{field.name} -> {there}")
    assert wrong == []


def test_foundation_knows_no_domain_word():
    found = []
    for path in python_files("foundation"):
        if path.name in ("kit.py", "translations.py"):  # specimens of the look; a list of the folders
            continue
        words = set(re.findall(r"[a-z]+", path.read_text(encoding="utf-8").lower()))
        found += [f"{path.relative_to(ROOT)}: {word}" for word in DOMAIN_WORDS if word in words]
    assert found == []


def test_nobody_assigns_a_state():
    """States move through their lifecycle (or a job's guarded UPDATE), never by assignment."""
    wrong = []
    for path in python_files(*STOREYS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr in ("state", "status"):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert [w for w in wrong if not w.startswith("foundation/")] == []


def test_services_know_no_request():
    wrong = []
    for path in python_files(*STOREYS):
        if "services" not in path.parts and path.name not in ("services.py", "selectors.py", "checks.py"):
            continue
        text = path.read_text(encoding="utf-8")
        if re.search(r"django\.http|\brequest\.(?:user|POST|GET|actor)|HttpRequest", text):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_templates_hold_no_inline_style_script_or_handler():
    wrong = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r'\sstyle="|<style|<script>(?!\s*$)|\son[a-z]+="|hx-on', line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}")
    assert wrong == []


def test_starting_up_loads_nothing_heavy():
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings.test';"
        "import django; django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        f"print(sorted(set({HEAVY!r}) & {{m.split('.')[0] for m in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_top_level_has_exactly_the_agreed_names():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("not a git checkout: the list of tracked files is not known")
    agreed = {
        *STOREYS, "templates", "static", "tests", "docs", "bench", ".ci", ".gitignore", "manage.py", "pyproject.toml",
        "uv.lock", "requirements.txt", "Makefile", "dev.py", "README.md", "LICENSE", "NOTICE",
    }  # fmt: skip
    assert {name.split("/")[0] for name in listed.splitlines()} <= agreed
