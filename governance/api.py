"""REST over the same services. Acts that bind a person (submit, vote, close, suspend …) are done on a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from foundation import clock
from foundation.access import ancestors
from foundation.api.strict import StrictSerializer, if_match, parsed, with_etag
from foundation.api.views import HouseList, HouseView
from foundation.calendar_days import is_usable
from foundation.errors import Invalid, Reason, refuse_if
from foundation.work import unit_of_work
from governance import selectors, services
from governance.checks import gaps
from governance.models import (
    Approval,
    ChecklistAnswer,
    Component,
    Condition,
    DataCategory,
    DataCategoryVersion,
    Pattern,
    PatternVersion,
    SecurityReuse,
    Submission,
)
from governance.models.approvals import Effect
from governance.services.requests import AnswerDraft, CategoryDraft, ControlAnswer
from governance.texts import PORTABLE


class PatternFilters(django_filters.FilterSet):
    unit = django_filters.CharFilter(field_name="unit__code")

    class Meta:
        model = Pattern
        fields = ("unit",)


class CategoryFilters(django_filters.FilterSet):
    unit = django_filters.CharFilter(field_name="unit__code")

    class Meta:
        model = DataCategory
        fields = ("unit",)


class ApprovalFilters(django_filters.FilterSet):
    """`state` is the one at `effective_on`."""

    unit = django_filters.CharFilter(field_name="unit__code")
    state = django_filters.ChoiceFilter(field_name="effect", choices=Effect.choices)
    request = django_filters.CharFilter(field_name="decision__submission__key")

    class Meta:
        model = Approval
        fields = ("unit", "state", "use", "item_key", "request")


class SubmissionFilters(django_filters.FilterSet):
    unit = django_filters.CharFilter(field_name="unit__code")
    pattern = django_filters.CharFilter(field_name="pattern_version__pattern__key")

    class Meta:
        model = Submission
        fields = ("unit", "state", "pattern")


class ConditionFilters(django_filters.FilterSet):
    unit = django_filters.CharFilter(field_name="unit__code")
    request = django_filters.CharFilter(field_name="decision__submission__key")

    class Meta:
        model = Condition
        fields = ("unit", "state", "set_by_lane", "request")


# --- patterns and categories -------------------------------------------------------------------------------------


class VersionSerializer(serializers.ModelSerializer):
    class Meta:
        model = PatternVersion
        ref_name = "PatternVersion"
        fields = ("id", "number", "state", "base_flow", "portable_assets", "exit_plan_en", "exit_plan_zh")
        read_only_fields = fields


class PatternSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code", read_only=True)
    versions = serializers.SerializerMethodField()

    class Meta:
        model = Pattern
        ref_name = "Pattern"
        fields = ("key", "name_en", "name_zh", "unit", "versions")
        read_only_fields = fields

    @extend_schema_field(VersionSerializer(many=True))
    def get_versions(self, pattern: Pattern) -> Any:
        """What was decided is handed down; a draft is its own unit's business."""
        actor = self.context["view"].actor
        shown = [v for v in pattern.versions.all() if v.state == "decided" or actor.may("governance.read", v.unit.path)]
        return VersionSerializer(shown, many=True).data


class PatternList(HouseList):
    records = Pattern.objects.select_related("unit").prefetch_related("versions__unit")
    serializer_class = PatternSerializer
    filterset_class = PatternFilters


