"""REST of pilots, measures, estimates, statements and reports: the same services, the same silence before the date."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django_filters.rest_framework import CharFilter, FilterSet, TypedChoiceFilter
from drf_spectacular.utils import OpenApiTypes, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.access import get_visible
from foundation.api.strict import StrictSerializer, if_match, parsed, with_etag
from foundation.api.views import HouseList, HouseView
from foundation.errors import Invalid, NotVisible, Reason
from foundation.exports.tables import FORMATS, attach
from metrics import services
from metrics.models import GainEstimate, Measure, Pilot, Report, ReportFreeze, Statement
from metrics.models.measures import Preset
from metrics.reports import shown_facts
from metrics.selectors.measures import listed_measures, live_lock, measure_gaps
from usecases.models import Candidate


class PilotSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")
    candidate = serializers.CharField(source="candidate.key")
    report = serializers.CharField(source="report.key", default=None)

    class Meta:
        model = Pilot
        fields = [
            "key", "unit", "candidate", "name_en", "name_zh", "scope", "starts_on", "ramp_until", "ends_on",
            "decision_on", "status", "report", "version",
        ]  # fmt: skip
        read_only_fields = fields


class PilotIn(StrictSerializer):
    candidate = serializers.CharField(max_length=20)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    decision_on = serializers.DateField(required=False, allow_null=True)
    ramp_until = serializers.DateField(required=False, allow_null=True)
    name_en = serializers.CharField(max_length=160, required=False, allow_blank=True)
    name_zh = serializers.CharField(max_length=160, required=False, allow_blank=True)
    scope = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class PilotChange(StrictSerializer):
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)
    decision_on = serializers.DateField(required=False)
    ramp_until = serializers.DateField(required=False, allow_null=True)
    scope = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class FilterIn(StrictSerializer):
    column = serializers.CharField(max_length=40)
    op = serializers.ChoiceField(["==", "in"])
    value = serializers.JSONField()

    def validate_value(self, value: Any) -> Any:
        texts = value if isinstance(value, list) else [value]
        if not texts or len(texts) > 50 or not all(isinstance(v, str) and 0 < len(v) <= 100 for v in texts):
            raise serializers.ValidationError("a text, or a list of at most 50 texts")
        return value


class MeasureIn(StrictSerializer):
    pilot = serializers.CharField(max_length=20)
    preset = serializers.ChoiceField(Preset.choices)
    minimum_effect = serializers.DecimalField(max_digits=6, decimal_places=4)
    name_en = serializers.CharField(max_length=160, required=False, allow_blank=True)
    name_zh = serializers.CharField(max_length=160, required=False, allow_blank=True)
    source = serializers.CharField(max_length=60, required=False, allow_blank=True)
    filters = FilterIn(many=True, required=False)
    role = serializers.ChoiceField(Measure.Role.choices, required=False)


class MeasureSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")
    pilot = serializers.CharField(source="pilot.key", allow_null=True, default=None)
    current = serializers.SerializerMethodField()
    lock = serializers.SerializerMethodField()
    gaps = serializers.SerializerMethodField()

    class Meta:
        model = Measure
        fields = ["id", "unit", "pilot", "preset", "role", "name_en", "name_zh", "current", "lock", "gaps"]
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_current(self, measure: Measure) -> dict[str, Any] | None:
        version = measure.current
        if version is None:
            return None
        windows = {w.role: [w.from_at.isoformat(), w.until_at.isoformat()] for w in version.windows.all()}
        names = (
            "number",
            "kind",
            "direction",
            "filters",
            "source",
            "zone",
            "rmst_tau",
            "within",
            "content_hash",
            "is_locked",
        )
        effect = None if version.minimum_effect is None else str(version.minimum_effect)
        return {**{n: getattr(version, n) for n in names}, "minimum_effect": effect, "windows": windows}

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_lock(self, measure: Measure) -> dict[str, Any] | None:
        version = measure.current
        lock = live_lock(version) if version else None
        if lock is None:
            return None
        return {"basis": lock.basis, "locked_at": lock.locked_at, "binding_at": lock.binding_at}

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_gaps(self, measure: Measure) -> list[dict[str, str]]:
        version = measure.current
        return [r.as_dict() for r in measure_gaps(version)] if version else []


class EstimateSerializer(serializers.ModelSerializer):
    measure = serializers.UUIDField(source="measure_id")
    made_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = GainEstimate
        fields = [
            "id", "measure", "verdict", "reasons", "grade", "word", "look_back", "n_before", "n_pilot", "as_of",
            "sentence_en", "sentence_zh", "inputs_hash", "result_hash", "made_at",
        ]  # fmt: skip
        read_only_fields = fields


class EstimateDetail(EstimateSerializer):
    """With the plan and the result anyone can recompute. Figures are null before the decision date."""

    plan = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta(EstimateSerializer.Meta):
        fields = [*EstimateSerializer.Meta.fields, "plan", "result"]
        read_only_fields = fields

    def get_plan(self, found: GainEstimate) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads(found.plan)
        return plan

    def get_result(self, found: GainEstimate) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(found.result)
        return result


class StatementSerializer(serializers.ModelSerializer):
    estimate = serializers.UUIDField(source="estimate_id")

    class Meta:
        model = Statement
        fields = [
            "id", "estimate", "sentence_en", "sentence_zh", "edited", "does_not_say_en", "does_not_say_zh", "state",
            "state_since",
        ]  # fmt: skip
        read_only_fields = fields


class StatementIn(StrictSerializer):
    estimate = serializers.UUIDField()
    does_not_say_en = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    does_not_say_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    sentence_en = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    sentence_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class ReportSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")
    pilot = serializers.CharField(source="pilot.key")

    class Meta:
        model = Report
        fields = ["key", "unit", "pilot"]
        read_only_fields = fields


class FreezeSerializer(serializers.ModelSerializer):
    report = serializers.CharField(source="report.key")

    class Meta:
        model = ReportFreeze
        fields = ["report", "digest", "xlsx_sha256", "estimates", "by_role", "frozen_at"]
        read_only_fields = fields


class JobSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.CharField()


class PilotFilter(FilterSet):
    unit = CharFilter(field_name="unit__code")
    candidate = CharFilter(field_name="candidate__key")

    class Meta:
        model = Pilot
        fields = ["status"]


class MeasureFilter(FilterSet):
    unit = CharFilter(field_name="unit__code")
    pilot = CharFilter(field_name="pilot__key")

    class Meta:
        model = Measure
        fields = ["preset", "role"]


class ReportFilter(FilterSet):
    unit = CharFilter(field_name="unit__code")
    pilot = CharFilter(field_name="pilot__key")

    class Meta:
        model = Report
        fields: ClassVar[list[str]] = []


class PilotList(HouseList):
    """Pilots in scope; POST drafts one from a candidate."""

    records = Pilot.objects.select_related("unit", "candidate", "report")
    serializer_class = PilotSerializer
    filterset_class = PilotFilter
    order = ("-starts_on", "id")

    @extend_schema(request=PilotIn, responses={201: PilotSerializer})
    def post(self, request: Request) -> Response:
        data = parsed(PilotIn, request)
        candidate = Candidate.objects.visible_to(self.actor).filter(key=data.pop("candidate")).first()
        if candidate is None:
            raise Invalid(Reason("candidate_unknown", "There is no such candidate.", field="candidate"))
        made = services.draft_pilot(actor=self.actor, candidate=candidate, **data)
        return with_etag(Response(PilotSerializer(made).data, status=201), made.version)


class PilotView(HouseView):
    records = Pilot.objects.select_related("unit", "candidate", "report")
    serializer_class = PilotSerializer

    @extend_schema(responses=PilotSerializer)
    def get(self, request: Request, key: str) -> Response:
        found: Any = self.get_object()
        return with_etag(Response(PilotSerializer(found).data), found.version)

    @extend_schema(request=PilotChange, responses=PilotSerializer)
    def patch(self, request: Request, key: str) -> Response:
        found: Any = self.get_object()
        changes = parsed(PilotChange, request)
        kept = services.edit_pilot(actor=self.actor, pilot=found, version=if_match(request), **changes)
        return with_etag(Response(PilotSerializer(kept).data), kept.version)


class MeasureList(HouseList):
    """Measures in scope with their current version, lock and gaps; POST drafts one from a preset."""

    records = listed_measures()
    serializer_class = MeasureSerializer
    filterset_class = MeasureFilter

    @extend_schema(request=MeasureIn, responses={201: MeasureSerializer})
    def post(self, request: Request) -> Response:
        data = parsed(MeasureIn, request)
        pilot = get_visible(Pilot.objects.select_related("unit"), self.actor, key=data.pop("pilot"))
        given = {**data, "filters": [dict(f) for f in data.get("filters", [])]}
        made = services.draft_measure(actor=self.actor, pilot=pilot, **given)
        return Response(MeasureSerializer(made).data, status=201)


class MeasureView(HouseView):
    records = Measure.objects.select_related("unit", "pilot")
    serializer_class = MeasureSerializer
    lookup_field = "pk"

    @extend_schema(responses=MeasureSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(MeasureSerializer(self.get_object()).data)


class MeasureEstimate(HouseView):
    """Ask for a fresh estimate: 202 with the job; the answer is the newest of `estimates`."""

    records = Measure.objects.select_related("unit", "pilot")
    serializer_class = JobSerializer
    lookup_field = "pk"

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        found: Any = self.get_object()
        job = services.run_estimate(actor=self.actor, measure=found)
        return Response(JobSerializer(job).data, status=202)


class EstimateFilter(FilterSet):
    """The filter of the library takes any word for a boolean and then asks nothing; this one refuses it."""

    look_back = extend_schema_field(OpenApiTypes.BOOL)(
        TypedChoiceFilter(choices=[("true", "true"), ("false", "false")], coerce=lambda word: word == "true")
    )

    class Meta:
        model = GainEstimate
        fields = ["measure", "look_back", "verdict"]


class EstimateList(HouseList):
    records = GainEstimate.objects.defer("plan", "result")
    serializer_class = EstimateSerializer
    filterset_class = EstimateFilter


class EstimateView(HouseView):
    records = GainEstimate.objects.all()
    serializer_class = EstimateDetail
    lookup_field = "pk"

    @extend_schema(responses=EstimateDetail)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(EstimateDetail(self.get_object()).data)


class StatementList(HouseList):
    """Statements in scope; POST drafts one. Publishing is done by a person on a page."""

    records = Statement.objects.select_related("estimate")
    serializer_class = StatementSerializer
    filterset_fields = ["state"]

    @extend_schema(request=StatementIn, responses={201: StatementSerializer})
    def post(self, request: Request) -> Response:
        data = parsed(StatementIn, request)
        estimate = get_visible(
            GainEstimate.objects.select_related("measure", "unit"), self.actor, pk=data.pop("estimate")
        )
        made = services.draft_statement(actor=self.actor, estimate=estimate, **data)
        return Response(StatementSerializer(made).data, status=201)


class ReportList(HouseList):
    records = Report.objects.select_related("unit", "pilot")
    serializer_class = ReportSerializer
    filterset_class = ReportFilter
    order = ("key", "id")


class ReportView(HouseView):
    """The facts of the report as they stand now: what a freeze of this moment would hold."""

    records = Report.objects.select_related("pilot__unit", "pilot__candidate", "unit")
    serializer_class = ReportSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, key: str) -> Response:
        found: Any = self.get_object()
        return Response({**ReportSerializer(found).data, "facts": shown_facts(found.pilot)})


class FreezeList(HouseView):
    """Freezes of a report, newest first; POST freezes it (the same facts give the freeze that is there)."""

    records = Report.objects.select_related("pilot__unit", "pilot__candidate", "unit")
    serializer_class = FreezeSerializer

    @extend_schema(responses=FreezeSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        found: Any = self.get_object()
        rows = found.freezes.defer("body", "xlsx").select_related("report").order_by("-frozen_at")[:100]
        return Response(FreezeSerializer(rows, many=True).data)

    @extend_schema(request=None, responses={201: FreezeSerializer})
    def post(self, request: Request, key: str) -> Response:
        found: Any = self.get_object()
        return Response(FreezeSerializer(services.freeze_report(actor=self.actor, report=found)).data, status=201)


class FreezeView(HouseView):
    """The frozen body as it stood."""

    records = Report.objects.select_related("unit")
    serializer_class = FreezeSerializer

    def frozen(self, prefix: str) -> ReportFreeze:
        rows = ReportFreeze.objects.filter(report=self.get_object(), digest__startswith=f"sha256:{prefix}")
        found = rows.select_related("report").order_by("frozen_at").first()
        if found is None:
            raise NotVisible(Reason("not_found", NotVisible.title))
        return found

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, key: str, prefix: str) -> Response:
        found = self.frozen(prefix)
        return Response({**FreezeSerializer(found).data, "facts": json.loads(found.body)})


class FreezeAnnex(FreezeView):
    """The stored spreadsheet, the same bytes for ever."""

    @extend_schema(responses={(200, FORMATS["xlsx"]): OpenApiTypes.BINARY})
    def get(self, request: Request, key: str, prefix: str) -> HttpResponseBase:  # type: ignore[override]
        found = self.frozen(prefix)
        return attach(HttpResponse(bytes(found.xlsx or b""), content_type=FORMATS["xlsx"]), f"{key}_{prefix[:12]}.xlsx")


HASH = r"(?P<prefix>[0-9a-f]{12,64})"
KEY = r"(?P<key>M-\d+)"

urlpatterns: list[URLPattern] = [
    path("pilots", PilotList.as_view(), name="pilots"),
    path("pilots/<str:key>", PilotView.as_view(), name="pilot"),
    path("measures", MeasureList.as_view(), name="measures"),
    path("measures/<uuid:pk>", MeasureView.as_view(), name="measure"),
    path("measures/<uuid:pk>/estimate", MeasureEstimate.as_view(), name="measure-estimate"),
    path("estimates", EstimateList.as_view(), name="estimates"),
    path("estimates/<uuid:pk>", EstimateView.as_view(), name="estimate"),
    path("statements", StatementList.as_view(), name="statements"),
    path("reports", ReportList.as_view(), name="reports"),
    re_path(rf"^reports/{KEY}$", ReportView.as_view(), name="report"),
    re_path(rf"^reports/{KEY}/freezes$", FreezeList.as_view(), name="freezes"),
    re_path(rf"^reports/{KEY}/freezes/{HASH}$", FreezeView.as_view(), name="freeze"),
    re_path(rf"^reports/{KEY}/freezes/{HASH}/annex\.xlsx$", FreezeAnnex.as_view(), name="freeze-annex"),
]
