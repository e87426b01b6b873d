"""One record of every kind at the China unit, made through the services: what the matrices walk over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from django.core.files.base import ContentFile

from accounts import services as people
from accounts.models import Invitation, Unit, User
from charter.models import Decision, RunningService
from charter.services import prepare_decision, propose_decision, report_breach
from foundation import clock
from foundation.imports.flow import store_import
from foundation.imports.kinds import import_kind
from foundation.jobs import enqueue
from governance.models import Approval, Condition, DataCategory, Submission
from metrics import services as metrics
from metrics.connectors.records.base import IncidentRecord
from metrics.connectors.records.mapping import Tally, finish
from metrics.models import Observation, OpsRecord, RuntimeApp, SourceImport, UsageDay
from metrics.services.records import SourceFile
from metrics.services.usage import add_connection
from tests.charter import builders as charters
from tests.governance import builders as governance
from tests.metrics.builders import a_measured_pilot
from tests.usecases import builders as usecases
from tests.usecases.workshops import a_voting
from tests.world import World, a_world, actor
from usecases.models import Ranking, RankingSnapshot

CANARY = "Zebrafink"
"""Stands in the name of every record built here; nobody of another unit may ever read it."""
DECIDED = charters.START + timedelta(weeks=13, hours=3)


def build() -> SimpleNamespace:
    world = a_world()
    for unit in (world.cn, world.team):
        Unit.objects.filter(pk=unit.pk).update(name_en=f"{CANARY} {unit.code}", name_zh=f"{CANARY}{unit.code}")
        unit.refresh_from_db()
    for role, user in world.people.items():
        if role != "outsider":
            User.objects.filter(pk=user.pk).update(name=f"{CANARY} {user.name}")
            user.refresh_from_db()
    made = SimpleNamespace(world=world)
    for part in (_decided_charter, _use_cases, _open_request, _measured, _runtime, _records, _people):
        vars(made).update(part(world))
    return made


def _decided_charter(world: World) -> dict[str, Any]:
    flagship = partial(charters.a_flagship, title=f"{CANARY} flagship")
    approved = partial(charters.an_approved_pattern, condition=True)
    with patch.multiple(charters, a_flagship=flagship, an_approved_pattern=approved):
        charter = charters.an_active_charter(world)
    with clock.pinned(charters.START + timedelta(weeks=2)):
        breach = report_breach(
            actor=actor(world.auditor), charter=charter, guardrail="V2", what=f"A name in {CANARY}'s report."
        )
    with clock.pinned(DECIDED):
        decision = prepare_decision(
            actor=actor(world.pilot_lead), charter=charter, point=charter.points.order_by("-on")[0],
            outcome="STOP", rationale=f"{CANARY} taught us enough.",
        )  # fmt: skip
        decision = propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason=f"{CANARY} left."
        )
    case = charter.cases.get()
    approval = Approval.objects.order_by("key")[0]
    return {
        "charter": charter, "breach": breach, "decision": Decision.objects.get(pk=decision.pk),
        "question": charter.questions.all()[0], "case": case, "approval": approval,
        "flagship": case.candidate, "pattern": case.candidate.pattern_version.pattern,
        "category": DataCategory.objects.order_by("ordinal")[0], "ranking_frozen": Ranking.objects.get(),
        "snapshot": RankingSnapshot.objects.get(), "decided_request": Submission.objects.exclude(decision=None)[0],
        "service": RunningService.objects.create(
            decision=decision, candidate=case.candidate, unit=world.cn, owner=world.ops_head,
            review_due=DECIDED.date() + timedelta(days=90),
        ),
    }  # fmt: skip


def _use_cases(world: World) -> dict[str, Any]:
    pain = usecases.a_pain(world, f"{CANARY} copies figures")
    inventory = usecases.an_inventory(world, pains=1)
    contract = usecases.a_contract(world, vendor=CANARY, title_en=f"{CANARY} support")
    system = usecases.a_system(world, f"{CANARY} desk")
    candidate = usecases.a_candidate(world, f"{CANARY} triage")
    ranking = usecases.a_ranking(world, [candidate], title_en=f"{CANARY} ranking")
    asset = usecases.an_asset(world, title_en=f"{CANARY} prompt")
    workshop = a_voting(world, title_en=f"{CANARY} workshop").now
    return {
        "pain": pain, "inventory": inventory, "contract": contract, "system": system,
        "candidate": candidate, "ranking": ranking, "asset": asset, "workshop": workshop,
        "workshop_item": workshop.clusters.order_by("place")[0], "workshop_card": workshop.cards.order_by("id")[0],
    }  # fmt: skip


def _open_request(world: World) -> dict[str, Any]:
    return {"condition": Condition.objects.get(), "request": governance.an_open_request(world)}


def _measured(world: World) -> dict[str, Any]:
    pilot = a_measured_pilot(world, count=22)
    measure = pilot.measures.get()
    lead = actor(world.pilot_lead)
    with clock.pinned(datetime(2026, 9, 1, tzinfo=UTC)):
        estimate = metrics.estimate_now(actor=lead, measure=measure)
        report = metrics.open_report(actor=lead, pilot=pilot)
        statement = metrics.draft_statement(actor=lead, estimate=estimate, does_not_say_en=f"Nothing on {CANARY}.")
        frozen = metrics.freeze_report(actor=lead, report=report)
    return {
        "pilot": pilot, "measure": measure, "estimate": estimate, "report": report, "statement": statement,
        "frozen": frozen, "observation": Observation.objects.filter(measure=measure)[0],
    }  # fmt: skip


def _runtime(world: World) -> dict[str, Any]:
    """A connection nobody reads from here: its app and one day stand in for a pull."""
    connection = add_connection(
        actor=actor(world.architect), unit=world.cn, name=f"{CANARY} Dify", base_url="https://dify.example.org",
        workspace_ref="71346be4-dc12-46bb-9ca2-c1bccc47ffac", secret=f"app-{CANARY}-secret-0123456789", test=False,
    )  # fmt: skip
    app = RuntimeApp.objects.create(connection=connection, external_id="a-1", name=f"{CANARY} bot", mode="chat")
    return {"connection": connection, "app": app, "day": UsageDay}


def _records(world: World) -> dict[str, Any]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    items = [
        IncidentRecord(key=f"{CANARY}{n}", opened_at=start + timedelta(minutes=n), row=n, group=CANARY, priority="1")
        for n in range(3)
    ]
    read = finish(Tally(), items, start + timedelta(days=30))
    file = SourceFile(f"{CANARY}.csv", "0" * 64, "csv", "servicenow", "columns", "UTC", start + timedelta(days=30))
    who = actor(world.architect)
    metrics.import_records(actor=who, unit=world.cn, read=read, file=file)
    text = f"Title (English)\n{CANARY} row\n"
    upload = store_import(actor=who, kind=import_kind("pains"), unit=world.cn, file=ContentFile(text.encode(), "p.csv"))
    job = enqueue("metrics.read_records", actor=who, unit_path=world.cn.path, upload_id=upload.pk)
    return {
        "source_import": SourceImport.objects.get(),
        "record": OpsRecord.objects.all()[0],
        "upload": upload,
        "job": job,
    }


def _people(world: World) -> dict[str, Any]:
    admin = actor(world.system_admin)
    invitation, secret = people.invite_member(
        actor=admin, role="reader", unit=world.cn, email="zebrafink@example.org", what_for=CANARY
    )
    token, _opened = people.make_token(actor=actor(world.architect), label=CANARY, scopes=["read"])
    return {
        "invitation": Invitation.objects.get(pk=invitation.pk), "secret": secret, "token": token,
        "membership": world.pilot_lead.memberships.get(),
    }  # fmt: skip
