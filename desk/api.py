"""REST of the desk: the same reads as the pages; nothing is written here."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Unit
from desk.selectors.journey import read_journey
from desk.selectors.questions import read_questions
from desk.selectors.search import LONGEST, search_records
from desk.selectors.today import read_today
from desk.selectors.units import chosen_unit
from foundation.access import require
from foundation.errors import NotVisible, Reason

UNIT = OpenApiParameter("unit", OpenApiTypes.STR, description="code of a unit; without it the caller's own")
QUERY = OpenApiParameter(
    "q", {"type": "string"}, description=f"an id, or words of a title (the first {LONGEST} letters)"
)


class CardOut(serializers.Serializer):
    code = serializers.CharField()
    verb = serializers.CharField()
    name = serializers.CharField()
    why = serializers.CharField()
    url = serializers.CharField()
    due = serializers.DateField(allow_null=True)
    overdue = serializers.BooleanField()
    decision = serializers.BooleanField()


class WaitOut(serializers.Serializer):
    text = serializers.CharField()
    url = serializers.CharField()


class ChangeOut(serializers.Serializer):
    at = serializers.DateTimeField()
    sentence = serializers.CharField()
    more = serializers.IntegerField()


class NextDateOut(serializers.Serializer):
    on = serializers.DateField()
    text = serializers.CharField()
    url = serializers.CharField()


class TodayOut(serializers.Serializer):
    cards = CardOut(many=True)
    more = serializers.IntegerField()
    waits = WaitOut(many=True)
    changes = ChangeOut(many=True)
    next_date = NextDateOut(allow_null=True)


class HitOut(serializers.Serializer):
    kind = serializers.CharField()
    key = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    twin = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    grade = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)


class FoundOut(serializers.Serializer):
    q = serializers.CharField(allow_blank=True)
    hits = HitOut(many=True)
    nearest = HitOut(many=True)


class EvidenceOut(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    on = serializers.DateField(allow_null=True)
    url = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class BoxOut(serializers.Serializer):
    code = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(["not_started", "under_way", "done", "skipped"])
    first_on = serializers.DateField(allow_null=True)
    mark = serializers.CharField(allow_blank=True)
    missing = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())
    skipped_because = serializers.SerializerMethodField()
    evidence = EvidenceOut(many=True)

    def get_skipped_because(self, box: Any) -> str:
        return box.skip.reason if box.skip else ""


class JourneyOut(serializers.Serializer):
    unit = serializers.CharField(source="unit.code")
    as_of = serializers.DateTimeField()
    next = serializers.CharField(source="next_code", allow_null=True)
    done = serializers.IntegerField()
    boxes = BoxOut(many=True)
    happened = serializers.SerializerMethodField()

    def get_happened(self, journey: Any) -> list[str]:
        return [box.code for box in journey.happened]


class SourceOut(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    word = serializers.CharField(allow_blank=True)


class AnswerOut(serializers.Serializer):
    number = serializers.IntegerField()
    who = serializers.CharField()
    question = serializers.CharField()
    text = serializers.CharField()
    en = serializers.CharField(source="answer.en")
    zh = serializers.CharField(source="answer.zh")
    word = serializers.CharField(source="answer.word", allow_blank=True)
    evidence = SourceOut(source="answer.sources", many=True)


class QuestionsOut(serializers.Serializer):
    unit = serializers.CharField(source="unit.code")
    as_of = serializers.DateTimeField()
    answers = AnswerOut(many=True)


def _unit(request: Request) -> Unit:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "desk.read")
    unit = chosen_unit(actor, request.query_params.get("unit"))
    if unit is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return unit


class TodayView(APIView):
    @extend_schema(operation_id="desk_today", responses=TodayOut)
    def get(self, request: Request) -> Response:
        return Response(TodayOut(read_today(request.actor)).data)  # type: ignore[attr-defined]


class SearchView(APIView):
    @extend_schema(operation_id="desk_search", parameters=[QUERY], responses=FoundOut)
    def get(self, request: Request) -> Response:
        found = search_records(request.actor, request.query_params.get("q", ""))  # type: ignore[attr-defined]
        return Response(FoundOut(found).data)


class JourneyView(APIView):
    @extend_schema(operation_id="desk_journey", parameters=[UNIT], responses=JourneyOut)
    def get(self, request: Request) -> Response:
        return Response(JourneyOut(read_journey(_unit(request))).data)


class QuestionsView(APIView):
    @extend_schema(operation_id="desk_questions", parameters=[UNIT], responses=QuestionsOut)
    def get(self, request: Request) -> Response:
        return Response(QuestionsOut(read_questions(_unit(request))).data)


urlpatterns: list[URLPattern] = [
    path("today", TodayView.as_view(), name="today"),
    path("search", SearchView.as_view(), name="search"),
    path("journey", JourneyView.as_view(), name="journey"),
    path("questions", QuestionsView.as_view(), name="questions"),
]
