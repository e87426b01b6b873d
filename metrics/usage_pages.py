"""What the pages of usage show, in words and cells; the doors of export read the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from foundation.access import may
from foundation.actor import Actor
from foundation.bilingual import pick
from foundation.jobs.models import Job, Schedule
from foundation.kit import Cell, Row
from foundation.lists import ListColumn
from foundation.templatetags.house import num
from metrics.connectors.base import CAPABILITIES
from metrics.models import AppLink, RuntimeApp, RuntimeConnection, SyncRun, SyncWindow, UsageDay, UsageRestatement
from metrics.selectors import usage as read
from metrics.services.usage import sync_reasons
from metrics.services.usage_sync import PROBE, SYNC
from metrics.usage_charts import spark, state_word

STAGE_TONES = {"sandbox": "plain", "pilot": "ok", "service": "good"}
SHOWN_AS = {"queued": "queued", "running": "running", "done": "done"}
CAPABILITY_WORDS = {
    "daily.runs": gettext_lazy("runs a day"),
    "daily.messages": gettext_lazy("messages a day"),
    "daily.conversations": gettext_lazy("conversations a day"),
    "daily.users": gettext_lazy("distinct users a day"),
    "daily.tokens": gettext_lazy("tokens a day"),
    "daily.cost": gettext_lazy("cost a day"),
    "daily.latency": gettext_lazy("response time a day"),
    "daily.satisfaction": gettext_lazy("satisfaction a day"),
    "daily.speed": gettext_lazy("tokens a second"),
    "runs.list": gettext_lazy("single runs"),
    "runs.tokens": gettext_lazy("tokens of a run"),
    "runs.cost": gettext_lazy("cost of a run"),
    "runs.tools": gettext_lazy("tools a run called"),
    "feedback": gettext_lazy("feedback"),
    "definition.export": gettext_lazy("definition of an app"),
    "definition.versions": gettext_lazy("versions of a definition"),
    "mcp.catalogue": gettext_lazy("MCP tools of the workspace"),
    "models": gettext_lazy("models in use"),
}
MODE_WORDS = {
    "workflow": gettext_lazy("workflow"),
    "chat": gettext_lazy("chat"),
    "advanced-chat": gettext_lazy("chat that follows a flow"),
    "agent-chat": gettext_lazy("chat with an agent"),
    "completion": gettext_lazy("text from a prompt"),
}
MEASURE_WORDS = {
    "runs": gettext_lazy("Runs"),
    "messages": gettext_lazy("Messages"),
    "conversations": gettext_lazy("Conversations"),
    "users_distinct": gettext_lazy("Distinct users"),
    "tokens_total": gettext_lazy("Tokens"),
    "cost": gettext_lazy("Cost"),
    "latency_avg_ms": gettext_lazy("Mean response time"),
    "satisfaction_per_mille": gettext_lazy("Likes per 1,000 messages"),
    "tokens_per_second": gettext_lazy("Tokens a second"),
    "day_timezone": gettext_lazy("Time zone"),
}
ALLOW_LIST = """# Pilotage reads with GET and nothing else. Let it reach these addresses only.
location ~ ^/(health|console/api/(account/profile|workspaces|apps(/[0-9a-f-]+(/(workflow/)?statistics/[a-z-]+)?)?))$ {
    limit_except GET { deny all; }
    proxy_pass http://dify-api;
}
location /console/api/ { deny all; }"""


# --- words ----------------------------------------------------------------------------------------------------------


def age_words(age: timedelta | None) -> str:
    """How long ago, in the largest unit that says enough."""
    if age is None:
        return _("never read")
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 1:
        return _("just now")
    if minutes < 120:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)s day ago", "%(n)s days ago", minutes // 1440) % {"n": minutes // 1440}


def error_words(error: dict[str, str]) -> str:
    return pick({"en": error.get("en", ""), "zh": error.get("zh", "")}) if error else ""


def use_words(app: RuntimeApp, total: int) -> str:
    if read.use_field(app) == "runs":
        return ngettext("%(n)s run", "%(n)s runs", total) % {"n": num(total)}
    return ngettext("%(n)s message", "%(n)s messages", total) % {"n": num(total)}


def app_sentence(app: RuntimeApp, use: read.AppUse) -> str:
    """The finding of the app's page."""
    facts = {"app": app.name, "days": len(use.days)}
    if use.is_hidden:
        return _("%(app)s is used by fewer than five people") % facts
    if use.total is None:
        return _("No usage of %(app)s has been read yet") % facts
    if use.total == 0:
        return _("%(app)s was not used in the last %(days)s days") % facts
    return _("%(app)s: %(use)s in the last %(days)s days") % {**facts, "use": use_words(app, use.total)}


