"""Addresses, by storey. The order matters only where prefixes meet."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("foundation.urls")),
    path("", include("accounts.urls")),
    path("", include("desk.urls")),
    path("", include("charter.urls")),
    path("", include("metrics.urls")),
    path("", include("governance.urls")),
    path("", include("usecases.urls")),
    path("api/v1/", include("config.api")),
    # Addresses are proven by invitation: nobody adds or swaps one by hand.
    path("accounts/email/", RedirectView.as_view(url="/me")),
    path("accounts/", include("allauth.urls")),
]

if settings.DEMO or settings.DEBUG:
    from foundation.kit import kit

    urlpatterns.append(path("kit/", kit, name="kit"))

handler404 = "foundation.pages.not_found"
handler500 = "foundation.pages.crashed"
