"""Candidates: from a pain (A9), from a contract item (A8) or from elsewhere; shaped before they are scored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import Unit
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.refs import next_ref
from foundation.work import service
from usecases.models import Candidate, ContractItem, Pain, System
from usecases.services.fields import assign, check, faults, known_only, reason_given, save_with_links, titled

CANDIDATE_FIELDS = (
    "title_en", "title_zh", "summary_en", "summary_zh", "kind_of_help", "owner", "owner_team", "vendor", "partner",
    "partner_agreed_on", "direction", "seen_by", "baseline_obtainable", "baseline_where", "staff_data",
    "pattern_version", "tools", "open_questions",
)  # fmt: skip
LINKS = ("pains", "items", "systems", "categories")


@service
def draft_candidate(
    *,
    actor: Actor,
    unit: Unit,
    channel: str,
    pains: Iterable[Pain] = (),
    items: Iterable[ContractItem] = (),
    systems: Iterable[System] = (),
    categories: Iterable[Any] = (),
    **details: Any,
) -> Candidate:
    """Title, channel and unit suffice; `details` are any of CANDIDATE_FIELDS."""
    require(actor, "usecases.candidate.edit", unit)
    links: dict[str, list[Any]] = {
        "pains": list(pains), "items": list(items), "systems": list(systems), "categories": list(categories),
    }  # fmt: skip
    return insert_candidate(actor, unit, channel, links, details)


def insert_candidate(
    actor: Actor, unit: Unit, channel: str, links: dict[str, list[Any]], details: dict[str, Any]
) -> Candidate:
    links = links | {name: list(details.pop(name)) for name in LINKS if name in details}
    known_only(details, CANDIDATE_FIELDS)
    candidate = Candidate(unit=unit, channel=channel)
    assign(candidate, details)
    check([*titled(candidate), *faults(candidate, ("channel", *details))])
    candidate.key = next_ref("UC", 3)
    candidate.save(force_insert=True)
    for name, objects in links.items():
        getattr(candidate, name).set(objects)
    record(actor, "candidate.drafted", candidate, channel=candidate.channel)
    return candidate


@service
def draft_from_item(*, actor: Actor, item: ContractItem, **details: Any) -> Candidate:
    """A candidate of channel A8 with the item's words and the contract's vendor."""
    require(actor, "usecases.candidate.edit", item.contract.unit)
    words = {"title_en": item.title_en, "title_zh": item.title_zh, "vendor": item.contract.vendor}
    links = {"items": [item]}
    return insert_candidate(actor, item.contract.unit, Candidate.Channel.A8, links, {**words, **details})


@service
def edit_candidate(
    *,
    actor: Actor,
    candidate: Candidate,
    version: int | None = None,
    pains: Iterable[Pain] | None = None,
    items: Iterable[ContractItem] | None = None,
    systems: Iterable[System] | None = None,
    categories: Iterable[Any] | None = None,
    **details: Any,
) -> Candidate:
    """A frozen ranking keeps the text it ranked; the page says that the two differ."""
    require(actor, "usecases.candidate.edit", candidate)
    known_only(details, CANDIDATE_FIELDS)
    assign(candidate, details)
    check([*titled(candidate), *faults(candidate, details)])
    changes = {name: getattr(candidate, name) for name in details}
    candidate.refresh_from_db()
    given = {"pains": pains, "items": items, "systems": systems, "categories": categories}
    links = {name: list(objects) for name, objects in given.items() if objects is not None}
    before, after = save_with_links(candidate, version=version, changes=changes, links=links)
    if after:
        record(actor, "candidate.edited", candidate, before=before, after=after)
    return candidate


@service
def shape_candidate(*, actor: Actor, candidate: Candidate, version: int | None = None) -> Candidate:
    return Candidate.lifecycle.apply(candidate, "shape", actor=actor, version=version)


@service
def park_candidate(*, actor: Actor, candidate: Candidate, reason: str, version: int | None = None) -> Candidate:
    why = reason_given(reason)
    return Candidate.lifecycle.apply(candidate, "park", actor=actor, version=version, state_reason=why, reason=why)


@service
def decline_candidate(*, actor: Actor, candidate: Candidate, reason: str, version: int | None = None) -> Candidate:
    why = reason_given(reason)
    return Candidate.lifecycle.apply(candidate, "decline", actor=actor, version=version, state_reason=why, reason=why)


@service
def reopen_candidate(*, actor: Actor, candidate: Candidate, version: int | None = None) -> Candidate:
    return Candidate.lifecycle.apply(candidate, "reopen", actor=actor, version=version, state_reason="")
