"""Addresses of the desk."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from desk.views import help as help_views
from desk.views import jobs, journey, questions, search, settings, today, trace

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("search", search.search, name="search"),
    path("questions", questions.questions, name="questions"),
    path("journey", journey.home, name="journey_home"),
    path("journey/<str:code>", journey.journey, name="journey"),
    path("journey/<str:code>/<str:box>/note", journey.note, name="box_note"),
    path("journey/<str:code>/<str:box>/skip", journey.skip, name="box_skip"),
    path("journey/<str:code>/<str:box>/take-up", journey.take_up, name="box_take_up"),
    path("trace/<str:key>", trace.trace, name="trace"),
    path("settings", settings.settings, name="settings"),
    path("settings/audit", settings.audit, name="audit"),
    path("settings/audit/verify", settings.verify, name="audit_verify"),
    path("jobs", jobs.jobs, name="jobs"),
    path("jobs/<uuid:pk>/cancel", jobs.cancel, name="job_cancel"),
    path("jobs/<uuid:pk>/retry", jobs.retry, name="job_retry"),
    path("help", help_views.help_page, name="help"),
    path("help/errors", help_views.help_errors, name="help_errors"),
]
