"""The table import of task times. A column that is not known refuses the file: above all one with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.access import get_visible
from foundation.actor import Actor
from foundation.errors import Invalid, NotVisible, Reason, Refused
from foundation.imports import Field, ImportKind, Outcome, RowPlan, TypedRow, register_import
from foundation.models import Upload

SECOND = "second"
METHODS = ("stopwatch", "system_log", "self_report")


def _methods() -> list[tuple[str, Any]]:
    from metrics.models import Observation

    return [(code, Observation.Method(code).label) for code in METHODS]


def fields() -> list[Field]:
    return [
        Field("minutes", _("Minutes"), required=True, kind="number", synonyms=("min", "duration", "分钟", "用时"),
              help=_("Hands-on, review included: 0.1 to 1,440."), example="47"),
        Field("case", _("Case"), required=True, synonyms=("ticket", "number", "案例", "工单"),
              help=_("At most 40 characters, never a person."), example="INC-20418"),
        Field("review_minutes", _("Of these, minutes of human review"), kind="number",
              synonyms=("review", "复核分钟"), example="5"),
        Field("usable", _("Usable"), kind="bool", synonyms=("可用",), example="yes"),
        Field("at", _("When"), kind="datetime", synonyms=("date", "time", "时间", "日期"),
              help=_("Empty means now."), example="2026-03-02 14:05"),
        Field("second_run", _("Second run"), kind="bool", synonyms=("second", "重复执行"),
              help=_("Yes for a case that is done again."), example="no"),
        Field("method", _("How the time was taken"), kind="choice", choices=_methods(), synonyms=("方式",),
              example="stopwatch"),
    ]  # fmt: skip


def _measure(actor: Actor, context: Mapping[str, str]) -> Any:
    from metrics.models import Pilot
    from metrics.selectors.records import task_measure

    key = str(context.get("pilot", "")).strip().upper()
    try:
        return task_measure(get_visible(Pilot.objects.select_related("unit"), actor, key=key))
    except NotVisible as refusal:
        text = _("There is no pilot “%(key)s” here. Write its id, for example PL-003.") % {"key": key[:20]}
        raise Invalid(Reason("no_pilot", text, field="pilot")) from refusal
    except Refused as refusal:
        raise Invalid(*refusal.reasons) from refusal


def _entry(values: Mapping[str, Any]) -> Any:
    from metrics.services.task_times import TaskTime

    return TaskTime(
        minutes=values["minutes"],
        case=str(values["case"]).strip(),
        review_minutes=values.get("review_minutes"),
        usable=values.get("usable"),
        at=values.get("at"),
        method=values.get("method") or METHODS[0],
        again=SECOND if values.get("second_run") else "",
    )


def plan(actor: Actor, unit: Unit, rows: Sequence[TypedRow], context: Mapping[str, str]) -> list[RowPlan]:
    """A row already here with the same minutes is unchanged: the same file again changes nothing."""
    from metrics.services.task_times import row_faults

    measure = _measure(actor, context)
    entries = [_entry(row.values) for row in rows]
    here = _known(measure, {e.case for e in entries})
    plans = []
    for row, entry, faults in zip(rows, entries, row_faults(measure, entries), strict=True):
        same = entry.minutes.quantize(here.cent) in here.minutes.get((entry.case, bool(entry.again)), ())
        if same and (not entry.at or entry.at in here.moments.get(entry.case, ())):
            plans.append(RowPlan(row.row_no, Outcome.UNCHANGED, (), row.values))
        else:
            plans.append(RowPlan(row.row_no, Outcome.INVALID if faults else Outcome.NEW, faults, row.values))
    return plans


class _Here:
    """Times of these cases that count already."""

    def __init__(self, rows: Any, cent: Any) -> None:
        self.cent = cent
        self.minutes: dict[tuple[str, bool], set[Any]] = {}
        self.moments: dict[str, set[Any]] = {}
        for case, minutes, second, at in rows:
            self.minutes.setdefault((case, second), set()).add(minutes)
            self.moments.setdefault(case, set()).add(at)


def _known(measure: Any, cases: set[str]) -> _Here:
    from metrics.services.task_times import CENT

    rows = measure.observations.filter(case__in=cases, excluded_why="")
    return _Here(rows.values_list("case", "minutes", "second_run", "at"), CENT)


def commit(
    actor: Actor, unit: Unit, plans: Sequence[RowPlan], upload: Upload, context: Mapping[str, str]
) -> dict[str, Any]:
    from metrics.services import record_task_times

    measure = _measure(actor, context)
    kept = record_task_times(actor=actor, measure=measure, entries=[_entry(p.values) for p in plans], team=unit)
    return {"recorded": len(kept)}


def _pilot_form() -> type[Any]:
    from metrics.forms.records import PilotContextForm

    return PilotContextForm


TASK_TIMES = register_import(
    ImportKind(
        code="task_times",
        title=_("Task times"),
        permission="metrics.record.write",
        fields=fields(),
        plan=plan,
        commit=commit,
        help=_("One row is one case. Times belong to a team: a column with names, or any other, refuses the file."),
        context_form=_pilot_form(),
        closed=True,
        max_rows=5_000,
        done_url=lambda unit: reverse("metrics:measures"),
    )
)
