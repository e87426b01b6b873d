"""REST routes under /api/v1/metrics/, by aggregate."""

from __future__ import annotations

from django.urls import URLPattern

from metrics.api import measures, records, usage

urlpatterns: list[URLPattern] = [*records.urlpatterns, *usage.urlpatterns, *measures.urlpatterns]
