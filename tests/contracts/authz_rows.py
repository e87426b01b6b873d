"""The addresses as Django resolves them, the rows of authz.yaml, and the two put side by side."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.urls import URLPattern, get_resolver

from accounts.roles import PERMISSIONS

TABLE = Path(__file__).with_name("authz.yaml")
OURS = ("foundation", "accounts", "desk", "charter", "metrics", "governance", "usecases", "config")
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Route:
    name: str  # with its namespace
    template: str
    methods: frozenset[str]
    kwargs: frozenset[str]
    is_api: bool


@dataclass(frozen=True)
class Row:
    """One act at one address."""

    route: Route
    method: str
    right: str
    kind: str = ""
    hidden: bool = False
    by_form: bool = False
    body: dict[str, Any] = field(default_factory=dict, hash=False)
    extra: dict[str, str] = field(default_factory=dict, hash=False)
    by_seat: bool = False

    @property
    def permission(self) -> str:
        return self.right if self.right in PERMISSIONS else ""

    def __str__(self) -> str:
        return f"{self.method} {self.route.name}" + "".join(f" {v}" for v in self.extra.values())


@cache
def routes() -> dict[str, Route]:
    return {r.name: r for r in _walk(get_resolver().url_patterns)}


def _walk(patterns: Any, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    for entry in patterns:
        if not isinstance(entry, URLPattern):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, prefix + str(entry.pattern), inner)
            continue
        view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)
        template = "/" + prefix + str(entry.pattern)
        if not entry.callback.__module__.startswith(OURS) and not template.startswith("/api/"):
            continue  # the sign-in pages of the library, tested with accounts
        kwargs = frozenset(entry.pattern.regex.groupindex)
        methods = _of_class(view) if view else _of_function(entry.callback)
        yield Route(f"{namespace}{entry.name}", template, methods, kwargs, template.startswith("/api/"))


def _of_class(view: type) -> frozenset[str]:
    return frozenset(m.upper() for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m))


def _of_function(view: Any) -> frozenset[str]:
    """What its decorator allows; without one, POST where the view looks at the method."""
    while True:
        cells = inspect.getclosurevars(view).nonlocals
        if "request_method_list" in cells:
            return frozenset(cells["request_method_list"]) - {"HEAD"}
        if not hasattr(view, "__wrapped__"):
            break
        view = view.__wrapped__
    names = {
        n.attr for n in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(view)))) if isinstance(n, ast.Attribute)
    }
    return frozenset({"GET", "POST"} if names & {"method", "POST"} else {"GET"})


@cache
def declared() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(TABLE.read_text(encoding="utf-8"))


def declared_methods(row: dict[str, Any]) -> set[str]:
    found = {m for m in row if m.isupper()}
    return found | {"POST"} if "also" in row else found


@cache
def rows() -> list[Row]:
    return [r for name, row in declared().items() if name in routes() for r in _rows_of(routes()[name], row)]


def _rows_of(route: Route, row: dict[str, Any]) -> Iterator[Row]:
    body = row.get("body", {})
    for method in sorted(declared_methods(row)):
        if method == "POST" and "act" in row:  # the last word of the address chooses
            yield from (
                Row(route, "POST", right, row["POST"], body=body, extra={"act": act})
                for act, right in row["act"].items()
            )
        elif method == "POST" and "also" in row:  # a word of the body chooses
            kind = row["GET"].split()[1]
            yield from (
                Row(route, "POST", right, kind, body={**body, "act": act}, extra={"": act})
                for act, right in row["also"].items()
            )
        else:
            right, *more = row[method].split()
            if right in PERMISSIONS or right in ("public", "demo", "signed-in", "secret", "owner", "own"):
                flags = {w for w in more if w in ("hidden", "form", "seat")}
                kind = next((w for w in more if w not in flags), "")
                sent = row.get("query", {}) if method == "GET" else body
                by_seat = "seat" in flags
                yield Row(route, method, right, kind, "hidden" in flags, "form" in flags, sent, by_seat=by_seat)
            else:
                raise ValueError(f"{route.name}: “{right}” is no permission of accounts/roles.py")
