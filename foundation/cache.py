"""The shared cache of an installation, which a page must outlive: without it everything is a miss."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


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

    get = _steady("get", lambda key, default=None, version=None: default)
    get_many = _steady("get_many", lambda keys, version=None: {})
    has_key = _steady("has_key", lambda key, version=None: False)
    add = _steady("add", lambda *given, **named: True)
    set = _steady("set", lambda *given, **named: None)
    set_many = _steady("set_many", lambda *given, **named: [])
    touch = _steady("touch", lambda *given, **named: False)
    incr = _steady("incr", lambda key, delta=1, version=None: delta)
    delete = _steady("delete", lambda *given, **named: False)
    delete_many = _steady("delete_many", lambda *given, **named: None)
