from django.apps import AppConfig


class UsecasesConfig(AppConfig):
    name = "usecases"

    def ready(self) -> None:
        from usecases import imports, tasks, verbs  # noqa: F401
        from usecases.live import follow_news

        follow_news()
