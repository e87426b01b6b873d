"""The visual language is text: contrasts, the two dark blocks and the ban on stray colours are recomputed from it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
STATIC = CSS.parent
TEMPLATES = STATIC.parent / "templates"
FILES = ("tokens", "base", "layout", "components", "forms", "charts", "utilities", "print")
GROUNDS = ("paper", "surface", "sunken")
TEXT, GRAPHIC = 4.5, 3.0

# What UX.md 6.1 promises: token -> (light, dark, lowest contrast allowed).
DESIGN = {
    "paper": ("#f6f4ee", "#10171d", None),
    "surface": ("#fffefb", "#172029", None),
    "sunken": ("#efece3", "#0c1217", None),
    "line": ("#e0dbcf", "#2a3540", None),
    "line-2": ("#8f8776", "#64727e", GRAPHIC),
    "ink": ("#16212b", "#eef0ec", TEXT),
    "ink-2": ("#435060", "#b9c1c6", TEXT),
    "ink-3": ("#626c77", "#929ca5", TEXT),
    "accent": ("#0d5868", "#6fc0cd", TEXT),
    "accent-soft": ("#e0edee", "#17343b", None),
    "accent-line": ("#9fc3c8", "#2f6470", None),
    "seal": ("#b3331c", "#f0795d", TEXT),
    "seal-soft": ("#f9e8e2", "#3a1f19", None),
    "on-seal": ("#fffefb", "#10171d", None),
    "warn": ("#855300", "#e3b25a", TEXT),
    "warn-soft": ("#faefd6", "#33280f", None),
    "good": ("#1c64a8", "#7ab4ea", TEXT),
    "good-soft": ("#e3edf7", "#172b40", None),
    "bad": ("#b4480c", "#f09a5d", TEXT),
    "bad-soft": ("#fbeadd", "#3a2413", None),
    "py": ("#887e69", "#6d7a86", GRAPHIC),
    "violet": ("#6b4a8c", "#b392d6", TEXT),
}


def css(name: str) -> str:
    return re.sub(r"/\*.*?\*/", "", (CSS / f"{name}.css").read_text(encoding="utf-8"), flags=re.S)


def declarations(body: str) -> dict[str, str]:
    return {m[1]: m[2].strip() for m in re.finditer(r"--([\w-]+):\s*([^;]+);", body)}


def block(selector: str, needle: str) -> dict[str, str]:
    """The tokens of the rule with this selector that declares `needle`."""
    for found in re.finditer(re.escape(selector) + r"\s*\{([^{}]*)\}", css("tokens")):
        names = declarations(found[1])
        if needle in names:
            return names
    raise AssertionError(f"no rule {selector} with --{needle}")


RAW = block(":root", "ink-900")
LIGHT = block(":root", "paper")
DARK_BY_SYSTEM = block(':root[data-theme="auto"]', "paper")
DARK_BY_CHOICE = block(':root[data-theme="dark"]', "paper")


def value(tokens: dict[str, str], name: str) -> str:
    text = tokens[name]
    reference = re.fullmatch(r"var\(--([\w-]+)\)", text)
    if not reference:
        return text
    return RAW[reference[1]] if reference[1] in RAW else value(tokens, reference[1])


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", DESIGN)
def test_each_token_has_the_value_of_the_design(name: str) -> None:
    light, dark, _ = DESIGN[name]
    assert (value(LIGHT, name), value(DARK_BY_CHOICE, name)) == (light, dark)


def test_the_two_dark_blocks_say_the_same() -> None:
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE


def test_dark_changes_exactly_the_meaning_tokens_of_light() -> None:
    assert set(DARK_BY_CHOICE) == set(LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK_BY_CHOICE], ids=["light", "dark"])
@pytest.mark.parametrize("name", [n for n, row in DESIGN.items() if row[2]])
def test_text_and_graphics_keep_their_contrast_on_every_ground(name: str, theme: dict[str, str]) -> None:
    grounds = [*GROUNDS, f"{name}-soft"] if f"{name}-soft" in theme else list(GROUNDS)
    lowest = min(contrast(value(theme, name), value(theme, g)) for g in grounds)
    assert round(lowest, 1) >= DESIGN[name][2], f"--{name} falls to {lowest:.2f}"


@pytest.mark.parametrize("theme", [LIGHT, DARK_BY_CHOICE], ids=["light", "dark"])
def test_words_on_a_filled_seal_can_be_read(theme: dict[str, str]) -> None:
    assert contrast(value(theme, "on-seal"), value(theme, "seal")) >= TEXT


@pytest.mark.parametrize("theme", [LIGHT, DARK_BY_CHOICE], ids=["light", "dark"])
@pytest.mark.parametrize("tone", ["accent", "warn", "good", "bad", "seal"])
def test_body_text_can_be_read_on_every_soft_ground(tone: str, theme: dict[str, str]) -> None:
    assert contrast(value(theme, "ink"), value(theme, f"{tone}-soft")) >= TEXT


def test_print_is_light() -> None:
    printed = declarations(css("print"))
    for name in LIGHT.keys() - {"paper", "surface", "ring", "shade"}:
        assert printed.get(name) == LIGHT[name], name


@pytest.mark.parametrize("name", [f for f in FILES if f not in ("tokens", "print")])
def test_colours_are_written_down_in_the_tokens_alone(name: str) -> None:
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![-\w])|rgba?\(", css(name))


def test_the_style_sheets_stay_within_their_budget() -> None:
    assert sum(len((CSS / f"{f}.css").read_text(encoding="utf-8").splitlines()) for f in FILES) <= 2000
    assert css("tokens").lstrip().startswith("@layer reset, tokens, base, layout, components, utilities, print;")


def test_every_page_lists_the_style_sheets_in_order() -> None:
    text = (TEMPLATES / "shell" / "styles.html").read_text(encoding="utf-8")
    assert re.findall(r"css/(\w+)\.css", text) == list(FILES)


def test_every_token_in_use_is_declared() -> None:
    declared = set()
    used = set()
    for name in FILES:
        declared |= set(re.findall(r"--([\w-]+)\s*:", css(name)))
        used |= set(re.findall(r"var\(--([\w-]+)", css(name)))
    assert used <= declared


def test_no_template_carries_a_style_or_a_script_of_its_own() -> None:
    bad = re.compile(r"\sstyle=|<style|\son[a-z]+=[\"']|<script(?![^>]*\bsrc=)|hx-on|javascript:", re.I)
    found = [
        f"{p.relative_to(TEMPLATES)}" for p in TEMPLATES.rglob("*.html") if bad.search(p.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_icon_a_template_or_a_tag_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = set()
    for page in TEMPLATES.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        named |= set(re.findall(r"""\{% icon ["']([\w-]+)["']""", text))
        named |= set(re.findall(r"""<c-[\w-]+[^>]*?\sicon="([a-z][\w-]*)\"""", text)) - {"none"}
        named |= set(re.findall(r"""<c-icon[^>]*?\sname="([a-z][\w-]*)\"""", text))
    assert named - sprite == set()


def test_vendored_files_are_the_ones_written_down() -> None:
    listed = tomllib.loads((STATIC / "vendor" / "VENDORED.toml").read_text(encoding="utf-8"))["file"]
    for entry in listed:
        assert hashlib.sha256((STATIC / entry["path"]).read_bytes()).hexdigest() == entry["sha256"], entry["path"]
    present = {f"vendor/{p.name}" for p in (STATIC / "vendor").glob("*.js")} | {
        f"fonts/{p.name}" for p in (STATIC / "fonts").iterdir()
    }
    assert present <= {entry["path"] for entry in listed}


def test_the_plotly_bundle_is_the_one_the_python_package_draws_for() -> None:
    from plotly.offline import get_plotlyjs_version

    listed = tomllib.loads((STATIC / "vendor" / "VENDORED.toml").read_text(encoding="utf-8"))["file"]
    assert [e["version"] for e in listed if e["name"].startswith("plotly")] == [get_plotlyjs_version()]


def test_modules_stay_small_and_do_not_import_each_other() -> None:
    for module in (STATIC / "js").glob("*.js"):
        text = module.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 100, module.name
        assert not re.search(r"^\s*import\b|\bimport\(|\beval\(|new Function", text, re.M), module.name
