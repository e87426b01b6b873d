"""Statements that may be said outside, and reports frozen with their bytes."""

from __future__ import annotations

import hashlib
import json

from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import canonical, digest
from foundation.errors import Invalid, NotPermitted, NotReady, Reason
from foundation.refs import next_ref
from foundation.work import service
from metrics.models import GainEstimate, Pilot, Report, ReportFreeze, Statement
from metrics.reports import frozen_xlsx, report_facts


@service
def draft_statement(
    *,
    actor: Actor,
    estimate: GainEstimate,
    does_not_say_en: str,
    does_not_say_zh: str = "",
    sentence_en: str = "",
    sentence_zh: str = "",
) -> Statement:
    """The sentence comes from the estimate; an edited one is marked. What it does not say is required."""
    require(actor, "metrics.statement.draft", estimate)
    if estimate.look_back:
        raise NotReady(
            Reason("look_back", _("A look-back gives no statement; its windows were chosen after the data."))
        )
    if not estimate.verdict:
        raise NotReady(Reason("interim", _("Before the decision date there is nothing to state.")))
    if not (does_not_say_en.strip() or does_not_say_zh.strip()):
        raise Invalid(Reason("box_missing", _("Write what this does not say."), field="does_not_say_en"))
    edited = bool(
        (sentence_en and sentence_en != estimate.sentence_en) or (sentence_zh and sentence_zh != estimate.sentence_zh)
    )
    statement = Statement.objects.create(
        estimate=estimate,
        sentence_en=sentence_en or estimate.sentence_en,
        sentence_zh=sentence_zh or estimate.sentence_zh,
        edited=edited,
        does_not_say_en=does_not_say_en.strip(),
        does_not_say_zh=does_not_say_zh.strip(),
        author_id=actor.user_key,
    )
    named = {"en": estimate.measure.name_en, "zh": estimate.measure.name_zh}
    record(actor, "statement.drafted", statement, measure=named)
    return statement


@service
def publish_statement(*, actor: Actor, statement: Statement) -> Statement:
    """By somebody other than its author."""
    require(actor, "metrics.statement.publish", statement)
    if str(statement.author_id) == actor.user_id:
        raise NotPermitted(Reason("own_work", _("A statement is published by somebody other than its author.")))
    return Statement.lifecycle.apply(statement, "publish", actor=actor, reviewer_id=actor.user_id)


@service
def withdraw_statement(*, actor: Actor, statement: Statement) -> Statement:
    return Statement.lifecycle.apply(statement, "withdraw", actor=actor)


@service
def open_report(*, actor: Actor, pilot: Pilot) -> Report:
    """The report of a pilot; asking again gives the same one."""
    require(actor, "metrics.report.freeze", pilot)
    found = Report.objects.filter(pilot=pilot).first()
    if found:
        return found
    report = Report.objects.create(key=next_ref("M"), pilot=pilot, unit=pilot.unit)
    record(actor, "report.opened", report)
    return report


@service
def freeze_report(*, actor: Actor, report: Report) -> ReportFreeze:
    """Keep the facts as they stand with the bytes of their annex; without a change the last freeze is given back."""
    require(actor, "metrics.report.freeze", report)
    facts = report_facts(report.pilot)
    body = canonical(facts)
    last = report.freezes.order_by("-frozen_at").first()
    if last and _without_time(last.body) == _without_time(body):
        return last
    sheet = frozen_xlsx(report, facts)
    frozen = ReportFreeze.objects.create(
        report=report,
        body=body,
        digest=digest(body),
        estimates=facts["estimates"],
        xlsx=sheet,
        xlsx_sha256=hashlib.sha256(sheet).hexdigest(),
        by_role=actor.title_at("metrics.report.freeze", report.unit.path),
        frozen_at=clock.now(),
    )
    record(actor, "report.frozen", report, digest=frozen.digest)
    return frozen


def _without_time(body: str) -> dict[str, object]:
    facts = json.loads(body)
    facts.pop("as_of", None)
    return facts