def chart_label(app: RuntimeApp, use: read.AppUse) -> str:
    gaps = sum(state in ("missing", "hidden") for state in use.states)
    text = _("Bars of %(days)s days, %(gaps)s of them without a shown figure. The table below holds the same.")
    return f"{app_sentence(app, use)}. {text % {'days': len(use.days), 'gaps': gaps}}"


# --- columns of lists and exports -----------------------------------------------------------------------------------


def _fresh_cell(connection: RuntimeConnection) -> Cell:
    fresh = read.freshness(connection)
    return Cell(fresh.label, tone=fresh.tone, icon=fresh.icon, sub=age_words(fresh.age))


SOURCE_COLUMNS = (
    ListColumn("name", gettext_lazy("Source"), cell=lambda c: Cell(c.name, href=c.get_absolute_url(), sub=c.base_url)),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda c: c.unit.name),
    ListColumn("state", gettext_lazy("State"), value=lambda c: str(read.freshness(c).label), cell=_fresh_cell),
    ListColumn("apps", gettext_lazy("Apps"), "number", value=lambda c: c.app_count),
    ListColumn("last_ok_at", gettext_lazy("Last read"), "datetime"),
    ListColumn("error", gettext_lazy("Last error"), value=lambda c: error_words(c.last_error)),
)


def app_columns(use: dict[Any, read.AppUse], links: dict[Any, AppLink | None]) -> list[ListColumn]:
    """Columns bound to what was read for this page."""

    def link_of(app: RuntimeApp) -> AppLink | None:
        return links[app.pk] if app.pk in links else read.live_link(app)

    return [
        ListColumn("name", gettext_lazy("App"), cell=_app_cell),
        ListColumn("connection", gettext_lazy("Source"), value=lambda a: a.connection.name),
        ListColumn("mode", gettext_lazy("Mode"), value=lambda a: str(MODE_WORDS.get(a.mode, a.mode)), shown=False),
        ListColumn(
            "link",
            gettext_lazy("Serves"),
            value=lambda a: _link_text(link_of(a)),
            cell=lambda a: _link_cell(link_of(a)),
        ),
        ListColumn(
            "stage",
            gettext_lazy("Stage"),
            value=lambda a: _stage_text(link_of(a)),
            cell=lambda a: _stage_cell(link_of(a)),
        ),
        ListColumn(
            "use",
            gettext_lazy("Last 28 days"),
            "number",
            value=lambda a: None if use[a.pk].is_hidden else use[a.pk].total,
            cell=lambda a: _use_cell(a, use[a.pk]),
        ),
        ListColumn(
            "held_back",
            gettext_lazy("Held back"),
            value=lambda a: str(read.FEW_PEOPLE) if use[a.pk].is_hidden else "",
            shown=False,
        ),
        ListColumn("spark", "", value=lambda a: "", cell=lambda a: spark(use[a.pk], app_sentence(a, use[a.pk]))),
    ]


def _app_cell(app: RuntimeApp) -> Cell:
    mode = MODE_WORDS.get(app.mode, app.mode)
    sub = _("%(mode)s, gone from the runtime") % {"mode": mode} if app.gone_at else mode
    return Cell(app.name, href=app.get_absolute_url(), sub=sub)


def _link_text(link: AppLink | None) -> str:
    return link.candidate.title if link else ""


