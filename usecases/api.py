"""REST over the same services. Scores have no route at all; results come from `visible_result` alone."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import PositiveIntegerField, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Unit
from foundation.access import get_visible
from foundation.actor import Actor
from foundation.api.strict import ModelBody, StrictSerializer, if_match, parsed, with_etag
from foundation.api.views import HouseList, HouseView
from foundation.errors import Invalid, Reason
from governance.models import DataCategory
from usecases import services
from usecases.models import (
    Asset,
    Candidate,
    Contract,
    ContractItem,
    InventoryVersion,
    Pain,
    Ranking,
    RankingSnapshot,
    System,
)
from usecases.models.load import LOAD_FIELDS
from usecases.selectors import visible_result


def unit_of(actor: Actor, code: str) -> Unit:
    return found_all(Unit.objects.visible_to(actor), "code", [code], "unit")[0]


def found_all(records: QuerySet[Any], name: str, keys: list[str], field: str) -> list[Any]:
    """What the keys name and the actor sees; a key that names nothing visible is a fault of its field."""
    have = {str(getattr(r, name)): r for r in records.filter(**{f"{name}__in": keys})}
    missing = [k for k in dict.fromkeys(keys) if k not in have]
    if missing:
        text = _("There is no %(key)s here, or you may not see it.") % {"key": missing[0][:60]}
        raise Invalid(Reason("unknown_key", text, field))
    return [have[k] for k in dict.fromkeys(keys)]


class KeyField(serializers.CharField):
    """Shows the key of a related record."""

    def __init__(self, name: str = "key", **kwargs: Any) -> None:
        self.name = name
        super().__init__(**{"read_only": True, **kwargs})

    def to_representation(self, value: Any) -> str:
        return str(getattr(value, self.name))


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class KeysField(serializers.Field):
    """Shows the keys of related records."""

    def __init__(self, name: str = "key", **kwargs: Any) -> None:
        self.name = name
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> list[str]:
        return sorted(str(getattr(r, self.name)) for r in value.all())


class WholeNumberFilter(django_filters.NumberFilter):
    """Says so when a whole number is not whole, instead of finding nothing."""

    field_class = forms.IntegerField


def body_filters(model: Any, names: list[str]) -> Any:
    whole = {PositiveIntegerField: {"filter_class": WholeNumberFilter}}
    meta = type("Meta", (), {"model": model, "fields": names, "filter_overrides": whole})
    unit = django_filters.CharFilter(field_name="unit__code")
    return type(f"{model.__name__}Filters", (django_filters.FilterSet,), {"Meta": meta, "unit": unit})


# --- pains -------------------------------------------------------------------------------------------------------

WRITTEN = [
    "title_en", "title_zh", "description_en", "description_zh", "kind", "workaround", "severity", "consequence",
    "teams_affected", "shadow_automation", "shadow_where", "shadow_may_be_shown", *LOAD_FIELDS,
]  # fmt: skip
HOURS = ["hours_low", "hours_likely", "hours_high", "grade"]


class PainOut(serializers.ModelSerializer):
    unit = KeyField("code")
    owner_team = KeyField("code", allow_null=True)
    systems = KeysField()

    class Meta:
        model = Pain
        ref_name = "Pain"
        fields = [
            "key", "unit", *WRITTEN, "tags", "evidence_links", "owner_team", "systems", *HOURS, "source", "source_id",
            "state", "state_reason", "version", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class PainIn(ModelBody):
    """Any field may be left out; title_en or title_zh is needed."""

    model, written = Pain, WRITTEN
    unit = serializers.CharField(max_length=12)
    source_id = serializers.CharField(max_length=120, required=False)
    owner_team = serializers.CharField(max_length=12, required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=12)
    systems = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)
    evidence_links = serializers.ListField(child=serializers.URLField(max_length=500), required=False, max_length=12)


class PainPatch(PainIn):
    needed, fixed = (), ("unit", "source_id")


def pain_details(actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    """Keys of the body to records."""
    if data.get("owner_team"):
        data["owner_team"] = found_all(Unit.objects.visible_to(actor), "code", [data["owner_team"]], "owner_team")[0]
    if "systems" in data:
        data["systems"] = found_all(System.objects.visible_to(actor), "key", data["systems"], "systems")
    return data


class Pains(HouseList):
    records = Pain.objects.select_related("unit", "owner_team").prefetch_related("systems")
    serializer_class = PainOut
    filterset_class = body_filters(Pain, ["state", "kind", "grade", "source"])

    @extend_schema(request=PainIn, responses={201: PainOut})
    def post(self, request: Request) -> Response:
        data = pain_details(self.actor, parsed(PainIn, request))
        unit = unit_of(self.actor, data.pop("unit"))
        source = Pain.Source.API
        pain = services.record_pain(actor=self.actor, unit=unit, source=source, **data)
        return with_etag(Response(PainOut(pain).data, status=status.HTTP_201_CREATED), pain.version)


class OnePain(HouseView):
    records = Pain.objects.select_related("unit", "owner_team").prefetch_related("systems")
    serializer_class = PainOut

    def get(self, request: Request, key: str) -> Response:
        pain = self.get_object()
        return with_etag(Response(PainOut(pain).data), pain.version)

    @extend_schema(request=PainPatch, responses=PainOut)
    def patch(self, request: Request, key: str) -> Response:
        version = if_match(request)
        pain = self.get_object()
        data = pain_details(self.actor, parsed(PainPatch, request))
        services.edit_pain(actor=self.actor, pain=pain, version=version, **data)
        return with_etag(Response(PainOut(self.get_object()).data), pain.version)


# --- inventories, contracts --------------------------------------------------------------------------------------


class InventoryOut(serializers.ModelSerializer):
    unit = KeyField("code")

    class Meta:
        model = InventoryVersion
        ref_name = "Inventory"
        fields = ["key", "unit", "number", "count", "digest", "acknowledged_as", "published_at"]


class InventoryFull(InventoryOut):
    content = serializers.JSONField(source="facts", read_only=True)

    class Meta(InventoryOut.Meta):
        ref_name = "InventoryContent"
        fields = [*InventoryOut.Meta.fields, "content"]


class Inventories(HouseList):
    records = InventoryVersion.objects.select_related("unit")
    serializer_class = InventoryOut
    filterset_class = body_filters(InventoryVersion, ["number", "digest"])


class OneInventory(HouseView):
    records = InventoryVersion.objects.select_related("unit")
    serializer_class = InventoryFull

    def get(self, request: Request, key: str) -> Response:
        return Response(InventoryFull(self.get_object()).data)


class ContractItemOut(serializers.ModelSerializer):
    class Meta:
        model = ContractItem
        ref_name = "ContractItem"
        fields = ["position", "kind", "title_en", "title_zh", "evidence", "repeated", *LOAD_FIELDS, *HOURS, "version"]


class ContractOut(serializers.ModelSerializer):
    unit = KeyField("code")
    items = ContractItemOut(many=True, read_only=True)

    class Meta:
        model = Contract
        ref_name = "Contract"
        fields = [
            "key", "unit", "vendor", "title_en", "title_zh", "kind", "scope", "starts_on", "ends_on", "renewal_on",
            "notice_days", "price_model", "owner_role", "win_win", "items", "version", "created_at",
        ]  # fmt: skip


class ContractIn(ModelBody):
    """Unit, vendor and a title suffice. Its items are added on the page of the contract."""

    model, needed = Contract, ("unit", "vendor")
    written = (
        "vendor", "title_en", "title_zh", "kind", "scope", "starts_on", "ends_on", "renewal_on", "notice_days",
        "price_model", "owner_role", "win_win",
    )  # fmt: skip
    unit = serializers.CharField(max_length=12)


class ContractPatch(ContractIn):
    needed, fixed = (), ("unit",)


CONTRACTS = Contract.objects.select_related("unit").prefetch_related("items")


class Contracts(HouseList):
    records = CONTRACTS
    serializer_class = ContractOut
    filterset_class = body_filters(Contract, ["kind", "vendor"])

    @extend_schema(request=ContractIn, responses={201: ContractOut})
    def post(self, request: Request) -> Response:
        data = parsed(ContractIn, request)
        unit = unit_of(self.actor, data.pop("unit"))
        contract = services.add_contract(actor=self.actor, unit=unit, **data)
        return with_etag(Response(ContractOut(contract).data, status=status.HTTP_201_CREATED), contract.version)


class OneContract(HouseView):
    records = CONTRACTS
    serializer_class = ContractOut

    def get(self, request: Request, key: str) -> Response:
        contract = self.get_object()
        return with_etag(Response(ContractOut(contract).data), contract.version)

    @extend_schema(request=ContractPatch, responses=ContractOut)
    def patch(self, request: Request, key: str) -> Response:
        version = if_match(request)
        contract = self.get_object()
        data = parsed(ContractPatch, request)
        services.edit_contract(actor=self.actor, contract=contract, version=version, **data)
        return with_etag(Response(ContractOut(self.get_object()).data), contract.version)


# --- candidates --------------------------------------------------------------------------------------------------

CANDIDATE_WRITTEN = [
    "title_en", "title_zh", "summary_en", "summary_zh", "kind_of_help", "vendor", "partner", "partner_agreed_on",
    "direction", "seen_by", "baseline_obtainable", "baseline_where", "staff_data", "tools", "open_questions",
]  # fmt: skip


class CandidateOut(serializers.ModelSerializer):
    unit = KeyField("code")
    owner_team = KeyField("code", allow_null=True)
    owner_named = serializers.SerializerMethodField()
    pains, systems, categories = KeysField(), KeysField(), KeysField("code")
    items = KeysField()

    class Meta:
        model = Candidate
        ref_name = "Candidate"
        fields = [
            "key", "unit", "channel", *CANDIDATE_WRITTEN, "owner_team", "owner_named", "pains", "items", "systems",
            "categories", "state", "state_reason", "version", "created_at",
        ]  # fmt: skip

    def get_owner_named(self, candidate: Candidate) -> bool:
        return candidate.owner_id is not None


class CandidateIn(ModelBody):
    """A draft: unit, channel and a title suffice. Items are added on the page of their contract."""

    model, written, needed = Candidate, ("channel", *CANDIDATE_WRITTEN), ("unit", "channel")
    unit = serializers.CharField(max_length=12)
    owner_team = serializers.CharField(max_length=12, required=False, allow_null=True)
    pains = serializers.ListField(child=serializers.CharField(max_length=20), required=False, max_length=50)
    systems = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)
    categories = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)


class CandidatePatch(CandidateIn):
    needed, fixed = (), ("unit", "channel")


def candidate_details(actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    data = pain_details(actor, data)
    if "pains" in data:
        data["pains"] = found_all(Pain.objects.visible_to(actor), "key", data["pains"], "pains")
    if "categories" in data:
        known = DataCategory.objects.visible_to(actor)
        data["categories"] = found_all(known, "code", data["categories"], "categories")
    return data


CANDIDATES = Candidate.objects.select_related("unit", "owner_team").prefetch_related(
    "pains", "systems", "categories", "items__contract"
)


class Candidates(HouseList):
    records = CANDIDATES
    serializer_class = CandidateOut
    filterset_class = body_filters(Candidate, ["state", "channel"])

    @extend_schema(request=CandidateIn, responses={201: CandidateOut})
    def post(self, request: Request) -> Response:
        data = candidate_details(self.actor, parsed(CandidateIn, request))
        unit = unit_of(self.actor, data.pop("unit"))
        candidate = services.draft_candidate(actor=self.actor, unit=unit, **data)
        return with_etag(Response(CandidateOut(candidate).data, status=status.HTTP_201_CREATED), candidate.version)


class OneCandidate(HouseView):
    records = CANDIDATES
    serializer_class = CandidateOut

    def get(self, request: Request, key: str) -> Response:
        candidate = self.get_object()
        return with_etag(Response(CandidateOut(candidate).data), candidate.version)

    @extend_schema(request=CandidatePatch, responses=CandidateOut)
    def patch(self, request: Request, key: str) -> Response:
        version = if_match(request)
        candidate = self.get_object()
        data = candidate_details(self.actor, parsed(CandidatePatch, request))
        services.edit_candidate(actor=self.actor, candidate=candidate, version=version, **data)
        return with_etag(Response(CandidateOut(self.get_object()).data), candidate.version)


class ShapeCandidate(HouseView):
    records = CANDIDATES
    serializer_class = CandidateOut

    @extend_schema(operation_id="candidate_shape", request=None, responses=CandidateOut)
    def post(self, request: Request, key: str) -> Response:
        """Mark an idea as shaped; 409 with every reason while something is missing."""
        version = if_match(request)
        parsed(StrictSerializer, request)
        candidate = services.shape_candidate(actor=self.actor, candidate=self.get_object(), version=version)
        return with_etag(Response(CandidateOut(candidate).data), candidate.version)


class ParkIn(StrictSerializer):
    reason = serializers.CharField(max_length=500)

    class Meta:
        ref_name = "CandidatePark"


class ParkCandidate(HouseView):
    records = CANDIDATES
    serializer_class = CandidateOut

    @extend_schema(operation_id="candidate_park", request=ParkIn, responses=CandidateOut)
    def post(self, request: Request, key: str) -> Response:
        """Put a candidate aside with the reason; it may come back to shaped."""
        version, data = if_match(request), parsed(ParkIn, request)
        candidate = services.park_candidate(actor=self.actor, candidate=self.get_object(), version=version, **data)
        return with_etag(Response(CandidateOut(candidate).data), candidate.version)


# --- rankings ----------------------------------------------------------------------------------------------------


class RankingCriterionOut(serializers.Serializer):
    code = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    anchors = serializers.JSONField()
    weight = serializers.IntegerField()

    class Meta:
        ref_name = "RankingCriterion"


class RankingOut(serializers.ModelSerializer):
    unit = KeyField("code")
    candidates = serializers.SerializerMethodField()
    sheets = serializers.SerializerMethodField()
    criteria = RankingCriterionOut(many=True, read_only=True)

    class Meta:
        model = Ranking
        ref_name = "Ranking"
        fields = [
            "id", "unit", "title_en", "title_zh", "mode", "state", "candidates", "criteria", "sheets", "version",
            "created_at",
        ]  # fmt: skip

    def get_candidates(self, ranking: Ranking) -> list[str]:
        return [e.candidate.key for e in ranking.entries.all()]

    @extend_schema_field({"type": "object", "properties": {"done": {"type": "integer"}, "of": {"type": "integer"}}})
    def get_sheets(self, ranking: Ranking) -> dict[str, int]:
        """Turnout only."""
        done = [s.done for s in ranking.scorers.all()]
        return {"done": sum(done), "of": len(done)}


class RankingFull(RankingOut):
    """`result` is empty until the scores are opened."""

    result = serializers.SerializerMethodField()

    class Meta(RankingOut.Meta):
        ref_name = "RankingResult"
        fields = [*RankingOut.Meta.fields, "result"]

    @extend_schema_field({"type": "object"})
    def get_result(self, ranking: Ranking) -> dict[str, Any]:
        return visible_result(ranking).get("output", {})


class RankingIn(StrictSerializer):
    unit = serializers.CharField(max_length=12)
    title_en = serializers.CharField(max_length=140, required=False)
    title_zh = serializers.CharField(max_length=140, required=False)
    mode = serializers.ChoiceField(choices=Ranking.Mode.choices, required=False)
    candidates = serializers.ListField(child=serializers.CharField(max_length=20), min_length=1, max_length=60)


RANKINGS = Ranking.objects.select_related("unit").prefetch_related("entries__candidate", "scorers", "criteria")


class Rankings(HouseList):
    records = RANKINGS
    serializer_class = RankingOut
    filterset_class = body_filters(Ranking, ["state"])

    @extend_schema(request=RankingIn, responses={201: RankingOut})
    def post(self, request: Request) -> Response:
        data = parsed(RankingIn, request)
        unit = unit_of(self.actor, data.pop("unit"))
        known = Candidate.objects.visible_to(self.actor).select_related("unit")
        chosen = found_all(known, "key", data.pop("candidates"), "candidates")
        ranking = services.draft_ranking(actor=self.actor, unit=unit, candidates=chosen, **data)
        return with_etag(Response(RankingOut(ranking).data, status=status.HTTP_201_CREATED), ranking.version)


class OneRanking(HouseView):
    records = RANKINGS
    serializer_class = RankingFull
    lookup_field = "pk"

    def get(self, request: Request, pk: Any) -> Response:
        ranking = self.get_object()
        return with_etag(Response(RankingFull(ranking).data), ranking.version)


class SnapshotOut(serializers.ModelSerializer):
    unit = KeyField("code")

    class Meta:
        model = RankingSnapshot
        ref_name = "RankingSnapshot"
        fields = ["key", "unit", "digest", "frozen_at"]


class SnapshotFull(SnapshotOut):
    content = serializers.JSONField(source="facts", read_only=True)

    class Meta(SnapshotOut.Meta):
        ref_name = "RankingSnapshotContent"
        fields = [*SnapshotOut.Meta.fields, "content"]


class Snapshots(HouseList):
    records = RankingSnapshot.objects.select_related("unit")
    serializer_class = SnapshotOut
    filterset_class = body_filters(RankingSnapshot, ["digest"])


class OneSnapshot(HouseView):
    records = RankingSnapshot.objects.select_related("unit")
    serializer_class = SnapshotFull

    def get(self, request: Request, key: str) -> Response:
        return Response(SnapshotFull(get_visible(self.records, self.actor, key=key)).data)


# --- assets ------------------------------------------------------------------------------------------------------


class AssetOut(serializers.ModelSerializer):
    unit = KeyField("code")
    owner_team = KeyField("code", allow_null=True)
    candidate = KeyField(allow_null=True)

    class Meta:
        model = Asset
        ref_name = "Asset"
        fields = [
            "key", "unit", "kind", "title_en", "title_zh", "owner_team", "stored_at", "candidate", "state", "version",
            "created_at",
        ]  # fmt: skip


class AssetIn(StrictSerializer):
    unit = serializers.CharField(max_length=12)
    kind = serializers.ChoiceField(choices=Asset.Kind.choices)
    title_en = serializers.CharField(max_length=140, required=False)
    title_zh = serializers.CharField(max_length=140, required=False)
    stored_at = serializers.CharField(max_length=300)
    owner_team = serializers.CharField(max_length=12, required=False, allow_null=True)
    candidate = serializers.CharField(max_length=20, required=False, allow_null=True)


class Assets(HouseList):
    records = Asset.objects.select_related("unit", "owner_team", "candidate")
    serializer_class = AssetOut
    filterset_class = body_filters(Asset, ["state", "kind"])

    @extend_schema(request=AssetIn, responses={201: AssetOut})
    def post(self, request: Request) -> Response:
        data = pain_details(self.actor, parsed(AssetIn, request))
        unit = unit_of(self.actor, data.pop("unit"))
        if data.get("candidate"):
            known = Candidate.objects.visible_to(self.actor)
            data["candidate"] = found_all(known, "key", [data["candidate"]], "candidate")[0]
        asset = services.add_asset(actor=self.actor, unit=unit, **data)
        return with_etag(Response(AssetOut(asset).data, status=status.HTTP_201_CREATED), asset.version)


class OneAsset(HouseView):
    records = Asset.objects.select_related("unit", "owner_team", "candidate")
    serializer_class = AssetOut

    def get(self, request: Request, key: str) -> Response:
        asset = self.get_object()
        return with_etag(Response(AssetOut(asset).data), asset.version)
