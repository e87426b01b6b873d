"""Reads of usage: how fresh a source is, which app serves what, and what may be shown of its days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, ExtractQuarter, ExtractYear
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.actor import Actor
from metrics.models import (
    AppLink,
    Pilot,
    RuntimeApp,
    RuntimeConnection,
    SyncRun,
    SyncWindow,
    UsageDay,
    UsageRestatement,
)
from metrics.models.usage import MONEY

GRACE = timedelta(minutes=10)  # a pull may wait for a worker and take its time before it counts as missed
FEWEST = 5  # people; below this a figure would speak about persons
SPARK_DAYS = 28
CHART_DAYS = 56
USED = ("runs", "messages", "conversations", "tokens_total", "cost")
MEASURES = (
    "runs", "messages", "conversations", "users_distinct", "tokens_total", "cost", "latency_avg_ms",
    "satisfaction_per_mille", "tokens_per_second",
)  # fmt: skip
COUNTED = (UsageDay.State.CLOSED, UsageDay.State.RESTATED)
Hidden = frozenset[tuple[Any, int, int]]

TONES = {
    "fresh": ("ok", "disc-check"),
    "late": ("warn", "hourglass"),
    "silent": ("bad", "circle-alert"),
    "needs_attention": ("seal", "stamp"),
    "paused": ("plain", "minus"),
    "new": ("open", "circle"),
}


# --- sources --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Freshness:
    """`word` is a value of RuntimeConnection.Freshness; `age` since the last complete pull, None before the first."""

    word: str
    age: timedelta | None
    tone: str
    icon: str

    @property
    def label(self) -> Any:
        return RuntimeConnection.Freshness(self.word).label

    @property
    def is_current(self) -> bool:
        return self.word == RuntimeConnection.Freshness.FRESH


def freshness(connection: RuntimeConnection, now: datetime | None = None) -> Freshness:
    """Late after one missed scheduled pull, silent after two; a person's turn and a pause come before both."""
    now = now or clock.now()
    age = now - connection.last_ok_at if connection.last_ok_at else None
    word = _word(connection, now - (connection.last_ok_at or connection.created_at))
    return Freshness(word, age, *TONES[word])


def _word(connection: RuntimeConnection, silence: timedelta) -> str:
    words = RuntimeConnection.Freshness
    every = timedelta(minutes=connection.every_minutes)
    if connection.paused:
        return words.PAUSED
    if connection.attention:
        return words.NEEDS_ATTENTION
    if silence > 2 * every + GRACE:
        return words.SILENT
    if silence > every + GRACE:
        return words.LATE
    return words.FRESH if connection.last_ok_at else words.NEW


def sources(actor: Actor) -> QuerySet[RuntimeConnection]:
    found = RuntimeConnection.objects.visible_to(actor).select_related("unit")
    return found.annotate(app_count=Count("apps", filter=Q(apps__gone_at=None)))


def windows_of(connection: RuntimeConnection) -> QuerySet[SyncWindow]:
    return SyncWindow.objects.filter(connection=connection).select_related("app").order_by("app__name", "pk")


def runs_of(connection: RuntimeConnection) -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(connection=connection)


def restatements(actor: Actor) -> QuerySet[UsageRestatement]:
    return UsageRestatement.objects.visible_to(actor).select_related("app", "app__connection")


# --- what may be shown ----------------------------------------------------------------------------------------------


def quarter_of(day: date) -> tuple[int, int]:
    return day.year, (day.month + 2) // 3


def hidden_spans(apps: QuerySet[RuntimeApp] | Sequence[Any]) -> Hidden:
    """(app id, year, quarter) in which an app was used, as far as its users are known, by fewer than five people.

    The span is the calendar quarter, never the reader's: a narrow filter could else be held against a wider one."""
    used = [Coalesce(Sum(name), Value(0)) for name in USED]
    found = (
        UsageDay.objects.filter(app__in=apps)
        .exclude(state=UsageDay.State.SUPERSEDED)
        .order_by()
        .values("app_id", year=ExtractYear("day"), quarter=ExtractQuarter("day"))
        .annotate(peak=Max("users_distinct"), used=sum(used[1:], used[0]))
        .filter(peak__lt=FEWEST, used__gt=0)
    )
    return frozenset((row["app_id"], row["year"], row["quarter"]) for row in found)


