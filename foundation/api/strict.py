"""Doors parse strictly: an unknown or read-only key is an error, a write names the version it saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.calendar_days import is_usable, outside_words
from foundation.versions import small_number


class StrictSerializer(serializers.Serializer):
    """Refuses keys it does not know (400) instead of dropping them."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            locked = sorted(k for k in data if k in self.fields and self.fields[k].read_only)
            errors = {k: [serializers.ErrorDetail(_("This key is not known here."), "unknown_field")] for k in unknown}
            errors |= {k: [serializers.ErrorDetail(_("This cannot be written."), "read_only_field")] for k in locked}
            if errors:
                raise serializers.ValidationError(errors)
        read = super().to_internal_value(data)
        outside = [k for k, v in read.items() if isinstance(v, date) and not is_usable(v)]
        if outside:
            raise serializers.ValidationError({k: [outside_words()] for k in outside})
        return read


class ModelBody(StrictSerializer):
    """A body with fields of a model beside its own; what is not in `needed` may be left out."""

    model: type[Model]
    written: Sequence[str] = ()  # names of fields of the model
    needed: Sequence[str] = ("unit",)
    fixed: Sequence[str] = ()  # a patch: what cannot be changed any more

    def get_fields(self) -> dict[str, Any]:
        meta = type("Meta", (), {"model": self.model, "fields": list(self.written)})
        of_model = type("OfModel", (serializers.ModelSerializer,), {"Meta": meta})
        found = {**of_model().get_fields(), **super().get_fields()}
        for name in self.fixed:
            del found[name]
        for name, field in found.items():
            field.required = name in self.needed
        return found


class PreconditionRequired(APIException):
    status_code = 428
    default_code = "if_match_missing"

    def __init__(self) -> None:
        super().__init__(_('Send the version you saw as If-Match, for example If-Match: "3".'))


def if_match(request: Request) -> int:
    """The version in If-Match; 428 without it, 412 by the service when it is stale."""
    version = small_number(request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"'))
    if version is None:
        raise PreconditionRequired()
    return version


def with_etag(response: Response, version: int) -> Response:
    response["ETag"] = f'"{version}"'
    return response


def parsed(serializer_class: type[serializers.Serializer], request: Request, **kwargs: Any) -> dict[str, Any]:
    """Validated data of the request body, or 400 with every reason."""
    serializer = serializer_class(data=request.data, **kwargs)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
