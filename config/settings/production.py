"""Behind a proxy with TLS: starts only with secrets of its own, and says everything that is missing at once."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from config.env import database, env
from config.settings.base import *

REQUIRED = ("SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "BROKER_URL", "PUBLIC_URL")
# Values that stand in public files, so everybody knows them.
KNOWN_KEYS = {"dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LXRlc3Q="}
KNOWN_WORDS = ("test-only", "django-insecure", "changeme", "change-me", "change_me", "example", "secret", "password")
BROKERS = ("redis", "rediss", "redis+socket")


def _missing() -> Iterator[str]:
    for name in REQUIRED:
        if not env(name, default="").strip():
            yield f"{name} is not set (or set {name}_FILE to a file that holds it)."


def _secret_key() -> Iterator[str]:
    key = env("SECRET_KEY", default="")
    if key and any(word in key.lower() for word in KNOWN_WORDS):
        yield "SECRET_KEY is a known default; make one of your own with 50 or more random characters."
    elif key and (len(key) < 50 or len(set(key)) < 10):
        yield "SECRET_KEY is too short or too simple; it needs 50 or more random characters."


def _encryption_keys() -> Iterator[str]:
    for number, key in enumerate(env.list("ENCRYPTION_KEYS", default=[]), start=1):
        try:
            Fernet(key.strip())
        except ValueError:
            yield f"ENCRYPTION_KEYS: key {number} is not 32 bytes in URL-safe base64."
            continue
        # 32 random bytes hold about 30 different ones, never as few as 16.
        if key.strip() in KNOWN_KEYS or len(set(urlsafe_b64decode(key))) < 16:
            yield f"ENCRYPTION_KEYS: key {number} is a known default or has a pattern; make a random one."


def _addresses() -> Iterator[str]:
    broker, public = env("BROKER_URL", default=""), env("PUBLIC_URL", default="")
    if broker and urlsplit(broker).scheme not in BROKERS:
        yield "BROKER_URL must be the address of a Redis-protocol server (redis://, rediss:// or redis+socket://)."
    if public and (urlsplit(public).scheme != "https" or not urlsplit(public).hostname):
        yield "PUBLIC_URL must be the https:// address people use."
    if DEMO:
        yield "DEMO is for demonstrations (anyone may act as anyone); it cannot be set in production."


_faults = [*_missing(), *_secret_key(), *_encryption_keys(), *_addresses()]
if _faults:
    raise SystemExit("\n".join(["Pilotage does not start:", *(f"- {fault}" for fault in _faults)]))

SECRET_KEY = env("SECRET_KEY").strip()
ENCRYPTION_KEYS = [key.strip() for key in env.list("ENCRYPTION_KEYS")]
DATABASES = {"default": database("")}
BROKER_URL = env("BROKER_URL").strip()
CACHE_URL = env("CACHE_URL", default=BROKER_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
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
