"""GET with a pinned address, bounded time and size. Redirects stay on their host."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin

from django.utils.translation import gettext_lazy as _

from foundation.egress.addresses import EgressRefused, Target, parse, pin, refused
from foundation.errors import NotReady, Reason

MIB = 1024 * 1024
MAX_REDIRECTS = 5
MAX_RATIO = 100  # decoded to received; honest JSON stays below 40
RATIO_FROM = MIB  # below this a high ratio harms nobody
MAX_WAIT = 24 * 3600  # seconds; a longer Retry-After is cut


class EgressFailed(NotReady):
    """The other side did not answer as hoped; `retry_after` in seconds where it makes sense to try again."""

    code = "source_failed"
    title = _("The other system did not answer as expected.")

    def __init__(self, kind: str, text: Any, retry_after: int | None = None) -> None:
        self.kind, self.retry_after = kind, retry_after
        super().__init__(Reason(f"source_{kind}", text))


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)

    @property
    def retry_after(self) -> int | None:
        """Seconds the other side asks to wait."""
        given = (self.header("retry-after") or "").strip()
        if given.isascii() and given.isdigit():
            return min(int(given[:9]), MAX_WAIT)
        try:
            when = parsedate_to_datetime(given)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0, min(int((when - datetime.now(UTC)).total_seconds()), MAX_WAIT))

    def or_fail(self) -> Response:
        """This answer if its status is 2xx, else EgressFailed with the sentence of the status."""
        if 200 <= self.status < 300:
            return self
        text = _STATUS_TEXTS.get(self.status) or _("The other system answered with an error (%(status)s).")
        raise EgressFailed(f"status_{self.status}", text % {"status": self.status}, self.retry_after)


_STATUS_TEXTS = {
    401: _("The other system does not accept the key (%(status)s). Enter a valid one."),
    403: _("The key does not allow this (%(status)s). Ask the owner of the system for read access."),
    404: _("The other system does not know this address (%(status)s). Check the base address and the version."),
    429: _("The other system asks to slow down (%(status)s). It will be asked again later."),
}


class Client:
    """Bound to one base address; safe to give addresses typed in by people.

    `allow_private` also lets loopback and private networks through: only when the connection says so.
    Metadata and link-local addresses are refused even then.
    """

    def __init__(
        self,
        base_url: str,
        *,
        allow_private: bool = False,
        headers: Mapping[str, str] | None = None,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        total_timeout: float = 60,
        max_bytes: int = 32 * MIB,
    ) -> None:
        self.base = parse(base_url)
        self.allow_private, self.headers = allow_private, dict(headers or {})
        self.connect_timeout, self.read_timeout, self.total_timeout = connect_timeout, read_timeout, total_timeout
        self.max_bytes = max_bytes

    def get(
        self, path: str = "", params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Any HTTP status is an answer; EgressRefused and EgressFailed are raised for the rest."""
        deadline = time.monotonic() + self.total_timeout
        target = self._target(path, params)
        for _hop in range(MAX_REDIRECTS + 1):
            response = self._once(target, {**self.headers, **(headers or {})}, deadline)
            location = response.header("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            target = self._redirected(target, location)
        raise EgressFailed("redirects", _("The other system sends the request round in circles. Check the address."))

    def _target(self, path: str, params: Mapping[str, str] | None) -> Target:
        scheme, _host, _port = self.base.origin
        whole = f"{scheme}://{self.base.host_header}{self.base.path.rstrip('/')}/{path.lstrip('/')}"
        target = parse(whole if path else f"{scheme}://{self.base.host_header}{self.base.path}")
        if target.origin != self.base.origin:
            raise refused("other_host", _("Only the host of the connection is called."))
        query = "&".join(q for q in (target.query, urlencode(params or {})) if q)
        return Target(*target.origin, target.path, query)

    def _redirected(self, target: Target, location: str) -> Target:
        found = parse(urljoin(f"{target.scheme}://{target.host_header}{target.path}", location))
        if found.origin != target.origin:
            text = _(
                "The other system redirects to another address (%(host)s). Enter the final address on the connection."
            )
            raise refused("redirect", text, host=f"{found.scheme}://{found.host_header}")
        return found

    def _once(self, target: Target, headers: Mapping[str, str], deadline: float) -> Response:
        import httpx2

        address = self._pinned(target)
        left = max(0.01, deadline - time.monotonic())
        timeout = httpx2.Timeout(
            min(self.read_timeout, left), connect=min(self.connect_timeout, left), pool=min(self.connect_timeout, left)
        )
        watch = _Watch(address, left)
        try:
            with watch, _plain_client(timeout) as client:
                request = client.build_request(
                    "GET",
                    _pinned_url(target, address),
                    headers={"User-Agent": "Pilotage", "Accept": "application/json", **headers}
                    | {"Host": target.host_header},
                    extensions={"sni_hostname": target.host, "trace": watch.trace},
                )
                with _streamed(client, request) as answer:
                    return Response(answer.status_code, dict(answer.headers), self._body(answer, watch))
        except httpx2.HTTPError as error:
            raise _failure(error, watch) from error

    def _pinned(self, target: Target) -> str:
        try:
            return pin(target, self.allow_private)
        except OSError as error:
            text = _("The host name %(host)s is not known. Check the address.") % {"host": target.host}
            raise EgressFailed("dns", text, 60) from error

    def _body(self, answer: Any, watch: _Watch) -> bytes:
        parts: list[bytes] = []
        size = 0
        for chunk in answer.iter_bytes():
            parts.append(chunk)
            size += len(chunk)
            if size > self.max_bytes:
                text = _("The answer is larger than %(limit)s MiB, so it was not read.")
                raise EgressFailed("too_large", text % {"limit": max(1, self.max_bytes // MIB)})
            if size > RATIO_FROM and size > MAX_RATIO * max(answer.num_bytes_downloaded, 1):
                text = _("The answer unpacks to more than %(limit)s times its size, so it was not read.")
                raise EgressFailed("ratio", text % {"limit": MAX_RATIO})
        if watch.expired:
            raise _too_slow()
        return b"".join(parts)


@cache
def _trust() -> Any:
    """Reading the trust store takes 80 ms of CPU: once a process, not once a call."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


def _plain_client(timeout: Any) -> Any:
    import httpx2

    return httpx2.Client(trust_env=False, verify=_trust(), timeout=timeout, follow_redirects=False)


@contextmanager
def _streamed(client: Any, request: Any) -> Iterator[Any]:
    answer = client.send(request, stream=True)
    try:
        yield answer
    finally:
        answer.close()


def _pinned_url(target: Target, address: str) -> str:
    host = f"[{address}]" if ":" in address else address
    query = f"?{target.query}" if target.query else ""
    return f"{target.scheme}://{host}:{target.port}{target.path}{query}"


class _Watch:
    """Sees the connection as it is made: checks the peer, and cuts it when the total time is over.

    Read time-outs alone let a server drip one byte at a time for ever.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self.address = ipaddress.ip_address(address)
        self.expired = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        self._socket = info["return_value"].get_extra_info("socket")
        peer = info["return_value"].get_extra_info("server_addr")
        if peer and ipaddress.ip_address(peer[0].partition("%")[0]) != self.address:
            raise refused("moved", _("The connection went to another address than the one that was checked."))

    def _cut(self) -> None:
        self.expired = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # already closed


def _too_slow() -> EgressFailed:
    return EgressFailed("timeout", _("The other system took too long to answer. It will be asked again later."), 60)


def _failure(error: Exception, watch: _Watch) -> EgressFailed:
    import httpx2

    if watch.expired or isinstance(error, httpx2.TimeoutException):
        return _too_slow()
    if isinstance(error, httpx2.ConnectError):
        if "certificate" in str(error).lower() or "ssl" in str(error).lower():
            text = _("The certificate of the other system is not trusted. Ask its owner, or check the host name.")
            return EgressFailed("tls", text)
        return EgressFailed("connect", _("Nothing answers at this address. Check host and port."), 60)
    if isinstance(error, httpx2.DecodingError):
        return EgressFailed("encoding", _("The answer of the other system is damaged and cannot be unpacked."), 60)
    if isinstance(error, httpx2.LocalProtocolError):
        return EgressFailed("request", _("The key or a header holds characters that cannot be sent."))
    return EgressFailed("broken_off", _("The other system broke the answer off. It will be asked again later."), 60)


__all__ = ["Client", "EgressFailed", "EgressRefused", "Response"]
