"""Base of REST views: start from `visible_to`, answer with the service's object."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import generics

from foundation.access import get_visible
from foundation.actor import Actor


class HouseView(generics.GenericAPIView):
    """`records` is the queryset a reader starts from, `lookup` the spoken id in the address."""

    records: QuerySet[Any]
    lookup_field = "key"

    @property
    def actor(self) -> Actor:
        return self.request.actor  # type: ignore[attr-defined]

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.records.none()
        return self.records.visible_to(self.actor)  # type: ignore[attr-defined]

    def get_object(self) -> Model:
        return get_visible(self.records, self.actor, **{self.lookup_field: self.kwargs[self.lookup_field]})


class HouseList(HouseView):
    """GET: a keyset page of what the actor sees, filtered by `filterset_class` or `filterset_fields`."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
