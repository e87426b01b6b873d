"""The usual way, done well: every client asks each second, a WSGI thread reads the version, an ETag and a cache save
the rest. What stays is one request a client and second, and a second of waiting."""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.naive.settings"

from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import include, path
from django.views.decorators.http import condition


def version(request: HttpRequest, key: str) -> str:
    from usecases.models import Workshop

    return f'"{Workshop.objects.values_list("rev", flat=True).get(key=key)}"'


@condition(etag_func=version)
def board(request: HttpRequest, key: str) -> HttpResponse:
    from usecases.models import Workshop
    from usecases.workshop_view import snapshot

    workshop = Workshop.objects.select_related("unit").get(key=key)
    kept = f"naive:{workshop.pk}:{workshop.rev}"
    html = cache.get(kept)
    if html is None:
        context = {**snapshot(workshop, "phone"), "phase": workshop.state}
        html = render_to_string("usecases/live/phone.html", context)
        cache.set(kept, html, 60)
    return HttpResponse(html, headers={"X-Live-Rev": str(workshop.rev)})


application = get_wsgi_application()
urlpatterns = [path("naive/<str:key>", board), path("", include("config.urls"))]  # the fragment links to pages
