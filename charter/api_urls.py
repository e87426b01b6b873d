from __future__ import annotations

from django.urls import path

from charter.api import (
    BreachList,
    CanIPilot,
    CharterDetail,
    CharterList,
    DecisionDetail,
    DecisionList,
    QuestionDetail,
    QuestionList,
)

urlpatterns = [
    path("charters", CharterList.as_view(), name="charters"),
    path("charters/<str:key>", CharterDetail.as_view(), name="charter"),
    path("decisions", DecisionList.as_view(), name="decisions"),
    path("decisions/<str:key>", DecisionDetail.as_view(), name="decision"),
    path("questions", QuestionList.as_view(), name="questions"),
    path("questions/<uuid:pk>", QuestionDetail.as_view(), name="question"),
    path("breaches", BreachList.as_view(), name="breaches"),
    path("can-i-pilot", CanIPilot.as_view(), name="can-i-pilot"),
]