def _link_cell(link: AppLink | None) -> Cell:
    if link is None:
        return Cell(_("not linked"), tone="warn")
    return Cell(link.candidate.title, sub=link.pilot.name if link.pilot else None)


def _stage_text(link: AppLink | None) -> str:
    return str(link.get_stage_display() if link else AppLink.Stage.SANDBOX.label)


def _stage_cell(link: AppLink | None) -> Cell:
    return Cell(_stage_text(link), tone=STAGE_TONES[link.stage if link else "sandbox"])


def _use_cell(app: RuntimeApp, use: read.AppUse) -> Cell:
    if use.is_hidden:
        return Cell(read.FEW_PEOPLE)
    if use.total is None:
        return Cell(_("no data"))
    return Cell(use_words(app, use.total), sub=None if use.users_known else _("users not reported"), num=True)


DAY_COLUMNS = (
    ListColumn("day", gettext_lazy("Day"), "date"),
    ListColumn("day_timezone", gettext_lazy("Time zone")),
    ListColumn("state", gettext_lazy("State"), value=lambda r: str(r.get_state_display())),
    *(
        ListColumn(name, MEASURE_WORDS[name], "number", unit="ms" if name == "latency_avg_ms" else "")
        for name in read.MEASURES
    ),
    ListColumn("currency", gettext_lazy("Currency"), value=lambda r: read.currency_of(r.connection, r)),
    ListColumn("fetched_at", gettext_lazy("Read at"), "datetime"),
    ListColumn("held_back", gettext_lazy("Held back")),
)


def bind_days(columns: Sequence[ListColumn], hidden: read.Hidden) -> list[ListColumn]:
    """The same columns with every figure passed through the k rule."""
    return [replace(c, value=_guarded(c.name, hidden)) if c.name in GUARDED else c for c in columns]


GUARDED = frozenset({*read.MEASURES, "currency", "held_back"})


def _guarded(name: str, hidden: read.Hidden) -> Any:
    if name == "held_back":
        return lambda row: str(read.FEW_PEOPLE) if read.is_hidden(hidden, row) else ""
    if name == "currency":
        return lambda row: "" if read.is_hidden(hidden, row) else read.currency_of(row.connection, row)
    if name == "cost":
        return lambda row: read.money(read.shown(hidden, row, "cost"))
    return lambda row: read.shown(hidden, row, name)


RESTATEMENT_COLUMNS = (
    ListColumn(
        "app",
        gettext_lazy("App"),
        value=lambda r: r.app.name,
        cell=lambda r: Cell(r.app.name, href=r.app.get_absolute_url()),
    ),
    ListColumn("day", gettext_lazy("Day"), "date"),
    ListColumn("field", gettext_lazy("Figure"), value=lambda r: str(MEASURE_WORDS.get(r.field, r.field))),
    ListColumn("old", gettext_lazy("Was"), "number"),
    ListColumn("new", gettext_lazy("The source now says"), "number"),
    ListColumn(
        "reason", gettext_lazy("Why"), value=lambda r: str(r.get_reason_display()), cell=lambda r: _reason_cell(r)
    ),
    ListColumn("created_at", gettext_lazy("Seen"), "datetime"),
)


def restatement_columns(hidden: read.Hidden) -> list[ListColumn]:
    def figure(name: str) -> Any:
        return lambda row: None if read.is_hidden(hidden, row) else _restated(row, getattr(row, name))

    return [replace(c, value=figure(c.name)) if c.name in ("old", "new") else c for c in RESTATEMENT_COLUMNS]


def _restated(row: UsageRestatement, value: int | None) -> Any:
    return read.money(value) if row.field == "cost" else value


def _reason_cell(row: UsageRestatement) -> Cell:
    tone = {"late": "info", "source_shrank": "warn"}.get(row.reason, "plain")
    kept = {
        "late": _("the new value counts"),
        "source_shrank": _("the old value is kept"),
        "timezone_change": _("earlier days count no more"),
    }
    return Cell(row.get_reason_display(), tone=tone, sub=kept[row.reason])


# --- one app --------------------------------------------------------------------------------------------------------

