"""Working on the code: the embedded installation with debug pages, live templates and plain logs."""

from __future__ import annotations

from config.settings.embedded import *

DEBUG = True
DEMO = env.bool("DEMO", default=True)
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
LOGGING = {"format": "plain"}

# Templates are read anew on every request: the cached loader stands around the others.
_partials, [(_cached, _loaders)] = TEMPLATES[0]["OPTIONS"]["loaders"][0]
TEMPLATES[0]["OPTIONS"]["loaders"] = [(_partials, _loaders)]