def is_hidden(hidden: Hidden, row: UsageDay | UsageRestatement) -> bool:
    return (row.app_id, *quarter_of(row.day)) in hidden


def shown(hidden: Hidden, row: UsageDay, name: str) -> Any:
    """The figure of a day, or None where it is not reported or not shown."""
    return None if is_hidden(hidden, row) else getattr(row, name)


def money(units: int | None) -> Any:
    """Whole 10^-7 units as an exact decimal."""
    from decimal import Decimal

    return None if units is None else Decimal(units) / MONEY


def currency_of(connection: RuntimeConnection, row: UsageDay) -> str:
    return (connection.currency or row.currency) if row.cost is not None else ""


# --- apps -----------------------------------------------------------------------------------------------------------


def use_field(app: RuntimeApp) -> str:
    """Workflow apps report runs, all others messages."""
    return "runs" if app.mode == "workflow" else "messages"


def usage_days(actor: Actor) -> QuerySet[UsageDay]:
    found = UsageDay.objects.visible_to(actor).exclude(state=UsageDay.State.SUPERSEDED)
    return found.select_related("app", "connection")


def runtime_apps(actor: Actor) -> QuerySet[RuntimeApp]:
    """Apps nobody linked come first: that is where a person is needed."""
    live = AppLink.objects.filter(until_day=None).select_related("candidate", "pilot")
    linked = Exists(AppLink.objects.filter(app=OuterRef("pk"), until_day=None))
    seen: QuerySet[RuntimeApp] = RuntimeApp.objects.visible_to(actor)
    return (
        seen.select_related("connection", "connection__unit")
        .prefetch_related(Prefetch("links", queryset=live, to_attr="live_links"))
        .annotate(
            is_linked=Case(When(linked, then=Value(1)), default=Value(0)),
            is_gone=Case(When(gone_at=None, then=Value(0)), default=Value(1)),
        )
    )


APP_ORDER = ("is_gone", "is_linked", "name", "pk")


def live_link(app: RuntimeApp) -> AppLink | None:
    found = getattr(app, "live_links", None)
    if found is None:
        found = list(AppLink.objects.filter(app=app, until_day=None).select_related("candidate", "pilot"))
    return found[0] if found else None


@dataclass(frozen=True)
class AppUse:
    """The last days of one app as a list may show them: None is a gap, `state` says which kind."""

    days: tuple[date, ...]
    values: tuple[int | None, ...]
    states: tuple[str, ...]  # a value of UsageDay.State, "hidden" or "missing"
    total: int | None
    users_known: bool

    @property
    def is_hidden(self) -> bool:
        """Days are held back and the others show no use: a zero beside them would be a lie."""
        return "hidden" in self.states and not self.total


def recent_use(apps: Iterable[RuntimeApp], days: int = SPARK_DAYS) -> dict[Any, AppUse]:
    """The last `days` civil days of each app, in two queries for any number of apps."""
    listed = list(apps)
    today = clock.today()
    first = today - timedelta(days=days)
    hidden = hidden_spans([app.pk for app in listed])
    rows: dict[Any, dict[date, UsageDay]] = defaultdict(dict)
    found = UsageDay.objects.filter(app__in=[app.pk for app in listed], day__gte=first)
    for row in found.exclude(state=UsageDay.State.SUPERSEDED):
        rows[row.app_id][row.day] = row
    return {app.pk: _use(app, rows[app.pk], hidden, days) for app in listed}


def _use(app: RuntimeApp, rows: dict[date, UsageDay], hidden: Hidden, days: int) -> AppUse:
    last = clock.today(app.connection.day_timezone or "UTC")
    span = tuple(last - timedelta(days=days - 1 - offset) for offset in range(days))
    name = use_field(app)
    values = tuple(shown(hidden, rows[day], name) if day in rows else None for day in span)
    states = tuple(_state(rows.get(day), hidden) for day in span)
    told = [value for value in values if value is not None]
    users_known = any(row.users_distinct is not None for row in rows.values())
    return AppUse(span, values, states, sum(told) if told else None, users_known)


