"""One AutoSchema: every operation declares its refusals as problem+json."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import ChoiceField

PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "reasons"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "request id"},
        "code": {"type": "string"},
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "text"],
                "properties": {
                    "code": {"type": "string"},
                    "text": {"type": "string"},
                    "field": {"type": "string"},
                    "fix": {"type": "string"},
                },
            },
        },
    },
}
REFUSALS = {
    "400": "cannot be read",
    "401": "not signed in",
    "403": "not permitted",
    "404": "nothing here, or not visible",
    "406": "not acceptable",
    "409": "not yet possible",
    "412": "stale",
    "413": "too large",
    "415": "unsupported media type",
    "422": "invalid",
    "428": "If-Match missing",
    "429": "too many",
}


class HouseSchema(AutoSchema):
    def _is_list_view(self, serializer: Any = None) -> bool:
        from foundation.api.views import HouseList

        return (isinstance(self.view, HouseList) and self.method == "GET") or super()._is_list_view(serializer)

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        """An empty filter asks for nothing, as in a form: say so."""
        found = super()._get_filter_parameters()
        for parameter in found:
            asked = parameter["schema"]
            if asked != {"type": "string"}:
                parameter["schema"] = {"anyOf": [asked, {"type": "string", "maxLength": 0}]}
        return found

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """The library forgets on read-only fields that a choice may be left open."""
        model = getattr(getattr(field.parent, "Meta", None), "model", None)
        if isinstance(field, ChoiceField) and field.read_only and model is not None:
            columns = {f.name: f for f in model._meta.concrete_fields}
            field.allow_blank = field.source in columns and columns[field.source].blank
        return super()._map_serializer_field(field, direction, bypass_extensions)

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        responses = super()._get_response_bodies(*args, **kwargs)
        for status, text in REFUSALS.items():
            responses.setdefault(
                status, {"description": text, "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}}}
            )
        return responses
