"""What keeps an installation honest: secrets, locked packages, formats, translations, layers that stay light."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import formats, translation

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = ("SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "BROKER_URL", "PUBLIC_URL")


def proper(tmp_path: Path) -> dict[str, str]:
    return {
        "SECRET_KEY": "k9-" + "abcdefghijkmnpqrstuvwxyz0123456789" * 2,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{tmp_path}/p.sqlite3",
        "BROKER_URL": "redis://127.0.0.1:6379/0",
        "PUBLIC_URL": "https://pilotage.example",
        "VAR_DIR": str(tmp_path),
    }


def start(settings: str, given: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Load the settings as any process of the installation does."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    code = "from django.conf import settings; settings.SECRET_KEY; print('started')"
    return subprocess.run(
        [sys.executable, *(command or ("-c", code))],
        env={**kept, **given, "DJANGO_SETTINGS_MODULE": settings},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def production(given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return start("config.settings.production", given)


# --- production ---


def test_production_starts_with_secrets_of_its_own(tmp_path: Path) -> None:
    found = production(proper(tmp_path))
    assert (found.returncode, found.stdout.strip()) == (0, "started"), found.stderr


def test_production_names_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    found = production({"VAR_DIR": str(tmp_path)})
    assert found.returncode == 1
    assert [name for name in REQUIRED if f"- {name} is not set" in found.stderr] == list(REQUIRED)
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("name", REQUIRED)
def test_production_does_not_start_without_any_one_of_them(tmp_path: Path, name: str) -> None:
    found = production({**proper(tmp_path), name: ""})
    assert found.returncode == 1
    assert found.stderr.strip().splitlines()[1:] == [
        f"- {name} is not set (or set {name}_FILE to a file that holds it)."
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"SECRET_KEY": "test-only"}, "SECRET_KEY is a known default"),
        ({"SECRET_KEY": "django-insecure-" + "x1y2z3" * 12}, "SECRET_KEY is a known default"),
        ({"SECRET_KEY": "changeme" * 10}, "SECRET_KEY is a known default"),
        ({"SECRET_KEY": "k3v9Qz"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is too short or too simple"),
        (
            {"ENCRYPTION_KEYS": "dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LXRlc3Q="},
            "ENCRYPTION_KEYS: key 1 is a known default",
        ),
        ({"ENCRYPTION_KEYS": "A" * 43 + "="}, "ENCRYPTION_KEYS: key 1 is a known default or has a pattern"),
        ({"ENCRYPTION_KEYS": "short"}, "ENCRYPTION_KEYS: key 1 is not 32 bytes"),
        ({"BROKER_URL": "memory://"}, "BROKER_URL must be"),
        ({"PUBLIC_URL": "http://pilotage.example"}, "PUBLIC_URL must be the https://"),
        ({"DEMO": "1"}, "DEMO is for demonstrations"),
    ],
)
def test_production_refuses_known_and_weak_values(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    found = production({**proper(tmp_path), **changes})
    assert found.returncode == 1
    assert says in found.stderr and "Traceback" not in found.stderr
    if "SECRET_KEY" in changes:
        assert changes["SECRET_KEY"] not in found.stderr


def test_production_names_several_bad_values_together(tmp_path: Path) -> None:
    found = production({**proper(tmp_path), "SECRET_KEY": "test-only", "BROKER_URL": "memory://", "DATABASE_URL": ""})
    assert len(found.stderr.strip().splitlines()) == 1 + 3


def test_production_reads_secrets_from_files(tmp_path: Path) -> None:
    given = proper(tmp_path)
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        (tmp_path / name).write_text(given.pop(name) + "\n")
        given[f"{name}_FILE"] = str(tmp_path / name)
    found = production(given)
    assert found.returncode == 0, found.stderr


def test_production_cookies_and_transport_are_for_tls_only(tmp_path: Path) -> None:
    names = (
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "DEBUG",
        "ALLOWED_HOSTS",
    )
    code = (
        f"import json; from django.conf import settings as s; print(json.dumps({{n: getattr(s, n) for n in {names}}}))"
    )
    found = start("config.settings.production", proper(tmp_path), "-c", code)
    assert json.loads(found.stdout) == {
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["pilotage.example", "127.0.0.1", "localhost"],
    }


# --- embedded ---


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "changeme"),
        ("SECRET_KEY", "django-insecure-" + "x1y2z3" * 12),
        ("ENCRYPTION_KEYS", "dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LXRlc3Q="),
        ("ENCRYPTION_KEYS", "short"),
    ],
)
def test_an_embedded_installation_takes_no_known_secret_outside_the_demo(tmp_path: Path, name: str, value: str) -> None:
    given = {**proper(tmp_path), name: value, "DEMO": "0"}
    found = start("config.settings.embedded", given)
    assert found.returncode == 1 and f"- {name}" in found.stderr and "Traceback" not in found.stderr
    assert start("config.settings.embedded", {**proper(tmp_path), "DEMO": "0"}).returncode == 0


def test_an_embedded_command_does_not_make_secrets_on_the_side(tmp_path: Path) -> None:
    found = start("config.settings.embedded", {"VAR_DIR": str(tmp_path)}, "manage.py", "migrate")
    assert found.returncode == 1
    assert "there are no secrets" in found.stderr and "manage.py serve" in found.stderr
    assert not list(tmp_path.iterdir())


def test_secrets_others_can_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("secret_key", "encryption_keys"):
        (tmp_path / "secrets" / name).write_text("x" * 60)
    (tmp_path / "secrets" / "secret_key").chmod(0o644)
    found = start("config.settings.embedded", {"VAR_DIR": str(tmp_path)}, "manage.py", "migrate")
    assert found.returncode == 1
    assert "can be read by others" in found.stderr


def test_a_long_data_folder_moves_the_socket_to_a_short_one(tmp_path: Path) -> None:
    from config.installation import LONGEST_SOCKET_PATH, socket_path

    assert socket_path(Path("/srv/pilotage")) == Path("/srv/pilotage/run/valkey.sock")
    deep = tmp_path / ("a-very-long-folder-name-" * 5)
    assert len(os.fsencode(socket_path(deep))) <= LONGEST_SOCKET_PATH
    assert socket_path(deep) == socket_path(deep) != socket_path(tmp_path / ("another-" * 15))


# --- formats ---


@pytest.mark.parametrize(("language", "day"), [("en", "27 Nov 2026"), ("zh-hans", "2026年11月27日")])
def test_numbers_group_by_three_and_dates_read_as_people_write_them(language: str, day: str) -> None:
    with translation.override(language):
        assert formats.number_format(Decimal("1234567.5"), decimal_pos=1, use_l10n=True) == "1,234,567.5"
        assert formats.date_format(date(2026, 11, 27), "DATE_FORMAT") == day
        assert formats.date_format(date(2026, 3, 7), "SHORT_DATE_FORMAT") == "2026-03-07"


# --- packages ---


def test_the_exported_requirements_are_those_of_the_lock() -> None:
    locked = {
        (p["name"], p["version"]) for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"] if "version" in p
    }
    text = (ROOT / "requirements.txt").read_text()
    exported = set(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.M))
    assert len(exported) > 100
    assert exported <= locked
    assert text.count("--hash=sha256:") >= len(exported)


# --- translations and vendored files ---


def call(*command: str) -> tuple[int, str]:
    import io

    from django.core.management import CommandError, call_command

    out = io.StringIO()
    try:
        call_command(*command, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


def test_vendored_files_are_what_their_list_says() -> None:
    code, text = call("vendor", "--check")
    assert code == 0, text


def test_a_changed_and_an_unlisted_vendored_file_are_named(settings: Any, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "a.js").write_text("changed")
    (vendor / "b.js").write_text("stray")
    (vendor / "VENDORED.toml").write_text(
        '[[file]]\npath = "vendor/a.js"\nname = "a"\nversion = "1"\nlicence = "MIT"\norigin = "x"\nsha256 = "00"\n'
    )
    settings.STATICFILES_DIRS = [tmp_path]
    code, text = call("vendor", "--check", "--json")
    assert code == 1
    assert json.loads(text)["faults"] == ["vendor/a.js differs from a 1.", "vendor/b.js is kept but not listed."]


PAGE = """{% load i18n %}
<c-note title="{% translate 'Hello' %}" :label="_('A label')">
{% blocktranslate trimmed count c=n %}
  One pain of {{ who }}
{% plural %}
  {{ c }} pains of {{ who }}
{% endblocktranslate %}</c-note>{{ _("In a value") }} <p>it's (odd</p>{% translate "May" context "month" %}"""
CODE = 'x = _("Two " "parts")\ny = ngettext("%(n)s row", "%(n)s rows", n)\nz = pgettext("month", "June")\n'
ALL = {
    "Hello",
    "A label",
    "One pain of %(who)s",
    "In a value",
    "month\x04May",
    "Two parts",
    "%(n)s row",
    "month\x04June",
}


