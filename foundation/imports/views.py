"""Two pages for every kind of import: choose, then preview and commit."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from foundation.access import require
from foundation.errors import Invalid, NotPermitted, Reason, Refused
from foundation.exports.tables import FORMATS, Column, attach, download, file_name
from foundation.imports.flow import (
    Options,
    Preview,
    commit_import,
    error_file,
    preview_import,
    start_import,
    store_import,
    stored_import,
)
from foundation.imports.forms import WORD_OF, ReadingForm, StartForm, hidden_fields, options_of
from foundation.imports.kinds import ImportKind, import_kind
from foundation.imports.reading import Dialect, guess, is_workbook
from foundation.imports.tables import outcome_rows, preview_rows, problem_rows
from foundation.models import Upload
from foundation.pages import form_status, submit
from foundation.uploads import open_upload


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, kind: str) -> HttpResponse:
    found = import_kind(kind)
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, found.permission)
    form = StartForm(found, actor, request.POST or None, request.FILES or None)
    asked = request.GET.dict()
    context = found.context_form(request.POST or None, prefix="ctx", initial=asked) if found.context_form else None
    if not form.units:
        text = _("There is no unit at which you may import this.")
        raise NotPermitted(Reason("no_unit", text))
    if request.method == "POST" and (context is None or context.is_valid()):
        upload = submit(form, lambda data: _stored(request, found, form, data))
        if upload is not None:
            return redirect(_preview_url(found, upload, context))
    shown = {"kind": found, "form": form, "context_form": context}
    return render(request, "foundation/import_start.html", shown, status=form_status(form))


def _stored(request: HttpRequest, kind: ImportKind, form: StartForm, data: dict[str, Any]) -> Upload:
    actor = request.actor  # type: ignore[attr-defined]
    unit = form.units[data["unit"]]
    return store_import(actor=actor, kind=kind, unit=unit, file=data["file"], text=data["text"])


def _preview_url(kind: ImportKind, upload: Upload, context: Any) -> str:
    words = {f"ctx_{k}": str(v) for k, v in context.cleaned_data.items() if v not in (None, "")} if context else {}
    url = reverse("foundation:import-preview", args=[kind.code, upload.pk])
    return f"{url}?{urlencode(words)}" if words else url


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, kind: str, upload: UUID) -> HttpResponse:
    found = import_kind(kind)
    actor = request.actor  # type: ignore[attr-defined]
    kept, unit = stored_import(actor, found, upload)
    options = options_of(found, request.POST if request.method == "POST" else request.GET)
    if request.method == "GET":
        return _preview_page(request, found, kept, unit, options)
    what = {"kind": found, "upload": kept, "unit": unit, "options": options, "sha256": request.POST.get("sha256", "")}
    try:
        if found.background:
            return redirect("foundation:job", start_import(actor=actor, **what).pk)
        summary = commit_import(actor=actor, **what)
    except Invalid as refusal:
        return _preview_page(request, found, kept, unit, options, refusal)
    messages.success(request, _summary_text(summary))
    return redirect(found.done_url(unit) if found.done_url else request.get_full_path())


def _summary_text(summary: dict[str, Any]) -> str:
    if not summary.get("new") and not summary.get("changed"):
        return _("Nothing had to be changed: every row was there already.")
    return _("Imported: %(new)s new, %(changed)s changed, %(unchanged)s unchanged.") % summary


def _preview_page(
    request: HttpRequest, kind: ImportKind, upload: Upload, unit: Any, options: Options, refusal: Refused | None = None
) -> HttpResponse:
    """A file that cannot be read as chosen still shows the choices, so that another one can be tried."""
    found: Preview | None = None
    try:
        actor = request.actor  # type: ignore[attr-defined]
        found = preview_import(actor=actor, kind=kind, upload=upload, unit=unit, options=options)
    except Invalid as unreadable:
        refusal = refusal or unreadable
    dialect = _dialect(upload, options)
    chosen = _chosen(found, dialect, options)
    form = ReadingForm(kind, chosen, found.table.columns if found else (), dialect is not None)
    shown = {
        "kind": kind,
        "upload": upload,
        "unit": unit,
        "form": form,
        "preview": found,
        "options": options,
        "reasons": refusal.reasons if refusal else [],
        "unfold": found is None or bool(found.unknown) or refusal is not None,
        "hidden": hidden_fields(chosen),
        "context_fields": hidden_fields({f"ctx_{k}": v for k, v in options.context.items()}),
        "query": urlencode(chosen),
        **(_tables(found) if found else {}),
    }
    return render(request, "foundation/import_preview.html", shown, status=422 if refusal else 200)


def _tables(found: Preview) -> dict[str, Any]:
    return {"outcomes": outcome_rows(found), "rows": preview_rows(found), "problems": problem_rows(found)}


def _dialect(upload: Upload, options: Options) -> Dialect | None:
    with open_upload(upload) as source:
        if is_workbook(source):
            return None
        if options.dialect:
            return options.dialect
        try:
            return guess(source)
        except Invalid:
            return Dialect("utf-8", ",")


def _chosen(found: Preview | None, dialect: Dialect | None, options: Options) -> dict[str, str]:
    """What stands in the forms now: the choice, or the guess where nothing was chosen."""
    chosen = {f"ctx_{k}": v for k, v in options.context.items()}
    if dialect:
        chosen |= {"encoding": dialect.encoding, "separator": WORD_OF[dialect.separator]}
    if found:
        chosen |= {f"col_{f.name}": found.mapping.get(f.name, "") for f in found.kind.fields}
        chosen["zone"] = found.zone
    return chosen


@require_GET
def errors(request: HttpRequest, kind: str, upload: UUID) -> HttpResponseBase:
    found = import_kind(kind)
    actor = request.actor  # type: ignore[attr-defined]
    kept, unit = stored_import(actor, found, upload)
    options = options_of(found, request.GET)
    shown = preview_import(actor=actor, kind=found, upload=kept, unit=unit, options=options)
    response = HttpResponse(error_file(shown), content_type=FORMATS["csv"])
    return attach(response, file_name(f"{found.code}-errors", "csv"))


@require_GET
def template(request: HttpRequest, kind: str, extension: str) -> HttpResponseBase:
    """An empty table with the right column names and one example row."""
    found = import_kind(kind)
    require(request.actor, found.permission)  # type: ignore[attr-defined]
    columns = [Column(f.name, f.label) for f in found.fields]
    example = [f.example for f in found.fields]
    rows = [example] if any(example) else []
    return download(extension, f"{found.code}-template", columns, rows, title=str(found.title))
