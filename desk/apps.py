from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from accounts.context import register_badge
        from desk import verbs  # noqa: F401
        from desk.selectors.today import decisions_waiting

        register_badge(decisions_waiting)
