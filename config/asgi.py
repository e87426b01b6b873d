"""Pages, REST, files and live streams on one port: `uvicorn config.asgi:application --lifespan off`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")

django = get_asgi_application()

from foundation.live.door import LiveDoor  # noqa: E402 - needs the settings

application = LiveDoor(django)
