"""One log line is one JSON object with the request id; plain text where a developer reads it.

Addresses and user agents never reach application logs: nothing here adds them and access logs are off.
"""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog

from foundation.work import request_id

_SECRET = re.compile(r"[A-Za-z0-9_-]{40,}")  # links that open something by themselves carry 256 random bits
_PLAIN_RECORD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request", "status_code", "server_time"}


def masked(text: str) -> str:
    """An address or message without the secret of a link in it; ids are shorter and stay."""
    return _SECRET.sub("…", text)


def configure(options: dict[str, Any]) -> None:
    """Called by Django with settings.LOGGING: `{"format": "json" | "plain", "level": "INFO", "quiet": [loggers]}`."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"house": {"()": _formatter, "kind": options.get("format", "json")}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "house"}},
            "root": {"handlers": ["out"], "level": options.get("level", "INFO")},
            # Django puts handlers of its own on these two; ours on the root is enough.
            "loggers": {
                "django": {"handlers": [], "level": "INFO", "propagate": True},
                "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
                # Templates log every missing variable at DEBUG; the others repeat themselves at INFO.
                "django.template": {"level": "INFO"},
                "celery": {"level": "WARNING"},
                # What the server itself says (a request it cannot parse) is a line like any other.
                **{n: {"handlers": [], "level": "WARNING", "propagate": True} for n in ("uvicorn", "uvicorn.error")},
                "fontTools": {"level": "WARNING"},
                "weasyprint": {"level": "ERROR"},
                **{name: {"level": "ERROR"} for name in options.get("quiet", ())},
            },
        }
    )


def _formatter(kind: str) -> logging.Formatter:
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _add_extra,
        _mask_message,
    ]
    plain = kind == "plain"
    last: Any = structlog.dev.ConsoleRenderer(colors=False) if plain else structlog.processors.JSONRenderer(default=str)
    tail = [last] if plain else [structlog.processors.format_exc_info, last]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
    )


def _mask_message(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    event["event"] = masked(str(event.get("event", "")))
    return event


def _add_request_id(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    if request_id.get():
        event["request_id"] = request_id.get()
    return event


def _add_extra(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a caller passed as `extra=`; Django's own extra holds the whole request and stays out."""
    record = event.get("_record")
    for name, value in vars(record).items() if record else ():
        if name not in _PLAIN_RECORD and not name.startswith("_"):
            event.setdefault(name, value)
    return event
