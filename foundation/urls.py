"""Addresses of the house itself."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from foundation import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("csp-report", health.csp_report, name="csp-report"),
    path("", include("foundation.imports.urls")),
]
