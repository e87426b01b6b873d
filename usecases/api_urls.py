from __future__ import annotations

from django.urls import path

from usecases import api, api_workshops

urlpatterns = [
    path("pains", api.Pains.as_view(), name="pains"),
    path("pains/<str:key>", api.OnePain.as_view(), name="pain"),
    path("inventories", api.Inventories.as_view(), name="inventories"),
    path("inventories/<str:key>", api.OneInventory.as_view(), name="inventory"),
    path("workshops", api_workshops.Workshops.as_view(), name="workshops"),
    path("workshops/<str:key>", api_workshops.OneWorkshop.as_view(), name="workshop"),
    path("workshops/<str:key>/steps/<slug:act>", api_workshops.WorkshopStep.as_view(), name="workshop-step"),
    path("contracts", api.Contracts.as_view(), name="contracts"),
    path("contracts/<str:key>", api.OneContract.as_view(), name="contract"),
    path("candidates", api.Candidates.as_view(), name="candidates"),
    path("candidates/<str:key>", api.OneCandidate.as_view(), name="candidate"),
    path("candidates/<str:key>/shape", api.ShapeCandidate.as_view(), name="candidate-shape"),
    path("candidates/<str:key>/park", api.ParkCandidate.as_view(), name="candidate-park"),
    path("rankings", api.Rankings.as_view(), name="rankings"),
    path("rankings/<uuid:pk>", api.OneRanking.as_view(), name="ranking"),
    path("snapshots", api.Snapshots.as_view(), name="snapshots"),
    path("snapshots/<str:key>", api.OneSnapshot.as_view(), name="snapshot"),
    path("assets", api.Assets.as_view(), name="assets"),
    path("assets/<str:key>", api.OneAsset.as_view(), name="asset"),
]
