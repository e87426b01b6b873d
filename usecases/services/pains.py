"""Pains: record, edit, park, reject, promote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Invalid, Reason
from foundation.refs import next_ref
from foundation.work import service
from usecases.models import Candidate, Pain, System
from usecases.models.load import LOAD_FIELDS
from usecases.services.fields import assign, faults, known_only, reason_given, save_with_links, titled
from usecases.services.load import DERIVED, check_with_load

PAIN_FIELDS = (
    "title_en", "title_zh", "description_en", "description_zh", "kind", "workaround", "tags", "severity",
    "consequence", "owner_team", "teams_affected", "shadow_automation", "shadow_where", "shadow_may_be_shown",
    "evidence_links", *LOAD_FIELDS,
)  # fmt: skip
MAX_LINKS, MAX_TAGS = 12, 12


@service
def record_pain(
    *,
    actor: Actor,
    unit: Unit,
    systems: Iterable[System] = (),
    source: str = Pain.Source.DIRECT,
    source_id: str = "",
    **details: Any,
) -> Pain:
    """`details`: title_en or title_zh, and any of PAIN_FIELDS."""
    require(actor, "usecases.pain.record", unit)
    return insert_pain(actor, unit, systems, source, source_id, details)


def insert_pain(
    actor: Actor, unit: Unit, systems: Iterable[System], source: str, source_id: str, details: dict[str, Any],
    *, alone: bool = True,
) -> Pain:  # fmt: skip
    """`alone=False`: one of many rows of an import, which leaves one entry for all."""
    known_only(details, PAIN_FIELDS)
    pain = Pain(unit=unit, source=source, source_id=source_id.strip(), recorded_by_id=actor.user_id)
    fill(pain, details)
    if pain.source_id and Pain.objects.filter(unit=unit, source=source, source_id=pain.source_id).exists():
        text = _("Row %(row)s of this source is recorded already.") % {"row": pain.source_id}
        raise Invalid(Reason("row_known", text, "source_id"))
    pain.key = next_ref("P")
    pain.save(force_insert=True)
    pain.systems.set(systems)
    if not alone:
        return pain
    record(actor, "pain.recorded", pain, after={"title_en": pain.title_en, "title_zh": pain.title_zh})
    return pain


def fill(pain: Pain, details: dict[str, Any]) -> None:
    """Set, check everything at once, and derive the hours."""
    assign(pain, details)
    pain.tags = tidy_tags(pain.tags)
    pain.evidence_links = dated_links(pain.evidence_links, clock.today())
    checked = [n for n in (*details, "source", "source_id") if n not in ("tags", "evidence_links")]
    check_with_load(pain, [*titled(pain), *faults(pain, checked), *_link_reasons(pain)])


def _link_reasons(pain: Pain) -> Iterable[Reason]:
    bad = [x["url"] for x in pain.evidence_links if not x["url"].startswith(("https://", "http://"))]
    if bad:
        yield Reason("bad_link", _("A link starts with https://: %(link)s") % {"link": bad[0][:80]}, "evidence_links")
    if len(pain.evidence_links) > MAX_LINKS:
        yield Reason("too_many_links", _("At most %(n)s links.") % {"n": MAX_LINKS}, "evidence_links")
    if len(pain.tags) > MAX_TAGS:
        yield Reason("too_many_tags", _("At most %(n)s tags.") % {"n": MAX_TAGS}, "tags")


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Trimmed, each once, in the order given."""
    return list(dict.fromkeys(str(t).strip()[:40] for t in tags if str(t).strip()))


def dated_links(links: Iterable[Any], today: date) -> list[dict[str, str]]:
    """Addresses as `{"url", "seen_on"}`; a new one was seen today."""
    found = [link if isinstance(link, dict) else {"url": str(link)} for link in links]
    return [
        {"url": str(x.get("url", "")).strip()[:500], "seen_on": str(x.get("seen_on") or today.isoformat())[:10]}
        for x in found
    ]


@service
def edit_pain(
    *,
    actor: Actor,
    pain: Pain,
    version: int | None = None,
    systems: Iterable[System] | None = None,
    **details: Any,
) -> Pain:
    """Hours and grade follow from the factors; a published inventory keeps what it said."""
    require(actor, "usecases.pain.edit", pain)
    change_pain(actor, pain, version, systems, details)
    return pain


def change_pain(
    actor: Actor, pain: Pain, version: int | None, systems: Iterable[System] | None, details: dict[str, Any],
    *, alone: bool = True,
) -> bool:  # fmt: skip
    """True when something changed."""
    known_only(details, PAIN_FIELDS)
    fill(pain, details)
    names = (*details, *DERIVED, *(n for n in LOAD_FIELDS if n.endswith("provenance")))
    changes = {name: getattr(pain, name) for name in names}
    pain.refresh_from_db()
    links = {} if systems is None else {"systems": list(systems)}
    before, after = save_with_links(pain, version=version, changes=changes, links=links)
    if after and alone:
        record(actor, "pain.edited", pain, before=before, after=after)
    return bool(after)


@service
def park_pain(*, actor: Actor, pain: Pain, reason: str, version: int | None = None) -> Pain:
    why = reason_given(reason)
    return Pain.lifecycle.apply(pain, "park", actor=actor, version=version, state_reason=why, reason=why)


@service
def reject_pain(*, actor: Actor, pain: Pain, reason: str, version: int | None = None) -> Pain:
    why = reason_given(reason)
    return Pain.lifecycle.apply(pain, "reject", actor=actor, version=version, state_reason=why, reason=why)


@service
def reopen_pain(*, actor: Actor, pain: Pain, version: int | None = None) -> Pain:
    return Pain.lifecycle.apply(pain, "reopen", actor=actor, version=version, state_reason="")


@service
def promote_pain(
    *, actor: Actor, pain: Pain, version: int | None = None, channel: str = Candidate.Channel.A9, **details: Any
) -> Candidate:
    """A candidate with the pain's words, systems and team; `details` as in draft_candidate."""
    from usecases.services.candidates import insert_candidate

    require(actor, "usecases.pain.promote", pain)
    words = {"title_en": pain.title_en, "title_zh": pain.title_zh, "owner_team": pain.owner_team}
    links: dict[str, list[Any]] = {"pains": [pain], "systems": list(pain.systems.all())}
    candidate = insert_candidate(actor, pain.unit, channel, links, {**words, **details})
    Pain.lifecycle.apply(pain, "promote", actor=actor, version=version, candidate=candidate.key)
    return candidate
