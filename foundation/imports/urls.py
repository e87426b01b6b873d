from __future__ import annotations

from django.urls import path

from foundation.imports import progress, views

app_name = "foundation"
urlpatterns = [
    path("import/<slug:kind>/", views.start, name="import"),
    path("import/<slug:kind>/template.<slug:extension>", views.template, name="import-template"),
    path("import/<slug:kind>/<uuid:upload>/", views.preview, name="import-preview"),
    path("import/<slug:kind>/<uuid:upload>/errors.csv", views.errors, name="import-errors"),
    path("jobs/<uuid:job_id>", progress.job, name="job"),
    path("jobs/<uuid:job_id>/progress", progress.fragment, name="job-progress"),
]
