"""Pages of sources and usage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.access import get_visible, may, require
from foundation.lists import ListPage
from foundation.pages import form_status, submit, version_of
from metrics.forms.usage import AppFilter, ConnectionForm, DayFilter, LinkForm
from metrics.models import AppLink, RuntimeApp, RuntimeConnection
from metrics.selectors import usage as read
from metrics.services import usage as write
from metrics.usage_charts import daily_bars
from metrics.usage_pages import (
    DAY_COLUMNS,
    RUN_COLUMNS,
    RUNS_SHOWN,
    SOURCE_COLUMNS,
    app_columns,
    app_sentence,
    bind_days,
    chart_label,
    day_rows,
    restatement_columns,
    source_context,
)

CONNECTIONS = RuntimeConnection.objects.select_related("unit")
APPS = RuntimeApp.objects.select_related("connection", "connection__unit")


def _connection(request: HttpRequest, slug: str) -> RuntimeConnection:
    return get_visible(CONNECTIONS, request.actor, slug=slug)  # type: ignore[attr-defined]


def _app(request: HttpRequest, pk: UUID) -> RuntimeApp:
    return get_visible(APPS, request.actor, pk=pk)  # type: ignore[attr-defined]


# --- sources --------------------------------------------------------------------------------------------------------


@require_GET
def sources(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    page = ListPage(
        request, read.sources(actor), SOURCE_COLUMNS, name="sources", title=_("Sources"), order=("name", "id")
    )
    if page.wants_export:
        return page.export()
    fresh = [read.freshness(connection).word for connection in page.items]
    shown = {"page": page, "may_add": may(actor, "metrics.connection.edit"), "worst": _worst(fresh)}
    return render(request, "metrics/usage_sources.html", shown, status=page.status)


def _worst(words: list[str]) -> str:
    order = ("needs_attention", "silent", "late", "new", "fresh", "paused")
    return next((word for word in order if word in words), "")


@require_http_methods(["GET", "POST"])
def source_new(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "metrics.connection.edit")
    form = ConnectionForm(actor, request.POST or None)
    if request.method == "POST":
        made = submit(form, lambda data: write.add_connection(actor=actor, **data))
        if made:
            messages.success(request, _("The connection is stored. Its first test is under way."))
            return redirect(made)
    return render(request, "metrics/usage_source_form.html", {"form": form}, status=form_status(form))


@require_http_methods(["GET", "POST"])
def source_edit(request: HttpRequest, slug: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    connection = _connection(request, slug)
    require(actor, "metrics.connection.edit", connection)
    form = ConnectionForm(actor, request.POST or None, connection=connection)
    if request.method == "POST":
        saved = submit(
            form,
            lambda data: write.edit_connection(actor=actor, connection=connection, version=version_of(request), **data),
        )
        if saved:
            messages.success(request, _("Saved."))
            return redirect(saved)
    shown = {"form": form, "connection": connection}
    return render(request, "metrics/usage_source_form.html", shown, status=form_status(form))


@require_GET
def source(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The state of a source; its table of readings is the list that turns pages and leaves as a file."""
    connection = _connection(request, slug)
    actor = request.actor  # type: ignore[attr-defined]
    rows = read.runs_of(connection)
    page = ListPage(request, rows, RUN_COLUMNS, name=f"readings-{slug}", title=_("Last readings"), size=RUNS_SHOWN)
    if page.wants_export:
        return page.export()
    return render(request, "metrics/usage_source.html", {**source_context(actor, connection), "page": page})


@require_GET
def source_restatements(request: HttpRequest, slug: str) -> HttpResponseBase:
    connection = _connection(request, slug)
    rows = read.restatements(request.actor).filter(app__connection=connection)  # type: ignore[attr-defined]
    columns = restatement_columns(read.hidden_spans(RuntimeApp.objects.filter(connection=connection)))
    page = ListPage(request, rows, columns, name="restatements", title=_("Restatements"))
    if page.wants_export:
        return page.export()
    return render(request, "metrics/usage_restatements.html", {"page": page, "connection": connection})


@require_POST
def source_probe(request: HttpRequest, slug: str) -> HttpResponse:
    connection = _connection(request, slug)
    write.start_probe(actor=request.actor, connection=connection)  # type: ignore[attr-defined]
    messages.success(request, _("The test is under way."))
    return redirect(connection)


