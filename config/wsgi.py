"""For gunicorn threads behind a proxy: `gunicorn -c config/gunicorn.conf.py config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()
