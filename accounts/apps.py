from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import tasks, verbs  # noqa: F401
        from accounts.actors import load_actor, who_may
        from accounts.roles import PERMISSIONS
        from accounts.selectors import demo_refusal, units_with
        from foundation.access import install_catalogue
        from foundation.imports import install_units
        from foundation.jobs.queue import install_actor_loader
        from foundation.startup import register_start_check

        install_catalogue({p.code: (p.sentence, p.binding) for p in PERMISSIONS.values()}, who_may)
        install_actor_loader(load_actor)
        install_units(lambda actor, permission: list(units_with(actor, permission)))
        register_start_check(demo_refusal)
