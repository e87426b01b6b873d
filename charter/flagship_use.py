"""A running charter holds the flagships it was signed for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from charter.models import Charter, CharterPilot
from foundation.errors import Reason
from usecases.flagship_use import register_flagship_use


@register_flagship_use
def running_charters(candidates: Sequence[Any]) -> dict[Any, list[Reason]]:
    """Signed, and neither decided nor withdrawn."""
    cases = CharterPilot.objects.filter(candidate__in=candidates, charter__state=Charter.State.SIGNED)
    found: dict[Any, list[Reason]] = {}
    for case in cases.select_related("charter").order_by("charter__key"):
        text = _("The running charter %(key)s stands on it.") % {"key": case.charter.key}
        reason = Reason("relied_on", text, fix=("charter:charter", [case.charter.key]))
        found.setdefault(case.candidate_id, []).append(reason)
    return found
