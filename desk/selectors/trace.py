"""What became of it: pain, candidate, ranking, selection, charter, decision, as far as the reader sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from charter.models import Charter, CharterPilot, Decision
from desk.links import link_to
from foundation.access import require
from foundation.actor import Actor
from foundation.errors import NotVisible, Reason
from usecases.models import Candidate, FlagshipSlot, Pain, RankingCandidate


@dataclass(frozen=True)
class Step:
    kind: str  # pain, candidate, ranking, selection, charter, decision
    word: str
    title: str
    on: datetime | None
    note: str = ""
    url: str = ""
    tone: str = "ok"
    is_subject: bool = False


@dataclass(frozen=True)
class Trace:
    subject: Any
    title: str
    chains: list[list[Step]]  # one a candidate; a pain without one has a chain of itself

    @property
    def reached(self) -> str:
        """The furthest link of any chain."""
        order = ("pain", "candidate", "ranking", "selection", "charter", "decision")
        kinds = {step.kind for chain in self.chains for step in chain if step.tone != "open"}
        return max(kinds, key=order.index, default="pain")


def read_trace(actor: Actor, key: str) -> Trace:
    require(actor, "desk.read")
    subject = find(actor, key)
    candidates = list(_candidates(actor, subject))
    chains = [_chain(actor, c, subject) for c in candidates]
    if not chains:
        chains = [[_step_of(subject, subject), _nothing_yet(subject)]]
    return Trace(subject, _title(subject), chains)


def find(actor: Actor, key: str) -> Any:
    for model in (Pain, Candidate, Charter, Decision):
        found = model.objects.visible_to(actor).filter(key__iexact=key[:40]).first()
        if found is not None:
            return found
    raise NotVisible(Reason("not_found", NotVisible.title))


def _candidates(actor: Actor, subject: Any) -> Iterable[Candidate]:
    seen = Candidate.objects.visible_to(actor)
    if isinstance(subject, Candidate):
        return [subject]
    if isinstance(subject, Pain):
        rows = seen.filter(pains=subject)
    else:
        charter = subject if isinstance(subject, Charter) else subject.charter
        rows = seen.filter(pk__in=charter.cases.values_list("candidate", flat=True))
    return rows.order_by("created_at", "key")


def _title(subject: Any) -> str:
    if isinstance(subject, Decision):
        return _("%(outcome)s, %(question)s") % {
            "outcome": subject.get_outcome_display(), "question": subject.charter.question,
        }  # fmt: skip
    return subject.question if isinstance(subject, Charter) else subject.title


def _chain(actor: Actor, candidate: Candidate, subject: Any) -> list[Step]:
    pains = list(Pain.objects.visible_to(actor).filter(candidates=candidate).order_by("created_at"))
    steps = [_step_of(p, subject) for p in pains if not isinstance(subject, Pain) or p.pk == subject.pk]
    steps += [_step_of(i, subject) for i in candidate.items.select_related("contract__unit")] if not pains else []
    steps.append(_step_of(candidate, subject))
    steps += [*_rankings(actor, candidate), *_selections(actor, candidate)]
    steps += [_step_of(row, subject) for row in _charters(actor, candidate)]
    if steps[-1].kind != "decision":
        steps.append(_open_end(steps[-1].kind, candidate))
    return steps


def _step_of(record: Any, subject: Any) -> Step:
    here = record == subject
    url = link_to(record)
    if isinstance(record, Pain):
        return Step(
            "pain", _("Pain"), record.title, record.created_at, str(record.get_state_display()), url, "ok", here
        )
    if isinstance(record, Candidate):
        note = f"{record.get_channel_display()} · {record.get_state_display()}"
        return Step("candidate", _("Candidate"), record.title, record.created_at, note, url, "ok", here)
    if isinstance(record, Charter):
        note = str(record.get_state_display())
        return Step("charter", _("Charter"), record.question, record.created_at, note, url, "ok", here)
    if isinstance(record, Decision):
        tone = "seal" if record.state == "signed" else "info"
        word = str(record.get_outcome_display())
        return Step(
            "decision", _("Decision"), word, record.state_since, str(record.get_state_display()), url, tone, here
        )
    return Step("pain", _("Contract item"), str(record), record.created_at, record.contract.vendor, url)


def _rankings(actor: Actor, candidate: Candidate) -> Iterable[Step]:
    rows = RankingCandidate.objects.filter(candidate=candidate, ranking__snapshot__isnull=False)
    rows = rows.select_related("ranking__snapshot__unit").order_by("ranking__snapshot__frozen_at")
    for row in rows:
        snapshot = row.ranking.snapshot
        if actor.is_system or actor.may("usecases.read", snapshot.unit.path):
            others = row.ranking.entries.count() - 1
            text = _("Ranked together with %(n)s others") % {"n": others} if others else _("Ranked alone")
            yield Step("ranking", _("Ranking"), text, snapshot.frozen_at, _("frozen"), link_to(snapshot))


def _selections(actor: Actor, candidate: Candidate) -> Iterable[Step]:
    rows = FlagshipSlot.objects.filter(candidate=candidate).select_related(
        "selection__snapshot__unit", "selection__unit"
    )
    for row in rows.order_by("selection__decided_at"):
        if actor.is_system or actor.may("usecases.read", row.selection.unit.path):
            url = link_to(row.selection)
            yield Step("selection", _("Selection"), _("Chosen as flagship"), row.selection.decided_at, "", url)


def _charters(actor: Actor, candidate: Candidate) -> Iterable[Any]:
    cases = CharterPilot.objects.visible_to(actor, "charter.read").filter(candidate=candidate)
    cases = cases.exclude(charter__state="withdrawn").select_related("charter__unit").order_by("charter__created_at")
    for case in cases:
        yield case.charter
        yield from case.charter.decisions.filter(state__in=["proposed", "signed"]).order_by("created_at")


def _nothing_yet(subject: Any) -> Step:
    if isinstance(subject, Pain):
        reason = {"parked": _("It was parked."), "rejected": _("It was rejected.")}.get(subject.state)
        return Step("candidate", _("Candidate"), reason or _("No candidate names it yet."), None, tone="open")
    return Step("candidate", _("Candidate"), _("No case is named yet."), None, tone="open")


def _open_end(kind: str, candidate: Candidate) -> Step:
    if candidate.state in ("parked", "declined"):
        return Step("ranking", _("Ends here"), str(candidate.get_state_display()), candidate.state_since,
                    candidate.state_reason, tone="blocked")  # fmt: skip
    words = {
        "candidate": ("ranking", _("Ranking"), _("Not ranked yet.")),
        "ranking": ("selection", _("Selection"), _("Not chosen.")),
        "selection": ("charter", _("Charter"), _("No charter names it yet.")),
        "charter": ("decision", _("Decision"), _("Not decided yet.")),
    }
    kind, word, title = words[kind]
    return Step(kind, word, title, None, tone="open")
