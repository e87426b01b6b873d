"""Search, and the jump to a record whose id was typed."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from desk.links import address
from desk.selectors.search import search_records
from foundation.access import may

HAN = re.compile("[\u4e00-\u9fff]")


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = search_records(actor, request.GET.get("q", ""))
    if found.jump and found.jump.url:
        return redirect(found.jump.url)
    record = address("usecases:pain_new") if may(actor, "usecases.pain.record") else ""
    language = "zh" if HAN.search(found.q) else "en"
    link = f"{record}?{urlencode({f'title_{language}': found.q})}" if record and found.q else ""
    return render(request, "desk/search.html", {"found": found, "record_url": link})
