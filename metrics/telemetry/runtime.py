"""A connection's runtime behind the one way out: guarded address, bounded time, calm pace, few tries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import translation

from foundation.egress import Client, EgressFailed, EgressRefused
from metrics.connectors.base import Connector, ConnectorRefused, Response, Sentence, next_delay, refused
from metrics.connectors.dify import DifyConnector
from metrics.models import RuntimeConnection

PACE = 0.2  # seconds between two calls: a runtime is somebody's production system
TRIES = 3  # within one call, while the runtime is unavailable; afterwards the job waits
READ_TIMEOUT = 30.0  # seconds
BEAT = 20.0  # seconds; how often a long reading renews its lease

TOO_LARGE = frozenset({"too_large", "ratio"})
WAIT_HELPS = frozenset({"timeout", "connect", "dns", "broken_off", "encoding"})

sleep = time.sleep


def both(text: Any) -> Sentence:
    """A translatable sentence in the two languages it is stored in."""
    with translation.override("en"):
        en = str(text)
    with translation.override("zh-hans"):
        return {"en": en, "zh": str(text)}


class EgressTransport:
    """What a connector calls through. `beat` is told between calls, so that a long reading keeps its lease."""

    def __init__(self, client: Client, beat: Callable[[], None] | None = None) -> None:
        self.calls = 0
        self._client = client
        self._beat = beat or (lambda: None)
        self._rng = random.Random()  # noqa: S311 - spreading load, not security
        self._last_beat = time.monotonic()

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        """Lost connections and 5xx without a Retry-After are tried again at once; a stated wait is the caller's."""
        for attempt in range(1, TRIES):
            response, failed = self._once(path, params, headers)
            if response is not None and not _worth_another_try(response):
                return response
            if failed is not None and not failed.may_retry:
                raise failed
            sleep(next_delay(attempt, None, self._rng) or 0.0)
        response, failed = self._once(path, params, headers)
        if response is None:
            raise failed or refused("unavailable")
        return response

    def _once(
        self, path: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[Response | None, ConnectorRefused | None]:
        self._keep_pace()
        self.calls += 1
        try:
            return Response(*self._client.get(path, params, headers)), None
        except EgressFailed as failure:
            return None, _failed(failure)
        except EgressRefused as refusal:
            return None, ConnectorRefused("address", both(refusal.reasons[0].text))

    def _keep_pace(self) -> None:
        if self.calls:
            sleep(PACE)
        if time.monotonic() - self._last_beat >= BEAT:
            self._beat()
            self._last_beat = time.monotonic()


def _worth_another_try(response: Response) -> bool:
    return (response.status >= 500 or response.status == 408) and not response.header("Retry-After")


def _failed(failure: EgressFailed) -> ConnectorRefused:
    if failure.kind in TOO_LARGE:
        return refused("too_large")
    code = "unavailable" if failure.kind in WAIT_HELPS else failure.kind
    return ConnectorRefused(code, both(failure.reasons[0].text))


def open_runtime(connection: RuntimeConnection, beat: Callable[[], None] | None = None) -> Connector:
    """The connector of this connection; the secret is opened here and kept nowhere else."""
    client = Client(connection.base_url, allow_private=connection.allow_private_hosts, read_timeout=READ_TIMEOUT)
    transport = EgressTransport(client, beat)
    sealed: Any = connection.secret  # the field type knows only text
    return DifyConnector(transport, admin_key=sealed.reveal(), workspace_id=connection.workspace_ref)
