"""The frame of every service: one transaction, ledger entries written last in it, news on commit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Work:
    entries: list[Any] = field(default_factory=list)


_work: ContextVar[Work | None] = ContextVar("work", default=None)
request_id: ContextVar[str] = ContextVar("request_id", default="")

SERVICES: dict[str, Callable[..., Any]] = {}


def current_work() -> Work:
    work = _work.get()
    if work is None:
        raise RuntimeError("record() outside a service: wrap the write in @service")
    return work


@contextmanager
def unit_of_work() -> Iterator[Work]:
    """Joins the surrounding one; the outermost appends the gathered ledger entries as its last write."""
    running = _work.get()
    if running is not None:
        yield running
        return
    from foundation.audit import append

    work = Work()
    token = _work.set(work)
    try:
        with transaction.atomic():
            yield work
            append(work.entries)
    finally:
        _work.reset(token)


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Every write goes through a service: keyword-only, first keyword `actor`."""

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        if args:
            raise TypeError(f"{function.__name__} takes keywords only")
        with unit_of_work():
            return function(**kwargs)  # type: ignore[call-arg]

    inner.is_service = True  # type: ignore[attr-defined]
    SERVICES[f"{function.__module__}.{function.__name__}"] = inner
    return inner
