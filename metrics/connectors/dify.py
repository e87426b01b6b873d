"""Dify read through its console API with the server's admin key. GET only: the key itself could write everything."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from metrics.connectors.base import (
    CAPABILITIES,
    DAILY_CAPABILITIES,
    MAX_BODY_BYTES,
    MAX_COUNT,
    MONEY_UNITS,
    NOT_REPORTED,
    AppRecord,
    Capability,
    ConnectorRefused,
    DailyPage,
    DayRecord,
    Probe,
    Response,
    Transport,
    malformed,
    refused,
    say,
)

PAGE_LIMIT = 100  # the server answers 400 to more
MAX_APPS = 10_000  # a list that never ends is a fault, not an inventory
CURRENCY_LABEL = "USD"  # a constant of the server, whatever the models billed

ALLOWED_CALLS: tuple[tuple[str, str], ...] = (
    ("GET", r"/health"),
    ("GET", r"/console/api/account/profile"),
    ("GET", r"/console/api/workspaces"),
    ("GET", r"/console/api/apps"),
    ("GET", r"/console/api/apps/[0-9a-f-]{36}"),
    ("GET", r"/console/api/apps/[0-9a-f-]{36}/statistics/[a-z-]+"),
    ("GET", r"/console/api/apps/[0-9a-f-]{36}/workflow/statistics/[a-z-]+"),
)
_ALLOWED = re.compile("|".join(pattern for _method, pattern in ALLOWED_CALLS))
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_NUMBER = re.compile(r"^-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,4})?$", re.ASCII)
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)


# --- numbers -------------------------------------------------------------------------------------------------------


class Bad(Exception):
    """A value that breaks the parse rules; the reader adds where it stood."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def parse_number(value: object) -> Decimal | None:
    """Int, float, numeric string or null. Never a bool, never negative, never beyond a bigint."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Bad("is not a number", "不是数字")
    text = str(value).strip()
    if not _NUMBER.match(text):
        raise Bad("is not a finite number", "不是有限数字")
    number = Decimal(text)
    if number < 0:
        raise Bad("is negative", "为负数")
    if number > MAX_COUNT:
        raise Bad("is larger than can be stored", "超出可存储范围")
    return number


def parse_count(value: object) -> int | None:
    number = parse_number(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise Bad("is not a whole number", "不是整数")
    return int(number)


def parse_money(value: object) -> int | None:
    """Whole number of 10^-7 units, without a step through float."""
    number = parse_number(value)
    if number is None:
        return None
    units = number * MONEY_UNITS
    if units > MAX_COUNT:
        raise Bad("is larger than can be stored", "超出可存储范围")
    return int(units.to_integral_value())


def parse_rate(value: object) -> float | None:
    number = parse_number(value)
    return None if number is None else float(number)


def parse_per_mille(value: object) -> float | None:
    """Likes per 1,000 messages; several likes on one message may carry it past 1,000, so there is no upper bound."""
    return parse_rate(value)


# --- what each statistics address gives ----------------------------------------------------------------------------


class Column(NamedTuple):
    key: str
    field: str
    parse: Callable[[object], float | int | None]
    # A count or a sum of nothing is zero; a mean or a rate of nothing does not exist.
    adds_up: bool


class Dataset(NamedTuple):
    family: str
    name: str
    capability: str
    columns: tuple[Column, ...]
    other_keys: frozenset[str] = frozenset()


def _count(key: str, field: str) -> tuple[Column, ...]:
    return (Column(key, field, parse_count, True),)


MESSAGE_DATASETS = (
    Dataset("statistics", "daily-messages", "daily.messages", _count("message_count", "messages")),
    Dataset("statistics", "daily-conversations", "daily.conversations", _count("conversation_count", "conversations")),
    Dataset("statistics", "daily-end-users", "daily.users", _count("terminal_count", "users_distinct")),
    Dataset(
        "statistics",
        "token-costs",
        "daily.tokens",
        (Column("token_count", "tokens_total", parse_count, True), Column("total_price", "cost", parse_money, True)),
        frozenset({"currency"}),
    ),
    Dataset(
        "statistics",
        "user-satisfaction-rate",
        "daily.satisfaction",
        (Column("rate", "satisfaction_per_mille", parse_per_mille, False),),
    ),
    Dataset("statistics", "tokens-per-second", "daily.speed", (Column("tps", "tokens_per_second", parse_rate, False),)),
)
LATENCY_DATASET = Dataset(
    "statistics", "average-response-time", "daily.latency", (Column("latency", "latency_avg_ms", parse_rate, False),)
)
WORKFLOW_DATASETS = (
    Dataset("workflow/statistics", "daily-conversations", "daily.runs", _count("runs", "runs")),
    Dataset("workflow/statistics", "daily-terminals", "daily.users", _count("terminal_count", "users_distinct")),
    Dataset("workflow/statistics", "token-costs", "daily.tokens", _count("token_count", "tokens_total")),
)


def datasets_of(mode: str) -> tuple[Dataset, ...]:
    """Message statistics for every conversational mode, workflow statistics for `workflow`: never both, because for
    a chatflow they count the same tokens."""
    if mode == "workflow":
        return WORKFLOW_DATASETS
    return (*MESSAGE_DATASETS, LATENCY_DATASET) if mode == "completion" else MESSAGE_DATASETS


def _not_in_mode(mode: str) -> Iterator[Capability]:
    given = {dataset.capability for dataset in datasets_of(mode)}
    if mode != "workflow":
        given.add("daily.cost")
    reason = refused("not_applicable").sentence
    return (Capability(name, False, None, reason) for name in DAILY_CAPABILITIES if name not in given)


# --- replies -------------------------------------------------------------------------------------------------------


def _no_constant(token: str) -> object:
    raise ValueError(token)


def read_json(response: Response, where: str) -> Any:
    if len(response.body) > MAX_BODY_BYTES:
        raise refused("too_large")
    try:
        return json.loads(response.body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise malformed(where, "it is not complete JSON", "不是完整的 JSON") from error


def _error_body(response: Response) -> tuple[str, str]:
    try:
        body = json.loads(response.body[:65_536])
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("code") or ""), str(body.get("message") or "")


def refusal_of(response: Response) -> ConnectorRefused:
    """Codes and message prefixes decide; the server may append routing hints to a message."""
    status = response.status
    code, message = _error_body(response)
    retry_after = response.header("Retry-After")
    if status == 401:
        return refused("unauthorized")
    if status == 403:
        return refused("forbidden")
    if status == 404:
        return _not_found(code, message)
    if status == 429 and code == "email_code_login_limit":
        return refused("unauthorized", wording="locked")
    if status == 429:
        return refused("rate_limited", retry_after=retry_after)
    if status >= 500 or status == 408:
        return refused("unavailable", retry_after=retry_after)
    if 300 <= status < 400:
        return malformed("base address", "it redirects to another address", "该地址跳转到了其他地址")
    return refused("bad_request", status=status)


def _not_found(code: str, message: str) -> ConnectorRefused:
    if code == "app_not_found" and message.startswith("App mode is not"):
        return refused("not_applicable")
    if code == "app_not_found":
        return refused("app_gone")
    return refused("endpoint_missing")


def _text(row: dict[str, Any], key: str, where: str, limit: int = 200) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise malformed(f"{where}, {key}", "it is missing or not text", "缺失或不是文本")
    return value.strip()[:limit]


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise malformed(where, "an object was expected", "应为一个对象")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise malformed(where, "a list was expected", "应为一个列表")
    return value


def _instant(value: object) -> datetime | None:
    """Epoch seconds; an unreadable time of an app is not worth losing the inventory for."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 32_503_680_000:
        return None
    return datetime.fromtimestamp(value, UTC)


