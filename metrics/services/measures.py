"""A measure from a preset and three answers; locked by signature or by two people before pilot data is seen."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import digest
from foundation.errors import Invalid, NotPermitted, NotReady, Reason, Stale, refuse_if
from foundation.work import service
from metrics.models import Measure, MeasureLock, MeasureVersion, Pilot, Window
from metrics.models.measures import Preset
from metrics.presets import PRESETS, sentence
from metrics.selectors.measures import COLUMNS, ended_minutes, live_lock, measure_gaps

PERSONS = ("caller", "caller_id", "opened_by", "assigned_to", "resolved_by", "assignee", "opener", "person", "user")


@service
def draft_measure(
    *,
    actor: Actor,
    preset: str,
    minimum_effect: Decimal | None,
    pilot: Pilot | None = None,
    unit: Unit | None = None,
    name_en: str = "",
    name_zh: str = "",
    source: str = "",
    filters: list[dict[str, Any]] | None = None,
    role: str = Measure.Role.PRIMARY,
    windows: dict[str, tuple[datetime, datetime]] | None = None,
) -> Measure:
    """Three answers: which work or service (name, filter), which source, the smallest relative change."""
    home = pilot.unit if pilot else unit
    if home is None:
        raise TypeError("a measure belongs to a pilot or to a unit")
    require(actor, "metrics.measure.draft", home)
    if preset not in Preset.values:
        raise Invalid(Reason("preset_unknown", _("Choose one of the presets."), field="preset"))
    _check_effect(minimum_effect)
    _check_filters(filters or [])
    if role == Measure.Role.PRIMARY and pilot and pilot.measures.filter(role="primary").exists():
        raise NotReady(Reason("primary_exists", _("This pilot has its primary measure already.")))
    measure = Measure.objects.create(
        unit=home,
        pilot=pilot,
        preset=preset,
        role=role,
        name_en=name_en or (pilot.name_en if pilot else "") or name_zh,
        name_zh=name_zh or (pilot.name_zh if pilot else ""),
        created_by_id=actor.user_key,
    )
    _new_version(measure, minimum_effect, source, filters or [], windows or _windows(preset, pilot, home))
    record(actor, "measure.drafted", measure, after={"preset": preset})
    return measure


def _check_effect(effect: Decimal | None) -> None:
    if effect is not None and not Decimal(0) < effect < Decimal(1):
        raise Invalid(
            Reason(
                "effect_range", _("The smallest change that matters lies between 0 and 100 %."), field="minimum_effect"
            )
        )


def _check_filters(filters: list[dict[str, Any]]) -> None:
    """Only what a ticket is about selects; a person never does (the vow: nothing is measured per person)."""
    for row in filters:
        column = str(row.get("column", ""))
        if column in PERSONS:
            text = _("The vow stops this: nothing is measured per person, so “%(column)s” cannot select records.")
            raise NotPermitted(Reason("vow", text % {"column": column}, field="filters"))
        if column not in (*COLUMNS, "method") or row.get("op") not in ("==", "in") or not row.get("value"):
            text = _("“%(column)s” cannot select records. Choose one of: %(columns)s.")
            raise Invalid(Reason("filter", text % {"column": column, "columns": ", ".join(COLUMNS)}, field="filters"))


@service
def edit_measure(*, actor: Actor, measure: Measure, **changes: Any) -> MeasureVersion:
    """Always a new version; an earlier lock keeps standing on the version it was given for.

    Keys: minimum_effect, source, filters, windows, direction, rmst_tau, within, stratum.
    """
    require(actor, "metrics.measure.draft", measure)
    _check_effect(changes.get("minimum_effect"))
    _check_filters(changes.get("filters") or [])
    old = measure.current
    if old is None:
        raise NotReady(Reason("version_missing", _("This measure has no content yet.")))
    windows = changes.pop("windows", None) or {w.role: (w.from_at, w.until_at) for w in old.windows.all()}
    version = _new_version(
        measure,
        changes.pop("minimum_effect", old.minimum_effect),
        changes.pop("source", old.source),
        changes.pop("filters", old.filters),
        windows,
        **{
            "direction": old.direction,
            "rmst_tau": old.rmst_tau,
            "within": old.within,
            "stratum": old.stratum,
            **changes,
        },
    )
    record(actor, "measure.edited", measure, after={"version": version.number})
    return version


def _windows(preset: str, pilot: Pilot | None, unit: Unit) -> dict[str, tuple[datetime, datetime]]:
    """Whole weeks from Monday: the preset's weeks before, one ramp week, the pilot cut to its box."""
    if pilot is None:
        return {}
    zone = ZoneInfo(unit.zone)
    start = monday(pilot.starts_on)
    counts_from = monday(pilot.ramp_until) if pilot.ramp_until else start + timedelta(weeks=1)
    weeks = max(1, ((pilot.ends_on + timedelta(days=1)) - counts_from).days // 7)
    before = start - timedelta(weeks=PRESETS[preset].weeks_before)
    found = {
        "baseline": (_midnight(before, zone), _midnight(start, zone)),
        "pilot": (_midnight(counts_from, zone), _midnight(counts_from + timedelta(weeks=weeks), zone)),
    }
    if counts_from > start:
        found["ramp"] = (_midnight(start, zone), _midnight(counts_from, zone))
    return found


def monday(day: date) -> date:
    """The Monday on or after a day."""
    return day + timedelta(days=-day.weekday() % 7)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _new_version(
    measure: Measure,
    minimum_effect: Decimal | None,
    source: str,
    filters: list[dict[str, Any]],
    windows: dict[str, tuple[datetime, datetime]],
    **extra: Any,
) -> MeasureVersion:
    preset = PRESETS[measure.preset]
    source = source or preset.source
    tau = extra.pop("rmst_tau", None) or _tau(measure, preset.rmst_tau, source, filters, windows)
    content: dict[str, Any] = {
        "kind": preset.kind,
        "direction": extra.pop("direction", "lower"),
        "minimum_effect": minimum_effect,
        "filters": filters,
        "source": source,
        "stratum": extra.pop("stratum", ""),
        "zone": measure.unit.zone,
        "rmst_tau": tau,
        "within": extra.pop("within", []),
    }
    hashed = {**content, "windows": {role: list(span) for role, span in sorted(windows.items())}}
    told = sentence(measure, preset, content["direction"], minimum_effect, windows)
    number = measure.versions.count() + 1
    version = MeasureVersion.objects.create(
        measure=measure,
        number=number,
        sentence_en=told["en"],
        sentence_zh=told["zh"],
        content_hash=digest(hashed),
        **content,
    )
    for role, (from_at, until_at) in windows.items():
        Window.objects.create(version_of=version, role=role, from_at=from_at, until_at=until_at)
    return version


def _tau(
    measure: Measure,
    offered: int | None,
    source: str,
    filters: list[dict[str, Any]],
    windows: dict[str, tuple[datetime, datetime]],
) -> int | None:
    """From the records before the pilot, when there are any: the time by which nine in ten had ended."""
    if offered is None or not source:
        return offered
    before = windows["baseline"][1] if "baseline" in windows else None
    found = ended_minutes(measure.unit, source, filters, before)
    if not found:
        return offered
    from metrics.estimators.survival import default_tau

    return default_tau([minutes for minutes, _ended in found], [ended for _minutes, ended in found])


@service
def lock_measure(
    *, actor: Actor, version: MeasureVersion, basis: str, ref: str = "", content_hash: str = ""
) -> MeasureLock:
    """By signature (called by the charter: binding comes with the last signature) or by a pair of people.

    A measure locked earlier keeps its lock. The pair: the author and one other holder of the permission, each on the
    content they saw (`content_hash`).
    """
    refuse_if(measure_gaps(version), NotReady)
    if content_hash and content_hash != version.content_hash:
        raise Stale(current=version)
    held = live_lock(version)
    if basis == "signature":
        return held or _lock(actor, version, basis, ref)
    require(actor, "metrics.measure.lock", version.measure)
    if held is None:
        return _lock(actor, version, basis, "")
    if held.binding_at:
        return held
    if str(held.first_person_id) == actor.user_id:
        raise NotPermitted(Reason("second_person", _("A measure outside a charter is locked by two people.")))
    author = str(version.measure.created_by_id or "")
    if author and author not in (str(held.first_person_id), actor.user_id):
        text = _("One of the two people who lock a measure is the one who drafted it.")
        raise NotPermitted(Reason("second_person", text))
    MeasureLock.objects.filter(pk=held.pk).update(binding_at=clock.now(), second_person_id=actor.user_id)
    record(actor, "measure.bound", version.measure)
    held.refresh_from_db()
    return held


def _lock(actor: Actor, version: MeasureVersion, basis: str, ref: str) -> MeasureLock:
    lock = MeasureLock.objects.create(
        version_of=version,
        content_hash=version.content_hash,
        basis=basis,
        ref=ref,
        first_person_id=actor.user_id,
        locked_at=clock.now(),
    )
    MeasureVersion.objects.filter(pk=version.pk).update(is_locked=True)
    record(actor, "measure.locked", version.measure, content_hash=version.content_hash, basis=basis)
    return lock


@service
def bind_lock(*, actor: Actor, ref: str) -> int:
    """The last required signature makes every lock of that text binding."""
    locks = MeasureLock.objects.filter(ref=ref, binding_at=None, void_at=None).select_related("version_of__measure")
    for lock in list(locks):
        MeasureLock.objects.filter(pk=lock.pk).update(binding_at=clock.now())
        record(actor, "measure.bound", lock.version_of.measure)
    return len(locks)


@service
def void_lock(*, actor: Actor, ref: str) -> int:
    """The text changed before it was binding: its locks read as void."""
    locks = list(MeasureLock.objects.filter(ref=ref, void_at=None).select_related("version_of__measure"))
    for lock in locks:
        MeasureLock.objects.filter(pk=lock.pk).update(void_at=clock.now())
        record(actor, "measure.voided", lock.version_of.measure)
    return len(locks)
