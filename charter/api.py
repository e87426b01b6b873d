"""REST of charters: drafts and prepared decisions. Signing, proposing, stopping and starting have no address here."""

from __future__ import annotations

import json
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Unit
from charter.criteria import evaluate_criteria, reading_of
from charter.models import Breach, Charter, CharterCriterion, Decision, OpenQuestion, Outcome
from charter.selectors import (
    can_pilot,
    current_signatures,
    effective_state,
    lead_named,
    list_word,
    open_point,
    owner_named,
    point_asked,
)
from charter.services import answer_question, draft_charter, edit_charter, prepare_decision, report_breach
from foundation.access import get_visible, require
from foundation.api.strict import StrictSerializer, if_match, parsed, with_etag
from foundation.api.views import HouseList, HouseView
from foundation.errors import Invalid, Reason
from usecases.models import Candidate


class SignersIn(StrictSerializer):
    """E-mail addresses; one nobody with the role answers to is invited with exactly that role."""

    cio = serializers.EmailField(max_length=200, required=False)
    ops_head = serializers.EmailField(max_length=200, required=False)
    programme_office = serializers.EmailField(max_length=200, required=False)


class CharterTermsIn(StrictSerializer):
    """What stands behind the six blanks; everything left out stays as the template or the draft has it."""

    question_en = serializers.CharField(max_length=200, required=False, allow_blank=True)
    question_zh = serializers.CharField(max_length=200, required=False, allow_blank=True)
    why_now_en = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    why_now_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)
    length_reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    lead = serializers.EmailField(max_length=200, required=False, help_text="somebody who may lead in the unit")
    signers = SignersIn(required=False)
    human_approves_changes = serializers.BooleanField(required=False)
    only_approved_data = serializers.BooleanField(required=False)
    cost_cap = serializers.DecimalField(
        max_digits=14, decimal_places=2, min_value=Decimal(0), required=False, allow_null=True
    )
    cost_currency = serializers.CharField(max_length=3, required=False, allow_blank=True)
    token_cap = serializers.IntegerField(min_value=0, max_value=2**62, required=False, allow_null=True)
    exit_plan = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    thresholds = serializers.DictField(
        child=serializers.DecimalField(max_digits=14, decimal_places=4, min_value=Decimal(0)),
        required=False,
        help_text="number by code of a criterion, a share as 0.8",
    )


class CharterDraft(CharterTermsIn):
    unit = serializers.CharField(max_length=20, help_text="unit code, for example CN")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    cases = serializers.ListField(
        child=serializers.CharField(max_length=20), max_length=2, required=False, default=list,
        help_text="keys of one or two candidates, or none yet",
    )  # fmt: skip


