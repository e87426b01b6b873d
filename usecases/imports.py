"""The table import of pains: which columns are read, under which names people use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.actor import Actor
from foundation.imports import Field, ImportKind, RowPlan, RowReason, TypedRow, register_import
from foundation.models import Upload
from usecases.quick import is_forbidden

KINDS = [
    "repetitive",
    "low_value",
    "incident",
    "manual_check",
    "report",
    "escalation",
    "audit_finding",
    "shadow_automation",
    "other",
]
PROVENANCES = ["guess", "team_agreed", "vendor_statement", "ticket_system", "time_sample"]
SHADOW = ["none", "script", "macro", "unapproved_ai", "other"]


def _choices(field: str, codes: Sequence[str]) -> list[tuple[str, Any]]:
    from usecases.models import Pain
    from usecases.models.load import Provenance

    found = {"kind": Pain.Kind, "shadow_automation": Pain.Shadow, "provenance": Provenance}[field]
    return [(code, found(code).label) for code in codes]


def fields() -> list[Field]:
    return [
        Field("row_id", _("Row id"), synonyms=("id", "key", "编号", "行号"), example="A-17",
              help=_("The same id again changes the same pain; without one the titles are compared.")),
        Field("title_en", _("Title, English"), synonyms=("title", "pain", "name", "标题（英文）"),
              example="Every Monday I have to copy vendor figures into the report"),
        Field("title_zh", _("Title, Chinese"), synonyms=("标题", "痛点", "标题（中文）"),
              example="每周一手工把供应商数据抄进报告"),
        Field("description_en", _("Description, English"), synonyms=("description", "details")),
        Field("description_zh", _("Description, Chinese"), synonyms=("描述", "说明")),
        Field("kind", _("Kind"), kind="choice", choices=_choices("kind", KINDS), synonyms=("type", "类型"),
              example="report"),
        Field("owner_team", _("Owner team"), synonyms=("team", "团队", "负责团队"), help=_("The code of a unit.")),
        Field("teams_affected", _("Teams affected"), kind="integer"),
        Field("severity", _("Severity"), kind="integer", help=_("1 to 5"), example="3"),
        Field("consequence", _("Consequence of an error"), kind="integer", help=_("1 to 5")),
        *_factor_fields(),
        Field("provenance", _("Where the figures come from"), kind="choice",
              choices=_choices("provenance", PROVENANCES), example="guess"),
        Field("load_n", _("Records behind it"), kind="integer", synonyms=("n",)),
        Field("load_coverage", _("Coverage in %"), kind="number"),
        Field("load_query", _("Window and query"), synonyms=("query",)),
        Field("systems", _("Systems"), synonyms=("system", "系统"), help=_("Several with a semicolon between them."),
              example="ServiceNow; Grafana"),
        Field("tags", _("Tags"), synonyms=("标签",)),
        Field("workaround", _("Workaround today")),
        Field("shadow_automation", _("Shadow automation"), kind="choice",
              choices=_choices("shadow_automation", SHADOW)),
    ]  # fmt: skip


def _factor_fields() -> Iterator[Field]:
    examples = {"runs_per_month": "4 4.3 5", "items_per_run": "1 1 1", "minutes_per_item": "15 30 60",
                "people_per_item": "1 1 1"}  # fmt: skip
    labels = {
        "runs_per_month": (_("Times a month, low"), _("Times a month, likely"), _("Times a month, high")),
        "items_per_run": (_("Items each time, low"), _("Items each time, likely"), _("Items each time, high")),
        "minutes_per_item": (_("Minutes an item, low"), _("Minutes an item, likely"), _("Minutes an item, high")),
        "people_per_item": (_("People needed, low"), _("People needed, likely"), _("People needed, high")),
    }
    for factor, names in labels.items():
        values = examples[factor].split()
        for point, label, example in zip(("low", "likely", "high"), names, values, strict=True):
            yield Field(f"{factor}_{point}", label, kind="number", example=example)


def plan(actor: Actor, unit: Unit, rows: Sequence[TypedRow]) -> list[RowPlan]:
    from usecases.services.importing import plan_pains

    return plan_pains(actor, unit, rows)


def commit(actor: Actor, unit: Unit, plans: Sequence[RowPlan], upload: Upload) -> dict[str, Any]:
    from usecases.services import import_pains

    return import_pains(actor=actor, unit=unit, plans=plans, source_digest=upload.sha256)


def refuse_column(name: str) -> RowReason | None:
    """Hours describe work, not people: no column of persons or money comes in, not even unread."""
    if not is_forbidden(name):
        return None
    text = _("A column “%(name)s” is not taken: hours describe work, not people, and no saving is claimed here.")
    remedy = _("Delete the column and import the file again.")
    return RowReason("refused_column", text % {"name": name[:60]}, remedy=remedy)


PAINS = register_import(
    ImportKind(
        code="pains",
        title=_("Pains"),
        permission="usecases.pain.record",
        fields=fields(),
        plan=plan,
        commit=commit,
        help=_("One row is one pain. Hours come as low, likely and high; there is no column for people or savings."),
        max_rows=5_000,
        refuses=refuse_column,
        done_url=lambda unit: reverse("usecases:pains"),
    )
)
