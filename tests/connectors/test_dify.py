from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from metrics.connectors.base import (
    CAPABILITIES,
    CODES,
    AppRecord,
    ConnectorRefused,
    DayRecord,
    Response,
    Transport,
)
from metrics.connectors.dify import ALLOWED_CALLS, Bad, DifyConnector, parse_count, parse_money, parse_rate

from .dify_server import (
    ADMIN_KEY,
    CHAT_APP,
    CHATFLOW_APP,
    COMPLETION_APP,
    WORKFLOW_APP,
    WORKSPACE_ID,
    DifyServer,
    leaves,
)
from .transport import PlainTransport

FIRST, LAST = date(2026, 10, 20), date(2026, 11, 22)


@pytest.fixture
def dify() -> Iterator[DifyServer]:
    with DifyServer() as server:
        yield server


def connect(server: DifyServer, **changes: Any) -> DifyConnector:
    keys = {"admin_key": ADMIN_KEY, "workspace_id": WORKSPACE_ID, **changes}
    return DifyConnector(PlainTransport(server.url, timeout=keys.pop("timeout", 5.0)), **keys)


def app(app_id: str, mode: str) -> AppRecord:
    return AppRecord(app_id, "any", mode)


CHATFLOW = app(CHATFLOW_APP, "advanced-chat")
WORKFLOW = app(WORKFLOW_APP, "workflow")
COMPLETION = app(COMPLETION_APP, "completion")


def by_day(days: tuple[DayRecord, ...]) -> dict[str, DayRecord]:
    return {record.day.isoformat(): record for record in days}


