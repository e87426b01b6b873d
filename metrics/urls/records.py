from __future__ import annotations

from django.urls import URLPattern, path

from metrics.views import records as views
from metrics.views import task_times

urlpatterns: list[URLPattern] = [
    path("measures/records", views.records, name="records"),
    path("measures/records/import", views.start, name="records_import"),
    path("measures/records/import/<uuid:job>", views.step, name="records_step"),
    path("measures/records/import/<uuid:job>/progress", views.progress, name="records_progress"),
    path("measures/records/import/<uuid:job>/look", views.look_again, name="records_look"),
    path("measures/records/import/<uuid:job>/columns", views.columns, name="records_columns"),
    path("measures/records/import/<uuid:job>/again", views.again, name="records_again"),
    path("measures/records/import/<uuid:job>/commit", views.commit, name="records_commit"),
    path("measures/records/imports/<uuid:pk>", views.source_import, name="records_kept"),
    path("measures/records/of/<str:unit>/<str:source>", views.incidents, name="records_source"),
    path("measures/pilots/<str:key>/time", task_times.task_time, name="task_time"),
    path("measures/pilots/<str:key>/time/correct", task_times.correct, name="task_time_correct"),
    path("measures/pilots/<str:key>/time/qr.svg", task_times.qr, name="task_time_qr"),
    path("measures/pilots/<str:key>/times", task_times.task_times, name="task_times"),
    path("measures/pilots/<str:key>/times/<uuid:pk>", task_times.task_time_row, name="task_time_row"),
]
