from __future__ import annotations

import gzip
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from foundation.egress import Client, EgressFailed, EgressRefused, addresses

NEVER = [
    "http://169.254.169.254/",
    "http://169.254.169.254:80/latest/meta-data",
    "http://169.254.170.2/",
    "http://169.254.1.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[::169.254.169.254]/",
    "http://metadata.google.internal/",
    "http://metadata/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://１６９.254.169.254/",
    "http://169。254。169。254/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/",
    "javascript:alert(1)",
    "//example.org/",
    "example.org",
    "http://user@example.org/",
    "http://user:pass@example.org/",
    "http://example.org:22/",
    "http://example.org:25/",
    "http://example.org:6379/",
    "http://example.org:5432/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://exa mple.org/",
    "http://example.org\\@evil.example/",
    "http://example.org\r\nHost: x/",
    "http://",
    "http://[::1",
    "http://.example.org/",
]
PRIVATE = [
    "http://127.0.0.1:8000/",
    "http://127.8.8.8/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://[fc00::1]/",
    "http://[::ffff:10.0.0.1]/",
]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    seen: list[tuple[str, dict[str, str]]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_args: Any) -> None:
        pass

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:  # noqa: N802 - name of the base class
        self.server.seen.append((self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        port = self.server.server_port
        if path == "/api/hello":
            self._send(200, b'{"ok": true}', Content_Type="application/json")
        elif path == "/big":
            self._send(200, b"x" * 3_000_000)
        elif path == "/bomb":
            self._send(200, gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip")
        elif path == "/packed":
            self._send(200, gzip.compress(b"plain"), Content_Encoding="gzip")
        elif path == "/broken-gzip":
            self._send(200, b"not gzip", Content_Encoding="gzip")
        elif path == "/cut":
            self._send(200, b"half", Content_Length="100")
        elif path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _n in range(100):
                time.sleep(0.1)
                self.wfile.write(b"x")
                self.wfile.flush()
        elif path == "/drip-header":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for n in range(100):
                time.sleep(0.1)
                self.wfile.write(b"X-%d: y\r\n" % n)
                self.wfile.flush()
        elif path == "/sleep":
            time.sleep(3)
        elif path == "/inside":
            self._send(302, Location="/api/hello")
        elif path == "/round":
            self._send(302, Location="/round")
        elif path == "/metadata":
            self._send(302, Location="http://169.254.169.254/latest/")
        elif path == "/other-port":
            self._send(302, Location=f"http://127.0.0.1:{port + 1}/")
        elif path == "/other-scheme":
            self._send(302, Location=f"https://127.0.0.1:{port}/")
        elif path == "/slow-down":
            self._send(429, Retry_After="17")
        else:
            self._send(404)


@pytest.fixture
def server():
    found = Server(("127.0.0.1", 0), Handler)
    found.seen = []
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def client(server: Server, **given: Any) -> Client:
    return Client(f"http://127.0.0.1:{server.server_port}", allow_private=True, **given)


@pytest.fixture
def no_connection(monkeypatch):
    """Any attempt to connect or to look a name up fails the test."""

    def connect(*_args: Any, **_more: Any) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(addresses, "resolve", connect)


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("allow_private", [False, True])
def test_these_addresses_are_never_called(url, allow_private, no_connection):
    with pytest.raises(EgressRefused) as refusal:
        Client(url, allow_private=allow_private).get("x")
    assert str(refusal.value.reasons[0].text).endswith((".", "”).", "path."))


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_need_a_word_on_the_connection(url, no_connection):
    with pytest.raises(EgressRefused, match="private network"):
        Client(url).get("x")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "203.0.114.9"])
def test_public_addresses_pass(address):
    assert str(addresses.judge(address, False)) == address


def test_a_name_that_leads_inside_is_refused_even_when_only_one_of_its_addresses_does(monkeypatch):
    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(EgressRefused, match="private network"):
        Client("https://source.example").get("x")


def test_the_checked_address_is_the_one_connected_to_and_the_name_is_sent_along(server, monkeypatch):
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(addresses, "resolve", resolve)
    found = Client(f"http://source.example:{server.server_port}/api", allow_private=True).get("hello", {"a": "1 2"})
    assert found.status == 200
    assert asked == ["source.example"]
    path, headers = server.seen[0]
    assert path == "/api/hello?a=1+2"
    assert headers["Host"] == f"source.example:{server.server_port}"


def test_a_name_that_changes_its_address_between_calls_reaches_nothing(server, monkeypatch):
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    monkeypatch.setattr(addresses, "resolve", lambda host, port: next(answers))
    with pytest.raises(EgressRefused):
        caller = Client(f"http://source.example:{server.server_port}", allow_private=True)
        caller.get("inside")
    assert [path for path, _headers in server.seen] == ["/inside"]


def test_an_unknown_name_is_said_in_a_sentence(monkeypatch):
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(addresses, "resolve", resolve)
    with pytest.raises(EgressFailed, match="not known") as failure:
        Client("https://nowhere.example").get()
    assert failure.value.kind == "dns"


def test_an_answer_of_any_status_comes_back_with_headers(server):
    found = client(server, headers={"Authorization": "Bearer k"}).get("/api/hello")
    assert (found.status, found.body) == (200, b'{"ok": true}')
    assert found.header("content-type") == "application/json"
    assert server.seen[0][1]["Authorization"] == "Bearer k"
    assert client(server).get("nothing").status == 404


def test_slow_down_carries_its_seconds(server):
    found = client(server).get("slow-down")
    assert found.retry_after == 17
    with pytest.raises(EgressFailed) as failure:
        found.or_fail()
    assert (failure.value.kind, failure.value.retry_after) == ("status_429", 17)


def test_redirects_stay_on_their_host(server):
    assert client(server).get("inside").body == b'{"ok": true}'
    for path in ("metadata", "other-port", "other-scheme"):
        with pytest.raises(EgressRefused):
            client(server).get(path)
    with pytest.raises(EgressFailed, match="circles"):
        client(server).get("round")


def test_only_the_base_host_is_called(server):
    for path in ("//evil.example/x", "http://evil.example/", "/../api/hello", "@evil.example/"):
        answer = client(server).get(path)
        assert answer.status in (200, 404)
    assert all("evil" not in headers["Host"] for _path, headers in server.seen)


@pytest.mark.parametrize(
    ("path", "kind", "given"),
    [
        ("big", "too_large", {"max_bytes": 1_000_000}),
        ("bomb", "ratio", {}),
        ("broken-gzip", "encoding", {}),
        ("cut", "broken_off", {}),
        ("sleep", "timeout", {"read_timeout": 0.2}),
        ("drip", "timeout", {"total_timeout": 0.5}),
        ("drip-header", "timeout", {"total_timeout": 0.5}),
    ],
)
def test_a_misbehaving_server_gives_a_sentence_and_no_body(server, path, kind, given):
    began = time.monotonic()
    with pytest.raises(EgressFailed) as failure:
        client(server, **given).get(path)
    assert failure.value.kind == kind
    assert time.monotonic() - began < 2.5


def test_packed_answers_are_unpacked(server):
    assert client(server).get("packed").body == b"plain"


def test_nobody_listening_is_said_in_a_sentence(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(EgressFailed) as failure:
            Client(f"http://127.0.0.1:{port}", allow_private=True).get()
    assert failure.value.kind == "connect"


def test_a_key_with_a_line_break_is_not_sent(server):
    with pytest.raises(EgressFailed):
        client(server, headers={"Authorization": "Bearer a\r\nX-Evil: 1"}).get("api/hello")
    assert server.seen == []


def test_proxies_of_the_environment_are_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert client(server).get("api/hello").status == 200
