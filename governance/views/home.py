"""Governance: what waits, what holds where, and the three lists behind it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from foundation import clock
from foundation.access import may
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.templatetags.house import day
from governance import selectors
from governance.forms import ApprovalFilter, ConditionFilter, SubmissionFilter
from governance.models import Approval, Lane, Pattern
from governance.models.approvals import Effect
from governance.views.common import CONDITION_TONES, EFFECT_TONES, outcome_tone


def home(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    units = selectors.units_shown(actor)
    waiting = selectors.waiting(actor)
    conditions = list(selectors.conditions_listed(actor).filter(state__in=["open", "evidence_submitted"])[:8])
    recent = list(selectors.submissions_listed(actor)[:8])
    context = {
        "units": [u.name for u in units],
        "rows": [_matrix_row(row) for row in selectors.matrix(actor, units)],
        "waiting": waiting,
        "mine": [w for w in waiting if w.is_mine],
        "others": [w for w in waiting if not w.is_mine],
        "conditions": conditions,
        "condition_rows": [_condition_row(c) for c in conditions],
        "request_rows": [_request_row(s) for s in recent],
        "patterns": list(Pattern.objects.visible_to(actor)),
        "may_ask": may(actor, "governance.submission.draft"),
        "is_empty": not recent,
        "lede": _lede(actor, waiting, conditions),
    }
    return render(request, "governance/home.html", context)


def _lede(actor: Any, waiting: list[Any], conditions: list[Any]) -> str:
    mine = sum(1 for w in waiting if w.is_mine)
    if mine:
        text = ngettext("%(n)s request waits for your decision.", "%(n)s requests wait for your decision.", mine)
        return text % {"n": mine}
    overdue = sum(1 for c in conditions if c.is_overdue)
    if overdue:
        text = ngettext(
            "%(n)s condition is overdue; what it belongs to does not count until it is closed.",
            "%(n)s conditions are overdue; what they belong to does not count until they are closed.",
            overdue,
        )
        return text % {"n": overdue}
    return _("Approve a pattern once, reuse it.")


def _matrix_row(row: selectors.MatrixRow) -> dict[str, Any]:
    return {
        "title": row.category.name,
        "note": row.category.examples,
        "url": row.category.get_absolute_url(),
        "id": row.category.code,
        "cells": [_matrix_cell(cell) for cell in row.cells],
    }


def _matrix_cell(cell: selectors.Effective | None) -> dict[str, Any]:
    if cell is None:
        return {"word": _("not asked"), "note": ""}
    open_conditions = [c for c in cell.conditions if c.is_open]
    word, tone = cell.state_label, EFFECT_TONES[cell.state]
    if cell.is_active and cell.approval.use == "not_allowed":
        word, tone = _("not allowed"), "bad"
    elif cell.is_active and open_conditions:
        word, tone = _("with a condition"), "warn"
    note = _("to %(day)s") % {"day": day(cell.last_day)}
    return {"word": word, "tone": tone, "note": note, "url": cell.approval.get_absolute_url()}


def _request_row(submission: Any) -> list[Any]:
    return [
        Cell(submission.pattern_version.pattern.name, href=submission.get_absolute_url(), sub=submission.key),
        submission.unit.name,
        Cell(submission.outcome, tone=outcome_tone(submission)),
        submission.due_on if submission.is_open else None,
    ]


def _condition_row(condition: Any) -> list[Any]:
    word = _("overdue") if condition.is_overdue else condition.get_state_display()
    tone = "bad" if condition.is_overdue else CONDITION_TONES[condition.state]
    return [
        Cell(condition.text, href=condition.get_absolute_url(), sub=condition.unit.name),
        condition.owner.name,
        condition.due,
        Cell(word, tone=tone),
    ]


# --- lists with filter and export --------------------------------------------------------------------------------


def requests(request: HttpRequest) -> HttpResponseBase:
    columns = [
        ListColumn("key", _("Request"), cell=lambda s: Cell(s.key, href=s.get_absolute_url()), sort="key"),
        ListColumn("pattern", _("Pattern"), value=lambda s: s.pattern_version.pattern.name),
        ListColumn("version", _("Version"), "number", value=lambda s: s.pattern_version.number),
        ListColumn("unit", _("Unit"), value=lambda s: s.unit.name),
        ListColumn(
            "state", _("State"), value=lambda s: s.outcome, cell=lambda s: Cell(s.outcome, tone=outcome_tone(s))
        ),
        ListColumn("round", _("Round"), "number"),
        ListColumn("submitter", _("Asked by"), value=lambda s: s.submitter.name if s.submitter else ""),
        ListColumn("due_on", _("Decide by"), "date", value=lambda s: s.due_on if s.is_open else None),
    ]
    rows = selectors.submissions_listed(request.actor)  # type: ignore[attr-defined]
    page = ListPage(
        request, rows, columns, name="requests", title=_("Requests"), filters=SubmissionFilter,
        sorts={"key": ("key",)},
    )  # fmt: skip
    return _list(request, page, _("Every request and how it was decided"))


def conditions(request: HttpRequest) -> HttpResponseBase:
    columns = [
        ListColumn("key", _("Condition"), cell=lambda c: Cell(c.key, href=c.get_absolute_url()), sort="key"),
        ListColumn("text", _("What has to be done"), value=lambda c: c.text),
        ListColumn("unit", _("Unit"), value=lambda c: c.unit.name),
        ListColumn("owner", _("Owner"), value=lambda c: c.owner.name),
        ListColumn("due", _("Due"), "date", sort="due"),
        ListColumn(
            "state", _("State"), value=lambda c: _("overdue") if c.is_overdue else c.get_state_display(),
            cell=lambda c: _condition_row(c)[3],
        ),
        ListColumn("blocking", _("Suspends when overdue"), "bool"),
    ]  # fmt: skip
    rows = selectors.conditions_listed(request.actor)  # type: ignore[attr-defined]
    page = ListPage(
        request, rows, columns, name="conditions", title=_("Conditions"), filters=ConditionFilter,
        order=("due", "key"), sorts={"key": ("key",), "due": ("due", "key")},
    )  # fmt: skip
    return _list(request, page, _("Conditions, the soonest first"))


def approvals(request: HttpRequest) -> HttpResponseBase:
    columns = [
        ListColumn("key", _("Approval"), cell=lambda a: Cell(a.key, href=a.get_absolute_url())),
        ListColumn("subject", _("What"), value=lambda a: a.subject_label),
        ListColumn("unit", _("Unit and below"), value=lambda a: a.unit.name),
        ListColumn("use", _("Use"), value=lambda a: a.get_use_display()),
        ListColumn(
            "effect", _("State"), value=lambda a: str(Effect(a.effect).label),
            cell=lambda a: Cell(Effect(a.effect).label, tone=EFFECT_TONES[a.effect]),
        ),
        ListColumn("valid_from", _("From"), "date", value=lambda a: a.valid_from.date()),
        ListColumn("valid_until", _("Until"), "date", value=lambda a: a.valid_until.date()),
    ]  # fmt: skip
    rows = Approval.objects.visible_to(request.actor).with_effect(clock.now())  # type: ignore[attr-defined]
    rows = rows.select_related(*selectors.WITH_SUBJECT)
    page = ListPage(
        request, rows, columns, name="approvals", title=_("Approvals"), filters=ApprovalFilter,
        order=("-valid_from", "key"),
    )  # fmt: skip
    return _list(request, page, _("What may be used, where and until when"))


def _list(request: HttpRequest, page: ListPage, title: str) -> HttpResponseBase:
    if page.wants_export:
        return page.export()
    return render(request, "governance/list.html", {"page": page, "title": title}, status=page.status)


def lane_words(lanes: list[str]) -> str:
    return ", ".join(str(Lane(lane).label) for lane in lanes)
