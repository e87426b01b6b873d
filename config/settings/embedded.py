"""One machine, no external service: SQLite and the broker in VAR_DIR. The default of manage.py."""

from __future__ import annotations

from config.env import database, env
from config.installation import new_encryption_key, new_secret_key, refuse_start, secret, socket_path, weak_secrets
from config.settings.base import *

SECRET_KEY = env("SECRET_KEY", default="") or secret(VAR, "secret_key", new_secret_key())
ENCRYPTION_KEYS = (
    env.list("ENCRYPTION_KEYS", default=[]) or secret(VAR, "encryption_keys", new_encryption_key()).split()
)
if not DEMO:
    refuse_start(weak_secrets(SECRET_KEY, ENCRYPTION_KEYS))
DATABASES = {"default": database(f"sqlite:///{VAR / 'pilotage.sqlite3'}")}

VALKEY_SOCKET = socket_path(VAR)
BROKER_URL = env("BROKER_URL", default=f"redis+socket://{VALKEY_SOCKET}?virtual_host=0")
CACHE_URL = env("CACHE_URL", default=f"unix://{VALKEY_SOCKET}?db=1" if "BROKER_URL" not in env.ENVIRON else BROKER_URL)
CACHES = {
    "default": {
        "BACKEND": "foundation.cache.SteadyRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "pilotage",
    }
}

# Files are collected when `serve` starts; production collects once, when it is built, with the full compression.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "foundation.static.QuickStorage"}}

# Without a mail server, letters (invitations) are files an operator can open.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
if "EMAIL_URL" in env.ENVIRON:
    vars().update(env.email_url("EMAIL_URL"))
