"""Connections and the links of their apps: what people write. The reading itself is `usage_sync`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.egress.addresses import parse
from foundation.errors import Invalid, NotReady, Reason, refuse_if
from foundation.jobs import enqueue, schedule, unschedule
from foundation.jobs.models import Job
from foundation.versions import save_version
from foundation.work import service
from metrics.models import AppLink, Pilot, RuntimeApp, RuntimeConnection, SyncRun, SyncWindow
from metrics.services.usage_rows import supersede
from metrics.services.usage_sync import PROBE, SYNC, UNAUTHORIZED, ZONE_CHANGED, live_jobs
from usecases.models import Candidate

RESERVED = frozenset({"new"})
EVERY_MIN, EVERY_MAX = 15, 24 * 60  # minutes: a runtime is not polled like a monitor, and a day is silence
EDITABLE = ("name", "base_url", "workspace_ref", "allow_private_hosts", "currency", "every_minutes")
ACCESS = frozenset({"base_url", "workspace_ref", "allow_private_hosts"})
WHERE_THE_KEY_GOES = ("base_url", "allow_private_hosts")
PILOT_OPEN = frozenset({Pilot.State.DRAFT, Pilot.State.RUNNING})


# --- connections --------------------------------------------------------------------------------------------------


@service
def add_connection(
    *,
    actor: Actor,
    unit: Unit,
    name: str,
    base_url: str,
    workspace_ref: str,
    secret: str,
    allow_private_hosts: bool = False,
    currency: str = "",
    every_minutes: int = 60,
    test: bool = True,
) -> RuntimeConnection:
    """Stored sealed and scheduled; with `test` a job asks the runtime for version, zone and workspaces at once."""
    require(actor, "metrics.connection.edit", unit)
    given = _tidy(
        {
            "name": name,
            "base_url": base_url,
            "workspace_ref": workspace_ref,
            "allow_private_hosts": allow_private_hosts,
            "currency": currency,
            "every_minutes": every_minutes,
        }
    )
    refuse_if([*_faults(given), *_secret_faults(secret, needed=True)], Invalid)
    connection = RuntimeConnection.objects.create(
        unit=unit, slug=_free_slug(given["name"]), secret=secret.strip(), **given
    )
    _schedule(connection)
    record(actor, "connection.added", connection, after={k: given[k] for k in EDITABLE})
    if test:
        _ask(actor, connection, PROBE)
    return connection


@service
def edit_connection(
    *, actor: Actor, connection: RuntimeConnection, version: int | None = None, secret: str = "", **changes: Any
) -> RuntimeConnection:
    """`changes` are any of EDITABLE. An empty secret keeps the stored one; nobody ever reads it back.

    A stored key never follows a changed address: whoever moves the connection enters it again.
    """
    require(actor, "metrics.connection.edit", connection)
    given = _tidy({k: v for k, v in changes.items() if k in EDITABLE})
    moved = [name for name in WHERE_THE_KEY_GOES if name in given and given[name] != getattr(connection, name)]
    refuse_if([*_faults(given), *_secret_faults(secret, needed=bool(moved))], Invalid)
    before, after = save_version(connection, version=version, **given)
    if after:
        record(actor, "connection.edited", connection, before=before, after=after)
    if secret.strip():
        RuntimeConnection.objects.filter(pk=connection.pk).update(secret=secret.strip())
        record(actor, "connection.secret_rotated", connection)
    if secret.strip() or ACCESS & set(after):
        _forgive(connection)
    if "every_minutes" in after and not connection.paused:
        _schedule(connection)
    connection.refresh_from_db()
    return connection


def _forgive(connection: RuntimeConnection) -> None:
    """A new key or address is worth a new try; a changed zone still waits for its confirmation."""
    fresh: dict[str, Any] = {"next_try_at": None, "failures": 0}
    if connection.attention == UNAUTHORIZED:
        fresh |= {"attention": ""}
    RuntimeConnection.objects.filter(pk=connection.pk).update(**fresh)


@service
def pause_connection(*, actor: Actor, connection: RuntimeConnection, version: int | None = None) -> RuntimeConnection:
    require(actor, "metrics.connection.edit", connection)
    refuse_if([Reason("paused", _("This connection is paused already."))] if connection.paused else [])
    save_version(connection, version=version, paused=True)
    unschedule(_schedule_name(connection))
    record(actor, "connection.paused", connection)
    return connection


@service
def resume_connection(*, actor: Actor, connection: RuntimeConnection, version: int | None = None) -> RuntimeConnection:
    require(actor, "metrics.connection.edit", connection)
    refuse_if([] if connection.paused else [Reason("not_paused", _("This connection is not paused."))])
    save_version(connection, version=version, paused=False)
    _schedule(connection)
    record(actor, "connection.resumed", connection)
    return connection


@service
def confirm_zone(*, actor: Actor, connection: RuntimeConnection, zone: str) -> RuntimeConnection:
    """The new zone holds from here: days told in the old one are superseded, everything is read again under the new."""
    require(actor, "metrics.connection.edit", connection)
    fresh = RuntimeConnection.objects.select_for_update().get(pk=connection.pk)
    refuse_if(_zone_reasons(fresh, zone))
    before = fresh.day_timezone
    seen_by = SyncRun.objects.filter(connection=fresh).order_by("-created_at").first()
    days = supersede(fresh, zone, seen_by) if seen_by else 0
    SyncWindow.objects.filter(connection=fresh).update(closed_through=None, progress=SyncWindow.Progress.PENDING)
    save_version(fresh, version=None, day_timezone=zone, zone_seen="", attention="", last_error={}, last_error_at=None)
    record(
        actor,
        "connection.zone_confirmed",
        fresh,
        before={"zone": before},
        after={"zone": zone},
        zone=zone,
        superseded=days,
    )
    connection.refresh_from_db()
    return connection


def _zone_reasons(connection: RuntimeConnection, zone: str) -> Iterator[Reason]:
    if connection.attention != ZONE_CHANGED or not connection.zone_seen:
        yield Reason("no_zone_change", _("There is no change of the time zone to confirm."))
    elif zone != connection.zone_seen:
        text = _("The runtime reports %(zone)s in the meantime. Look at the page again.")
        yield Reason("zone_moved", text % {"zone": connection.zone_seen})


# --- asking for work ------------------------------------------------------------------------------------------------


@service
def start_probe(*, actor: Actor, connection: RuntimeConnection) -> Job:
    """A job asks the runtime; one that is under way already is given back."""
    require(actor, "metrics.sync.run", connection)
    return live_jobs(connection, PROBE).first() or _ask(actor, connection, PROBE)


@service
def start_sync(*, actor: Actor, connection: RuntimeConnection) -> Job:
    """“Read now”: a job reads; one that is under way or waiting is given back, so two presses read once."""
    require(actor, "metrics.sync.run", connection)
    live = live_jobs(connection).first()
    if live:
        return live
    refuse_if(sync_reasons(connection), NotReady)
    return _ask(actor, connection, SYNC, trigger="button")


def sync_reasons(connection: RuntimeConnection) -> Iterator[Reason]:
    """Why “Read now” is closed."""
    if connection.paused:
        yield Reason("paused", _("This connection is paused. Resume it first."))
    if connection.next_try_at and connection.next_try_at > clock.now():
        text = _("The runtime asked to be left alone until %(when)s (UTC).")
        yield Reason("waiting", text % {"when": connection.next_try_at.strftime("%Y-%m-%d %H:%M:%S")})
    if connection.attention == ZONE_CHANGED:
        yield Reason("zone_changed", _("The time zone of the runtime changed. Confirm the new zone first."))


def _ask(actor: Actor, connection: RuntimeConnection, kind: str, **args: str) -> Job:
    record(actor, "sync.asked" if kind == SYNC else "probe.asked", connection)
    return enqueue(kind, actor=actor, unit_path=connection.unit.path, connection_id=connection.pk, **args)


def _schedule_name(connection: RuntimeConnection) -> str:
    return f"{SYNC}:{connection.pk}"


def _schedule(connection: RuntimeConnection) -> None:
    every = timedelta(minutes=connection.every_minutes)
    schedule(_schedule_name(connection), SYNC, every=every, connection_id=str(connection.pk))


# --- what was typed -------------------------------------------------------------------------------------------------


def _tidy(given: dict[str, Any]) -> dict[str, Any]:
    """People paste the address of the console or of its API; the base is what comes before."""
    tidy = {k: v.strip() if isinstance(v, str) else v for k, v in given.items()}
    if "base_url" in tidy:
        tidy["base_url"] = re.sub(r"(/console/api|/apps|/signin)?/*$", "", tidy["base_url"])
    if "workspace_ref" in tidy:
        tidy["workspace_ref"] = tidy["workspace_ref"].lower()
    if "currency" in tidy:
        tidy["currency"] = tidy["currency"].upper()
    return tidy


def _faults(given: dict[str, Any]) -> Iterator[Reason]:
    if "name" in given and not 0 < len(given["name"]) <= 100:
        yield Reason("name", _("Give the connection a name of at most 100 characters."), field="name")
    if "base_url" in given:
        yield from _address_faults(given["base_url"])
    if "workspace_ref" in given and not _is_uuid(given["workspace_ref"]):
        text = _("The workspace id has the form 71346be4-dc12-46bb-9ca2-c1bccc47ffac.")
        yield Reason("workspace", text, field="workspace_ref")
    if given.get("currency") and not re.fullmatch(r"[A-Z]{3}", given["currency"]):
        yield Reason("currency", _("A currency is three letters, for example CNY."), field="currency")
    if "every_minutes" in given and not EVERY_MIN <= given["every_minutes"] <= EVERY_MAX:
        text = _("Read every %(low)s to %(high)s minutes.")
        yield Reason("every", text % {"low": EVERY_MIN, "high": EVERY_MAX}, field="every_minutes")


def _address_faults(url: str) -> Iterator[Reason]:
    if len(url) > 300:
        yield Reason("base_url", _("The address is longer than 300 characters."), field="base_url")
    try:
        parse(url)
    except Invalid as refusal:
        yield from (Reason(r.code, r.text, field="base_url") for r in refusal.reasons)


def _secret_faults(secret: str, needed: bool = False) -> Iterator[Reason]:
    text = secret.strip()
    if needed and not text:
        yield Reason("secret", _("Enter the admin key of the server."), field="secret")
    if len(text) > 500 or not text.isascii() or not text.isprintable() or " " in text:
        yield Reason("secret", _("A key is one line of at most 500 plain characters."), field="secret")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "runtime"
    taken = set(RuntimeConnection.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED
    return next(slug for slug in _slugs(base) if slug not in taken)


def _slugs(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


# --- links of apps --------------------------------------------------------------------------------------------------


@service
def link_app(
    *,
    actor: Actor,
    app: RuntimeApp,
    candidate: Candidate,
    pilot: Pilot | None = None,
    stage: str = AppLink.Stage.SANDBOX,
    from_day: date | None = None,
) -> AppLink:
    """Say which case an app serves. A live link is ended first: rows are never edited.

    Usage counts for a pilot from the first day that begins after this was said."""
    require(actor, "metrics.app.link", app)
    today = clock.today(app.connection.day_timezone or "UTC")
    first = from_day or today
    refuse_if(_link_faults(app, candidate, pilot, stage, first, today), Invalid)
    _end_live(app, first)
    link = AppLink.objects.create(
        app=app,
        candidate=candidate,
        pilot=pilot,
        stage=stage,
        from_day=first,
        set_by=User.objects.get(pk=actor.user_key),
    )
    record(actor, "app.linked", app, after={"stage": stage, "from_day": first, "pilot": pilot}, candidate=candidate)
    return link


@service
def stage_app(
    *, actor: Actor, app: RuntimeApp, stage: str, pilot: Pilot | None = None, from_day: date | None = None
) -> AppLink:
    """Another stage of the same case, as a new row."""
    require(actor, "metrics.app.link", app)
    live = AppLink.objects.filter(app=app, until_day=None).select_related("candidate", "pilot").first()
    if live is None:
        raise NotReady(Reason("not_linked", _("This app is linked to no candidate yet. Link it first.")))
    link = link_app(
        actor=actor, app=app, candidate=live.candidate, pilot=pilot or live.pilot, stage=stage, from_day=from_day
    )
    record(actor, "app.staged", app, before={"stage": live.stage}, after={"stage": stage}, stage=stage)
    return link


@service
def end_link(*, actor: Actor, app: RuntimeApp) -> None:
    """From today on the app serves no case; what was counted stays."""
    require(actor, "metrics.app.link", app)
    if not _end_live(app, clock.today(app.connection.day_timezone or "UTC")):
        raise NotReady(Reason("not_linked", _("This app is linked to no candidate.")))
    record(actor, "app.unlinked", app)


def _end_live(app: RuntimeApp, until: date) -> int:
    return AppLink.objects.filter(app=app, until_day=None).update(until_day=until)


def _link_faults(
    app: RuntimeApp, candidate: Candidate, pilot: Pilot | None, stage: str, first: date, today: date
) -> Iterator[Reason]:
    if first < today:
        text = _("A link counts from today at the earliest: what was before cannot be claimed afterwards.")
        yield Reason("from_day", text, field="from_day")
    if stage not in AppLink.Stage.values:
        yield Reason("stage", _("Choose sandbox, pilot or service."), field="stage")
    if pilot and pilot.candidate_id != candidate.pk:
        yield Reason("other_candidate", _("This pilot tries another candidate."), field="pilot")
    if stage == AppLink.Stage.PILOT and (pilot is None or pilot.status not in PILOT_OPEN):
        text = _("The stage pilot needs a pilot of this candidate that is drafted or running.")
        yield Reason("no_pilot", text, field="pilot")
    if stage == AppLink.Stage.SERVICE and (pilot is None or pilot.status != Pilot.State.DECIDED):
        yield Reason("not_decided", _("The stage service needs a decided pilot of this candidate."), field="pilot")
    if not (candidate.unit.path.startswith(app.unit_path) or app.unit_path.startswith(candidate.unit.path)):
        yield Reason("other_unit", _("The candidate belongs to another unit than the connection."), field="candidate")
