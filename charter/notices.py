"""Mails of the charter: who is asked for what, with a link that changes nothing."""

from __future__ import annotations

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from charter.models import Charter, Decision, RunningService
from foundation.actor import Actor
from foundation.notify import tell


def _signatories(charter: Charter, but: Actor | None = None) -> list[Any]:
    seats = charter.signatories.exclude(user=None).select_related("user")
    return [s.user for s in seats if but is None or str(s.user_id) != but.user_id]


def charter_sent(charter: Charter) -> None:
    tell(
        _signatories(charter),
        format_lazy(_("Please read and sign: charter {key}"), key=charter.key),
        _("A charter waits for your signature. The page shows the whole text; opening it signs nothing."),
        charter.get_absolute_url(),
    )


def charter_returned(charter: Charter, reason: str) -> None:
    tell(
        [charter.lead],
        format_lazy(_("Charter {key} came back"), key=charter.key),
        format_lazy(_("A signatory returned the charter: {reason}"), reason=reason),
        charter.get_absolute_url(),
    )


def charter_signed(charter: Charter) -> None:
    tell(
        [charter.lead, *_signatories(charter)],
        format_lazy(_("Charter {key} is signed"), key=charter.key),
        _("All required signatures are given; text and measures are locked."),
        charter.get_absolute_url(),
    )


def decision_proposed(decision: Decision, by: Actor) -> None:
    charter = decision.charter
    tell(
        _signatories(charter, by),
        format_lazy(_("Your decision is asked for: charter {key}"), key=charter.key),
        _("The other signatory has proposed an outcome. Nothing is chosen for you; opening the page signs nothing."),
        charter.get_absolute_url(),
    )


def decision_disagreed(decision: Decision) -> None:
    charter = decision.charter
    tell(
        [charter.lead, *_signatories(charter)],
        format_lazy(_("The signatories of charter {key} chose differently"), key=charter.key),
        _("Both texts are kept. Talk, and prepare the decision again."),
        charter.get_absolute_url(),
    )


def decision_sealed(decision: Decision) -> None:
    charter = decision.charter
    owners = [s.owner for s in RunningService.objects.filter(decision=decision).select_related("owner")]
    tell(
        {p.pk: p for p in [charter.lead, *_signatories(charter), *owners]}.values(),
        format_lazy(_("Decision {key} is sealed"), key=decision.key),
        _("Both signatures are given. The record shows the evidence as it stood."),
        decision.get_absolute_url(),
    )
