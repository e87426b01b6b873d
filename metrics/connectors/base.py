"""What every connector returns and refuses: frozen records, capabilities, sentences. No models, clock or settings."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Protocol, TypedDict

MAX_BODY_BYTES = 32 * 1024 * 1024  # decoded; a larger reply is refused, not truncated
MAX_COUNT = 2**63 - 1  # what a bigint column holds
MONEY_UNITS = 10_000_000  # money is kept as a whole number of 10^-7 units

MAX_TRIES = 5  # in one slice of work; afterwards the window waits
TRY_CAP = 30.0  # seconds; upper bound of one jittered wait inside a slice
WINDOW_CAP = 900.0  # seconds; upper bound of the wait of a failed window


class Sentence(TypedDict):
    en: str
    zh: str


def say(en: str, zh: str, /, **params: object) -> Sentence:
    return {"en": en % params, "zh": zh % params} if params else {"en": en, "zh": zh}


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


class Transport(Protocol):
    """Bound to one base address. A timeout or lost connection raises `refused("unavailable")`, an oversized reply
    `refused("too_large")`. There is no second method: a connector cannot write into a runtime."""

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Response: ...


class Capability(NamedTuple):
    """`reason` is None while the capability is available; pages print it instead of a zero."""

    name: str
    available: bool
    since: str | None = None
    reason: Sentence | None = None


DAILY_CAPABILITIES = (
    "daily.runs",
    "daily.messages",
    "daily.conversations",
    "daily.users",
    "daily.tokens",
    "daily.cost",
    "daily.latency",
    "daily.satisfaction",
    "daily.speed",
)
CAPABILITIES = (
    *DAILY_CAPABILITIES,
    "runs.list",
    "runs.tokens",
    "runs.cost",
    "runs.tools",
    "feedback",
    "definition.export",
    "definition.versions",
    "mcp.catalogue",
    "models",
)


class Probe(NamedTuple):
    version: str | None
    capabilities: tuple[Capability, ...]
    zone: str
    workspaces: tuple[str, ...]
    warnings: tuple[Sentence, ...]


class AppRecord(NamedTuple):
    external_id: str
    name: str
    mode: str
    published_version: str | None = None
    models: tuple[str, ...] = ()
    created_at: datetime | None = None


class DayRecord(NamedTuple):
    """One app on one civil day of `zone`. None = not reported by the source; 0 = reported zero.

    `cost` counts 10^-7 units of `currency`, the currency as the source labels it."""

    app_id: str
    day: date
    zone: str
    source: str = "statistics"
    runs: int | None = None
    messages: int | None = None
    conversations: int | None = None
    users_distinct: int | None = None
    tokens_total: int | None = None
    cost: int | None = None
    currency: str | None = None
    latency_avg_ms: float | None = None
    satisfaction_per_mille: float | None = None
    tokens_per_second: float | None = None
    includes_debug: bool | None = None


class DailyPage(NamedTuple):
    """All days of one app and window, ascending. `missing` lists what this app or server does not report;
    `digest` is the SHA-256 over the bodies read, in the order of the calls."""

    days: tuple[DayRecord, ...]
    missing: tuple[Capability, ...]
    unknown_keys: frozenset[str]
    calls: int
    digest: str


class Connector(Protocol):
    """Reads one runtime. Windows are half-open [d0, d1)."""

    def probe(self) -> Probe: ...

    def capabilities(self) -> frozenset[str]: ...

    def read_zone(self) -> str: ...

    def list_apps(self) -> Iterator[tuple[AppRecord, ...]]: ...

    def fetch_daily(self, app: AppRecord, d0: date, d1: date) -> DailyPage: ...


class ConnectorRefused(Exception):
    """An expected failure of the other side. `retry_after` is the header as sent: seconds or an HTTP date."""

    def __init__(
        self, code: str, sentence: Sentence, retry_after: str | None = None, params: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(sentence["en"])
        self.code = code
        self.sentence = sentence
        self.retry_after = retry_after
        self.params = dict(params or {})

    @property
    def may_retry(self) -> bool:
        return self.code in RETRYABLE

    @property
    def needs_person(self) -> bool:
        return self.code in NEEDS_PERSON

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.code, self.sentence, self.retry_after, self.params))


RETRYABLE = frozenset({"rate_limited", "unavailable"})
NEEDS_PERSON = frozenset({"unauthorized"})
# The runtime cannot give this fact at all; the rest of the window is still good.
NOT_REPORTED = frozenset({"not_applicable", "endpoint_missing", "forbidden"})

_SENTENCES: dict[str, tuple[str, str]] = {
    "unauthorized": (
        "The runtime does not accept the key or the workspace. Check both and store the key again.",
        "运行平台不接受该密钥或工作空间。请核对两者并重新保存密钥。",
    ),
    "locked": (
        "The runtime has locked this account after wrong passwords. A person must unlock it; nothing is tried again.",
        "运行平台因密码多次错误锁定了该账号。须由人工解锁，系统不会再尝试。",
    ),
    "forbidden": (
        "The runtime forbids this reading. Ask its administrator to allow it for this app.",
        "运行平台禁止此项读取。请联系其管理员为该应用放行。",
    ),
    "not_applicable": (
        "The runtime does not report this figure for an app of this kind.",
        "运行平台不为此类应用提供该数据。",
    ),
    "app_gone": (
        "The app is no longer in this workspace of the runtime. Facts already read stay.",
        "该应用已不在运行平台的此工作空间中。已读取的事实保留不变。",
    ),
    "endpoint_missing": (
        "This version of the runtime does not offer what was asked for. Check the base address; it may need an update.",
        "此版本的运行平台没有所请求的接口。请核对基础地址，平台可能需要升级。",
    ),
    "bad_request": (
        "The runtime refused the request as wrong (status %(status)s). Report this: trying again will not help.",
        "运行平台认为请求有误（状态码 %(status)s）。请上报此问题，重试无济于事。",
    ),
    "rate_limited": (
        "The runtime asks for fewer calls. The next try waits as long as it asked.",
        "运行平台要求减少调用。下次尝试将按其要求等待。",
    ),
    "unavailable": (
        "The runtime cannot be reached or is failing. The next try follows by itself.",
        "运行平台无法访问或出现故障。系统将自动重试。",
    ),
    "malformed": (
        "The reply of the runtime cannot be read: %(where)s: %(problem)s. Nothing of it was stored.",
        "运行平台的回复无法读取：%(where)s：%(problem_zh)s。未保存其中任何内容。",
    ),
    "too_large": (
        "The reply of the runtime is larger than %(limit)s and was refused. Ask for a shorter span.",
        "运行平台的回复超过 %(limit)s，已被拒绝。请缩短时间范围。",
    ),
    "same_page": (
        "The runtime keeps sending the same page: %(seen)s of %(total)s apps were read. The list was not stored.",
        "运行平台反复返回同一页：共 %(total)s 个应用，仅读到 %(seen)s 个。列表未保存。",
    ),
}
CODES = frozenset(_SENTENCES) - {"locked"}


def refused(
    code: str, *, wording: str | None = None, retry_after: str | None = None, **params: object
) -> ConnectorRefused:
    """`wording` picks another sentence for the same code."""
    if code == "too_large":
        params.setdefault("limit", f"{MAX_BODY_BYTES // 1024 // 1024} MiB")
    en, zh = _SENTENCES[wording or code]
    return ConnectorRefused(code, say(en, zh, **params), retry_after, params)


def malformed(where: str, problem: str, problem_zh: str) -> ConnectorRefused:
    """`where` names the reply, row and field; it never repeats a value of the payload."""
    return refused("malformed", where=where, problem=problem, problem_zh=problem_zh)


MAX_WAIT = 24 * 3600.0  # seconds; a server that asks for more is asked again after a day
_SECONDS = re.compile(r"^\d{1,9}(\.\d{1,6})?$", re.ASCII)


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait, a day at most; None when the header is absent or unreadable, or a date without a `now`."""
    text = (value or "").strip()
    if _SECONDS.match(text):
        return min(float(text), MAX_WAIT)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if now is None:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), MAX_WAIT)


def next_delay(attempt: int, retry_after: str | None, rng: random.Random, now: datetime | None = None) -> float | None:
    """Seconds before the next try in the same slice, after `attempt` failed tries (1 = the first).

    A readable Retry-After is obeyed exactly; else full jitter. None: tries are used up, the window must wait."""
    if attempt >= MAX_TRIES:
        return None
    asked = retry_after_seconds(retry_after, now)
    return asked if asked is not None else rng.uniform(0.0, min(TRY_CAP, 2.0**attempt))


def next_window_delay(failures: int, retry_after: str | None, rng: random.Random, now: datetime | None = None) -> float:
    """Seconds before a failed window is due again: never earlier than the runtime asked, at most 15 min of our own."""
    own = rng.uniform(0.5, 1.0) * min(WINDOW_CAP, 30.0 * 2.0 ** min(failures, 10))
    asked = retry_after_seconds(retry_after, now)
    return own if asked is None else asked