class CharterOut(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code")
    lead = serializers.CharField(source="lead.name")
    word = serializers.SerializerMethodField(help_text="one of the five words, as the calendar reads it now")

    class Meta:
        model = Charter
        fields = (
            "key",
            "unit",
            "question_en",
            "question_zh",
            "starts_on",
            "ends_on",
            "lead",
            "state",
            "word",
            "version",
        )

    def get_word(self, charter: Charter) -> str:
        return list_word(charter)


class CriterionReadingOut(serializers.Serializer):
    code = serializers.CharField(source="criterion.code")
    objective = serializers.CharField(source="criterion.objective.code")
    kind = serializers.CharField()
    sentence_en = serializers.CharField(source="criterion.sentence_en")
    sentence_zh = serializers.CharField(source="criterion.sentence_zh")
    metric = serializers.CharField(source="criterion.metric")
    comparator = serializers.CharField(source="criterion.comparator")
    threshold = serializers.DecimalField(source="criterion.threshold", max_digits=14, decimal_places=4)
    status = serializers.ChoiceField(choices=("met", "not_met", "no_data"))
    value = serializers.FloatField(source="value.number", allow_null=True)
    n = serializers.IntegerField(source="value.n", allow_null=True)
    told = serializers.CharField(source="value.sentence")

    class Meta:
        ref_name = "CharterCriterion"
        model = CharterCriterion


class SignatureOut(serializers.Serializer):
    role = serializers.CharField()
    name = serializers.CharField(source="person_name")
    title = serializers.CharField(source="title_at_time")
    at = serializers.DateTimeField()
    digest = serializers.CharField()


class ReasonOut(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()
    field = serializers.CharField(required=False)
    fix = serializers.CharField(required=False)


class CharterOfferOut(serializers.Serializer):
    name = serializers.CharField()
    label = serializers.CharField()
    reasons = ReasonOut(many=True)


class CharterDetailOut(CharterOut):
    effective_state = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    criteria = serializers.SerializerMethodField()
    reading = serializers.SerializerMethodField()
    signatures = serializers.SerializerMethodField()
    offers = serializers.SerializerMethodField(help_text="steps open to a person on the page, with what is missing")

    class Meta(CharterOut.Meta):
        fields = (
            *CharterOut.Meta.fields, "effective_state", "text", "criteria", "reading", "signatures", "offers",
        )  # fmt: skip

    def get_effective_state(self, charter: Charter) -> str:
        return effective_state(charter)

    @extend_schema_field({"type": ["object", "null"]})
    def get_text(self, charter: Charter) -> dict[str, Any] | None:
        text = charter.current_text
        return {"number": text.number, "digest": text.digest, "body": json.loads(text.body)} if text else None

    @extend_schema_field(CriterionReadingOut(many=True))
    def get_criteria(self, charter: Charter) -> list[dict[str, Any]]:
        return list(CriterionReadingOut(evaluate_criteria(charter), many=True).data)

    def get_reading(self, charter: Charter) -> str:
        point = open_point(charter)
        return reading_of(evaluate_criteria(charter), at_end=point is None or point.is_end)

    @extend_schema_field(SignatureOut(many=True))
    def get_signatures(self, charter: Charter) -> list[dict[str, Any]]:
        return list(SignatureOut(current_signatures(charter), many=True).data)

    @extend_schema_field(CharterOfferOut(many=True))
    def get_offers(self, charter: Charter) -> list[dict[str, Any]]:
        offers = Charter.lifecycle.offers(charter, self.context["actor"])
        return [{"name": o.name, "label": str(o.label), "reasons": [r.as_dict() for r in o.reasons]} for o in offers]


class CharterList(HouseList):
    """Charters in scope, latest decision date first."""

    records = Charter.objects.select_related("unit", "lead")
    serializer_class = CharterOut
    order = ("-ends_on", "id")
    filterset_fields = ("state", "unit__code")

    @extend_schema(operation_id="charter_draft", request=CharterDraft, responses={201: CharterDetailOut})
    def post(self, request: Request) -> Response:
        """Draft a charter in six blanks; sending and signing it are for people on the page."""
        given = parsed(CharterDraft, request)
        unit = get_visible(Unit.objects.visible_to(self.actor, "charter.read"), self.actor, code=given.pop("unit"))
        require(self.actor, "charter.text.draft", unit)
        cases = [get_visible(Candidate.objects.all(), self.actor, key=key) for key in given.pop("cases")]
        lead = lead_named(unit, given.pop("lead", ""), self.actor)
        made = draft_charter(actor=self.actor, unit=unit, lead=lead, cases=cases, **given)
        return with_etag(Response(CharterDetailOut(made, context={"actor": self.actor}).data, 201), made.version)


class CharterDetail(HouseView):
    """One charter with its signed text, its criteria as they read now, and what is open."""

    records = Charter.objects.select_related("unit", "lead")
    serializer_class = CharterDetailOut

    @extend_schema(operation_id="charter_detail", responses=CharterDetailOut)
    def get(self, request: Request, key: str) -> Response:
        charter: Any = self.get_object()
        return with_etag(Response(CharterDetailOut(charter, context={"actor": self.actor}).data), charter.version)

    @extend_schema(operation_id="charter_edit", request=CharterTermsIn, responses=CharterDetailOut)
    def patch(self, request: Request, key: str) -> Response:
        """Change a draft; If-Match names the version seen. One that is out for signature is taken back."""
        charter: Any = self.get_object()
        require(self.actor, "charter.text.draft", charter)
        given, version = parsed(CharterTermsIn, request), if_match(request)
        if "lead" in given:
            given["lead"] = lead_named(charter.unit, given["lead"], self.actor)
        done = edit_charter(actor=self.actor, charter=charter, version=version, **given)
        done.refresh_from_db()
        return with_etag(Response(CharterDetailOut(done, context={"actor": self.actor}).data), done.version)


class DecisionOut(serializers.ModelSerializer):
    charter = serializers.CharField(source="charter.key")
    on = serializers.DateField(source="point.on")
    evidence_digest = serializers.CharField(source="evidence.digest")
    replaces = serializers.CharField(source="replaces.key", allow_null=True, default=None)

    class Meta:
        model = Decision
        ref_name = "Decision"
        fields = (
            "key", "charter", "on", "outcome", "reading", "state", "scope", "rationale", "digest", "evidence_digest",
            "replaces", "state_since",
        )  # fmt: skip


class DecisionDetailOut(DecisionOut):
    terms = serializers.JSONField()
    dissent = serializers.JSONField()
    evidence = serializers.SerializerMethodField()

    class Meta(DecisionOut.Meta):
        ref_name = "DecisionDetail"
        fields = (*DecisionOut.Meta.fields, "terms", "dissent", "evidence")

    @extend_schema_field({"type": "object"})
    def get_evidence(self, decision: Decision) -> dict[str, Any]:
        return {"body": json.loads(decision.evidence.body), "pins": decision.evidence.pins}


class DecisionPrepare(StrictSerializer):
    charter = serializers.CharField(max_length=20)
    on = serializers.DateField(required=False, help_text="a decision date of the charter; the open one when absent")
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    rationale = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    scope = serializers.CharField(max_length=300, required=False, allow_blank=True)
    deviation_reason = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    conditions = serializers.ListField(child=serializers.CharField(max_length=500), max_length=20, required=False)
    owner = serializers.EmailField(max_length=200, required=False, help_text="owner of the running service")
    run_cost = serializers.CharField(max_length=300, required=False, allow_blank=True)
    exit_plan = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    summary = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class DecisionList(HouseList):
    records = Decision.objects.select_related("charter__unit", "point", "evidence", "replaces")
    serializer_class = DecisionOut
    order = ("-created_at", "id")
    filterset_fields = ("state", "outcome", "charter__key")

    @extend_schema(operation_id="decision_prepare", request=DecisionPrepare, responses={201: DecisionDetailOut})
    def post(self, request: Request) -> Response:
        """Freeze the evidence and prepare a decision on it; proposing and signing are for people on the page."""
        given = parsed(DecisionPrepare, request)
        charter = get_visible(Charter.objects.select_related("unit"), self.actor, key=given.pop("charter"))
        require(self.actor, "charter.decision.prepare", charter)
        point = point_asked(charter, given.pop("on", None))
        if "owner" in given:
            given["owner_id"] = str(owner_named(charter.unit, given.pop("owner")).pk)
        made = prepare_decision(actor=self.actor, charter=charter, point=point, **given)
        return Response(DecisionDetailOut(made).data, status=201)


class DecisionDetail(HouseView):
    records = DecisionList.records
    serializer_class = DecisionDetailOut

    @extend_schema(operation_id="decision_detail", responses=DecisionDetailOut)
    def get(self, request: Request, key: str) -> Response:
        return Response(DecisionDetailOut(self.get_object()).data)


class OpenQuestionOut(serializers.ModelSerializer):
    charter = serializers.CharField(source="charter.key")

    class Meta:
        model = OpenQuestion
        fields = (
            "id", "charter", "number", "kind", "text_en", "text_zh", "answer", "answered_on", "evidence", "version",
        )  # fmt: skip


class OpenQuestionAnswer(StrictSerializer):
    answer = serializers.ChoiceField(choices=OpenQuestion.Answer.choices)
    evidence = serializers.CharField(max_length=4000, allow_blank=True, required=False, default="")


class QuestionList(HouseList):
    records = OpenQuestion.objects.select_related("charter__unit")
    serializer_class = OpenQuestionOut
    order = ("-created_at", "id")
    filterset_fields = ("answer", "charter__key")


class QuestionDetail(HouseView):
    records = OpenQuestion.objects.select_related("charter__unit")
    serializer_class = OpenQuestionOut
    lookup_field = "pk"

    @extend_schema(operation_id="question_detail", responses=OpenQuestionOut)
    def get(self, request: Request, pk: str) -> Response:
        found: Any = self.get_object()
        return with_etag(Response(OpenQuestionOut(found).data), found.version)

    @extend_schema(operation_id="question_answer", request=OpenQuestionAnswer, responses=OpenQuestionOut)
    def patch(self, request: Request, pk: str) -> Response:
        """Answer with evidence; If-Match names the version seen."""
        found: Any = self.get_object()
        given = parsed(OpenQuestionAnswer, request)
        done = answer_question(actor=self.actor, question=found, version=if_match(request), **given)
        return with_etag(Response(OpenQuestionOut(done).data), done.version)


class BreachOut(serializers.ModelSerializer):
    charter = serializers.CharField(source="charter.key")

    class Meta:
        model = Breach
        fields = (
            "id",
            "charter",
            "number",
            "guardrail",
            "seen_at",
            "what",
            "source",
            "state",
            "judgement",
            "closing_note",
        )


class BreachReport(StrictSerializer):
    charter = serializers.CharField(max_length=20)
    guardrail = serializers.ChoiceField(choices=Breach.Guardrail.choices)
    what = serializers.CharField(max_length=4000)
    source = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")
    reached_production = serializers.BooleanField(required=False, default=False)


class BreachList(HouseList):
    records = Breach.objects.select_related("charter__unit")
    serializer_class = BreachOut
    order = ("-created_at", "id")
    filterset_fields = ("state", "guardrail", "charter__key")

    @extend_schema(operation_id="breach_report", request=BreachReport, responses={201: BreachOut})
    def post(self, request: Request) -> Response:
        """Report a breach; an unapproved change or unapproved data stops the charter at once."""
        given = parsed(BreachReport, request)
        charter = get_visible(Charter.objects.select_related("unit"), self.actor, key=given.pop("charter"))
        return Response(BreachOut(report_breach(actor=self.actor, charter=charter, **given)).data, status=201)


class CanPilotOut(serializers.Serializer):
    answer = serializers.ChoiceField(choices=("yes", "no"))
    on = serializers.DateTimeField()
    reasons = ReasonOut(many=True)
    warnings = ReasonOut(many=True)
    pins = serializers.ListField(child=serializers.CharField())


ASKED = [
    OpenApiParameter("candidate", str, required=True, description="for example UC-014"),
    OpenApiParameter("unit", str, required=True, description="unit code, for example CN"),
    OpenApiParameter("on", str, description="a day (its last moment in the unit's zone); now when absent"),
]


class CanIPilot(HouseView):
    """May this case be piloted in this unit? Every reason at once; asking changes nothing."""

    records = Candidate.objects.all()
    serializer_class = CanPilotOut

    @extend_schema(operation_id="can_i_pilot", parameters=ASKED, responses=CanPilotOut)
    def get(self, request: Request) -> Response:
        asked = request.query_params
        candidate = get_visible(Candidate.objects.select_related("unit"), self.actor, key=asked.get("candidate", ""))
        units = Unit.objects.visible_to(self.actor, "charter.read")
        unit = get_visible(units, self.actor, code=asked.get("unit", ""))
        found = can_pilot(actor=self.actor, candidate=candidate, unit=unit, on=_moment(asked.get("on", ""), unit))
        return Response(found.as_dict())


def _moment(text: str, unit: Any) -> Any:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise Invalid(Reason("day_unreadable", _("Write the day as 2026-11-27."), field="on"))
    return timezone.make_aware(datetime.combine(day, time.max), ZoneInfo(unit.zone))
