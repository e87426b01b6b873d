"""The catalogue of translations: extract, merge, compile and compare, without gettext installed.

Babel belongs to the tools, not to the running installation; it is loaded inside the functions.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("foundation", "accounts", "governance", "usecases", "metrics", "charter", "desk", "config", "templates")
LEFT_OUT = {"migrations", "tests", "__pycache__", "locale"}
SOURCE_LOCALE = "en"
# Position of singular, plural and context among the arguments.
KEYWORDS: dict[str, tuple[int, int | None, int | None]] = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|(?<!%)(?:%%)*%[sdif]")
FIXED_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # in the header of every catalogue, so that files change only with texts
CONTEXT_MARK = "\x04"  # as in .mo files: context, mark, msgid


@dataclass(frozen=True)
class Found:
    """One marked text and the file it stands in."""

    text: str
    plural: str | None
    context: str | None
    file: str

    @property
    def message_id(self) -> str | tuple[str, str]:
        return (self.text, self.plural) if self.plural else self.text


def marked_texts(root: Path | None = None) -> Iterator[Found]:
    """Every text marked for translation in Python files and templates, in a fixed order."""
    root = root or ROOT
    for source in SOURCES:
        for path in sorted((root / source).rglob("*")):
            if path.suffix not in (".py", ".html", ".txt") or LEFT_OUT & set(path.relative_to(root).parts):
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            yield from _in_python(text, name) if path.suffix == ".py" else _in_template(text, name)


def _in_python(text: str, file: str) -> Iterator[Found]:
    for node in ast.walk(ast.parse(text, filename=file)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in KEYWORDS:
                yield from _of_call(name, node, file)


def _of_call(name: str, node: ast.Call, file: str) -> Iterator[Found]:
    at, plural_at, context_at = KEYWORDS[name]
    words = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in node.args]

    def word(index: int | None) -> str | None:
        return words[index] if index is not None and index < len(words) else None

    text = word(at)
    if text:
        yield Found(text, word(plural_at), word(context_at), file)


CALL = re.compile(r"\b(gettext|ngettext|pgettext|npgettext|_)\(")
COTTON_EXPRESSION = re.compile(r"""\s:[\w.-]+="[^"{]*?_\('([^'"]+)'\)|\s:[\w.-]+='[^'{]*?_\("([^'"]+)"\)""")


def _in_template(text: str, file: str) -> Iterator[Found]:
    """`templatize` turns a template into lines of gettext calls; also `:attr="_('…')"` of components."""
    lines = templatize(text, origin=file)
    for match in CALL.finditer(lines):
        call = _parsed(lines, match.start())
        if call is not None:
            yield from _of_call(match.group(1), call, file)
    for match in COTTON_EXPRESSION.finditer(text):
        yield Found(match.group(1) or match.group(2), None, None, file)


def _parsed(lines: str, start: int) -> ast.Call | None:
    """The call that begins at `start`, up to the first bracket that closes it."""
    end = lines.find(")", start)
    while end != -1:
        try:
            node = ast.parse(lines[start : end + 1], mode="eval").body
        except SyntaxError:
            end = lines.find(")", end + 1)
            continue
        return node if isinstance(node, ast.Call) else None
    return None


def locale_dir() -> Path:
    return Path(settings.LOCALE_PATHS[0])


def po_path(locale: str) -> Path:
    return locale_dir() / locale / "LC_MESSAGES" / "django.po"


def locales() -> list[str]:
    from django.utils.translation import to_locale

    return [to_locale(code) for code, _name in settings.LANGUAGES]


def template() -> Any:
    """A Babel catalogue of what the sources hold now."""
    from babel.messages.catalog import Catalog

    catalog = Catalog(project="Pilotage", charset="utf-8")
    for found in marked_texts():
        catalog.add(found.message_id, locations=[(found.file, 0)], context=found.context)
    return catalog


def read(locale: str) -> Any:
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale, project="Pilotage", charset="utf-8", header_comment="# Pilotage", fuzzy=False)
    with path.open("rb") as file:
        catalog = read_po(file, locale=locale)
    catalog.fuzzy = False
    return catalog


def write(locale: str, catalog: Any) -> None:
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(po_bytes(catalog))
    path.with_suffix(".mo").write_bytes(mo_bytes(catalog))


def po_bytes(catalog: Any) -> bytes:
    """Files without line numbers and dates: two extractions of the same source are the same bytes."""
    from babel.messages.pofile import write_po

    catalog.project, catalog.version = "Pilotage", "1"
    catalog.creation_date = catalog.revision_date = FIXED_DATE
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "Pilotage"
    out = io.BytesIO()
    write_po(out, catalog, width=110, sort_output=True, include_lineno=False)
    return out.getvalue()


def mo_bytes(catalog: Any) -> bytes:
    from babel.messages.mofile import write_mo

    catalog.project, catalog.version = "Pilotage", "1"
    catalog.creation_date = catalog.revision_date = FIXED_DATE
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def extract(locale: str) -> Any:
    """The catalogue of a locale brought up to the sources; texts that went away stay below as obsolete."""
    catalog = read(locale)
    for message in list(catalog.obsolete.values()):  # a text may come back
        catalog[message.id] = message
    catalog.obsolete.clear()
    catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    for key in [k for k, m in catalog.obsolete.items() if not _is_translated(m)]:
        del catalog.obsolete[key]
    return catalog


def _is_translated(message: Any) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(strings) and all(strings)


def messages(catalog: Any) -> list[Any]:
    return [m for m in catalog if m.id]


def key_of(message: Any) -> str:
    """The singular, with its context before it where there is one."""
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return f"{message.context}{CONTEXT_MARK}{text}" if message.context else text


def missing(catalog: Any) -> list[Any]:
    return [m for m in messages(catalog) if not _is_translated(m) or m.fuzzy]


def placeholder_faults(message: Any) -> list[str]:
    """Placeholders in the translation the source does not have; and those it lost."""
    if not _is_translated(message):
        return []
    sources = message.id if isinstance(message.id, tuple | list) else (message.id,)
    wanted = set(PLACEHOLDER.findall(sources[-1]))
    allowed = wanted | set(PLACEHOLDER.findall(sources[0]))
    faults = []
    for text in message.string if isinstance(message.string, tuple | list) else (message.string,):
        given = set(PLACEHOLDER.findall(text))
        if given - allowed or wanted - given:
            faults.append(f"{key_of(message)!r} has {sorted(wanted)}, its translation {sorted(given)}")
    return faults


def fill(catalog: Any, translations: dict[str, str]) -> tuple[int, list[str]]:
    """Merge {text: translation}; returns how many were taken and what was wrong (nothing wrong is taken)."""
    by_key = {key_of(m): m for m in messages(catalog)}
    faults, taken = [], 0
    for key, text in translations.items():
        message = by_key.get(key)
        if message is None:
            faults.append(f"{key!r} is not marked anywhere")
        elif text:
            before = message.string
            message.string = (text,) * catalog.num_plurals if isinstance(message.id, tuple | list) else text
            message.flags.discard("fuzzy")
            wrong = placeholder_faults(message)
            faults += wrong
            taken += not wrong
            if wrong:
                message.string = before
    return taken, faults


def faults_of(locale: str) -> list[str]:
    """What `--check` finds: unextracted, missing, fuzzy, broken placeholders, stale .mo."""
    stored = read(locale)
    known = {(key_of(m), m.id if isinstance(m.id, str) else tuple(m.id)) for m in messages(stored)}
    wanted = {(key_of(m), m.id if isinstance(m.id, str) else tuple(m.id)) for m in messages(template())}
    faults = [f"{locale}: not extracted: {key!r}" for key, _id in sorted(wanted - known, key=str)]
    faults += [f"{locale}: no longer in the sources: {key!r}" for key, _id in sorted(known - wanted, key=str)]
    if locale != SOURCE_LOCALE:
        faults += [f"{locale}: {'fuzzy' if m.fuzzy else 'missing'}: {key_of(m)!r}" for m in missing(stored)]
        faults += [f"{locale}: placeholders: {fault}" for m in messages(stored) for fault in placeholder_faults(m)]
    compiled = po_path(locale).with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != mo_bytes(stored):
        faults.append(f"{locale}: the compiled file is stale; run manage.py translations --compile")
    return faults
