"""REST of workshops: set up, take a step, read what may be seen now. Seats, cards and ballots have no route here."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.api.strict import ModelBody, StrictSerializer, if_match, parsed, with_etag
from foundation.api.views import HouseList, HouseView
from foundation.errors import Invalid, NotVisible, Reason
from usecases.api import KeyField, body_filters, unit_of
from usecases.models import Workshop
from usecases.services import workshops as services
from usecases.workshop_preview import ASKS_WHY
from usecases.workshop_view import visible_results

WRITTEN = [
    "title_en", "title_zh", "question", "language", "mode", "budget", "cap", "top_n", "merge_by", "follow_links",
]  # fmt: skip
WORKSHOPS = Workshop.objects.select_related("unit", "facilitator", "sponsor")


class WorkshopOut(serializers.ModelSerializer):
    unit = KeyField("code")

    class Meta:
        model = Workshop
        ref_name = "Workshop"
        fields = ["key", "unit", *WRITTEN, "state", "state_since", "acknowledged_as", "version", "created_at"]


class WorkshopFull(WorkshopOut):
    shown = serializers.SerializerMethodField()

    class Meta(WorkshopOut.Meta):
        ref_name = "WorkshopShown"
        fields = [*WorkshopOut.Meta.fields, "shown"]

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_shown(self, workshop: Workshop) -> dict[str, Any]:
        """What this phase lets the reader see; empty before publishing for whoever does not run it."""
        return visible_results(workshop, self.context["actor"])


class WorkshopIn(ModelBody):
    """A unit and a title suffice; the rest is the 45-minute pain inventory."""

    model, written = Workshop, WRITTEN
    unit = serializers.CharField(max_length=12)


class Workshops(HouseList):
    records = WORKSHOPS
    serializer_class = WorkshopOut
    filterset_class = body_filters(Workshop, ["state", "mode"])

    @extend_schema(request=WorkshopIn, responses={201: WorkshopOut})
    def post(self, request: Request) -> Response:
        data = parsed(WorkshopIn, request)
        workshop = services.create_workshop(actor=self.actor, unit=unit_of(self.actor, data.pop("unit")), **data)
        return with_etag(Response(WorkshopOut(workshop).data, status=status.HTTP_201_CREATED), workshop.version)


class OneWorkshop(HouseView):
    records = WORKSHOPS
    serializer_class = WorkshopFull

    def get(self, request: Request, key: str) -> Response:
        return shown(self, self.get_object())


class StepIn(StrictSerializer):
    """Why, for `vote_again` and `cancel`."""

    reason = serializers.CharField(max_length=500, required=False)

    class Meta:
        ref_name = "WorkshopStep"


class WorkshopStep(HouseView):
    records = WORKSHOPS
    serializer_class = WorkshopFull

    @extend_schema(
        operation_id="workshop_step", request=StepIn, responses=WorkshopFull,
        parameters=[OpenApiParameter("act", str, "path", enum=list(services.STEPS))],
    )  # fmt: skip
    def post(self, request: Request, key: str, act: str) -> Response:
        """Take a step; 409 with every reason while something is missing or the phase has moved."""
        if act not in services.STEPS:
            raise NotVisible(Reason("not_found", NotVisible.title))
        version, data = if_match(request), parsed(StepIn, request)
        if "reason" in data and act not in ASKS_WHY:
            raise Invalid(Reason("unknown_field", _("This step asks for no reason."), "reason"))
        if act in ASKS_WHY:
            data.setdefault("reason", "")
        services.STEPS[act](actor=self.actor, workshop=self.get_object(), version=version, **data)
        return shown(self, self.get_object())


def shown(view: HouseView, workshop: Any) -> Response:
    return with_etag(Response(WorkshopFull(workshop, context={"actor": view.actor}).data), workshop.version)
