"""Settings by role, and the ledger: read, filtered, exported, verified."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from desk.forms import AuditFilter
from desk.links import address, pages_of
from foundation.access import may, require
from foundation.audit.models import AuditEvent
from foundation.audit.timeline import entries_for, label_of, line
from foundation.audit.verify import Verdict, verify_ledger
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage

ALWAYS = ""
LINKS = (  # words, what it is for, url name, permission ("" = everybody)
    (gettext_lazy("My settings"), gettext_lazy("language, time zone, theme, tokens"), "accounts:me", ALWAYS),
    (
        gettext_lazy("People and roles"),
        gettext_lazy("who may do what, invitations"),
        "accounts:people",
        "accounts.read",
    ),
    (gettext_lazy("Units"), gettext_lazy("the organisation as a tree"), "accounts:units", "accounts.read"),
    (
        gettext_lazy("Audit"),
        gettext_lazy("what was done, by whom, and that nobody changed it"),
        "desk:audit",
        "audit.read",
    ),
    (gettext_lazy("Jobs"), gettext_lazy("work in the background"), "desk:jobs", ALWAYS),
    (gettext_lazy("Sources"), gettext_lazy("connections to runtimes"), "metrics:sources", "metrics.connection.edit"),
    (
        gettext_lazy("Systems"),
        gettext_lazy("systems and the freedom of their data"),
        "usecases:systems",
        "usecases.system.edit",
    ),
    (gettext_lazy("API"), gettext_lazy("every address with its fields"), "api-docs", ALWAYS),
    (gettext_lazy("Help"), gettext_lazy("keys, words, first steps"), "desk:help", ALWAYS),
)
FAULTS = {
    "altered": gettext_lazy("its text was changed after it was written"),
    "column_mismatch": gettext_lazy("its columns do not say what its hashed text says"),
    "gap": gettext_lazy("it is missing"),
    "order": gettext_lazy("it does not follow the entry before it"),
    "rewritten": gettext_lazy("it is not the entry the earlier export holds"),
    "tail_missing": gettext_lazy("the end of the ledger was cut off or replaced"),
}


@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "desk.read")
    links = [
        {"label": label, "what": what, "url": url}
        for label, what, name, right in LINKS
        if (not right or may(actor, right)) and (url := address(name))
    ]
    return render(request, "desk/settings.html", {"links": links})


def _sentence(event: AuditEvent) -> str:
    return line(event).sentence


def _sentence_cell(event: AuditEvent) -> Cell:
    return Cell(_sentence(event), href=getattr(event, "page", None))


COLUMNS = (
    ListColumn("seq", gettext_lazy("Entry"), "number"),
    ListColumn("at", gettext_lazy("When"), "datetime"),
    ListColumn("sentence", gettext_lazy("What happened"), value=_sentence, cell=_sentence_cell),
    ListColumn("actor", gettext_lazy("Who"), value=lambda e: e.actor_label, shown=False),
    ListColumn("door", gettext_lazy("Through")),
    ListColumn("verb", gettext_lazy("Act"), shown=False),
    ListColumn("subject", gettext_lazy("Id"), value=lambda e: e.subject_key, shown=False),
    ListColumn("label", gettext_lazy("Title"), value=label_of, shown=False),
    ListColumn("hash", gettext_lazy("Hash"), shown=False),
)


@require_GET
def audit(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "audit.read")
    page = ListPage(
        request, entries_for(actor), COLUMNS, name="ledger", title=_("Audit"), filters=AuditFilter, order=("-seq",)
    )
    may_export = may(actor, "audit.export")
    if page.wants_export:
        require(actor, "audit.export")
        return page.export()
    _lead_to_pages(page.items)
    context = {"page": page, "may_verify": may(actor, "audit.verify"), "may_export": may_export}
    return render(request, "desk/audit.html", context, status=page.status)


def _lead_to_pages(events: list[AuditEvent]) -> None:
    pages = pages_of(events)
    for event in events:
        event.page = pages.get((event.subject_kind, event.subject_id))  # type: ignore[attr-defined]


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    require(request.actor, "audit.verify")  # type: ignore[attr-defined]
    verdict = verify_ledger()
    say: Any = messages.success if verdict.ok else messages.error
    say(request, verdict_words(verdict))
    return redirect("desk:audit")


def verdict_words(verdict: Verdict) -> str:
    if verdict.ok:
        return _("The ledger is whole: %(n)s entries, head %(head)s.") % {"n": verdict.count, "head": verdict.head[:12]}
    facts = {"seq": verdict.bad_seq, "why": FAULTS[verdict.kind], "n": verdict.count}
    text = _(
        "The ledger is broken at entry %(seq)s: %(why)s. The %(n)s entries before it are whole. "
        "Keep this database as it is and compare it with the last export."
    )
    return text % facts
