"""Is the process alive, may it take work, and what did browsers block?"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from foundation.db import trigger_gaps

log = logging.getLogger("pilotage.health")

HEARTBEAT_AGE = timedelta(seconds=180)  # three missed ticks
REPORTS_A_MINUTE = 60  # beyond this, blocked content is counted by nobody: the log is not a sink for strangers
REPORT_BYTES = 16 * 1024
CACHE_PROBE = "ready"

Fault = tuple[str, str]  # code and sentence; for operators, so in English only


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200, or 503 with every reason."""
    reasons = [{"code": code, "text": text} for code, text in faults()]
    response = JsonResponse({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # each probe of a starting process is no error line
    return response


def faults() -> list[Fault]:
    return [*_database(), *_broker(), *_cache(), *_worker()]


def _database() -> Iterator[Fault]:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = unapplied()
    except DatabaseError as error:
        log.warning("database does not answer", extra={"error": str(error)})
        yield "database", "The database does not answer."
        return
    if waiting:
        yield "migrations", f"{len(waiting)} migrations are not applied; the first is {waiting[0]}."
        return
    gaps = trigger_gaps()
    if gaps:
        yield "triggers", f"{len(gaps)} triggers are not installed; the first is {gaps[0]}. Run manage.py migrate."


def unapplied() -> list[str]:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _backwards in plan]


def _broker() -> Iterator[Fault]:
    from kombu import Connection
    from kombu.exceptions import OperationalError

    with Connection(settings.BROKER_URL, transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS) as broker:
        try:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
        except OperationalError as error:
            log.warning("broker does not answer", extra={"error": str(error)})
            yield "broker", "The broker does not answer."


def _cache() -> Iterator[Fault]:
    cache.set(CACHE_PROBE, 1, timeout=10)
    if cache.get(CACHE_PROBE) is None:
        yield "cache", "The cache does not answer."


def _worker() -> Iterator[Fault]:
    from foundation.jobs.tasks import last_heartbeat

    at = last_heartbeat()
    if at is None:
        yield "worker", "No worker has reported yet."
    elif timezone.now() - at > HEARTBEAT_AGE:
        yield "worker", f"The worker last reported {int((timezone.now() - at).total_seconds())} seconds ago."


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Browsers tell what the policy blocked; the address of the page is kept without its query."""
    if _within_limit():
        body = request.read(REPORT_BYTES + 1)
        if len(body) <= REPORT_BYTES:
            _note(body)
    return HttpResponse(status=204)


def _within_limit() -> bool:
    key = f"csp-report.{timezone.now():%Y%m%d%H%M}"
    cache.add(key, 0, timeout=120)
    try:
        return cache.incr(key) <= REPORTS_A_MINUTE
    except ValueError:  # expired between the two calls
        return True


def _note(body: bytes) -> None:
    try:
        sent: Any = json.loads(body)
    except ValueError:
        return
    report = sent.get("csp-report") if isinstance(sent, dict) else None
    if not isinstance(report, dict):
        return
    log.warning(
        "content blocked by policy",
        extra={
            "page": urlsplit(str(report.get("document-uri", ""))).path[:200],
            "directive": str(report.get("effective-directive") or report.get("violated-directive", ""))[:100],
            "blocked": _origin(str(report.get("blocked-uri", "")))[:200],
            "own": str(report.get("document-uri", "")).startswith(settings.PUBLIC_URL),
        },
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else address
