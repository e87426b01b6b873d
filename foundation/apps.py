from django.apps import AppConfig
from django.db.models.signals import post_migrate


class FoundationConfig(AppConfig):
    name = "foundation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from foundation import access_verbs, notify  # noqa: F401
        from foundation.db import install_triggers
        from foundation.imports import tasks, verbs  # noqa: F401

        # Once, when every table is there: the signal comes for each app after all migrations ran.
        post_migrate.connect(install_triggers, sender=self, dispatch_uid="foundation.triggers")
