"""Publish the pain inventory of a unit: frozen text with a digest, ordered by the size of the work."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require, within
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical, digest
from foundation.errors import Invalid, NotReady, Reason
from foundation.work import service, unit_of_work
from usecases.models import InventoryVersion, Pain
from usecases.quick import PURPOSE

LISTED = ("raw", "clustered", "voted", "promoted")


@service
def publish_inventory(*, actor: Actor, unit: Unit, acknowledge: bool = False) -> InventoryVersion:
    """The next version for the unit and everything below it. Refused when nothing changed since the last one."""
    require(actor, "usecases.inventory.publish", unit)
    if not acknowledge:
        text = _("Acknowledge the purpose first; your name is printed with it.")
        raise Invalid(Reason("purpose_not_acknowledged", text, "acknowledge"))
    last = last_version(unit)
    content = inventory_content(unit)
    _worth_publishing(content, last)
    signed = {"by": actor.label, "role": str(actor.title_at("usecases.inventory.publish", unit.path))}
    printed = " · ".join(filter(None, signed.values()))
    return insert_version(
        actor, unit, content, signed=signed, acknowledged_by_id=actor.user_id, acknowledged_as=printed
    )  # fmt: skip


def last_version(unit: Unit) -> InventoryVersion | None:
    return InventoryVersion.objects.filter(unit=unit).order_by("-number").first()


def next_version_key(unit: Unit) -> str:
    last = last_version(unit)
    return f"INV-{unit.code}-v{last.number + 1 if last else 1}"


def insert_version(
    actor: Actor, unit: Unit, content: dict[str, Any], *, signed: dict[str, str], **columns: Any
) -> InventoryVersion:
    """Freeze the content as the unit's next version, with the purpose and who acknowledged it."""
    last = last_version(unit)
    key, number = next_version_key(unit), last.number + 1 if last else 1
    facts = {
        "schema": "inventory/1", "key": key, "unit": unit.code, "number": number, "published_at": clock.now(),
        "purpose": PURPOSE, "acknowledged": signed, **content,
    }  # fmt: skip
    body = canonical(facts)
    version = InventoryVersion.objects.create(
        key=key, unit=unit, number=number, count=len(content["pains"]), body=body, digest=digest(body),
        published_at=facts["published_at"], **columns,
    )  # fmt: skip
    record(actor, "inventory.published", version, count=version.count, digest=version.digest)
    return version


def _worth_publishing(content: dict[str, Any], last: InventoryVersion | None) -> None:
    if not content["pains"]:
        text = _("There is no pain to publish here yet.")
        raise NotReady(Reason("no_pains", text, fix=("usecases:pain_new", [])))
    if last and canonical(last.facts["pains"]) == canonical(content["pains"]):
        text = _("Nothing has changed since %(key)s.")
        raise NotReady(Reason("nothing_changed", text % {"key": last.key}, fix=("usecases:inventory", [last.key])))


def inventory_content(unit: Unit) -> dict[str, Any]:
    """The rows as they stand, largest likely hours first, those without a size at the end."""
    under = Pain.objects.filter(within([unit.path])).select_related("owner_team", "unit")
    rows = sorted(under.filter(state__in=LISTED), key=_by_size)
    return {
        "order": "likely_hours",
        "totals": totals(rows),
        "left_out": under.exclude(state__in=LISTED).count(),
        "pains": [{"position": i, **pain.facts()} for i, pain in enumerate(rows, start=1)],
    }


def _by_size(pain: Pain) -> tuple[bool, Decimal, str]:
    return pain.hours_likely is None, -(pain.hours_likely or Decimal(0)), pain.key


def totals(rows: list[Pain]) -> dict[str, Any]:
    """Sums of lows, likelies and highs with the share of likely hours that are guesses; n says how many are sized."""
    sized = [p for p in rows if p.hours_likely is not None]
    likely = sum((p.hours_likely for p in sized), Decimal(0))
    guessed = sum((p.hours_likely for p in sized if p.grade == "guess"), Decimal(0))
    return {
        "n": len(rows),
        "sized": len(sized),
        "low": sum((p.hours_low for p in sized), Decimal(0)),
        "likely": likely,
        "high": sum((p.hours_high for p in sized), Decimal(0)),
        "guess_share": guessed / likely if likely else None,
    }


def refuse_person_view(actor: Actor, unit: Unit | None) -> None:
    """A view by person is refused with the purpose, and that it was asked for is written down."""
    if unit is not None:
        with unit_of_work():
            record(actor, "inventory.person_view_refused", unit)
    text = _("Hours describe work, not people. There is no view by person, no headcount and no saving here.")
    raise Invalid(Reason("person_view", text))


__all__ = [
    "insert_version",
    "inventory_content",
    "next_version_key",
    "publish_inventory",
    "refuse_person_view",
    "totals",
]
