from __future__ import annotations

from django.urls import URLPattern, path

from metrics.views import usage as views

urlpatterns: list[URLPattern] = [
    path("measures/sources", views.sources, name="sources"),
    path("measures/sources/new", views.source_new, name="source_new"),
    path("measures/sources/<slug:slug>", views.source, name="source"),
    path("measures/sources/<slug:slug>/edit", views.source_edit, name="source_edit"),
    path("measures/sources/<slug:slug>/probe", views.source_probe, name="source_probe"),
    path("measures/sources/<slug:slug>/sync", views.source_sync, name="source_sync"),
    path("measures/sources/<slug:slug>/pause", views.source_pause, name="source_pause"),
    path("measures/sources/<slug:slug>/resume", views.source_resume, name="source_resume"),
    path("measures/sources/<slug:slug>/zone", views.source_zone, name="source_zone"),
    path("measures/sources/<slug:slug>/restatements", views.source_restatements, name="source_restatements"),
    path("measures/usage", views.usage, name="usage"),
    path("measures/usage/<uuid:pk>", views.app, name="app"),
    path("measures/usage/<uuid:pk>/link", views.app_link, name="app_link"),
    path("measures/usage/<uuid:pk>/end-link", views.app_end_link, name="app_end_link"),
]
