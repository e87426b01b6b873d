"""Small values pages hand to the kit (`Cell`, `Row`) and the specimens of `/kit/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell: ready words with, at most, a link, a quiet second line and a tone or an evidence word."""

    text: Any
    href: str | None = None
    sub: Any = None
    tone: str | None = None
    icon: str | None = None
    grade: str | None = None
    num: bool = False
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    cells: Sequence[Any]
    id: str | None = None
    tone: str | None = None


TONES = ("plain", "ok", "good", "warn", "bad", "seal", "open", "blocked", "info")
GRADES = ("guess", "estimate", "early", "measured")


class SampleForm(forms.Form):
    title = forms.CharField(
        label=_("What repetitive work costs you time?"), help_text=_("One sentence is enough."), max_length=200
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=1440)
    how_often = forms.ChoiceField(
        label=_("How often?"), choices=[("d", _("every day")), ("w", _("every week")), ("m", _("every month"))]
    )
    kind = forms.ChoiceField(
        label=_("Who would help?"), widget=forms.RadioSelect, choices=[("A8", _("A vendor")), ("A9", _("Our own team"))]
    )
    note = forms.CharField(label=_("Remark"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    file = forms.FileField(label=_("File"), required=False, help_text=_("CSV or XLSX, at most 20 MB."))
    agreed = forms.BooleanField(label=_("This names no person."), help_text=_("Teams are fine."))


@dataclass(frozen=True)
class SampleReason:
    text: Any
    fix_url: str | None = None


def kit(request: HttpRequest) -> HttpResponse:
    """Every component in every tone; only where a developer or a demo looks."""
    from django.conf import settings

    if not (settings.DEBUG or getattr(settings, "DEMO", False)):
        raise Http404
    return render(request, "kit.html", specimens())


def specimens() -> dict[str, Any]:
    return {
        "tones": TONES,
        "grades": GRADES,
        "form": SampleForm(),
        "bad_form": SampleForm({"minutes": "0", "how_often": "w", "kind": "A9"}),
        "reasons": _reasons(),
        **_decision(),
        **_lists(),
        **_table(),
    }


def _reasons() -> list[SampleReason]:
    return [
        SampleReason(_("The head of operations has not signed."), "#sign"),
        SampleReason(_("No approval covers the category operational know-how."), "#approval"),
    ]


def _decision() -> dict[str, Any]:
    return {
        "options": [
            {"value": "go", "outcome": "go", "word": _("Go"), "note": _("Run both cases at today's scope")},
            {
                "value": "expand",
                "outcome": "expand",
                "word": _("Expand"),
                "note": _("Reports to two more vendors, triage as it is"),
                "proposed": True,
            },
            {"value": "stop", "outcome": "stop", "word": _("Stop"), "note": _("Close; keep the assets and lessons")},
        ],
        "signatures": [
            {"who": _("Zhou Wei, Head of Operations"), "when": _("20 Nov"), "state": "signed"},
            {"who": _("Claire Aubert, CIO"), "when": _("you"), "state": "you"},
        ],
        "marks": [
            {"week": 0, "date": _("31 Aug"), "text": _("Start")},
            {"week": 3, "date": _("21 Sep"), "text": _("Pilots run unaided")},
            {"week": 6, "date": _("12 Oct"), "text": _("Midpoint review: continue")},
            {"week": 13, "date": _("27 Nov"), "text": _("Go, Expand or Stop"), "tone": "now"},
        ],
        "segments": [
            {"value": "approve", "word": _("Approve"), "tone": "ok", "icon": "check"},
            {"value": "condition", "word": _("Condition"), "tone": "warn", "icon": "e-early"},
            {"value": "return", "word": _("Return"), "tone": "seal", "icon": "undo-2"},
        ],
        "offers": [
            {"label": _("Submit"), "url": "#", "tone": "primary", "reasons": []},
            {"label": _("Start the pilot"), "url": "#", "reasons": _reasons()},
        ],
    }


def _lists() -> dict[str, Any]:
    now = timezone.now()
    return {
        "now": now,
        "soon": timezone.localdate() + timedelta(days=5),
        "boxes": [
            {"code": "A1", "title": _("Name the purpose"), "state": "done", "url": "#"},
            {"code": "A2", "title": _("Collect pains"), "state": "done", "url": "#"},
            {"code": "A3", "title": _("Approve pattern and data"), "state": "done", "url": "#"},
            {"code": "A6", "title": _("Choose a flagship"), "state": "skipped", "note": _("chosen with A8")},
            {"code": "A8", "title": _("Vendor case"), "state": "current", "url": "#"},
            {"code": "A9", "title": _("Own case"), "state": "open", "url": "#"},
            {"code": "A4", "title": _("Discuss gains"), "state": "blocked", "note": _("no baseline yet")},
        ],
        "tasks": [
            {"title": _("Pattern and slots"), "url": "#", "state": "ready"},
            {"title": _("Data sheet"), "url": "#", "state": "doing", "note": _("2 of 6 categories answered")},
            {
                "title": _("Rollback"),
                "url": "#",
                "state": "stuck",
                "note": _("needs the name of the runtime owner"),
            },
            {"title": _("Attachments"), "url": "#", "state": "todo"},
        ],
        "changes": [
            {
                "title": _("A data category gets wider"),
                "before": _("names"),
                "after": _("names and phone numbers"),
                "text": _("so that escalation drafts reach the right team."),
            },
            {"title": _("A second region uses the runtime"), "before": "Shanghai", "after": "Shanghai, Penang"},
        ],
        "events": [
            {"when": _("week 9"), "text": _("Prompt v3 cut review time on reports"), "tone": "ok"},
            {"when": _("week 10"), "text": _("A-07 did not hold: logs lack owner tags"), "tone": "warn"},
            {"when": _("week 12"), "text": _("Two vendors agreed to share check lists"), "tone": "ok"},
        ],
        "facts": [
            {"term": _("Reports measured"), "value": 52, "note": _("and 43 before"), "grade": ""},
            {"term": _("Runs with telemetry"), "value": "91 %"},
            {"term": _("Bar agreed before the pilot"), "value": "30 %", "note": _("met")},
        ],
        "steps": [_("Upload"), _("Match columns"), _("Preview"), _("Import")],
    }


def _table() -> dict[str, Any]:
    units = [_("China"), _("EMEA"), _("Penang")]
    return {
        "units": units,
        "categories": [
            {
                "title": _("Operational know-how"),
                "note": _("SOPs, runbooks, postmortems"),
                "cells": [
                    {"word": _("approved"), "tone": "ok"},
                    {"word": _("condition"), "tone": "warn"},
                    {"word": _("not yet"), "tone": "open"},
                ],
            },
            {
                "title": _("People and processes"),
                "note": _("Ownership, escalation"),
                "highlight": True,
                "cells": [
                    {"word": _("approved"), "tone": "ok"},
                    {"word": _("approved"), "tone": "ok"},
                    {"word": _("wider"), "tone": "seal"},
                ],
            },
        ],
        "rows": [
            Row(
                [
                    Cell(_("Weekly vendor health check"), href="#r1", sub="每周供应商健康检查"),
                    Cell(_("ranked"), tone="ok"),
                    12.5,
                    Cell("", grade="estimate"),
                    timezone.localdate(),
                ],
                id="r1",
            ),
            [
                Cell(_("Night alerts"), href="#r1"),
                Cell(_("voted"), tone="open"),
                1240,
                Cell("", grade="measured"),
                None,
            ],
            [
                Cell(_("Copying <ticket> fields")),
                Cell(_("parked"), tone="blocked"),
                Cell(None, num=True),
                Cell("", grade="guess"),
                None,
            ],
        ],
    }
