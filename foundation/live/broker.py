"""Telling the streams that a record changed. Best effort: a lost message is made good by the next look."""

from __future__ import annotations

import logging
import time
from functools import cache, partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger("pilotage.live")

CHANNEL = "pilotage:live"
PATIENCE = 0.5  # seconds a write may be held up by a broker that is away …
REST = 10.0  # … once in so many seconds
_rests_until = 0.0


def announce(topic: str, version: int) -> None:
    """Call it in the transaction of the change; it is sent on commit."""
    transaction.on_commit(partial(_publish, topic, version), robust=True)


def _publish(topic: str, version: int) -> None:
    global _rests_until
    if not settings.CACHE_URL or time.monotonic() < _rests_until:
        return
    from redis.exceptions import RedisError

    try:
        _broker(settings.CACHE_URL).publish(CHANNEL, f"{topic} {version}")
    except (RedisError, OSError) as error:
        _rests_until = time.monotonic() + REST
        log.warning("broker away, readers see news when they next look", extra={"error": str(error)})


@cache
def _broker(url: str) -> Redis:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))
