from desk.api import urlpatterns

__all__ = ["urlpatterns"]
