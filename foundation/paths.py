"""The column a unit path is kept in."""

from __future__ import annotations

from typing import Any

from django.db import models


class PathField(models.CharField):
    """Compares byte by byte on both engines: scope ranges are wrong under a collation that skips `/`."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        found = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            found["collation"] = "C"
        return found
