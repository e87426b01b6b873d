from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from governance.views import approvals, conditions, home, requests, reviews

app_name = "governance"
urlpatterns: list[URLPattern | URLResolver] = [
    path("governance", home.home, name="home"),
    path("governance/new", requests.new, name="request_new"),
    path("governance/requests", home.requests, name="requests"),
    path("governance/approvals", home.approvals, name="approvals"),
    path("governance/conditions", home.conditions, name="conditions"),
    path("governance/patterns/<str:key>", approvals.pattern, name="pattern"),
    path("governance/categories/<slug:code>", approvals.category, name="category"),
    path("governance/approvals/<str:key>", approvals.approval, name="approval"),
    path("governance/conditions/<str:key>", conditions.condition, name="condition"),
    path("governance/<str:key>", requests.request_page, name="request"),
    path("governance/<str:key>/review", reviews.review, name="review"),
    path("governance/<str:key>/submit", requests.submit, name="submit"),
    path("governance/<str:key>/pack", requests.pack, name="pack"),
    path("governance/<str:key>/<slug:section>", requests.section, name="section"),
]
