"""Static files from the application itself, on both kinds of server."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

log = logging.getLogger("pilotage.static")


class StaticMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise streams from a synchronous iterator, for which ASGI warns once per file: answer with bytes there."""

    def add_files(self, root: Any, prefix: str | None = None) -> None:
        if not Path(root).is_dir():
            log.info("no collected static files", extra={"directory": str(root)})
            return
        super().add_files(root, prefix=prefix)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        if not hasattr(request, "scope"):
            return WhiteNoiseMiddleware.serve(static_file, request)
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response


class QuickStorage(CompressedManifestStaticFilesStorage):
    """Without brotli, whose best level costs half a minute of CPU: right where files are collected at every start."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Compressor(**{**kwargs, "use_brotli": False})


def collect() -> bool:
    """`collectstatic`, unless nothing changed since the last time; tells whether it ran."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    state = _state_of_sources()
    if mark.exists() and mark.read_text(encoding="utf-8") == state:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(state, encoding="utf-8")
    return True


def _state_of_sources() -> str:
    seen = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list(None):
            stat = Path(storage.path(name)).stat()
            seen.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()
