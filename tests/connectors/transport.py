"""The plainest transport: the standard library, GET only, no redirects followed."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from metrics.connectors.base import Response, refused


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class PlainTransport:
    def __init__(self, base_url: str, timeout: float = 5.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        request = urllib.request.Request(self._base_url + path + query, headers=dict(headers), method="GET")
        try:
            with self._opener.open(request, timeout=self._timeout) as reply:
                return Response(reply.status, dict(reply.headers.items()), reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, dict(error.headers.items()), error.read())
        except (OSError, urllib.error.URLError) as error:
            raise refused("unavailable") from error
