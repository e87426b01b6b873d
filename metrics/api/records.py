"""REST of incidents and task times: the same services as the pages, parsed strictly. No person in, none out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Unit
from foundation import clock
from foundation.access import get_visible
from foundation.api.strict import StrictSerializer, parsed
from foundation.api.views import HouseList
from foundation.canonical import digest
from foundation.errors import Invalid, Reason
from metrics.connectors.records.base import IncidentRecord
from metrics.connectors.records.mapping import Tally, finish
from metrics.models import Observation, OpsRecord, Pilot, SourceImport
from metrics.selectors.records import imports_of, task_measure, team_of
from metrics.services.records import SourceFile, import_records
from metrics.services.task_times import TaskTime, record_task_times

WRITES = ("metrics.record.import", "metrics.record.write")
MAX_INCIDENTS = 1_000
MAX_TASK_TIMES = 500
SOURCE = r"^\w[\w .:-]{0,59}$"


class _Text(serializers.CharField):
    def __init__(self, **given: Any) -> None:
        super().__init__(**{"required": False, "allow_blank": True, "default": "", **given})


# --- incidents -----------------------------------------------------------------------------------------------------


class MomentField(serializers.DateTimeField):
    """A time with its offset; one without would be read in whatever zone the server happens to use."""

    default_error_messages = {"naive": _("Write the offset, for example 2026-03-02T14:05:00+08:00.")}

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return value


class IncidentIn(StrictSerializer):
    """Times with an offset. No caller, no assignee, no text: such keys are refused."""

    key = serializers.CharField(max_length=100)
    opened_at = MomentField()
    first_ack_at = MomentField(required=False, allow_null=True)
    resolved_at = MomentField(required=False, allow_null=True)
    closed_at = MomentField(required=False, allow_null=True)
    created_at = MomentField(required=False, allow_null=True)
    priority = _Text(max_length=40)
    group = _Text(max_length=100)
    service = _Text(max_length=100)
    category = _Text(max_length=100)
    subcategory = _Text(max_length=100)
    contact_type = _Text(max_length=60)
    state = _Text(max_length=40)
    reassignment_count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=999_999_999)
    reopen_count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=999_999_999)
    made_sla = serializers.BooleanField(required=False, allow_null=True)
    parent_key = _Text(max_length=100)


class IncidentsIn(StrictSerializer):
    unit = serializers.CharField(max_length=40, help_text="Code of the unit the incidents belong to.")
    source = serializers.RegexField(SOURCE, help_text="A later call of the same source updates the same incidents.")
    as_of = MomentField(required=False, help_text="When the source was complete; else time of receipt.")
    items = IncidentIn(many=True, allow_empty=False, max_length=MAX_INCIDENTS)

    def validate_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        keys = [item["key"] for item in items]
        if twice := sorted({k for k in keys if keys.count(k) > 1})[:10]:
            raise serializers.ValidationError(f"These keys stand here twice: {', '.join(twice)}", "duplicate_key")
        return items


class ImportedOut(serializers.Serializer):
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    newer_kept = serializers.IntegerField()
    excluded = serializers.DictField(child=serializers.IntegerField())
    import_id = serializers.UUIDField(allow_null=True)


class IncidentOut(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")
    key = serializers.CharField(source="source_key")

    class Meta:
        model = OpsRecord
        fields = [
            "unit", "source", "key", "opened_at", "first_ack_at", "resolved_at", "closed_at", "priority", "group",
            "service", "category", "subcategory", "contact_type", "state", "reassignments", "reopens", "made_sla",
            "parent_key", "received_at",
        ]  # fmt: skip
        read_only_fields = fields


class SourceImportOut(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")

    class Meta:
        model = SourceImport
        fields = [
            "id", "unit", "kind", "record_kind", "source", "file_name", "sha256", "mapping", "zone", "as_of",
            "rows_read", "records", "added", "changed", "unchanged", "facts", "forensics", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class Incidents(HouseList):
    """Incidents in scope, newest first; POST sends up to 1,000 of one source."""

    records = OpsRecord.objects.filter(kind="incident").select_related("unit")
    serializer_class = IncidentOut
    filterset_fields = {
        "unit__code": ["exact"],
        "source": ["exact"],
        "priority": ["exact"],
        "group": ["exact"],
        "category": ["exact"],
        "opened_at": ["gte", "lt"],
    }
    order = ("-opened_at", "id")

    @extend_schema(request=IncidentsIn, responses=ImportedOut)
    def post(self, request: Request) -> Response:
        data = parsed(IncidentsIn, request)
        unit = _unit(self.actor, data["unit"])
        as_of = data.get("as_of") or clock.now()
        read = finish(_tally(len(data["items"])), [_record(n, item) for n, item in enumerate(data["items"], 1)], as_of)
        file = SourceFile(
            name="REST",
            sha256=digest(request.data).removeprefix("sha256:"),
            kind="rest",
            source=data["source"],
            mapping="rest",
            zone="UTC",
            as_of=as_of,
        )
        outcome = import_records(actor=self.actor, unit=unit, read=read, file=file)
        kept = outcome.source_import
        answer = {
            "added": outcome.added,
            "changed": outcome.changed,
            "unchanged": outcome.unchanged,
            "newer_kept": outcome.newer,
            "excluded": dict(read.excluded),
            "import_id": kept.pk if kept else None,
        }
        return Response(ImportedOut(answer).data, status=201 if outcome.added or outcome.changed else 200)


def _unit(actor: Any, code: str) -> Unit:
    found = Unit.objects.filter(code=code).first()
    if (
        found is None
        or not actor.may("metrics.read", found.path)
        and not actor.may("metrics.record.import", found.path)
    ):
        text = f"There is no unit “{code[:40]}” here."
        raise Invalid(Reason("no_unit", text, field="unit"))
    return found


def _tally(rows: int) -> Tally:
    tally = Tally()
    tally.rows = rows
    return tally


def _record(row: int, item: dict[str, Any]) -> IncidentRecord:
    """An empty text is a column the source does not have."""
    return IncidentRecord(row=row, **{name: (None if value == "" else value) for name, value in item.items()})


class Imports(HouseList):
    """What was imported: facts and forensics of each file."""

    records = SourceImport.objects.select_related("unit")
    serializer_class = SourceImportOut
    filterset_fields = ["unit__code", "source"]

    def get_queryset(self) -> QuerySet[SourceImport]:
        if getattr(self, "swagger_fake_view", False):
            return SourceImport.objects.none()
        return imports_of(self.actor)


# --- task times ----------------------------------------------------------------------------------------------------


class TaskTimeIn(StrictSerializer):
    """No name, no person: an unknown key is refused."""

    minutes = serializers.DecimalField(max_digits=9, decimal_places=2)
    case = serializers.CharField(max_length=40)
    review_minutes = serializers.DecimalField(max_digits=9, decimal_places=2, required=False, allow_null=True)
    usable = serializers.BooleanField(required=False, allow_null=True)
    at = MomentField(required=False, allow_null=True)
    method = serializers.ChoiceField(Observation.Method.choices, required=False)
    again = serializers.ChoiceField(["replace", "second"], required=False, help_text="Answer to a repeated case.")


class TaskTimesIn(StrictSerializer):
    pilot = serializers.CharField(max_length=20, help_text="For example PL-003.")
    team = serializers.CharField(max_length=40, required=False, help_text="Code of a unit; else the one of the holder.")
    items = TaskTimeIn(many=True, allow_empty=False, max_length=MAX_TASK_TIMES)


class RecordedOut(serializers.Serializer):
    recorded = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.UUIDField())


class TaskTimeOut(serializers.ModelSerializer):
    """Of a team, never of a person."""

    pilot = serializers.CharField(source="measure.pilot.key")
    team = serializers.CharField(source="team.code")

    class Meta:
        model = Observation
        fields = [
            "id", "pilot", "team", "at", "minutes", "review_minutes", "case", "second_run", "usable", "method",
            "excluded_why", "received_at",
        ]  # fmt: skip
        read_only_fields = fields


class TaskTimes(HouseList):
    """Task times in scope; POST sends up to 500 of one pilot, all or none."""

    records = Observation.objects.filter(measure__pilot__isnull=False).select_related("measure__pilot", "team")
    serializer_class = TaskTimeOut
    filterset_fields = {"measure__pilot__key": ["exact"], "at": ["gte", "lt"]}
    order = ("-at", "id")

    @extend_schema(request=TaskTimesIn, responses={201: RecordedOut})
    def post(self, request: Request) -> Response:
        data = parsed(TaskTimesIn, request)
        measure = task_measure(_pilot(self.actor, data["pilot"]))
        team = _unit(self.actor, data["team"]) if data.get("team") else team_of(self.actor, measure)
        entries = [TaskTime(**item) for item in data["items"]]
        kept = record_task_times(actor=self.actor, measure=measure, entries=entries, team=team)
        answer = {"recorded": len(kept), "ids": [k.observation.pk for k in kept]}
        return Response(RecordedOut(answer).data, status=201)


def _pilot(actor: Any, key: str) -> Pilot:
    pilots = Pilot.objects.select_related("unit")
    writable = pilots.visible_to(actor, "metrics.record.write").filter(key=key).first()
    return writable or get_visible(pilots, actor, key=key)


urlpatterns: list[URLPattern] = [
    path("records/incident", Incidents.as_view(), name="incidents"),
    path("records/imports", Imports.as_view(), name="record-imports"),
    path("task-times", TaskTimes.as_view(), name="task-times"),
]
