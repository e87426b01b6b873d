"""The one family of expected refusals: each says why, all reasons at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

Fix = tuple[str, Sequence[Any]]  # (url name, args) of the page where the reason can be removed


@dataclass(frozen=True)
class Reason:
    code: str
    text: Any  # str or lazy translation: a full sentence
    field: str | None = None
    fix: Fix | None = None

    @property
    def fix_url(self) -> str | None:
        from django.urls import NoReverseMatch, reverse

        if self.fix is None:
            return None
        try:
            return reverse(self.fix[0], args=list(self.fix[1]))
        except NoReverseMatch:
            return None

    def as_dict(self) -> dict[str, str]:
        out = {"code": self.code, "text": str(self.text)}
        if self.field:
            out["field"] = self.field
        if self.fix_url:
            out["fix"] = self.fix_url
        return out


class Refused(Exception):
    """An expected refusal; doors turn it into their own form, nothing is half-written."""

    status = 409
    code = "refused"
    title: Any = _("This is not possible.")

    def __init__(self, *reasons: Reason, code: str | None = None) -> None:
        self.reasons = list(reasons)
        self.code = code or (reasons[0].code if reasons else type(self).code)
        super().__init__("; ".join(str(r.text) for r in reasons) or str(self.title))


class NotVisible(Refused):
    """Outside the actor's scope: the same answer as for what does not exist."""

    status = 404
    code = "not_found"
    title = _("There is nothing here, or you may not see it.")


class NotPermitted(Refused):
    status = 403
    code = "not_permitted"
    title = _("You may not do this.")


class NotReady(Refused):
    status = 409
    code = "not_ready"
    title = _("This cannot be done yet.")


class Stale(Refused):
    """Somebody saved in between; `current` is the record as it stands now."""

    status = 412
    code = "stale"
    title = _("Somebody changed this in the meantime.")

    def __init__(self, *reasons: Reason, current: Any = None) -> None:
        self.current = current
        default = Reason("stale", _("Somebody changed this record after you opened it. Look at both and save again."))
        super().__init__(*(reasons or (default,)), code="stale")


class Invalid(Refused):
    status = 422
    code = "invalid"
    title = _("Something is missing or not right.")


class TooMany(Refused):
    status = 429
    code = "too_many"
    title = _("That was too often.")

    def __init__(self, *reasons: Reason, retry_after: int = 60) -> None:
        self.retry_after = retry_after
        super().__init__(*reasons)


def refuse_if(reasons: Iterable[Reason], error: type[Refused] = NotReady) -> None:
    """Raise `error` with every reason; pass silently when there is none."""
    found = list(reasons)
    if found:
        raise error(*found)
