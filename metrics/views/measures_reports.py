"""The KPI report: live, frozen, and the bytes that are the same for ever."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from foundation import clock
from foundation.access import get_visible, may, require
from foundation.errors import NotVisible, Reason
from foundation.exports.tables import FORMATS, attach
from metrics import services
from metrics.forms.measures import NoteForm
from metrics.models import Report, ReportFreeze
from metrics.report_page import ReportPage, language
from metrics.reports import frozen_xlsx, report_facts, shown_facts
from metrics.selectors.measures import primary_version
from metrics.views.measures import actor_of, jobs_of

# The chart library inserts one empty style element; this is the hash of nothing.
EMPTY_STYLE = {"style-src": "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"}


def report_of(request: HttpRequest, key: str) -> Report:
    return get_visible(
        Report.objects.select_related("pilot__unit", "pilot__candidate", "unit"), actor_of(request), key=key
    )


@csp_update(EMPTY_STYLE)  # type: ignore[arg-type]
@require_GET
def report(request: HttpRequest, key: str) -> HttpResponseBase:
    found = report_of(request, key)
    if request.GET.get("format"):
        return _live_annex(request, found)
    actor, version = actor_of(request), primary_version(found.pilot)
    page = ReportPage(shown_facts(found.pilot), found.key)
    today = clock.today(found.pilot.unit.zone)
    context = {
        "report": found,
        "pilot": found.pilot,
        "page": page,
        "measure": version.measure if version else None,
        "freezes": found.freezes.defer("body", "xlsx").order_by("-frozen_at")[:12],
        "note_form": NoteForm(initial={"from_on": today - timedelta(days=today.weekday())}),
        "jobs": jobs_of([version.measure]) if version else [],
        "may_note": may(actor, "metrics.note.add", found),
        "may_freeze": may(actor, "metrics.report.freeze", found),
        "may_estimate": bool(version) and may(actor, "metrics.estimate.run", found),
    }
    return render(request, "metrics/report.html", context)


def _live_annex(request: HttpRequest, found: Report) -> HttpResponseBase:
    """The annex of this moment; only a freeze gives the same bytes again."""
    name = f"{found.key}_kpi-report_{clock.today().isoformat()}_{language()}.xlsx"
    return attach(HttpResponse(frozen_xlsx(found, report_facts(found.pilot)), content_type=FORMATS["xlsx"]), name)


@require_http_methods(["GET", "POST"])
def report_freeze(request: HttpRequest, key: str) -> HttpResponse:
    """Restated on a page of its own; the button names the act."""
    actor, found = actor_of(request), report_of(request, key)
    require(actor, "metrics.report.freeze", found)
    if request.method == "POST":
        frozen = services.freeze_report(actor=actor, report=found)
        messages.success(request, _("Frozen. This address shows the report as it stands now, for ever."))
        return redirect(frozen_url(frozen))
    page = ReportPage(shown_facts(found.pilot), found.key)
    return render(request, "metrics/report_freeze.html", {"report": found, "pilot": found.pilot, "page": page})


def short(frozen: ReportFreeze) -> str:
    return str(frozen.digest).removeprefix("sha256:")[:12]


def frozen_url(frozen: ReportFreeze) -> str:
    return reverse("metrics:report_frozen", args=[frozen.report.key, short(frozen)])


def freeze_of(request: HttpRequest, key: str, prefix: str) -> ReportFreeze:
    found = report_of(request, key)
    frozen = ReportFreeze.objects.filter(report=found, digest__startswith=f"sha256:{prefix}").select_related("report")
    first = frozen.order_by("frozen_at").first()
    if first is None:
        raise NotVisible(Reason("not_found", _("No report was frozen under this address.")))
    return first


@csp_update(EMPTY_STYLE)  # type: ignore[arg-type]
@require_GET
def report_frozen(request: HttpRequest, key: str, prefix: str) -> HttpResponse:
    """Read from the frozen body alone: nothing that changed since can change it."""
    frozen = freeze_of(request, key, prefix)
    page = ReportPage(json.loads(frozen.body), key)
    context: dict[str, Any] = {"report": frozen.report, "page": page, "frozen": frozen, "short": short(frozen)}
    return render(request, "metrics/report.html", context)


@require_GET
def report_at(request: HttpRequest, key: str, prefix: str) -> HttpResponse:
    return redirect("metrics:report_frozen", report_of(request, key).key, prefix)


@require_GET
def report_annex(request: HttpRequest, key: str, prefix: str) -> HttpResponseBase:
    frozen = freeze_of(request, key, prefix)
    response = HttpResponse(bytes(frozen.xlsx or b""), content_type=FORMATS["xlsx"])
    response["Digest"] = f"sha-256={frozen.xlsx_sha256}"
    return attach(response, f"{key}_kpi-report_{frozen.frozen_at:%Y-%m-%d}_{short(frozen)}.xlsx")
