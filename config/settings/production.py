"""Behind a proxy with TLS: starts only with secrets of its own, and says everything that is missing at once."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from config.env import database, env
from config.installation import refuse_start, weak_secrets
from config.settings.base import *

REQUIRED = ("SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "BROKER_URL", "PUBLIC_URL")
BROKERS = ("redis", "rediss", "redis+socket")


def _missing() -> Iterator[str]:
    for name in REQUIRED:
        if not env(name, default="").strip():
            yield f"{name} is not set (or set {name}_FILE to a file that holds it)."


def _addresses() -> Iterator[str]:
    broker, public = env("BROKER_URL", default=""), env("PUBLIC_URL", default="")
    if broker and urlsplit(broker).scheme not in BROKERS:
        yield "BROKER_URL must be the address of a Redis-protocol server (redis://, rediss:// or redis+socket://)."
    if public and (urlsplit(public).scheme != "https" or not urlsplit(public).hostname):
        yield "PUBLIC_URL must be the https:// address people use."
    if DEMO:
        yield "DEMO is for demonstrations (anyone may act as anyone); it cannot be set in production."


_secrets = weak_secrets(env("SECRET_KEY", default=""), env.list("ENCRYPTION_KEYS", default=[]))
refuse_start([*_missing(), *_secrets, *_addresses()])

SECRET_KEY = env("SECRET_KEY").strip()
ENCRYPTION_KEYS = [key.strip() for key in env.list("ENCRYPTION_KEYS")]
DATABASES = {"default": database("")}
BROKER_URL = env("BROKER_URL").strip()
CACHE_URL = env("CACHE_URL", default=BROKER_URL)
CACHES = {
    "default": {
        "BACKEND": "foundation.cache.SteadyRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "pilotage",
    }
}
_host = urlsplit(PUBLIC_URL).hostname
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_host, "127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL.rstrip("/")])
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # probes come to the port itself, without TLS
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True
