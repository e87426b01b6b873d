from __future__ import annotations

from django.urls import URLPattern, path, re_path

from metrics.views import measures, measures_pilots, measures_reports

KEY = r"(?P<key>M-\d+)"
HASH = r"(?P<prefix>[0-9a-f]{12,64})"

urlpatterns: list[URLPattern] = [
    path("measures", measures.measures, name="measures"),
    path("measures/look-back", measures.look_back_new, name="look_back_new"),
    path("measures/pilots/new", measures_pilots.pilot_new, name="pilot_new"),
    path("measures/pilots/<str:key>", measures_pilots.pilot, name="pilot"),
    path("measures/pilots/<str:key>/edit", measures_pilots.pilot_edit, name="pilot_edit"),
    path("measures/pilots/<str:key>/notes", measures_pilots.note_add, name="note_add"),
    path("measures/pilots/<str:key>/measures/new", measures.measure_new, name="measure_new"),
    path("measures/plans/<uuid:pk>", measures.measure, name="measure"),
    path("measures/plans/<uuid:pk>/edit", measures.measure_edit, name="measure_edit"),
    path("measures/plans/<uuid:pk>/lock", measures.measure_lock, name="measure_lock"),
    path("measures/plans/<uuid:pk>/estimate", measures.measure_estimate, name="measure_estimate"),
    path("measures/plans/<uuid:pk>/detectable", measures.measure_detectable, name="measure_detectable"),
    path("measures/plans/<uuid:pk>/look-back", measures.measure_look_back, name="measure_look_back"),
    path("measures/plans/<uuid:pk>/jobs/<uuid:job_id>", measures.job_fragment, name="measure_job"),
    path("measures/estimates/<uuid:pk>", measures.estimate, name="estimate"),
    path("measures/estimates/<uuid:pk>/statement", measures_pilots.statement_draft, name="statement_draft"),
    path("measures/statements/<uuid:pk>/publish", measures_pilots.statement_publish, name="statement_publish"),
    path("measures/statements/<uuid:pk>/withdraw", measures_pilots.statement_withdraw, name="statement_withdraw"),
    re_path(rf"^measures/{KEY}$", measures_reports.report, name="report"),
    re_path(rf"^measures/{KEY}@{HASH}$", measures_reports.report_at, name="report_at"),
    re_path(rf"^measures/{KEY}/freeze$", measures_reports.report_freeze, name="report_freeze"),
    re_path(rf"^measures/{KEY}/frozen/{HASH}$", measures_reports.report_frozen, name="report_frozen"),
    re_path(rf"^measures/{KEY}/frozen/{HASH}/annex\.xlsx$", measures_reports.report_annex, name="report_annex"),
]
