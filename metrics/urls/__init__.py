"""Addresses under /measures, by aggregate."""

from __future__ import annotations

from metrics.urls import measures, records, usage

app_name = "metrics"
urlpatterns = [*records.urlpatterns, *usage.urlpatterns, *measures.urlpatterns]
