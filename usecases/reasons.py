"""A reason that leads to the very field of a form."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.errors import Reason


@dataclass(frozen=True)
class FieldReason(Reason):
    """`fix` is the page of the form; the address ends at the field the reason is about."""

    @property
    def fix_url(self) -> str | None:
        url = super().fix_url
        return f"{url}#id_{self.field}" if url and self.field else url
