"""REST of people and units: names and roles, never addresses."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership, Unit
from accounts.selectors import members
from foundation.api.views import HouseList, HouseView


class GrantSerializer(serializers.Serializer):
    role = serializers.CharField(source="title")
    unit_path = serializers.CharField(source="path")
    permissions = serializers.SerializerMethodField()
    own_permissions = serializers.SerializerMethodField()

    def get_permissions(self, grant: Any) -> list[str]:
        return sorted(grant.full)

    def get_own_permissions(self, grant: Any) -> list[str]:
        return sorted(grant.own)


class MeSerializer(serializers.Serializer):
    id = serializers.CharField(source="user_id")
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    acting_for = serializers.CharField(allow_null=True)
    language = serializers.CharField()
    zone = serializers.CharField()
    grants = GrantSerializer(many=True)


class UnitSerializer(serializers.ModelSerializer):
    parent = serializers.CharField(source="parent.code", allow_null=True, default=None)  # type: ignore[assignment]

    class Meta:
        model = Unit
        fields = ["code", "name_en", "name_zh", "kind", "parent", "path", "zone", "language", "closed_at"]
        read_only_fields = fields


class MemberSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField(source="user.name")
    role = serializers.CharField()
    role_label = serializers.CharField()
    unit = serializers.CharField(source="unit.code")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    counts = serializers.SerializerMethodField()

    def get_counts(self, membership: Membership) -> bool:
        return not membership.is_proposed


class MeView(HouseView):
    """Who is asking, and with which rights: a token sees its cut-down set."""

    serializer_class = MeSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return Unit.objects.none()

    @extend_schema(operation_id="accounts_me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(self.actor).data)


class UnitList(HouseList):
    """Units in scope, with those above by name."""

    records = Unit.objects.select_related("parent")
    serializer_class = UnitSerializer
    filterset_fields = ["code", "kind"]
    order = ("path",)


class MemberList(HouseList):
    """Live roles in scope. `counts` is false while a deciding role waits for confirmation."""

    records = Membership.objects.select_related("user", "unit")
    serializer_class = MemberSerializer
    filterset_fields = ["role", "unit__code"]
    order = ("since", "id")

    def get_queryset(self) -> QuerySet[Membership]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        return members(self.actor)