@pytest.fixture
def small(settings: Any, tmp_path: Path, monkeypatch: Any) -> Path:
    """A project of two files with a catalogue of its own."""
    from foundation import translations

    for source in translations.SOURCES:
        (tmp_path / source).mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    (tmp_path / "desk" / "code.py").write_text(CODE)
    settings.LOCALE_PATHS = [tmp_path / "config" / "locale"]
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    return tmp_path


def test_every_marked_text_is_found_in_templates_components_and_code(small: Path) -> None:
    code, text = call("translations", "--missing", "--json")
    assert (code, set(json.loads(text))) == (0, ALL)


def test_a_catalogue_is_complete_only_when_everything_is_translated_and_compiled(small: Path) -> None:
    call("translations", "--extract")
    code, text = call("translations", "--check")
    assert code == 1 and text.count("missing") == len(ALL)

    words = small / "words.json"
    words.write_text(
        json.dumps({key: "译" + "".join(re.findall(r"%\(\w+\)s", key)) for key in ALL if key != "One pain of %(who)s"})
    )
    assert call("translations", "--fill", str(words))[0] == 0
    words.write_text(json.dumps({"One pain of %(who)s": "%(who)s 有 %(c)s 个痛点"}))
    assert call("translations", "--fill", str(words))[0] == 0
    assert call("translations", "--check") == (0, "translations are complete\n")

    (small / "desk" / "more.py").write_text('_("Not there yet")')
    code, text = call("translations", "--check", "--json")
    assert code == 1 and "Not there yet" in text
    (small / "desk" / "more.py").unlink()
    compiled = small / "config" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    compiled.write_bytes(compiled.read_bytes() + b"\0")
    assert "stale" in call("translations", "--check")[1]


def test_a_translation_that_loses_a_placeholder_or_belongs_nowhere_is_not_taken(small: Path) -> None:
    words = small / "words.json"
    words.write_text(json.dumps({"%(n)s row": "行", "Hello": "你好", "Nowhere": "无处"}))
    code, text = call("translations", "--fill", str(words))
    assert code == 1
    assert "1 taken" in text and "%(n)s" in text and "'Nowhere' is not marked anywhere" in text
    assert "Hello" not in json.loads(call("translations", "--missing", "--json")[1])


def test_a_text_that_went_away_and_came_back_keeps_its_translation(small: Path) -> None:
    words = small / "words.json"
    words.write_text(json.dumps({"Two parts": "两部分"}))
    call("translations", "--fill", str(words))
    (small / "desk" / "code.py").write_text("")
    call("translations", "--extract")
    (small / "desk" / "code.py").write_text(CODE)
    call("translations", "--extract")
    assert "Two parts" not in json.loads(call("translations", "--missing", "--json")[1])
