"""The addresses of the product and one more: a ballot by plain POST, through the whole middleware, as a phone sends it.

It is used only while the pages of the product do not take that POST themselves.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

from accounts.middleware import public
from config.urls import handler404, handler500, urlpatterns
from usecases.models import Workshop
from usecases.seats import cookie_name, open_pass
from usecases.services import workshops as act


@public
@require_POST
def cast(request: HttpRequest, key: str) -> HttpResponse:
    workshop = Workshop.objects.select_related("unit").get(key=key)
    seat = open_pass(workshop, request.COOKIES.get(cookie_name(workshop)))
    assert seat is not None
    choices = {name[2:]: int(n) for name, n in request.POST.items() if name.startswith("p-")}
    act.cast_ballot(
        actor=request.actor, workshop=workshop, seat=seat, round_id=UUID(request.POST["round"]), choices=choices  # type: ignore[attr-defined]
    )  # fmt: skip
    return HttpResponse(status=204)


urlpatterns = [path("bench/<str:key>/cast", cast), *urlpatterns]
__all__ = ["handler404", "handler500", "urlpatterns"]
