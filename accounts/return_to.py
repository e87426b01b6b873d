"""Where a switch of the shell leads back to: a page of this site that can be read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve


def here(request: HttpRequest) -> str:
    """This page; for an answer to a form whose address only takes forms, the page the form stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    return next((path for path in (request.get_full_path(), _came_from(request)) if is_readable(path)), "/")


def _came_from(request: HttpRequest) -> str:
    parts = urlsplit(request.headers.get("Referer", ""))
    if parts.netloc != request.get_host():
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def is_readable(path: str) -> bool:
    """False for an address that only takes forms."""
    try:
        view = resolve(urlsplit(path).path).func
    except Resolver404:
        return False
    return "GET" in _methods(view)


def _methods(view: Callable[..., Any] | None) -> tuple[str, ...]:
    """What Django's `require_http_methods` keeps in its closure; a view without it takes every method."""
    while view is not None:
        kept = inspect.getclosurevars(view).nonlocals if inspect.isfunction(view) else {}
        if "request_method_list" in kept:
            return tuple(kept["request_method_list"])
        view = getattr(view, "__wrapped__", None)
    return ("GET",)
