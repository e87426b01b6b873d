"""REST of sources and usage: what the pages show, held back by the same rules; a secret has no field here."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.api.strict import StrictSerializer, if_match, parsed, with_etag
from foundation.api.views import HouseList, HouseView
from metrics.models import AppLink, RuntimeApp, RuntimeConnection, UsageDay, UsageRestatement
from metrics.selectors import usage as read
from metrics.services import usage as write


class RuntimeConnectionOut(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")
    state = serializers.SerializerMethodField()

    class Meta:
        model = RuntimeConnection
        fields = (
            "slug", "name", "unit", "kind", "base_url", "workspace_ref", "allow_private_hosts", "day_timezone",
            "currency", "server_version", "every_minutes", "state", "attention", "zone_seen", "last_ok_at",
            "last_error", "last_error_at", "next_try_at", "version",
        )  # fmt: skip

    def get_state(self, connection: RuntimeConnection) -> str:
        return read.freshness(connection).word


class RuntimeConnectionDetailOut(RuntimeConnectionOut):
    class Meta(RuntimeConnectionOut.Meta):
        fields = (*RuntimeConnectionOut.Meta.fields, "capabilities", "probe")


class RuntimeConnectionEdit(StrictSerializer):
    name = serializers.CharField(max_length=100, required=False)
    base_url = serializers.CharField(max_length=300, required=False)
    workspace_ref = serializers.CharField(max_length=60, required=False)
    secret = serializers.CharField(max_length=500, required=False, write_only=True)
    allow_private_hosts = serializers.BooleanField(required=False)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True)
    every_minutes = serializers.IntegerField(required=False, min_value=write.EVERY_MIN, max_value=write.EVERY_MAX)


class JobOut(serializers.Serializer):
    job = serializers.UUIDField(source="pk")
    state = serializers.CharField()


class AppLinkOut(serializers.ModelSerializer):
    candidate = serializers.CharField(source="candidate.key")
    pilot = serializers.CharField(source="pilot.key", allow_null=True, default=None)

    class Meta:
        model = AppLink
        fields = ("candidate", "pilot", "stage", "from_day")


class RuntimeAppOut(serializers.ModelSerializer):
    connection = serializers.CharField(source="connection.slug")
    link = serializers.SerializerMethodField()

    class Meta:
        model = RuntimeApp
        fields = ("id", "connection", "external_id", "name", "mode", "first_seen", "last_seen", "gone_at", "link")

    @extend_schema_field(AppLinkOut(allow_null=True))
    def get_link(self, app: RuntimeApp) -> dict[str, Any] | None:
        link = read.live_link(app)
        return dict(AppLinkOut(link).data) if link else None


class UsageDayOut(serializers.ModelSerializer):
    """`suppressed`: the app is known to be used by fewer than five people in that quarter; every figure is null."""

    connection = serializers.CharField(source="connection.slug")
    suppressed = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()

    class Meta:
        model = UsageDay
        fields = (
            "app", "connection", "source", "day", "day_timezone", "state", "fetched_at", "sync_run", "suppressed",
            *read.MEASURES, "currency",
        )  # fmt: skip

    @property
    def hidden(self) -> read.Hidden:
        return self.context.get("hidden", frozenset())

    def get_suppressed(self, row: UsageDay) -> bool:
        return read.is_hidden(self.hidden, row)

    def get_cost(self, row: UsageDay) -> str | None:
        amount = read.money(row.cost)
        return None if amount is None else f"{amount:.7f}"

    def get_currency(self, row: UsageDay) -> str:
        return read.currency_of(row.connection, row)

    def to_representation(self, instance: UsageDay) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if shown["suppressed"]:
            shown.update({name: None for name in read.MEASURES}, currency="")
        return shown


class UsageRestatementOut(serializers.ModelSerializer):
    """`cost` counts 10^-7 units of the currency. Figures of days that are held back are null."""

    class Meta:
        model = UsageRestatement
        fields = ("id", "app", "day", "field", "old", "new", "reason", "sync_run", "created_at")

    def to_representation(self, instance: UsageRestatement) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if read.is_hidden(self.context.get("hidden", frozenset()), instance):
            shown.update(old=None, new=None)
        return shown


class UsageDayFilter(filters.FilterSet):
    app = filters.UUIDFilter(field_name="app_id")
    until = filters.DateFilter(field_name="day", lookup_expr="lt")

    class Meta:
        model = UsageDay
        fields: list[str] = []


UsageDayFilter.base_filters["from"] = filters.DateFilter(field_name="day", lookup_expr="gte")


class RestatementFilter(filters.FilterSet):
    app = filters.UUIDFilter(field_name="app_id")

    class Meta:
        model = UsageRestatement
        fields: list[str] = []


class ConnectionFilter(filters.FilterSet):
    unit = filters.CharFilter(field_name="unit__code")

    class Meta:
        model = RuntimeConnection
        fields = ["kind"]


class AppsFilter(filters.FilterSet):
    """`stage` and `candidate` are those of the link that stands now."""

    connection = filters.CharFilter(field_name="connection__slug")
    stage = filters.ChoiceFilter(choices=AppLink.Stage.choices, method="linked")
    candidate = filters.CharFilter(method="linked")

    class Meta:
        model = RuntimeApp
        fields = ["mode"]

    def linked(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        field = "candidate__key" if name == "candidate" else name
        return rows.filter(Exists(AppLink.objects.filter(app=OuterRef("pk"), until_day=None, **{field: value})))


class Connections(HouseList):
    records = RuntimeConnection.objects.select_related("unit")
    serializer_class = RuntimeConnectionOut
    filterset_class = ConnectionFilter
    order = ("name", "id")


class Connection(HouseView):
    records = RuntimeConnection.objects.select_related("unit")
    serializer_class = RuntimeConnectionDetailOut
    lookup_field = "slug"

    def get(self, request: Request, slug: str) -> Response:
        connection: Any = self.get_object()
        return with_etag(Response(self.get_serializer(connection).data), connection.version)

    @extend_schema(request=RuntimeConnectionEdit, responses=RuntimeConnectionDetailOut)
    def patch(self, request: Request, slug: str) -> Response:
        connection: Any = self.get_object()
        version = if_match(request)
        data = parsed(RuntimeConnectionEdit, request)
        saved = write.edit_connection(actor=self.actor, connection=connection, version=version, **data)
        return with_etag(Response(self.get_serializer(saved).data), saved.version)


class ConnectionSync(HouseView):
    """Reads now, in a job: the answer names it. A reading already under way is given back."""

    records = RuntimeConnection.objects.select_related("unit")
    serializer_class = JobOut
    lookup_field = "slug"

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        connection: Any = self.get_object()
        job = write.start_sync(actor=self.actor, connection=connection)
        return Response(JobOut(job).data, status=202)


class GuardedList(HouseList):
    """A page of rows that have `app_id` and `day`, with the k rule handed to the serializer."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        hidden = read.hidden_spans(list({row.app_id for row in rows}))
        context = {**self.get_serializer_context(), "hidden": hidden}
        return self.get_paginated_response(self.get_serializer_class()(rows, many=True, context=context).data)


class Apps(HouseList):
    records = RuntimeApp.objects.all()
    serializer_class = RuntimeAppOut
    filterset_class = AppsFilter
    order = read.APP_ORDER

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.records.none()
        return read.runtime_apps(self.actor)


class UsageDays(GuardedList):
    records = UsageDay.objects.all()
    serializer_class = UsageDayOut
    filterset_class = UsageDayFilter
    order = ("-day", "id")

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.records.none()
        return read.usage_days(self.actor)


class Restatements(GuardedList):
    """What a closed day was told differently later."""

    records = UsageRestatement.objects.all()
    serializer_class = UsageRestatementOut
    filterset_class = RestatementFilter


urlpatterns: list[URLPattern] = [
    path("connections/", Connections.as_view(), name="connections"),
    path("connections/<slug:slug>/", Connection.as_view(), name="connection"),
    path("connections/<slug:slug>/sync/", ConnectionSync.as_view(), name="connection-sync"),
    path("apps/", Apps.as_view(), name="apps"),
    path("usage-days/", UsageDays.as_view(), name="usage-days"),
    path("restatements/", Restatements.as_view(), name="restatements"),
]
