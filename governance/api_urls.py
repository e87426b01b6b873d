from __future__ import annotations

from django.urls import path

from governance import api

urlpatterns = [
    path("patterns", api.PatternList.as_view(), name="patterns"),
    path("patterns/<str:key>", api.PatternDetail.as_view(), name="pattern"),
    path("categories", api.CategoryList.as_view(), name="categories"),
    path("categories/<slug:code>", api.CategoryDetail.as_view(), name="category"),
    path("approvals", api.ApprovalList.as_view(), name="approvals"),
    path("approvals/<str:key>", api.ApprovalDetail.as_view(), name="approval"),
    path("submissions", api.SubmissionList.as_view(), name="submissions"),
    path("submissions/<str:key>", api.SubmissionDetail.as_view(), name="submission"),
    path("conditions", api.ConditionList.as_view(), name="conditions"),
    path("conditions/<str:key>", api.ConditionDetail.as_view(), name="condition"),
    path("conditions/<str:key>/evidence", api.ConditionEvidence.as_view(), name="condition-evidence"),
]