@require_POST
def source_sync(request: HttpRequest, slug: str) -> HttpResponse:
    connection = _connection(request, slug)
    write.start_sync(actor=request.actor, connection=connection)  # type: ignore[attr-defined]
    messages.success(request, _("The reading is under way."))
    return redirect(connection)


@require_POST
def source_pause(request: HttpRequest, slug: str) -> HttpResponse:
    connection = _connection(request, slug)
    write.pause_connection(
        actor=request.actor,  # type: ignore[attr-defined]
        connection=connection,
        version=version_of(request),
    )
    messages.success(request, _("Paused: nothing is read until somebody resumes it."))
    return redirect(connection)


@require_POST
def source_resume(request: HttpRequest, slug: str) -> HttpResponse:
    connection = _connection(request, slug)
    write.resume_connection(
        actor=request.actor,  # type: ignore[attr-defined]
        connection=connection,
        version=version_of(request),
    )
    messages.success(request, _("Resumed."))
    return redirect(connection)


@require_POST
def source_zone(request: HttpRequest, slug: str) -> HttpResponse:
    connection = _connection(request, slug)
    zone = request.POST.get("zone", "")
    write.confirm_zone(actor=request.actor, connection=connection, zone=zone)  # type: ignore[attr-defined]
    messages.success(request, _("Confirmed. The next reading fetches every day anew."))
    return redirect(connection)


# --- usage ----------------------------------------------------------------------------------------------------------


@require_GET
def usage(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    page = ListPage(
        request,
        read.runtime_apps(actor),
        (),
        name="usage",
        title=_("Usage"),
        filters=AppFilter,
        order=read.APP_ORDER,
    )
    if page.wants_export:
        page.columns = [c for c in app_columns(read.recent_use(page.queryset), {}) if c.name != "spark"]
        return page.export()
    links = {app.pk: read.live_link(app) for app in page.items}
    page.columns = app_columns(read.recent_use(page.items), links)
    unlinked = read.runtime_apps(actor).filter(is_linked=0, is_gone=0).count()
    has_source = bool(page.items) or read.sources(actor).exists()
    shown = {"page": page, "unlinked": unlinked, "has_source": has_source}
    return render(request, "metrics/usage_apps.html", shown, status=page.status)


@require_GET
def app(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    found = _app(request, pk)
    rows = read.usage_days(actor).filter(app=found)
    hidden = read.hidden_spans([found.pk])
    if request.GET.get("format"):
        columns = bind_days(DAY_COLUMNS, hidden)
        page = ListPage(request, rows, columns, name=f"usage-{found.name}", filters=DayFilter, order=("-day", "id"))
        return page.export()
    return render(request, "metrics/usage_app.html", _app_context(request, found))


@require_POST
def app_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _app(request, pk)
    actor = request.actor  # type: ignore[attr-defined]
    form = LinkForm(actor, found, request.POST)
    if submit(form, lambda data: write.link_app(actor=actor, app=found, **data)):
        messages.success(request, _("Linked."))
        return redirect(found)
    return render(request, "metrics/usage_app.html", _app_context(request, found, form), status=422)


@require_POST
def app_end_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _app(request, pk)
    write.end_link(actor=request.actor, app=found)  # type: ignore[attr-defined]
    messages.success(request, _("The link has ended; what was counted stays."))
    return redirect(found)


def _app_context(request: HttpRequest, found: RuntimeApp, form: LinkForm | None = None) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    use = read.recent_use([found], read.CHART_DAYS)[found.pk]
    link = read.live_link(found)
    may_link = may(actor, "metrics.app.link", found)
    initial = {"candidate": link.candidate_id, "pilot": link.pilot_id, "stage": link.stage} if link else None
    past = AppLink.objects.filter(app=found).select_related("candidate", "pilot", "set_by").order_by("-created_at")
    return {
        "app": found,
        "connection": found.connection,
        "fresh": read.freshness(found.connection),
        "use": use,
        "chart": daily_bars(use, chart_label(found, use)),
        "sentence": app_sentence(found, use),
        "closed_through": read.closed_through(found),
        "link": link,
        "past_links": list(past[:20]),
        "form": form or (LinkForm(actor, found, initial=initial) if may_link else None),
        **day_rows(actor, found),
    }
