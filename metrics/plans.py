"""From a registered version to the plan and data file anyone can run offline."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from metrics.models import ChangeNote, MeasureVersion
from metrics.selectors.measures import is_reported, live_lock, measured_rows

INCIDENT_COLUMNS = (
    "source_key", "opened_at", "first_ack_at", "resolved_at", "closed_at", "priority", "group", "service", "category",
    "subcategory", "contact_type", "state", "parent_key",
)  # fmt: skip
TASK_COLUMNS = ("id", "at", "minutes", "case", "method")


def plan_of(
    version: MeasureVersion,
    *,
    as_of: datetime,
    windows: dict[str, tuple[datetime, datetime]],
    look_back_at: datetime | None,
) -> dict[str, Any]:
    """The plan JSON of the offline estimator. A look-back names the moment of asking as its lock."""
    measure, pilot = version.measure, version.measure.pilot
    found = live_lock(version)
    lock = found if found and found.binding_at else None  # one person's lock does not bind yet
    plan: dict[str, Any] = {
        "plan_version": 1,
        "id": f"{measure.pk}/v{version.number}",
        "title": {"en": measure.name_en or measure.name_zh, "zh": measure.name_zh or measure.name_en},
        "kind": version.kind,
        "zone": version.zone,
        "date_format": "iso",
        "as_of": _text(as_of),
        "filter": version.filters,
        "windows": {role: [_text(a), _text(b)] for role, (a, b) in sorted(windows.items())},
        "direction": version.direction,
        "minimum_effect": {"relative": float(version.minimum_effect or 0)},
        "within": version.within,
        "role": "guardrail" if measure.role == "guardrail" else measure.role,
        "seed": 1,
    }
    if version.kind == "duration_incident":
        plan |= {"start": "opened_at", "end": "resolved_at", "key": "source_key", "parent": "parent_key"}
        plan |= {"rmst_tau": version.rmst_tau, "method": "system_log", "other_events": ["first_ack_at", "closed_at"]}
    else:
        plan |= {"value": "minutes", "at": "at", "key": "id", "unit": "minute"}
        plan |= {"method": "self_report" if is_reported(version) else "stopwatch"}
    if look_back_at is not None:
        plan["locked_at"] = _text(look_back_at)
    else:
        plan["locked_at"] = _text(lock.locked_at) if lock else _text(as_of)
        if pilot:
            plan["decision_on"] = _text(_midnight(pilot.decision_on, version.zone))
    if pilot:
        plan["changes"] = [_change(note) for note in pilot.notes.all()]
    return plan


def _change(note: ChangeNote) -> dict[str, str]:
    """Whole civil days, half-open as every window."""
    until = note.until_on + timedelta(days=1)
    return {"from": note.from_on.isoformat(), "until": until.isoformat(), "text": note.text_en or note.text_zh}


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def data_file(version: MeasureVersion) -> bytes:
    """The rows a version reads as CSV, in a fixed order; no person, no text."""
    columns = TASK_COLUMNS if version.kind == "duration_task" else INCIDENT_COLUMNS
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in measured_rows(version).values_list(*columns).iterator(chunk_size=5000):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return _text(value) if isinstance(value, datetime) else str(value)