TABLE_FIELDS = ("runs", "messages", "conversations", "users_distinct", "tokens_total", "cost", "latency_avg_ms")


def day_rows(actor: Actor, app: RuntimeApp) -> dict[str, Any]:
    """The table twin: only columns this app reports at all."""
    rows = list(read.usage_days(actor).filter(app=app).order_by("-day")[: read.CHART_DAYS])
    hidden = read.hidden_spans([app.pk])
    fields = [f for f in TABLE_FIELDS if any(getattr(row, f) is not None for row in rows)]
    currency = next((read.currency_of(app.connection, row) for row in rows if row.cost is not None), "")
    heads = [f"{MEASURE_WORDS[f]} [{currency}]" if f == "cost" and currency else MEASURE_WORDS[f] for f in fields]
    missing = [str(MEASURE_WORDS[f]).lower() for f in TABLE_FIELDS if f not in fields]
    users_known = any(row.users_distinct is not None for row in rows)
    table = [Row([row.day, _day_state(row, hidden), *_figures(row, fields, hidden)]) for row in rows]
    return {"heads": heads, "rows": table, "not_reported": missing if rows else [], "users_known": users_known}


def _day_state(row: UsageDay, hidden: read.Hidden) -> Cell:
    if read.is_hidden(hidden, row):
        return Cell(state_word("hidden"))
    return Cell(row.get_state_display(), tone="warn" if row.state == UsageDay.State.RESTATED else None)


def _figures(row: UsageDay, fields: list[str], hidden: read.Hidden) -> list[Any]:
    found = [read.shown(hidden, row, f) for f in fields]
    return [_cost(value) if f == "cost" else value for f, value in zip(fields, found, strict=True)]


def _cost(value: int | None) -> Any:
    amount = read.money(value)
    return None if amount is None else Cell(num(amount, 4), num=True)


# --- one source -----------------------------------------------------------------------------------------------------


def source_context(actor: Actor, connection: RuntimeConnection) -> dict[str, Any]:
    fresh = read.freshness(connection)
    probe = connection.probe or {}
    return {
        "connection": connection,
        "fresh": fresh,
        "age": age_words(fresh.age),
        "title": source_sentence(connection, fresh),
        "error": error_words(connection.last_error),
        "what_to_do": what_to_do(connection),
        "job": _job_of(connection),
        "may_edit": may(actor, "metrics.connection.edit", connection),
        "may_sync": may(actor, "metrics.sync.run", connection),
        "sync_reasons": list(sync_reasons(connection)),
        "next_run_at": _next_run(connection),
        "probe": probe,
        "probed_at": datetime.fromisoformat(probe["at"]) if probe.get("at") else None,
        "probe_error": error_words(probe.get("error", {})),
        "probe_warnings": [pick(warning) for warning in probe.get("warnings", [])],
        "capabilities": _capability_rows(connection),
        "reported": sum(bool(found.get("available")) for found in (connection.capabilities or {}).values()),
        "windows": _window_rows(connection),
        "restatements": read.restatements(actor).filter(app__connection=connection).count(),
        "allow_list": ALLOW_LIST,
    }


def source_sentence(connection: RuntimeConnection, fresh: read.Freshness) -> str:
    words = {
        "fresh": _("%(name)s is fresh: read %(age)s"),
        "late": _("%(name)s is late: last read %(age)s"),
        "silent": _("%(name)s is silent: last read %(age)s"),
        "needs_attention": _("%(name)s needs attention"),
        "paused": _("%(name)s is paused"),
        "new": _("%(name)s has not been read yet"),
    }
    if fresh.age is None and fresh.word in ("late", "silent"):
        return _("%(name)s has never been read completely") % {"name": connection.name}
    return words[fresh.word] % {"name": connection.name, "age": age_words(fresh.age)}


