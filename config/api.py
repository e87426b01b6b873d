"""REST: every app lists its routes in `api_urls.py`; one schema, one page that shows it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from foundation.api.docs import DocsView

APPS = ("accounts", "governance", "usecases", "metrics", "charter", "desk")

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(url_name="schema"), name="api-docs"),
]
for app in APPS:
    if find_spec(f"{app}.api_urls"):
        urlpatterns.append(path(f"{app}/", include((import_module(f"{app}.api_urls").urlpatterns, f"{app}-api"))))
