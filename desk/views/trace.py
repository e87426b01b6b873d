"""What became of a pain, a candidate, a charter: a page, or a fragment on other pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from desk.selectors.trace import read_trace


@require_GET
def trace(request: HttpRequest, key: str) -> HttpResponse:
    found = read_trace(request.actor, key)  # type: ignore[attr-defined]
    whole = not getattr(request, "htmx", False)
    return render(request, "desk/trace.html" if whole else "desk/_trace.html", {"trace": found})