def _app(row: Any, where: str) -> AppRecord:
    item = _object(row, where)
    app_id = _text(item, "id", where).lower()
    if not _UUID.fullmatch(app_id):
        raise malformed(f"{where}, id", "it is not an app id", "不是应用标识")
    workflow = item.get("workflow")
    version = workflow.get("id") if isinstance(workflow, dict) else None
    return AppRecord(
        external_id=app_id,
        name=_text(item, "name", where),
        mode=_text(item, "mode", where, 40),
        published_version=version[:80] if isinstance(version, str) else None,
        models=_models(item.get("model_config")),
        created_at=_instant(item.get("created_at")),
    )


def _models(config: object) -> tuple[str, ...]:
    model = config.get("model") if isinstance(config, dict) else None
    if not isinstance(model, dict):
        return ()
    provider, name = model.get("provider"), model.get("name")
    if not isinstance(provider, str) or not isinstance(name, str) or not name:
        return ()
    return (f"{provider}/{name}"[:120],)


# --- daily statistics ----------------------------------------------------------------------------------------------

DayValues = dict[date, dict[str, Any]]


def _day(row: dict[str, Any], where: str) -> date:
    value = row.get("date")
    if isinstance(value, str) and _DAY.match(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise malformed(f"{where}, date", "it is not a day", "不是日期")


def _row_values(dataset: Dataset, row: dict[str, Any], where: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in dataset.columns:
        if column.key not in row:
            raise malformed(f"{where}, {column.key}", "it is missing", "缺失")
        try:
            values[column.field] = column.parse(row[column.key])
        except Bad as bad:
            raise malformed(f"{where}, {column.key}", bad.en, bad.zh) from bad
    if "currency" in dataset.other_keys:
        values["currency"] = _currency(row, where)
    return values


def _currency(row: dict[str, Any], where: str) -> str:
    value = row.get("currency")
    if value is None:
        return CURRENCY_LABEL
    if not isinstance(value, str) or not re.match(r"^[A-Za-z]{3}$", value):
        raise malformed(f"{where}, currency", "it is not a currency code", "不是货币代码")
    return value.upper()


def read_dataset(dataset: Dataset, body: Any) -> tuple[DayValues, set[str]]:
    """Rows by day in any order, and the names of keys nobody knows. A second row for a day refuses the reply."""
    address = f"{dataset.family}/{dataset.name}"
    rows = _list(_object(body, address).get("data"), f"{address}, data")
    known = {"date", *dataset.other_keys, *(column.key for column in dataset.columns)}
    days: DayValues = {}
    unknown: set[str] = set()
    for number, raw in enumerate(rows, start=1):
        where = f"{address}, row {number}"
        row = _object(raw, where)
        day = _day(row, where)
        if day in days:
            raise malformed(f"{where}, date", "this day came twice", "该日期重复出现")
        days[day] = _row_values(dataset, row, where)
        unknown.update(f"{address}.{str(key)[:60]}" for key in row.keys() - known)
    return days, unknown


def _zero_values(dataset: Dataset) -> dict[str, Any]:
    """What a day without activity means once the dataset was read: sums are zero, rates stay unknown."""
    values: dict[str, Any] = {column.field: 0 if column.adds_up else None for column in dataset.columns}
    if "currency" in dataset.other_keys:
        values["currency"] = CURRENCY_LABEL
    return values


def _version_tuple(version: str | None) -> tuple[int, int, int] | None:
    match = re.match(r"^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", version or "")
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def includes_debug(version: str | None, mode: str) -> bool | None:
    """Whether runs of the studio's debugger are inside the figures; None = not known for this version."""
    parsed = _version_tuple(version)
    if parsed is None:
        return None
    if parsed >= (1, 9, 0):
        return False
    if parsed < (1, 7, 0):
        return True
    # 1.7 and 1.8 left them out of conversations only: for chat modes the day is half and half.
    return True if mode == "workflow" else None


# --- the connector -------------------------------------------------------------------------------------------------


class DifyConnector:
    """Admin key mode. One instance serves one sync: it reads version and zone once and keeps them."""

    def __init__(self, transport: Transport, *, admin_key: str, workspace_id: str) -> None:
        self._transport = transport
        self._headers = {"Authorization": f"Bearer {admin_key.strip()}", "X-WORKSPACE-ID": workspace_id.strip()}
        self._workspace_id = workspace_id.strip().lower()
        self._version: str | None = None
        self._zone: str | None = None

    def capabilities(self) -> frozenset[str]:
        return frozenset({*DAILY_CAPABILITIES, "models"})

    def probe(self) -> Probe:
        warnings = []
        version = self._read_health()
        zone = self.read_zone()
        workspaces = self._read_workspaces()
        if not (version or self._version):
            warnings.append(say(*_NO_VERSION))
        if self._workspace_id not in workspaces:
            warnings.append(say(*_OTHER_WORKSPACE))
        if zone != "UTC":
            warnings.append(say(*_ZONE_NOT_UTC, zone=zone))
        return Probe(version or self._version, self._capability_rows(), zone, workspaces, tuple(warnings))

    def read_zone(self) -> str:
        """The zone of the account whose days the statistics count; anyone with that account can change it."""
        profile = _object(self._read("/console/api/account/profile")[0], "account/profile")
        zone = _text(profile, "timezone", "account/profile", 60)
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise malformed("account/profile, timezone", "this zone is not known", "未知时区") from error
        self._zone = zone
        return zone

    def list_apps(self) -> Iterator[tuple[AppRecord, ...]]:
        """Pages of apps not seen before. The end never rests on `has_more` alone: it may lie.

        A list that ends short of its own total is refused after its last page: nothing may be called gone from it."""
        seen: set[str] = set()
        page = 1
        while True:
            body = _object(self._read("/console/api/apps", page=str(page), limit=str(PAGE_LIMIT))[0], "apps")
            total = _total(body)
            rows = _list(body.get("data"), "apps, data")
            apps = [_app(row, f"apps, page {page}, row {number}") for number, row in enumerate(rows, start=1)]
            fresh = tuple({app.external_id: app for app in apps if app.external_id not in seen}.values())
            seen.update(app.external_id for app in fresh)
            if len(seen) > MAX_APPS:
                raise refused("too_large", limit=f"{MAX_APPS} apps")
            if fresh:
                yield fresh
            page += 1
            # The last page, or a server that sends the same ones for ever: either way the list must be whole.
            if not body.get("has_more") or not fresh or page > math.ceil(total / _page_size(body)) + 2:
                if len(seen) < total:
                    raise refused("same_page", seen=len(seen), total=total)
                return

    def fetch_daily(self, app: AppRecord, d0: date, d1: date) -> DailyPage:
        """Every day of [d0, d1). Any failure but "this app or server does not report it" refuses the whole window."""
        if not _UUID.fullmatch(app.external_id):
            raise malformed("app", "its id is not an app id", "应用标识无效")
        if d0 >= d1:
            return DailyPage((), (), frozenset(), 0, hashlib.sha256().hexdigest())
        zone = self._zone or self.read_zone()
        digest = hashlib.sha256()
        fetched: list[tuple[Dataset, DayValues]] = []
        missing = list(_not_in_mode(app.mode))
        unknown: set[str] = set()
        datasets = datasets_of(app.mode)
        for dataset in datasets:
            try:
                body, raw = self._read_statistics(app, dataset, d0, d1)
            except ConnectorRefused as refusal:
                if refusal.code not in NOT_REPORTED:
                    raise
                missing.append(Capability(dataset.capability, False, None, refusal.sentence))
                continue
            digest.update(raw)
            values, names = read_dataset(dataset, body)
            fetched.append((dataset, values))
            unknown |= names
        debug = includes_debug(self._version, app.mode)
        days = tuple(_merge(app, zone, day, fetched, debug) for day in _days(d0, d1)) if fetched else ()
        return DailyPage(days, tuple(missing), frozenset(unknown), len(datasets), digest.hexdigest())

    def _read_statistics(self, app: AppRecord, dataset: Dataset, d0: date, d1: date) -> tuple[Any, bytes]:
        path = f"/console/api/apps/{app.external_id}/{dataset.family}/{dataset.name}"
        return self._read(path, start=f"{d0.isoformat()} 00:00", end=f"{d1.isoformat()} 00:00")

    def _read(self, path: str, /, **params: str) -> tuple[Any, bytes]:
        if not _ALLOWED.fullmatch(path):
            raise ValueError(f"{path} is not on the list of allowed calls")
        response = self._transport.get(path, params, {} if path == "/health" else self._headers)
        self._version = response.header("X-Version") or self._version
        if response.status != 200:
            raise refusal_of(response)
        return read_json(response, path.removeprefix("/console/api/")), response.body

    def _read_health(self) -> str | None:
        """A gateway may publish the console API only; then the version comes from a reply header, or not at all."""
        try:
            body = self._read("/health")[0]
        except ConnectorRefused as refusal:
            if refusal.code not in {"endpoint_missing", "forbidden", "malformed", "unauthorized"}:
                raise
            return None
        version = body.get("version") if isinstance(body, dict) else None
        self._version = version[:40] if isinstance(version, str) and _version_tuple(version) else self._version
        return self._version

    def _read_workspaces(self) -> tuple[str, ...]:
        body = _object(self._read("/console/api/workspaces")[0], "workspaces")
        rows = _list(body.get("workspaces"), "workspaces")
        return tuple(_text(_object(row, "workspaces"), "id", "workspaces").lower() for row in rows)

    def _capability_rows(self) -> tuple[Capability, ...]:
        given = self.capabilities()
        return tuple(
            Capability(name, True, self._version) if name in given else Capability(name, False, None, say(*_NOT_READ))
            for name in CAPABILITIES
        )


_NO_VERSION = (
    "The version of the runtime could not be read. Facts that depend on it are marked unknown.",
    "无法读取运行平台的版本。依赖版本的事实标记为未知。",
)
_OTHER_WORKSPACE = (
    "The workspace of this connection is not in the list of the runtime. Check the workspace id.",
    "此连接的工作空间不在运行平台的列表中。请核对工作空间标识。",
)
_ZONE_NOT_UTC = (
    "Days of the runtime are counted in %(zone)s. An account in UTC is easier to compare.",
    "运行平台按 %(zone)s 时区计日。使用 UTC 时区的账号更便于比较。",
)
_NOT_READ = ("This connection does not read it.", "此连接不读取该项。")


def _total(body: dict[str, Any]) -> int:
    try:
        total = parse_count(body.get("total"))
    except Bad as bad:
        raise malformed("apps, total", bad.en, bad.zh) from bad
    if total is None:
        raise malformed("apps, total", "it is missing", "缺失")
    return total


def _page_size(body: dict[str, Any]) -> int:
    """The size the server says it used: a capped page would otherwise end the list early."""
    limit = body.get("limit")
    return limit if isinstance(limit, int) and 0 < limit <= PAGE_LIMIT else PAGE_LIMIT


def _days(d0: date, d1: date) -> Iterator[date]:
    return (d0 + timedelta(days=offset) for offset in range((d1 - d0).days))


def _merge(
    app: AppRecord, zone: str, day: date, fetched: list[tuple[Dataset, DayValues]], debug: bool | None
) -> DayRecord:
    values: dict[str, Any] = {}
    for dataset, days in fetched:
        values.update(days.get(day) or _zero_values(dataset))
    return DayRecord(app_id=app.external_id, day=day, zone=zone, includes_debug=debug, **values)
