"""A Dify server on loopback that replays the captured replies, and misbehaves when told to.

    with DifyServer() as dify:
        dify.fault("*/statistics/token-costs", "429", times=1, retry_after="3")
        connector = DifyConnector(transport(dify.url), admin_key=ADMIN_KEY, workspace_id=WORKSPACE_ID)

Replies are the bytes of the sample files. `day_shift`, `cut` and `page_size` rewrite them and are off by default."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from .paths import SAMPLES, need

ADMIN_KEY = "admin-key-of-the-stub"
WORKSPACE_ID = "71346be4-dc12-46bb-9ca2-c1bccc47ffac"
WORKFLOW_APP = "14922ae6-a19e-44c7-a15b-4240a7d2e0fa"
CHATFLOW_APP = "51f8bd43-818c-4e3a-a17c-1aae5c082f74"
CHAT_APP = "37199323-1010-4a4b-a5c9-b332f91c6ee5"
COMPLETION_APP = "85d41f3e-ab51-492b-a1e8-4940d01d4573"
VERSION = "1.14.2"

JSON = "application/json"
HTML = "text/html; charset=utf-8"
KINDS = (
    "400",
    "401",
    "403",
    "404_gone",
    "404_html",
    "404_mode",
    "429",
    "429_locked",
    "500",
    "503",
    "duplicate_day",
    "html_200",
    "negative",
    "nan",
    "redirect",
    "same_page",
    "slow",
    "timezone",
    "truncated",
)
_APP_PATH = re.compile(r"^/console/api/apps/([^/]+)(/.*)?$")


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Reply(NamedTuple):
    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Fault:
    """`path` is a shell pattern. `times` None lasts for ever. `after` lets that many matching calls pass first."""

    path: str
    kind: str
    times: int | None = 1
    after: int = 0
    retry_after: str | None = None
    seconds: float = 1.0
    zone: str = "UTC"

    def strikes(self, path: str) -> bool:
        if not fnmatch(path, self.path) or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Samples:
    """The captured replies. `reply` gives the `response` of a file byte for byte as it stands there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._replies: dict[str, Reply] = {}
        self.by_path = self._index()

    def _index(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for file in sorted(self.folder.glob("*.json")):
            meta = json.loads(file.read_text("utf-8"))["_meta"]
            asked = meta.get("request") or {}
            if asked.get("method") == "GET" and meta.get("status") == 200 and "empty_range" not in file.stem:
                found.setdefault(asked["path"], file.stem)
        return found

    def load(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text("utf-8"))
        return loaded

    def reply(self, name: str) -> Reply:
        if name not in self._replies:
            self._replies[name] = self._read(name)
        return self._replies[name]

    def _read(self, name: str) -> Reply:
        text = (self.folder / f"{name}.json").read_text("utf-8")
        meta = json.loads(text)["_meta"]
        start = re.search(r'^ "response": ', text, re.MULTILINE)
        assert start, f"{name} holds no single response"
        value, end = json.JSONDecoder().raw_decode(text, start.end())
        # An HTML body stands in its file as one JSON string.
        body = value if isinstance(value, str) else text[start.end() : end]
        return Reply(meta["status"], meta["content_type"] or JSON, body.encode())


@dataclass
class DifyServer:
    """Starts on a free port of 127.0.0.1 and stops at the end of the `with` block.

    day_shift: move every day of the statistics. cut: answer only days inside `start` and `end`, as Dify does.
    page_size: cut the list of apps into pages of this size."""

    samples_dir: Path = SAMPLES
    day_shift: int = 0
    cut: bool = False
    page_size: int | None = None
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.samples = Samples(need(self.samples_dir))
        apps = self.samples.load("console_apps_list")["response"]["data"]
        self.apps: dict[str, dict[str, Any]] = {app["id"]: app for app in apps}
        self._lock = threading.Lock()
        self._released = threading.Event()

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def fault(self, path: str, kind: str, times: int | None = 1, **options: Any) -> Fault:
        assert kind in KINDS, f"{kind} is not one of {KINDS}"
        fault = Fault(path, kind, times, **options)
        self.faults.append(fault)
        return fault

    def calls_to(self, pattern: str) -> list[Request]:
        return [request for request in self.requests if fnmatch(request.path, pattern)]

    # --- answering ---

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            fault = next((fault for fault in self.faults if fault.strikes(request.path)), None)
        if fault is None:
            return self._honest(request)
        return self._faulty(fault, request)

    def _honest(self, request: Request) -> Reply:
        if request.path == "/health":
            return self.samples.reply("health")
        if not request.path.startswith("/console/api/"):
            return self._html_404()
        if request.method != "GET":
            return _json(405, {"code": "method_not_allowed", "message": "Method Not Allowed", "status": 405})
        return self._refusal(request) or self._console(request)

    def _refusal(self, request: Request) -> Reply | None:
        authorization = request.headers.get("authorization")
        if not authorization:
            return self.samples.reply("console_no_auth_error")
        if authorization != f"Bearer {ADMIN_KEY}":
            return self.samples.reply("console_unauthorized_error")
        if request.headers.get("x-workspace-id") != WORKSPACE_ID:
            return self.samples.reply("console_admin_key_no_workspace_error")
        return None

    def _console(self, request: Request) -> Reply:
        if request.path == "/console/api/apps":
            return self._apps(request)
        match = _APP_PATH.match(request.path)
        if match:
            return self._app(request, match[1], match[2] or "")
        name = self.samples.by_path.get(request.path)
        return self.samples.reply(name) if name else self._html_404()

    def _apps(self, request: Request) -> Reply:
        page, limit = int(request.query.get("page", 1)), int(request.query.get("limit", 20))
        if limit > 100:
            return _json(400, {"code": "invalid_param", "message": "limit must be <= 100", "status": 400})
        if self.page_size is None and page == 1:
            return self.samples.reply("console_apps_list")
        size = self.page_size or limit
        rows = list(self.apps.values())[(page - 1) * size : page * size]
        more = page * size < len(self.apps)
        return _json(200, {"page": page, "limit": size, "total": len(self.apps), "has_more": more, "data": rows})

    def _app(self, request: Request, app_id: str, rest: str) -> Reply:
        app = self.apps.get(app_id)
        if app is None:
            return self.samples.reply("console_app_not_found_error")
        name = self.samples.by_path.get(request.path)
        if "/statistics/" in rest:
            return self._statistics(request, app, rest, name)
        if name:
            return self.samples.reply(name)
        return _json(200, app) if not rest else self._html_404()

    def _statistics(self, request: Request, app: dict[str, Any], rest: str, name: str | None) -> Reply:
        wrong = self._wrong_dates(request.query)
        if wrong:
            return wrong
        if rest == "/statistics/average-response-time" and app["mode"] != "completion":
            return self.samples.reply("console_stat_average_response_time_on_chatflow_error")
        if not any(path.endswith(rest) for path in self.samples.by_path):
            return self._html_404()
        # Not captured for this app: the server answers an empty list for an app without activity.
        reply = self.samples.reply(name or "console_stat_empty_range")
        return self._rewritten(reply, request.query) if self.day_shift or self.cut else reply

    def _wrong_dates(self, query: dict[str, str]) -> Reply | None:
        stamps = [query[key] for key in ("start", "end") if key in query]
        try:
            moments = [datetime.strptime(stamp, "%Y-%m-%d %H:%M") for stamp in stamps]  # noqa: DTZ007 (zone of the account)
        except ValueError:
            return self.samples.reply("console_stat_bad_date_error")
        if len(moments) == 2 and moments[0] > moments[1]:
            return self.samples.reply("console_stat_start_after_end_error")
        return None

    def _rewritten(self, reply: Reply, query: dict[str, str]) -> Reply:
        rows = []
        for row in json.loads(reply.body)["data"]:
            day = date.fromisoformat(row["date"]) + timedelta(days=self.day_shift)
            stamp = f"{day.isoformat()} 00:00"
            if not self.cut or query.get("start", "") <= stamp < query.get("end", "9"):
                rows.append({**row, "date": day.isoformat()})
        return _json(200, {"data": rows})

    def _html_404(self) -> Reply:
        return self.samples.reply("openapi_v1_version")

    # --- misbehaving ---

    def _faulty(self, fault: Fault, request: Request) -> Reply:
        if fault.kind == "slow":
            self._released.wait(fault.seconds)
            return self._honest(request)
        if fault.kind == "timezone":
            return self._in_zone(fault.zone, request)
        if fault.kind == "same_page":
            return self._same_page(request)
        if fault.kind in ("truncated", "nan", "negative", "duplicate_day"):
            return _spoiled(fault.kind, self._honest(request))
        return self._error(fault)

    def _error(self, fault: Fault) -> Reply:
        wait = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
        match fault.kind:
            case "401":
                return self.samples.reply("console_unauthorized_error")
            case "404_gone":
                return self.samples.reply("console_app_not_found_error")
            case "404_mode":
                return self.samples.reply("console_stat_average_response_time_on_chatflow_error")
            case "404_html":
                return self._html_404()
            case "400":
                return self.samples.reply("console_stat_bad_date_error")
            case "403":
                return _json(403, {"code": "forbidden", "message": "Forbidden.", "status": 403})
            case "429_locked":
                locked = self.samples.load("console_login_errors")["responses"]["login_7th_try_429"]
                return _json(429, locked)
            case "429":
                body = {"code": "too_many_requests", "message": "Too many requests.", "status": 429}
                return _json(429, body)._replace(headers=wait)
            case "redirect":
                return Reply(302, HTML, b"", (("Location", "https://login.example/"),))
            case "html_200":
                return Reply(200, HTML, b"<!doctype html><title>Sign in</title>")
            case _:
                return Reply(int(fault.kind), HTML, b"<h1>Server Error</h1>", wait)

    def _in_zone(self, zone: str, request: Request) -> Reply:
        """The account's zone changed: the profile says so, and the captured days of that zone follow."""
        if request.path.endswith("/account/profile"):
            return _json(200, {**json.loads(self._honest(request).body), "timezone": zone})
        captured = self.samples.load("console_stat_timezone_effect")["response_by_account_timezone"]
        if request.path.endswith("/statistics/daily-messages") and zone in captured:
            return _json(200, captured[zone])
        return self._honest(request)

    def _same_page(self, request: Request) -> Reply:
        """The first page for ever, with the promise of more."""
        body = json.loads(self._honest(request._replace(query={**request.query, "page": "1"})).body)
        return _json(200, {**body, "has_more": True, "total": 10 * len(self.apps)})


def _json(status: int, body: Any) -> Reply:
    return Reply(status, JSON, json.dumps(body).encode())


def _spoiled(kind: str, reply: Reply) -> Reply:
    if kind == "truncated":
        return reply._replace(body=reply.body[: len(reply.body) * 2 // 3])
    body = json.loads(reply.body)
    rows = body["data"]
    if kind == "duplicate_day":
        rows.append(dict(rows[0]))
    else:
        key = next(key for key in rows[-1] if key != "date")
        rows[-1][key] = float("nan") if kind == "nan" else -1
    return _json(200, body)


def _handler(server: DifyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            url = urlsplit(self.path)
            headers = {key.lower(): value for key, value in self.headers.items()}
            reply = server.answer(Request(self.command, url.path, dict(parse_qsl(url.query)), headers))
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("X-Version", VERSION)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the log of a test is `requests`."""

    return Handler


def leaves(value: Any) -> Iterator[Any]:
    """Every single value inside nested lists and objects."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value
