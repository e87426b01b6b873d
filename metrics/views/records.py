"""Imported records: upload, dry run, preview, commit. A worker reads the files; these pages show what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit
from foundation.access import get_visible, may, require
from foundation.actor import Actor
from foundation.errors import NotPermitted, NotReady, NotVisible, Reason
from foundation.imports.kinds import unit_at
from foundation.imports.progress import LIVE, SHOWN_AS, own_job
from foundation.jobs.models import Job
from foundation.lists import ListPage
from foundation.models import Upload
from foundation.pages import form_status, submit
from foundation.uploads import open_upload, save_upload
from metrics.forms.records import (
    AgainForm,
    ColumnsForm,
    DialectForm,
    ImportFilter,
    ImportForm,
    dialect_initial,
    incident_filter,
)
from metrics.models import SourceImport
from metrics.record_pages import (
    IMPORT_COLUMNS,
    IMPORT_SORTS,
    INCIDENT_COLUMNS,
    INCIDENT_SORTS,
    error_rows,
    fact_rows,
    finding_rows,
    sample_headings,
    sample_rows,
    source_rows,
)
from metrics.recordfiles import ACCEPTED, ENCODING_WORDS, SEPARATOR_WORDS, Choices, built_in, head_dialect
from metrics.selectors.records import imports_of, records_of, source_lines, values_seen
from metrics.services.records import (
    COMMIT,
    LOOK,
    PERMISSION,
    READ,
    commit_file,
    look_at_file,
    note_raw_export,
    read_file,
)

STEPS = (LOOK, READ, COMMIT)
NOT_READ = NotReady(Reason("not_read", gettext_lazy("The file has not been read to its end yet.")))


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


@require_GET
def records(request: HttpRequest) -> HttpResponseBase:
    actor = _actor(request)
    page = ListPage(
        request,
        imports_of(actor),
        IMPORT_COLUMNS,
        name="record-imports",
        title=_("Imports of records"),
        filters=ImportFilter,
        sorts=IMPORT_SORTS,
    )
    if page.wants_export:
        return page.export()
    lines = source_lines(actor)
    shown = {
        "page": page,
        "lines": lines,
        "sources": source_rows(lines),
        "total": sum(line.records for line in lines),
        "may_import": may(actor, PERMISSION),
    }
    return render(request, "metrics/records_list.html", shown, status=page.status)


@require_GET
def source_import(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = _actor(request)
    found = get_visible(SourceImport.objects.select_related("unit"), actor, pk=pk)
    shown = {
        "kept": found,
        "facts": fact_rows(found.facts),
        "findings": finding_rows(found.forensics),
        "newer": found.facts.get("newer_kept", 0),
    }
    return render(request, "metrics/records_kept.html", shown)


@require_GET
def incidents(request: HttpRequest, unit: str, source: str) -> HttpResponseBase:
    actor = _actor(request)
    place = _visible_unit(actor, unit)
    rows = records_of(actor, place, source)
    newest = imports_of(actor).filter(unit=place, source=source).order_by("-as_of").first()
    if newest is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    seen = {name: values_seen(rows, name) for name in ("priority", "group", "category")}
    page = ListPage(
        request,
        rows,
        INCIDENT_COLUMNS,
        name=f"incidents-{source}",
        title=_("Incidents"),
        filters=incident_filter(seen),
        order=("-opened_at", "id"),
        sorts=INCIDENT_SORTS,
    )
    if page.wants_export:
        response = page.export()
        words = {"source": source, "fmt": request.GET["format"], "filters": request.GET.urlencode()}
        note_raw_export(actor=actor, unit=place, **words)
        return response
    shown = {"page": page, "unit": place, "source": source, "newest": newest, "total": rows.count()}
    return render(request, "metrics/records_source.html", shown, status=page.status)


def _visible_unit(actor: Actor, code: str) -> Unit:
    found = Unit.objects.filter(code=code).first()
    if found is None or not actor.may("metrics.read", found.path):
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


# --- import --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    require(actor, PERMISSION)
    form = ImportForm(actor, request.POST or None, request.FILES or None)
    if not form.units:
        raise NotPermitted(Reason("no_unit", _("There is no unit at which you may import records.")))
    job = submit(form, lambda data: _begin(actor, form, data)) if request.method == "POST" else None
    if job is not None:
        return redirect("metrics:records_step", job.pk)
    return render(request, "metrics/records_start.html", {"form": form}, status=form_status(form))


def _begin(actor: Actor, form: ImportForm, data: dict[str, Any]) -> Job:
    unit = form.units[data["unit"]]
    upload = save_upload(actor=actor, file=data["file"], purpose="records", unit_path=unit.path, accept=ACCEPTED)
    if not form.built_in:
        given = {"source": data["source"], "zone": data["zone"], "as_of": form.moment(unit.zone)}
        return look_at_file(actor=actor, unit=unit, upload=upload, given=given)
    mapping = built_in(data["mapping"], data["zone"]).to_dict()
    choices = Choices(source=data["source"], mapping=mapping, as_of=form.moment())
    return read_file(actor=actor, unit=unit, upload=upload, choices=choices)


@require_GET
def step(request: HttpRequest, job: UUID) -> HttpResponse:
    """Where an import stands: at work, refused, or with what the worker found."""
    found = _job(request, job)
    if found.state != Job.State.DONE:
        return render(request, "metrics/records_job.html", _job_facts(found))
    if found.kind == LOOK:
        return _columns_page(request, found)
    if found.kind == READ:
        return _preview_page(request, found)
    return render(request, "metrics/records_done.html", {"job": found, "done": found.result})


@require_GET
def progress(request: HttpRequest, job: UUID) -> HttpResponse:
    """The moving part of the page; when the work is done, htmx is told to open the page anew."""
    found = _job(request, job)
    response = render(request, "metrics/records_job.html#progress", _job_facts(found))
    if found.state not in LIVE:
        response["HX-Refresh"] = "true"
    return response


def _job(request: HttpRequest, pk: UUID, *kinds: str) -> Job:
    found = own_job(_actor(request), pk)
    if found.kind not in (kinds or STEPS):
        raise NotVisible(Reason("not_found", NotVisible.title))
    if kinds and found.state != Job.State.DONE:
        raise NOT_READ
    return found


def _job_facts(job: Job) -> dict[str, Any]:
    return {
        "job": job,
        "is_live": job.state in LIVE,
        "shown_as": SHOWN_AS[Job.State(job.state)],
        "value": job.done if job.total else None,
        "is_commit": job.kind == COMMIT,
        "dialect": _other_dialect(job) if job.state == Job.State.REFUSED and job.kind in (LOOK, READ) else None,
    }


def _other_dialect(job: Job) -> DialectForm | None:
    """On the page of a refusal: what the file was read as, to be changed. A workbook has nothing to change."""
    said = job.args.get("choices") or job.args.get("given") or {}
    upload = _upload(job)
    with open_upload(upload) as source:
        guess = head_dialect(source, upload.name)
    if guess is None:
        return None
    words = said.get("encoding") or guess.encoding, said.get("delimiter") or guess.delimiter
    return DialectForm(initial=dialect_initial(*words))


def _upload(job: Job) -> Upload:
    return Upload.objects.get(pk=job.args["upload_id"])


def _unit(request: HttpRequest, job: Job) -> Unit:
    return unit_at(_actor(request), PERMISSION, job.unit_path)


def _columns_page(request: HttpRequest, job: Job, form: ColumnsForm | None = None) -> HttpResponse:
    found, unit = job.result, _unit(request, job)
    reading = dialect_initial(found["encoding"], found["delimiter"])
    form = form or ColumnsForm(found, unit.zone)
    shown = {
        "job": job,
        "unit": unit,
        "found": found,
        "form": form,
        "dialect": DialectForm(initial=reading) if found["encoding"] else None,
        "encoding": ENCODING_WORDS.get(found["encoding"], ""),
        "rows": found["rows"][:5],
    }
    return render(request, "metrics/records_columns.html", shown, status=form_status(form))


@require_POST
def look_again(request: HttpRequest, job: UUID) -> HttpResponse:
    """The same file with another encoding or separator, whether it was read or refused."""
    found = _job(request, job)
    if found.kind == COMMIT or found.state in LIVE:
        raise NOT_READ
    form = DialectForm(request.POST)
    if not form.is_valid():
        return redirect("metrics:records_step", found.pk)
    asked = {"actor": _actor(request), "unit": _unit(request, found), "upload": _upload(found)}
    if found.kind == LOOK:
        made = look_at_file(**asked, given={**found.args["given"], **form.dialect})
    else:
        made = read_file(**asked, choices=Choices(**{**found.args["choices"], **form.dialect}))
    return redirect("metrics:records_step", made.pk)


@require_POST
def columns(request: HttpRequest, job: UUID) -> HttpResponse:
    found = _job(request, job, LOOK)
    unit = _unit(request, found)
    form = ColumnsForm(found.result, unit.zone, request.POST)
    if not form.is_valid():
        return _columns_page(request, found, form)
    choices = Choices(
        source=found.result["given"]["source"],
        mapping=form.mapping().to_dict(),
        as_of=form.moment(unit.zone),
        encoding=found.result["encoding"],
        delimiter=found.result["delimiter"],
    )
    made = read_file(actor=_actor(request), unit=unit, upload=_upload(found), choices=choices)
    return redirect("metrics:records_step", made.pk)


def _preview_page(request: HttpRequest, job: Job, form: AgainForm | None = None) -> HttpResponse:
    found, unit = job.result, _unit(request, job)
    mapping = found["choices"]["mapping"]
    as_of = datetime.fromisoformat(found["choices"]["as_of"])
    shifting = sum(found["facts"]["excluded"].get(c, 0) for c in ("ambiguous_time", "nonexistent_time"))
    shown = {
        "job": job,
        "unit": unit,
        "found": found,
        "choices": found["choices"],
        "zone": mapping["zone"],
        "as_of": as_of,
        "shifting": shifting,
        "facts": fact_rows(found["facts"]),
        "findings": finding_rows(found["forensics"]),
        "headings": sample_headings(found["sample"]),
        "rows": sample_rows(found["sample"]),
        "errors": error_rows(found["errors"]),
        "writes": found["would"]["added"] + found["would"]["changed"],
        "read_as": _read_as(found),
        "form": form or AgainForm(initial=_again_initial(found), is_text=bool(found["encoding"])),
    }
    return render(request, "metrics/records_preview.html", shown, status=form_status(shown["form"]))


def _read_as(found: dict[str, Any]) -> dict[str, Any] | None:
    """The guess, or what was chosen instead; None for a workbook."""
    if not found["encoding"]:
        return None
    return {"encoding": ENCODING_WORDS[found["encoding"]], "separator": SEPARATOR_WORDS[found["delimiter"]]}


def _again_initial(found: dict[str, Any]) -> dict[str, str]:
    mapping = found["choices"]["mapping"]
    written = dialect_initial(found["encoding"], found["delimiter"])
    return {"zone": mapping["zone"] or "", "fold": mapping["fold"], **written}


@require_POST
def again(request: HttpRequest, job: UUID) -> HttpResponse:
    """The same file read differently: encoding, separator, zone, moment, the hour of a clock change."""
    found = _job(request, job, READ)
    form = AgainForm(request.POST, is_text=bool(found.result["encoding"]))
    if not form.is_valid():
        return _preview_page(request, found, form)
    before = found.result["choices"]
    zone = form.cleaned_data["zone"] or before["mapping"]["zone"]
    stated = "" if found.result["default_as_of"] else before["as_of"]
    changed = {
        "mapping": {**before["mapping"], "zone": zone, "fold": form.cleaned_data["fold"]},
        "as_of": form.moment(zone or "UTC") or stated,
    }
    choices = Choices(**{**before, **changed, **form.dialect})
    made = read_file(actor=_actor(request), unit=_unit(request, found), upload=_upload(found), choices=choices)
    return redirect("metrics:records_step", made.pk)


@require_POST
def commit(request: HttpRequest, job: UUID) -> HttpResponse:
    found = _job(request, job, READ)
    made = commit_file(
        actor=_actor(request),
        unit=_unit(request, found),
        upload=_upload(found),
        choices=Choices(**found.result["choices"]),
        sha256=request.POST.get("sha256", ""),
    )
    messages.info(request, _("The import has started. You may leave this page; the work goes on."))
    return redirect("metrics:records_step", made.pk)