class PatternDetail(HouseView):
    records = PatternList.records
    serializer_class = PatternSerializer

    def get(self, request: Request, key: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class PassportSerializer(serializers.ModelSerializer):
    class Meta:
        model = DataCategoryVersion
        ref_name = "DataCategoryVersion"
        fields = (
            "number", "state", "sensitivity", "core_status", "prc_class", "pi_grade", "exclusions", "decided_use",
        )  # fmt: skip
        read_only_fields = fields


class CategorySerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code", read_only=True)
    versions = PassportSerializer(many=True, read_only=True)

    class Meta:
        model = DataCategory
        ref_name = "DataCategory"
        fields = ("code", "name_en", "name_zh", "examples_en", "examples_zh", "unit", "versions")
        read_only_fields = fields


class CategoryList(HouseList):
    records = DataCategory.objects.select_related("unit").prefetch_related("versions")
    serializer_class = CategorySerializer
    filterset_class = CategoryFilters


class CategoryDetail(HouseView):
    records = CategoryList.records
    serializer_class = CategorySerializer
    lookup_field = "code"

    def get(self, request: Request, code: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


# --- approvals ---------------------------------------------------------------------------------------------------


class ApprovalSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code", read_only=True)
    subject = serializers.CharField(source="subject_label", read_only=True)
    state = serializers.CharField(source="effect", read_only=True)
    request = serializers.CharField(source="decision.submission.key", read_only=True)

    class Meta:
        model = Approval
        ref_name = "Approval"
        fields = (
            "key", "subject", "item_key", "unit", "use", "state", "valid_from", "valid_until", "item_digest", "request",
        )  # fmt: skip
        read_only_fields = fields


def asked_moment(request: Request) -> datetime:
    """`?effective_on=` as a day (asked at its end) or a moment with its zone; now without it."""
    given = request.query_params.get("effective_on", "")
    if not given:
        return clock.now()
    try:
        moment = parse_datetime(given) if "T" in given else None
        day = None if moment else parse_date(given)
    except ValueError:
        moment = day = None
    found = moment or day
    if found is None or not is_usable(found) or (moment is not None and moment.tzinfo is None):
        raise ValidationError({"effective_on": [_("Give a day like 2026-11-22 or a moment with its zone.")]})
    return moment or selectors.as_moment(day, "UTC")


ON = OpenApiParameter("effective_on", OpenApiTypes.STR, description="A day or a moment; now when left out.")


class ApprovalList(HouseList):
    """Approvals with what they are worth at `effective_on`."""

    records = Approval.objects.all()
    serializer_class = ApprovalSerializer
    filterset_class = ApprovalFilters

    def get_queryset(self) -> QuerySet[Approval]:
        on = clock.now() if getattr(self, "swagger_fake_view", False) else asked_moment(self.request)
        rows = super().get_queryset().with_effect(on)
        return rows.select_related(*selectors.WITH_SUBJECT)

    @extend_schema(parameters=[ON])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ApprovalDetail(HouseView):
    records = Approval.objects.all()
    serializer_class = ApprovalSerializer

    @extend_schema(parameters=[ON])
    def get(self, request: Request, key: str) -> Response:
        found = self.get_object()
        rows = Approval.objects.filter(pk=found.pk).with_effect(asked_moment(request))
        return Response(self.get_serializer(rows.select_related(*selectors.WITH_SUBJECT).get()).data)


# --- requests ----------------------------------------------------------------------------------------------------


class SubmissionSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code", read_only=True)
    pattern = serializers.CharField(source="pattern_version.pattern.key", read_only=True)
    pattern_version = serializers.IntegerField(source="pattern_version.number", read_only=True)
    outcome = serializers.SerializerMethodField()

    class Meta:
        model = Submission
        ref_name = "Submission"
        fields = (
            "key", "version", "unit", "pattern", "pattern_version", "round", "state", "outcome", "purpose_en",
            "purpose_zh", "lanes_called", "due_on", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_outcome(self, submission: Submission) -> str | None:
        decision = getattr(submission, "decision", None)
        return decision.outcome if decision else None


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()
    fix = serializers.CharField(required=False)


class OfferSerializer(serializers.Serializer):
    name = serializers.CharField()
    label = serializers.CharField()
    is_open = serializers.BooleanField()
    reasons = ReasonSerializer(many=True)


class SubmissionDetailSerializer(SubmissionSerializer):
    gaps = serializers.SerializerMethodField()
    offers = serializers.SerializerMethodField()
    pack_digest = serializers.SerializerMethodField()

    class Meta(SubmissionSerializer.Meta):
        ref_name = "SubmissionDetail"
        fields = (*SubmissionSerializer.Meta.fields, "gaps", "offers", "pack_digest")
        read_only_fields = fields

    @extend_schema(responses=ReasonSerializer(many=True))
    def get_gaps(self, submission: Submission) -> list[dict[str, str]]:
        return [g.reason.as_dict() for g in gaps(submission)] if submission.state == "draft" else []

    def get_offers(self, submission: Submission) -> list[dict[str, Any]]:
        """Every step; the binding ones say that they are done on a page."""
        return [
            {
                "name": offer.name,
                "label": str(offer.label),
                "is_open": offer.is_open,
                "reasons": [r.as_dict() for r in offer.reasons],
            }
            for offer in Submission.lifecycle.offers(submission, self.context["actor"])
        ]

    def get_pack_digest(self, submission: Submission) -> str | None:
        pack = selectors.current_pack(submission)
        return pack.digest if pack else None


class OpenSerializer(StrictSerializer):
    pattern = serializers.CharField(max_length=20)
    unit = serializers.CharField(max_length=12)
    new_version = serializers.BooleanField(default=False)

    class Meta:
        ref_name = "SubmissionOpen"


class FlowSerializer(StrictSerializer):
    stored_in = serializers.CharField(max_length=300, required=False, allow_blank=True)
    processed_in = serializers.CharField(max_length=300, required=False, allow_blank=True)
    model_endpoint_region = serializers.CharField(max_length=300, required=False, allow_blank=True)
    accessed_from = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=50)
    retention_days = serializers.IntegerField(min_value=0, max_value=3650, required=False)
    masking = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ControlSerializer(StrictSerializer):
    control = serializers.CharField(max_length=40)
    answer = serializers.ChoiceField(choices=SecurityReuse.Answer.choices[1:])
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    evidence = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    evidence_on = serializers.DateField(required=False, allow_null=True, default=None)


class CategoryDraftSerializer(StrictSerializer):
    code = serializers.CharField(max_length=40)
    own_flow = FlowSerializer(required=False)
    exclusions = serializers.CharField(max_length=500, required=False, allow_blank=True)


class AnswerSerializer(StrictSerializer):
    item = serializers.CharField(max_length=10)
    answer = serializers.ChoiceField(choices=ChecklistAnswer.Answer.choices)
    except_for = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=50)


class ExitSerializer(StrictSerializer):
    portable_assets = serializers.MultipleChoiceField(choices=list(PORTABLE.items()))
    exit_plan_en = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    exit_plan_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class SlotSerializer(StrictSerializer):
    slot = serializers.CharField(max_length=40)
    component = serializers.CharField(max_length=20, help_text="key of a component, for example CM-0001")


class EditSerializer(StrictSerializer):
    """Any sections of a draft; what is left out stays as it is."""

    purpose_en = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    purpose_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    slots = SlotSerializer(many=True, required=False)
    flow = FlowSerializer(required=False)
    controls = ControlSerializer(many=True, required=False)
    categories = CategoryDraftSerializer(many=True, required=False)
    answers = AnswerSerializer(many=True, required=False)
    exit = ExitSerializer(required=False)

    class Meta:
        ref_name = "SubmissionEdit"


LISTED = Submission.objects.select_related("unit", "pattern_version__pattern", "submitter", "decision", "gate")


class SubmissionList(HouseList):
    records = LISTED
    serializer_class = SubmissionSerializer
    filterset_class = SubmissionFilters

    @extend_schema(request=OpenSerializer, responses={201: SubmissionDetailSerializer})
    def post(self, request: Request) -> Response:
        data = parsed(OpenSerializer, request)
        actor = self.actor
        from accounts.models import Unit

        pattern = Pattern.objects.visible_to(actor).filter(key=data["pattern"]).first()
        unit = Unit.objects.visible_to(actor).filter(code=data["unit"]).first()
        missing = [
            Reason("not_found", _("There is nothing by this name here."), field=field)
            for field, found in (("pattern", pattern), ("unit", unit))
            if found is None
        ]
        refuse_if(missing, Invalid)
        made = services.open_submission(actor=actor, pattern=pattern, unit=unit, new_version=data["new_version"])
        return with_etag(Response(_detail(self, made), status=201), made.version)


class SubmissionDetail(HouseView):
    records = LISTED
    serializer_class = SubmissionDetailSerializer

    def get(self, request: Request, key: str) -> Response:
        found = self.get_object()
        return with_etag(Response(_detail(self, found)), found.version)

    @extend_schema(request=EditSerializer, responses={200: SubmissionDetailSerializer})
    def patch(self, request: Request, key: str) -> Response:
        """All sections of one call are written together or not at all."""
        found = self.get_object()
        version, data = if_match(request), parsed(EditSerializer, request)
        with unit_of_work():
            for edit in _edits(found, data):
                edit(actor=self.actor, submission=found, version=version)
                version = found.version
        found = self.get_object()
        return with_etag(Response(_detail(self, found)), found.version)


def _detail(view: HouseView, submission: Submission) -> dict[str, Any]:
    context = {**view.get_serializer_context(), "actor": view.actor}
    return SubmissionDetailSerializer(submission, context=context).data


def _edits(submission: Submission, data: dict[str, Any]) -> list[Any]:
    """One service call a section, in the order of the page."""
    from functools import partial

    calls: list[Any] = []
    if "purpose_en" in data or "purpose_zh" in data:
        texts = {name: data.get(name, getattr(submission, name)) for name in ("purpose_en", "purpose_zh")}
        calls.append(partial(services.edit_purpose, **texts))
    if "slots" in data:
        calls.append(partial(services.bind_slots, components=_components(submission, data["slots"])))
    if "flow" in data:
        calls.append(partial(services.edit_flow, flow=dict(data["flow"])))
    if "controls" in data:
        answers = [ControlAnswer(**row) for row in data["controls"]]
        calls.append(partial(services.record_security_reuse, answers=answers))
    if "categories" in data:
        calls.append(partial(services.declare_categories, categories=_categories(submission, data["categories"])))
    if "answers" in data:
        given = {row["item"]: AnswerDraft(row["answer"], tuple(row.get("except_for", ()))) for row in data["answers"]}
        calls.append(partial(services.answer_checklist, answers=given))
    if "exit" in data:
        calls.append(partial(services.edit_exit, **data["exit"]))
    return calls


def _components(submission: Submission, rows: list[dict[str, str]]) -> dict[str, Component]:
    known = Component.objects.filter(unit__path__in=ancestors(submission.unit.path))
    found = {c.key: c for c in known.filter(key__in=[row["component"] for row in rows])}
    missing = [row for row in rows if row["component"] not in found]
    text = _("There is no such component here.")
    refuse_if([Reason("component_unknown", text, field=row["slot"]) for row in missing], Invalid)
    return {row["slot"]: found[row["component"]] for row in rows}


def _categories(submission: Submission, rows: list[dict[str, Any]]) -> list[CategoryDraft]:
    known = DataCategory.objects.filter(unit__path__in=ancestors(submission.unit.path))
    found = {c.code: c for c in known.filter(code__in=[row["code"] for row in rows])}
    text = _("There is no such data category here.")
    refuse_if(
        [Reason("category_unknown", text, field=row["code"]) for row in rows if row["code"] not in found], Invalid
    )
    return [CategoryDraft(found[row["code"]], dict(row.get("own_flow", {})), row.get("exclusions")) for row in rows]


# --- conditions --------------------------------------------------------------------------------------------------


class ConditionSerializer(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code", read_only=True)
    owner = serializers.CharField(source="owner.name", read_only=True)
    request = serializers.CharField(source="decision.submission.key", read_only=True)
    is_overdue = serializers.BooleanField(read_only=True)

    class Meta:
        model = Condition
        ref_name = "Condition"
        fields = (
            "key", "version", "request", "item_key", "unit", "text_en", "text_zh", "owner", "due", "blocking",
            "blocks_charter", "set_by_lane", "closes_by", "state", "is_overdue",
        )  # fmt: skip
        read_only_fields = fields


class ConditionList(HouseList):
    records = Condition.objects.select_related("unit", "owner", "decision__submission")
    serializer_class = ConditionSerializer
    filterset_class = ConditionFilters


class ConditionDetail(HouseView):
    records = ConditionList.records
    serializer_class = ConditionSerializer

    def get(self, request: Request, key: str) -> Response:
        found = self.get_object()
        return with_etag(Response(self.get_serializer(found).data), found.version)


class EvidenceSerializer(StrictSerializer):
    label = serializers.CharField(max_length=300)
    url = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")
    effective_on = serializers.DateField()

    class Meta:
        ref_name = "ConditionEvidence"


class ConditionEvidence(HouseView):
    """By the owner; the lane that set the condition judges it on its page."""

    records = ConditionList.records
    serializer_class = ConditionSerializer

    @extend_schema(request=EvidenceSerializer, responses={200: ConditionSerializer})
    def post(self, request: Request, key: str) -> Response:
        found = self.get_object()
        version, data = if_match(request), parsed(EvidenceSerializer, request)
        services.submit_condition_evidence(actor=self.actor, condition=found, version=version, **data)
        found = self.get_object()
        return with_etag(Response(self.get_serializer(found).data), found.version)
