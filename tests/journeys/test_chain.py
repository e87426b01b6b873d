"""From a pain to a sealed decision through the real pages, the proper role at each step, the clock moved between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from charter.models import Charter, Decision, RunningService, Signature
from charter.selectors import current_signatures
from desk.selectors.journey import read_journey
from foundation import clock
from foundation.canonical import digest
from governance.models import Approval, GateDecision, Submission, Vote
from governance.selectors import current_pack, effective
from metrics.models import MeasureLock, Observation, Pilot
from tests.journeys.chain import Chain, lay_catalogue
from tests.journeys.hands import PageHand
from tests.world import client_for
from usecases.models import FlagshipSelection, InventoryVersion, Ranking

FIRST = datetime.fromisoformat("2026-03-01T09:00:00+08:00")
pytestmark = [pytest.mark.services, pytest.mark.bothdb]


@pytest.fixture
def move() -> Iterator[Any]:
    with time_machine.travel(FIRST) as traveller:
        yield traveller.move_to


class Guarded(Chain):
    """The same chain; at the key steps somebody without the role tries first and is refused."""

    def status(self, role: str, path: str, **data: str) -> int:
        client = client_for(getattr(self.world, role))
        return (client.post(path, data) if data else client.get(path)).status_code

    def choose(self) -> None:
        self.move(self.day(3, 16, 8))
        page = f"{self.seen['ranking']}/choose"
        assert self.status("architect", page) == 403
        assert self.status("architect", page, chosen=str(self.candidate.pk), reason="Mine") == 403
        assert self.status("outsider", page) == 404
        super().choose()

    def decide_lanes(self) -> None:
        self.move(self.day(3, 17))
        forged = {f"choice-{key}": "approve" for key in self._items("data_approver")}
        pack = current_pack(Submission.objects.get())
        given = {"lane": "data", "digest": pack.digest, "step": "confirm", **forged}
        assert self.status("architect", f"{self.seen['request']}/review", **given) == 403  # the submitter
        assert self.status("security_approver", f"{self.seen['request']}/review", **given) == 403  # another lane
        assert not Vote.objects.exists()
        super().decide_lanes()

    def sign_charter(self) -> None:
        self.move(self.day(5, 27, 8))
        text = Charter.objects.get().current_text
        for role in ("pilot_lead", "architect"):
            assert self.status(role, f"{self.seen['charter']}/sign", digest=text.digest) == 403
        assert not Signature.objects.exists() and not MeasureLock.objects.exists()
        super().sign_charter()


@pytest.fixture
def chain(world: Any, move: Any) -> Guarded:
    lay_catalogue(world)
    return Guarded(world, PageHand(), move)


def test_the_chain_from_a_pain_to_a_signed_decision(chain: Guarded) -> None:
    decision = chain.run()
    _what_was_frozen(chain)
    _what_the_decision_shows(chain, decision)
    _what_the_overviews_show(chain)
    call_command("audit", "verify")


def _what_was_frozen(chain: Guarded) -> None:
    snapshot = FlagshipSelection.objects.get().snapshot
    assert InventoryVersion.objects.get().count == 2
    assert Ranking.objects.get().state == "frozen" and digest(snapshot.body) == snapshot.digest
    assert json.loads(snapshot.body)["output"]["ranks"][chain.candidate.key] == 1
    assert GateDecision.objects.count() == 1 and Vote.objects.count() == 3
    found = effective(Approval.objects.filter(item_key="category:know_how"), clock.now())
    assert [a.state for a in found] == ["active"]
    assert len(current_signatures(Charter.objects.get())) == 2
    assert MeasureLock.objects.get().basis == "signature"
    assert Observation.objects.count() == 2 * chain.times
    assert Pilot.objects.get().status == "decided"


def _what_the_decision_shows(chain: Guarded, decision: Decision) -> None:
    assert (decision.outcome, decision.reading) == ("EXPAND", "EXPAND")
    assert RunningService.objects.get().owner_id == chain.world.ops_head.pk
    hand = chain.on(chain.day(7, 31), "reader")
    hand.open(decision.get_absolute_url())
    hand.reads("The Cio", "The Ops Head", chain.words["question"], decision.evidence.digest)
    record = client_for(chain.world.reader).get(f"{decision.get_absolute_url()}/record.json").json()
    assert [s["role"] for s in record["signatures"]] == ["ops_head", "cio"]
    assert record["evidence"]["digest"] == digest(decision.evidence.body)


def _what_the_overviews_show(chain: Guarded) -> None:
    hand = chain.on(chain.day(7, 31), "cio")
    hand.open("/journey/CN")
    hand.reads(chain.words["pain"], chain.words["question"], "Earned by a measured gain and the decision Expand")
    done = {box.code for box in read_journey(chain.world.cn).boxes if box.state == "done"}
    assert done == {"A2", "A6", "A9", "SEL", "CH"}
    for path in ("/", "/questions?unit=CN", f"/trace/{chain.candidate.key}", chain.seen["frozen report"]):
        hand.open(path)
    hand.open("/charters")
    hand.reads(chain.words["question"])
