from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.middleware import public
from foundation.live import answer, offer
from foundation.versions import small_number
from usecases.live import Watch, watched


@public
@require_GET
def live(request: HttpRequest, key: str) -> HttpResponse:
    """204 while the rev stands, else the fragment of this view."""
    watch = _watch(request, key, seen := small_number(request.GET.get("v", "")))
    offer(request, watch)
    return answer(watch, seen)


@public
@require_GET
def stream(request: HttpRequest, key: str) -> HttpResponse:
    """Permission for the ASGI door to open a stream; 204 where there is none, and the page polls."""
    return HttpResponse(status=200 if offer(request, _watch(request, key, None)) else 204)


def _watch(request: HttpRequest, key: str, seen: int | None) -> Watch:
    return watched(
        key, request.GET.get("view", ""), actor=request.actor, cookies=request.COOKIES,  # type: ignore[attr-defined]
        seen=seen, language=get_language() or "en",
    )  # fmt: skip