def _state(row: UsageDay | None, hidden: Hidden) -> str:
    if row is None:
        return "missing"
    return "hidden" if is_hidden(hidden, row) else row.state


def closed_through(app: RuntimeApp) -> date | None:
    window = SyncWindow.objects.filter(app=app).only("closed_through").first()
    return window.closed_through if window else None


# --- what a charter may count ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UsageFacts:
    """Closed days only. None = not reported, or held back because fewer than five people are known to use it."""

    runs: int | None
    messages: int | None
    tokens: int | None
    cost: int | None  # 10^-7 units of `currency`; None too when two currencies would have to be added
    currency: str
    closed_through: date | None
    sync_runs: tuple[str, ...]
    suppressed: bool
    days: int
    apps: int = 0
    runs_ok: int | None = None  # Dify's daily statistics do not tell successful runs apart
    digests: tuple[str, ...] = ()  # of `sync_runs`, in the same order
    first_day: date | None = None  # of the days asked for; the last one counted is `closed_through`


def usage_of_pilot(pilot: Pilot, from_day: date, until_day: date) -> UsageFacts:
    """Closed days of the pilot inside [from_day, until_day) on which an app was linked to it, at stage pilot, all day.

    The pilot's own first and last day bound every count of it: a report and the evidence of a charter, whose box is
    longer, tell the same number."""
    from_day = max(from_day, pilot.starts_on)
    until_day = min(until_day, pilot.ends_on + timedelta(days=1))
    links = AppLink.objects.filter(pilot=pilot, stage=AppLink.Stage.PILOT).select_related("app", "app__connection")
    rows = [row for link in links for row in _counted(link, from_day, until_day)]
    apps = {link.app_id for link in links}
    reaches = list(SyncWindow.objects.filter(app__in=apps).values_list("closed_through", flat=True))
    through = min(r for r in reaches if r) if reaches and all(reaches) else None
    if through is not None:
        through = min(through, until_day - timedelta(days=1))
    return _facts(rows, (from_day, through), len(apps))


def _counted(link: AppLink, from_day: date, until_day: date) -> list[UsageDay]:
    """A day counts when the link stood before it began and still after it ended."""
    zone = ZoneInfo(link.app.connection.day_timezone or "UTC")
    set_on = link.created_at.astimezone(zone)
    first_whole = set_on.date() if _is_midnight(set_on) else set_on.date() + timedelta(days=1)
    first = max(from_day, link.from_day, first_whole)
    until = min(until_day, link.until_day) if link.until_day else until_day
    rows = UsageDay.objects.filter(app=link.app, state__in=COUNTED, day__gte=first, day__lt=until)
    return list(rows.select_related("sync_run", "connection").order_by("day"))


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _facts(rows: list[UsageDay], span: tuple[date, date | None], apps: int) -> UsageFacts:
    hidden = _few_people(rows)
    runs = {str(row.sync_run_id): row.sync_run.digest for row in rows}
    order = tuple(sorted(runs))
    currencies = {currency_of(row.connection, row) for row in rows if row.cost}
    sums = {name: None if hidden else _sum(rows, name) for name in ("runs", "messages", "tokens_total", "cost")}
    return UsageFacts(
        runs=sums["runs"],
        messages=sums["messages"],
        tokens=sums["tokens_total"],
        cost=sums["cost"] if len(currencies) < 2 else None,
        currency=currencies.pop() if len(currencies) == 1 else "",
        closed_through=span[1],
        sync_runs=order,
        suppressed=hidden,
        days=len({row.day for row in rows}),
        apps=apps,
        digests=tuple(runs[pk] for pk in order),
        first_day=span[0],
    )


def _few_people(rows: list[UsageDay]) -> bool:
    """The rule of every other door. One app below the bar hides the sum too: the others could be subtracted from it."""
    hidden = hidden_spans(list({row.app_id for row in rows}))
    return any(is_hidden(hidden, row) for row in rows)


def _sum(rows: list[UsageDay], name: str) -> int | None:
    told = [getattr(row, name) for row in rows if getattr(row, name) is not None]
    return sum(told) if told else None


FEW_PEOPLE = _("used by fewer than five people")