class Scripted:
    """A transport that answers from a function, for replies no real server would give."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.calls: list[str] = []

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        self.calls.append(path)
        answer = self._answer(path, params)
        return answer if isinstance(answer, Response) else Response(200, {}, json.dumps(answer).encode())


def scripted(answer: Any) -> DifyConnector:
    return DifyConnector(Scripted(answer), admin_key="k", workspace_id=WORKSPACE_ID)


# --- probe and inventory -------------------------------------------------------------------------------------------


def test_the_probe_tells_version_zone_workspace_and_what_is_reported(dify: DifyServer) -> None:
    probe = connect(dify).probe()
    assert (probe.version, probe.zone, probe.workspaces) == ("1.14.2", "America/New_York", (WORKSPACE_ID,))
    assert [capability.name for capability in probe.capabilities] == list(CAPABILITIES)
    given = {capability.name for capability in probe.capabilities if capability.available}
    assert {"daily.messages", "daily.cost", "models"} <= given
    assert all(capability.reason for capability in probe.capabilities if not capability.available)
    assert [("America/New_York" in warning["en"], bool(warning["zh"])) for warning in probe.warnings] == [(True, True)]


def test_the_version_comes_from_a_reply_header_when_the_health_page_is_hidden(dify: DifyServer) -> None:
    dify.fault("/health", "404_html")
    assert connect(dify).probe().version == "1.14.2"


def test_a_workspace_the_account_does_not_list_is_warned_about() -> None:
    replies = {
        "/health": {"version": "1.9.0"},
        "/console/api/account/profile": {"timezone": "UTC"},
        "/console/api/workspaces": {"workspaces": [{"id": "00000000-0000-0000-0000-000000000000"}]},
    }
    warnings = scripted(lambda path, _params: replies[path]).probe().warnings
    assert len(warnings) == 1
    assert "workspace" in warnings[0]["en"]


def test_the_inventory_lists_every_app_with_mode_version_and_model(dify: DifyServer) -> None:
    (apps,) = connect(dify).list_apps()
    assert {record.mode for record in apps} == {"workflow", "advanced-chat", "chat", "completion", "agent-chat"}
    chatflow = next(record for record in apps if record.external_id == CHATFLOW_APP)
    assert chatflow.name == "DBA chatbot"
    assert chatflow.published_version == "32ec636d-ad4d-4b60-8afd-27ac1b53d80b"
    assert chatflow.created_at and chatflow.created_at.utcoffset() == timedelta(0)
    assert next(record for record in apps if record.external_id == CHAT_APP).models == ("openai/gpt-4o",)


def test_a_paged_inventory_holds_every_app_once() -> None:
    with DifyServer(page_size=2) as server:
        pages = list(connect(server).list_apps())
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({record.external_id for page in pages for record in page}) == 5


def test_the_same_page_for_ever_ends_and_is_refused(dify: DifyServer) -> None:
    dify.fault("/console/api/apps", "same_page", times=None)
    with pytest.raises(ConnectorRefused) as caught:
        list(connect(dify).list_apps())
    assert caught.value.code == "same_page"
    assert "5 of 50" in caught.value.sentence["en"]
    assert len(dify.requests) == 2


def test_a_promise_of_more_after_the_last_app_is_not_believed() -> None:
    row = {"id": CHAT_APP, "name": "a", "mode": "chat"}
    connector = scripted(lambda _path, _params: {"total": 1, "limit": 100, "has_more": True, "data": [row]})
    assert [len(page) for page in connector.list_apps()] == [1]


def test_new_apps_on_every_page_for_ever_are_cut_off_by_the_total() -> None:
    def endless(_path: str, params: Mapping[str, str]) -> dict[str, Any]:
        ids = [f"{int(params['page']):08d}-0000-0000-0000-{n:012d}" for n in range(100)]
        rows = [{"id": app_id, "name": "a", "mode": "chat"} for app_id in ids]
        return {"total": 150, "limit": 100, "has_more": True, "data": rows}

    assert len(list(scripted(endless).list_apps())) == 4


def test_an_app_id_that_would_change_the_path_is_refused() -> None:
    row = {"id": "../../workspaces", "name": "a", "mode": "chat"}
    connector = scripted(lambda _path, _params: {"total": 1, "has_more": False, "data": [row]})
    with pytest.raises(ConnectorRefused, match="row 1, id"):
        list(connector.list_apps())


# --- days ----------------------------------------------------------------------------------------------------------


def test_a_chatflow_day_joins_all_its_statistics(dify: DifyServer) -> None:
    page = connect(dify).fetch_daily(CHATFLOW, FIRST, LAST)
    day = by_day(page.days)["2026-10-23"]
    assert (day.messages, day.conversations, day.users_distinct) == (12, 5, 4)
    assert (day.tokens_total, day.cost, day.currency) == (13979, 4_481_000, "USD")
    assert (day.satisfaction_per_mille, day.tokens_per_second) == (416.67, 69.5123)
    assert day.zone == "America/New_York"
    assert day.includes_debug is False
    assert day.runs is None and day.latency_avg_ms is None
    assert {capability.name for capability in page.missing} == {"daily.runs", "daily.latency"}
    assert len(dify.calls_to("*/average-response-time")) == 0


def test_a_quiet_day_is_zero_and_its_rates_are_unknown(dify: DifyServer) -> None:
    quiet = by_day(connect(dify).fetch_daily(CHATFLOW, FIRST, LAST).days)["2026-10-24"]
    assert (quiet.messages, quiet.tokens_total, quiet.cost) == (0, 0, 0)
    assert quiet.satisfaction_per_mille is None
    assert quiet.runs is None


def test_every_day_of_the_window_comes_once_in_order_and_no_other(dify: DifyServer) -> None:
    days = connect(dify).fetch_daily(CHATFLOW, date(2026, 11, 1), date(2026, 11, 8)).days
    assert [record.day for record in days] == [date(2026, 11, 1) + timedelta(days=n) for n in range(7)]
    asked = dify.calls_to("*/statistics/daily-messages")[0].query
    assert asked == {"start": "2026-11-01 00:00", "end": "2026-11-08 00:00"}


def test_money_adds_up_to_the_last_unit(dify: DifyServer) -> None:
    rows = dify.samples.load("console_stat_token_costs")["response"]["data"]
    days = connect(dify).fetch_daily(CHATFLOW, FIRST, LAST).days
    total = sum(Decimal(row["total_price"]) for row in rows)
    assert sum(record.cost or 0 for record in days) == int(total * 10_000_000)


def test_a_workflow_reports_runs_and_tokens_but_no_cost(dify: DifyServer) -> None:
    page = connect(dify).fetch_daily(WORKFLOW, FIRST, LAST)
    day = by_day(page.days)["2026-10-20"]
    assert (day.runs, day.users_distinct, day.tokens_total) == (6, 4, 19671)
    assert day.cost is None and day.currency is None and day.messages is None
    assert "daily.cost" in {capability.name for capability in page.missing}
    assert all("/workflow/statistics/" in call.path for call in dify.calls_to("*/statistics/*"))


def test_a_completion_app_reports_its_latency_in_milliseconds(dify: DifyServer) -> None:
    days = by_day(connect(dify).fetch_daily(COMPLETION, FIRST, LAST).days)
    assert days["2026-10-20"].latency_avg_ms == 4966.75
    assert days["2026-10-24"].latency_avg_ms is None


def test_a_day_with_an_unpriced_model_has_tokens_and_no_cost() -> None:
    def answer(path: str, _params: Mapping[str, str]) -> dict[str, Any]:
        if path.endswith("profile"):
            return {"timezone": "UTC"}
        row = {"date": "2026-10-20", "token_count": 7, "total_price": None, "currency": "USD"}
        return {"data": [row] if path.endswith("token-costs") else []}

    (day,) = scripted(answer).fetch_daily(CHATFLOW, FIRST, FIRST + timedelta(days=1)).days
    assert (day.tokens_total, day.cost) == (7, None)


def test_rows_may_come_in_any_order_and_new_keys_are_named() -> None:
    def answer(path: str, _params: Mapping[str, str]) -> dict[str, Any]:
        if path.endswith("profile"):
            return {"timezone": "UTC"}
        rows = [{"date": f"2026-10-{day}", "runs": day, "flavour": "x"} for day in (22, 20, 21)]
        return {"data": rows if path.endswith("daily-conversations") else []}

    page = scripted(answer).fetch_daily(WORKFLOW, FIRST, FIRST + timedelta(days=3))
    assert [record.runs for record in page.days] == [20, 21, 22]
    assert page.unknown_keys == {"workflow/statistics/daily-conversations.flavour"}


def test_an_empty_window_calls_nobody(dify: DifyServer) -> None:
    assert connect(dify).fetch_daily(CHATFLOW, FIRST, FIRST).days == ()
    assert dify.requests == []


def test_the_same_facts_have_the_same_digest_and_others_another(dify: DifyServer) -> None:
    first, again = (connect(dify).fetch_daily(CHATFLOW, FIRST, LAST).digest for _ in range(2))
    assert first == again
    with DifyServer(day_shift=1) as shifted:
        assert connect(shifted).fetch_daily(CHATFLOW, FIRST, LAST).digest != first


def test_a_changed_account_zone_is_seen_before_days_are_read(dify: DifyServer) -> None:
    before = connect(dify).fetch_daily(CHATFLOW, date(2026, 11, 17), date(2026, 11, 22)).days
    dify.fault("*", "timezone", times=None, zone="Asia/Shanghai")
    connector = connect(dify)
    assert connector.read_zone() == "Asia/Shanghai"
    after = connector.fetch_daily(CHATFLOW, date(2026, 11, 17), date(2026, 11, 22)).days
    assert {record.zone for record in after} == {"Asia/Shanghai"}
    assert [record.messages for record in before] != [record.messages for record in after]


# --- the server misbehaves -----------------------------------------------------------------------------------------

FAULTS = [
    ("401", "unauthorized"),
    ("404_gone", "app_gone"),
    ("400", "bad_request"),
    ("429", "rate_limited"),
    ("429_locked", "unauthorized"),
    ("500", "unavailable"),
    ("503", "unavailable"),
    ("redirect", "malformed"),
    ("html_200", "malformed"),
    ("truncated", "malformed"),
    ("nan", "malformed"),
    ("negative", "malformed"),
    ("duplicate_day", "malformed"),
]


@pytest.mark.parametrize(("kind", "code"), FAULTS)
def test_a_failing_reply_refuses_the_whole_window_in_words(dify: DifyServer, kind: str, code: str) -> None:
    dify.fault("*/statistics/tokens-per-second", kind)
    with pytest.raises(ConnectorRefused) as caught:
        connect(dify).fetch_daily(CHATFLOW, FIRST, LAST)
    assert caught.value.code == code
    assert caught.value.code in CODES
    assert len(caught.value.sentence["en"]) > 20 and caught.value.sentence["zh"]
    assert "%(" not in caught.value.sentence["en"] + caught.value.sentence["zh"]
    assert caught.value.may_retry == (code in {"rate_limited", "unavailable"})


@pytest.mark.parametrize("kind", ["404_mode", "404_html", "403"])
def test_a_figure_the_server_does_not_have_leaves_the_others(dify: DifyServer, kind: str) -> None:
    dify.fault("*/statistics/token-costs", kind)
    page = connect(dify).fetch_daily(CHATFLOW, FIRST, LAST)
    day = by_day(page.days)["2026-10-20"]
    assert (day.messages, day.tokens_total, day.cost) == (6, None, None)
    reasons = {capability.name: capability.reason for capability in page.missing}
    assert reasons["daily.tokens"]


def test_a_wrong_key_or_workspace_is_unauthorized_and_never_shown(dify: DifyServer) -> None:
    for changes in ({"admin_key": "secret-nope"}, {"workspace_id": "0" * 8}):
        with pytest.raises(ConnectorRefused) as caught:
            connect(dify, **changes).probe()
        assert (caught.value.code, caught.value.needs_person) == ("unauthorized", True)
        assert "secret-nope" not in repr(caught.value) + str(caught.value)
    assert ADMIN_KEY not in repr(connect(dify))


def test_retry_after_is_handed_on_as_sent(dify: DifyServer) -> None:
    dify.fault("/console/api/apps", "429", retry_after="Sun, 22 Nov 2026 10:00:00 GMT")
    with pytest.raises(ConnectorRefused) as caught:
        list(connect(dify).list_apps())
    assert caught.value.retry_after == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert len(list(connect(dify).list_apps())) == 1


def test_a_slow_server_is_unavailable(dify: DifyServer) -> None:
    dify.fault("/health", "slow", seconds=3.0)
    with pytest.raises(ConnectorRefused) as caught:
        connect(dify, timeout=0.2).probe()
    assert caught.value.code == "unavailable"


def test_a_bad_row_is_named_without_its_content() -> None:
    def answer(path: str, _params: Mapping[str, str]) -> dict[str, Any]:
        rows = [{"date": "2026-10-20", "message_count": 1}, {"date": "2026-10-21", "message_count": "call Jane"}]
        return {"timezone": "UTC"} if path.endswith("profile") else {"data": rows}

    with pytest.raises(ConnectorRefused) as caught:
        scripted(answer).fetch_daily(CHATFLOW, FIRST, LAST)
    assert "daily-messages, row 2, message_count" in caught.value.sentence["en"]
    assert "Jane" not in repr(caught.value.sentence)


def test_a_reply_cut_at_any_byte_is_malformed(dify: DifyServer) -> None:
    whole = dify.samples.reply("console_stat_tokens_per_second").body
    for length in range(0, len(whole) - 1, 7):
        cut = Response(200, {}, whole[:length])
        connector = scripted(lambda path, _params, cut=cut: {"timezone": "UTC"} if path.endswith("profile") else cut)
        with pytest.raises(ConnectorRefused) as caught:
            connector.fetch_daily(CHATFLOW, FIRST, LAST)
        assert caught.value.code == "malformed"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b'{"data": {}}', b'{"data": [[]]}', b'{"data": [{"date": "2026-02-30", "message_count": 1}]}']
    + [b'{"data": [{"date": "2026-10-20"}]}', b"[" * 100_000, b'{"data": [{"date": 5, "message_count": 1}]}']
    + [b'{"data": [{"date": "2026-10-20", "message_count": ' + b"9" * 6000 + b"}]}", b"\xff\xfe{}"],
)
def test_shapes_nobody_expects_are_malformed(body: bytes) -> None:
    connector = scripted(
        lambda path, _params: {"timezone": "UTC"} if path.endswith("profile") else Response(200, {}, body)
    )
    with pytest.raises(ConnectorRefused) as caught:
        connector.fetch_daily(CHATFLOW, FIRST, LAST)
    assert caught.value.code == "malformed"


def test_an_oversized_reply_is_refused() -> None:
    big = Response(200, {}, b" " * (32 * 1024 * 1024 + 1))
    with pytest.raises(ConnectorRefused) as caught:
        scripted(lambda _path, _params: big).read_zone()
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", None, 5])
def test_a_zone_nobody_knows_is_malformed(zone: object) -> None:
    with pytest.raises(ConnectorRefused) as caught:
        scripted(lambda _path, _params: {"timezone": zone}).read_zone()
    assert caught.value.code == "malformed"


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "count"), [(0, 0), (6, 6), ("19671", 19671), (Decimal("6.0"), 6), (None, None), (" 7 ", 7), ("1e3", 1000)]
)
def test_counts_may_be_numbers_text_or_null(raw: object, count: int | None) -> None:
    assert parse_count(raw) == count


@pytest.mark.parametrize(
    "raw",
    [-1, "-1", "NaN", "inf", "1e400", Decimal("1e400"), 2**63, True, False, "", "seven", [], {}, 1.5, "1.5", "１"]
    + [Decimal("0.5"), "1e999999999", "0x10", "1_000"],
)
def test_counts_that_break_the_rules_are_refused(raw: object) -> None:
    with pytest.raises(Bad):
        parse_count(raw)


@pytest.mark.parametrize(
    ("raw", "units"),
    [("0.1955200", 1_955_200), ("0", 0), (None, None), ("123456789.0000001", 1_234_567_890_000_001), (2, 20_000_000)],
)
def test_money_is_exact(raw: object, units: int | None) -> None:
    assert parse_money(raw) == units


def test_money_beyond_a_bigint_is_refused() -> None:
    with pytest.raises(Bad):
        parse_money("1000000000000")


def test_a_rate_may_pass_a_thousand() -> None:
    assert parse_rate("1500.5") == 1500.5


# --- reading only, and no text -------------------------------------------------------------------------------------


def whole_sync(connector: DifyConnector) -> list[Any]:
    found: list[Any] = [connector.probe()]
    for page in connector.list_apps():
        found += page
        found += [connector.fetch_daily(record, FIRST, LAST) for record in page]
    return found


def test_a_whole_sync_only_reads_and_only_what_it_lists(dify: DifyServer) -> None:
    whole_sync(connect(dify))
    assert {method for method, _path in ALLOWED_CALLS} == {"GET"}
    assert {request.method for request in dify.requests} == {"GET"}
    for request in dify.requests:
        assert any(re.fullmatch(pattern, request.path) for _method, pattern in ALLOWED_CALLS), request.path
    assert len(dify.requests) > 20


def test_the_transport_knows_no_other_method_than_get() -> None:
    assert {name for name in vars(Transport) if not name.startswith("_")} == {"get"}


def test_the_open_health_page_never_receives_the_key(dify: DifyServer) -> None:
    connect(dify).probe()
    assert "authorization" not in dify.calls_to("/health")[0].headers
    assert dify.calls_to("/console/api/workspaces")[0].headers["authorization"] == f"Bearer {ADMIN_KEY}"


KEPT = {"version", "timezone", "id", "name", "mode", "provider", "date", "currency", "code"}


def planted(value: Any, path: str = "") -> Any:
    """Every text of a reply but the few we keep is replaced by a canary, and each object gets one more."""
    if isinstance(value, dict):
        inside = {
            key: f"CANARY {path}.{key}"
            if isinstance(inner, str) and key not in KEPT
            else planted(inner, f"{path}.{key}")
            for key, inner in value.items()
        }
        return {**inside, "note": f"CANARY {path}"}
    return [planted(inner, path) for inner in value] if isinstance(value, list) else value


def test_no_text_of_a_reply_reaches_a_record(dify: DifyServer) -> None:
    real = PlainTransport(dify.url)
    keep_numbers = {"token_count", "total_price"}

    def answer(path: str, params: Mapping[str, str]) -> Response:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}", "X-WORKSPACE-ID": WORKSPACE_ID}
        reply = real.get(path, params, headers)
        body = json.loads(reply.body)
        if path.endswith("profile"):
            body["name"] = body["email"] = "CANARY person"
        if path.endswith("token-costs"):
            body["data"] = [
                {**planted(row), **{key: row[key] for key in keep_numbers & row.keys()}} for row in body["data"]
            ]
        else:
            body = planted(body)
        return reply._replace(body=json.dumps(body).encode())

    records = whole_sync(DifyConnector(Scripted(answer), admin_key="k", workspace_id=WORKSPACE_ID))
    assert len(records) == 1 + 5 + 5
    assert "CANARY" not in repr(records)


def test_no_text_of_the_captured_files_reaches_a_record(dify: DifyServer) -> None:
    shown = repr(whole_sync(connect(dify)))
    names = {row["name"] for row in dify.apps.values()}
    texts = {
        value
        for file in dify.samples.folder.glob("*.json")
        for value in leaves(json.loads(file.read_text("utf-8")).get("response"))
        if isinstance(value, str) and (" " in value or "@" in value)
    }
    assert len(texts) > 100
    assert [text for text in texts - names if text in shown] == []
    assert "Admin" not in shown
