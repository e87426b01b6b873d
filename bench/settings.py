from config.settings.embedded import *  # noqa: F403

ROOT_URLCONF = "bench.doors"
