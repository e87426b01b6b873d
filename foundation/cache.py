"""The shared cache of an installation, which a page must outlive: without it everything is a miss."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger("pilotage.cache")

PATIENCE = 1  # seconds for an answer: a page asks a few times, and a server that hangs must not hang it


def _steady(name: str, without: Callable[..., Any]) -> Callable[..., Any]:
    """`name` of the cache; while it cannot be reached, what `without` makes of the same arguments."""

    def method(self: RedisCache, *given: Any, **named: Any) -> Any:
        try:
            return getattr(super(SteadyRedisCache, self), name)(*given, **named)
        except RedisError as error:
            log.warning("cache does not answer", extra={"error": str(error)})
            return without(*given, **named)

    return method


class SteadyRedisCache(RedisCache):
    """Reads miss and writes are dropped while the server is away: a count or a limit is lost, never a page or a
    decision. `/readyz` tells of it."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        waits = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        super().__init__(server, {**params, "OPTIONS": {**waits, **params.get("OPTIONS", {})}})

    get = _steady("get", lambda key, default=None, version=None: default)
    add = _steady("add", lambda *given, **named: True)
    set = _steady("set", lambda *given, **named: None)
    incr = _steady("incr", lambda key, delta=1, version=None: delta)
    delete = _steady("delete", lambda *given, **named: False)
