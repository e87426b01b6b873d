"""Keyset pages: no COUNT, the same cost at any depth."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.calendar_days import outside_words
from foundation.errors import Refused
from foundation.keyset import keyset_page
from foundation.versions import small_number

MAX_SIZE = 1000


class KeysetPagination(BasePagination):
    """`?after=` is opaque, `?size=` 1 to 1,000. A view may set `order = ("-created_at", "id")`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        order = getattr(view, "order", ("-created_at", "id"))
        try:
            self.page = keyset_page(queryset, order, after=request.query_params.get("after"), size=self._size(request))
        except Refused as error:
            raise ValidationError({"after": [str(r.text) for r in error.reasons]}) from error
        except OverflowError as error:  # a filter by a moment no clock holds once its zone is taken off
            raise ValidationError(outside_words()) from error
        self.request = request
        return list(self.page.items)

    def _size(self, request: Request) -> int:
        given = request.query_params.get("size", "50")
        size = small_number(given)
        if size is None or not 1 <= size <= MAX_SIZE:
            raise ValidationError({"size": [f"1–{MAX_SIZE}"]})
        return size

    def get_paginated_response(self, data: list[Any]) -> Response:
        return Response({"items": data, "next": self.page.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {"type": ["string", "null"], "description": "Pass as `after` to read the next page."}
        properties = {"items": schema, "next": cursor}
        return {"type": "object", "required": ["items", "next"], "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": 50}
        return [
            {"name": "after", "in": "query", "required": False, "schema": {"type": "string", "maxLength": 500}},
            {"name": "size", "in": "query", "required": False, "schema": size},
        ]
