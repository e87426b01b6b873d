from __future__ import annotations

from django.urls import path

from accounts.api import MemberList, MeView, UnitList

urlpatterns = [
    path("me", MeView.as_view(), name="me"),
    path("units", UnitList.as_view(), name="units"),
    path("members", MemberList.as_view(), name="members"),
]
