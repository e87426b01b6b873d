from config.settings.embedded import *  # noqa: F403
from config.settings.embedded import DATABASES

ROOT_URLCONF = "bench.naive.poll"
# Nothing of ours; this one is asked for by an app that is installed.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
DATABASES["default"]["CONN_MAX_AGE"] = 60
