from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from charter.views import charters, decisions, evidence, signing

app_name = "charter"
urlpatterns: list[URLPattern | URLResolver] = [
    path("charters", charters.charters, name="charters"),
    path("charters/new", charters.new, name="new"),
    path("charters/questions/<uuid:pk>", evidence.question, name="question"),
    path("charters/breaches/<uuid:pk>/close", evidence.close, name="close_breach"),
    path("charters/<str:key>", charters.charter, name="charter"),
    path("charters/<str:key>/edit", charters.edit, name="edit"),
    path("charters/<str:key>/send", charters.send, name="send"),
    path("charters/<str:key>/withdraw", charters.withdraw, name="withdraw"),
    path("charters/<str:key>/sign", signing.sign, name="sign"),
    path("charters/<str:key>/return", signing.send_back, name="return"),
    path("charters/<str:key>/cases/<int:slot>/start", charters.start, name="start"),
    path("charters/<str:key>/stop", charters.stop, name="stop"),
    path("charters/<str:key>/resume", charters.resume, name="resume"),
    path("charters/<str:key>/review.ics", charters.calendar, name="calendar"),
    path("charters/<str:key>/evidence", evidence.evidence, name="evidence"),
    path("charters/<str:key>/breaches/new", evidence.report, name="report_breach"),
    path("charters/<str:key>/decide", decisions.decide, name="decide"),
    path("decisions/<str:key>", decisions.decision, name="decision"),
    path("decisions/<str:key>/record.json", decisions.record_json, name="record"),
    path("decisions/<str:key>/review.ics", decisions.decision_calendar, name="decision_calendar"),
    path("services/<uuid:pk>", decisions.running, name="service"),
    path("services/<uuid:pk>/accept", decisions.accept, name="accept"),
]
