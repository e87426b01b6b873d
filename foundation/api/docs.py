"""The API's documentation page: everything it loads comes from this origin."""

from __future__ import annotations

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsView(SpectacularSwaggerSplitView):
    template_name = "foundation/api_docs.html"
