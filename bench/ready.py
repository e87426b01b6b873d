"""The push path of the product (uvicorn, door, hub, broker) over a fragment that is ready: what delivering alone costs.

`uvicorn bench.ready:application`; the fragment is the file READY_FRAGMENT names, each message on the broker a version.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

django.setup()

from foundation.live import Frame, Look, Source  # noqa: E402 - needs the settings
from foundation.live.door import LiveDoor  # noqa: E402
from foundation.live.source import OFFER  # noqa: E402

TOPIC = "ready"
HTML = Path(os.environ["READY_FRAGMENT"]).read_text(encoding="utf-8")


class Ready(Source):
    topic, variant, version, phase = TOPIC, "all", 0, "cluster"
    at = 0

    def look(self) -> Look:
        return Look(Ready.at, self.phase)

    def frame(self) -> Frame:
        """The writer counts from one; each announcement is one more."""
        return Frame(Ready.at, self.phase, HTML, False)

    def holding(self, sources: Sequence[Source]) -> set[int]:
        return set(range(len(sources)))

    def pause(self) -> int:
        return 1000


async def site(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    scope[OFFER] = Ready()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


application = LiveDoor(site)
_hear = application.hub._hear


def _count(data: bytes) -> None:
    topic, _, version = data.decode().rpartition(" ")
    if topic == TOPIC:  # others use this broker too
        Ready.at = int(version)
    _hear(data)


application.hub._hear = _count  # type: ignore[method-assign]