def what_to_do(connection: RuntimeConnection) -> str:
    code = connection.last_error.get("code", "") if connection.last_error else ""
    todo = {
        "unauthorized": _("Store a valid key and the right workspace id; then press Read now."),
        "zone_changed": _("Confirm the new zone below, or set the account's zone back on the runtime."),
        "rate_limited": _("Nothing: the next try waits as long as the runtime asked."),
        "unavailable": _("Nothing yet: it is tried again by itself. If it lasts, ask the owner of the server."),
        "apps_failed": _("The other apps were read. It is tried again with the next reading."),
        "address": _("Check the address of the connection."),
        "endpoint_missing": _("Check the address of the connection and the version of the server."),
        "same_page": _(
            "Ask the owner of the server to look at its list of apps. It is tried again with the next reading."
        ),
        "malformed": _("Check that the address is the runtime itself and not a sign-in page in front of it."),
    }
    return todo.get(code, _("It is tried again with the next reading.")) if code else ""


def _job_of(connection: RuntimeConnection) -> dict[str, Any] | None:
    """The work under way, as the progress bar shows it."""
    job = (
        Job.objects.filter(
            kind__in=[SYNC, PROBE], args__connection_id=str(connection.pk), state__in=["queued", "running"]
        )
        .order_by("queued_at")
        .first()
    )
    if job is None:
        return None
    return {"job": job, "state": SHOWN_AS[job.state], "text": job.message, "done": job.done, "total": job.total or 1}


def _next_run(connection: RuntimeConnection) -> Any:
    row = Schedule.objects.filter(name=f"{SYNC}:{connection.pk}", enabled=True).first()
    planned = row.next_run_at if row else None
    return max(filter(None, (planned, connection.next_try_at)), default=None)


def _capability_rows(connection: RuntimeConnection) -> list[Row]:
    known = connection.capabilities or {}
    return [_capability_row(name, known[name]) for name in CAPABILITIES if name in known]


def _capability_row(name: str, found: dict[str, Any]) -> Row:
    if found.get("available"):
        return Row([CAPABILITY_WORDS[name], Cell(_("reported"), tone="ok"), ""])
    return Row([CAPABILITY_WORDS[name], Cell(_("not reported"), tone="open"), pick(found.get("reason") or {"en": ""})])


WINDOW_TONES = {"done": "ok", "pending": "open", "failed": "bad", "needs_attention": "seal"}


def _window_rows(connection: RuntimeConnection) -> list[Row]:
    return [_window_row(window) for window in read.windows_of(connection)[:200]]


def _window_row(window: SyncWindow) -> Row:
    gone = bool(window.app.gone_at)
    state = Cell(_("gone from the runtime")) if gone else Cell(
        window.get_progress_display(), tone=WINDOW_TONES[window.progress], sub=window.error_code or None
    )  # fmt: skip
    through: date | None = window.closed_through
    return Row([Cell(window.app.name, href=window.app.get_absolute_url()), through, state])


RUN_TONES = {"done": "ok", "failed": "bad", "running": "open"}


TRIGGER_WORDS = {"schedule": gettext_lazy("schedule"), "button": gettext_lazy("by hand")}


def _outcome_cell(run: SyncRun) -> Cell:
    return Cell(run.get_outcome_display(), tone=RUN_TONES[run.outcome], sub=error_words(run.error) or None)


RUN_COLUMNS = (
    ListColumn("created_at", gettext_lazy("Began"), "datetime"),
    ListColumn("trigger", gettext_lazy("Started by"), value=lambda r: str(TRIGGER_WORDS.get(r.trigger, r.trigger))),
    ListColumn("outcome", gettext_lazy("Outcome"), value=lambda r: str(r.get_outcome_display()), cell=_outcome_cell),
    ListColumn("error", gettext_lazy("Error"), value=lambda r: error_words(r.error), shown=False),
    ListColumn("days_written", gettext_lazy("Days written"), "number"),
    ListColumn("days_unchanged", gettext_lazy("Unchanged"), "number"),
    ListColumn("calls", gettext_lazy("Calls"), "number"),
    ListColumn("finished_at", gettext_lazy("Ended"), "datetime", shown=False),
    ListColumn("digest", gettext_lazy("Digest"), cell=lambda r: r.digest[7:19]),
)
RUNS_SHOWN = 10
