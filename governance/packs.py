"""A request as canonical facts: what is frozen at submit, what the lanes see of it, and what is new."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Unit
from foundation.access import ancestors
from foundation.bilingual import pick
from foundation.canonical import digest
from governance.models import Binding, PatternVersion, Submission
from governance.texts import CONTROLS, FLOW_FIELDS, PORTABLE, both

SCHEMA = "request/1"
PATTERN_ITEMS = ("slots", "flow", "exit", "controls")
Body = dict[str, Any]


def current_bindings(version: PatternVersion, unit: Unit) -> dict[Any, Binding]:
    """What fills each slot for a unit today: the newest row of the nearest unit upwards."""
    return bindings_of([version], unit)


def bindings_of(versions: Iterable[PatternVersion], unit: Unit) -> dict[Any, Binding]:
    """The same for the slots of several versions at once."""
    rows = Binding.objects.filter(slot__version_of__in=versions, unit__path__in=ancestors(unit.path))
    ordered = rows.select_related("component", "unit", "slot").order_by("unit__path", "from_at", "created_at")
    return {row.slot_id: row for row in ordered}


def build(submission: Submission) -> Body:
    """Every fact of the request, ready for the canonical text. A few queries, whatever its size."""
    version = submission.pattern_version
    return {
        "schema": SCHEMA,
        "key": submission.key,
        "round": submission.round,
        "unit": _names(submission.unit, code=submission.unit.code),
        "pattern": _names(version.pattern, key=version.pattern.key, version=version.number),
        "purpose": {"en": submission.purpose_en, "zh": submission.purpose_zh},
        "invariants": version.invariants,
        "slots": [_slot(s) for s in version.slots.all()],
        "bindings": _bindings(submission),
        "flow": {name: version.base_flow.get(name) for name in FLOW_FIELDS},
        "controls": [_control(c) for c in version.controls.all()],
        "exit": {"portable": version.portable_assets, "en": version.exit_plan_en, "zh": version.exit_plan_zh},
        "categories": _categories(submission),
    }


def _names(obj: Any, **more: Any) -> dict[str, Any]:
    return {"en": obj.name_en, "zh": obj.name_zh, **more}


def _slot(slot: Any) -> dict[str, Any]:
    return {
        "code": slot.code,
        "role": slot.role,
        "name": _names(slot),
        "note": {"en": slot.note_en, "zh": slot.note_zh},
        "required": slot.required,
        "replaceable": slot.replaceable,
        "constraints": slot.constraints,
    }


def _bindings(submission: Submission) -> dict[str, Any]:
    found = current_bindings(submission.pattern_version, submission.unit)
    return {b.slot.code: _names(b.component, key=b.component.key) for b in found.values()}


def _control(control: Any) -> dict[str, Any]:
    return {
        "control": control.control,
        "mandatory": control.mandatory,
        "answer": control.answer,
        "reason": control.reason,
        "evidence": control.evidence,
        "evidence_on": control.evidence_on.isoformat() if control.evidence_on else None,
    }


def _categories(submission: Submission) -> list[dict[str, Any]]:
    given: dict[Any, dict[str, str]] = defaultdict(dict)
    for answer in submission.answers.select_related("item"):
        given[answer.category_version_id][answer.item.code] = answer.answer
    uses = submission.uses.select_related("category_version__category", "pattern_version")
    return [_category(use, given[use.category_version_id]) for use in uses]


def _category(use: Any, answers: dict[str, str]) -> dict[str, Any]:
    version = use.category_version
    return {
        "code": version.category.code,
        "name": _names(version.category),
        "examples": {"en": version.category.examples_en, "zh": version.category.examples_zh},
        "version": version.number,
        "sensitivity": version.sensitivity,
        "core_status": version.core_status,
        "pi_grade": version.pi_grade,
        "prc_class": version.prc_class,
        "exclusions": version.exclusions,
        "flow": {name: use.flow.get(name) for name in FLOW_FIELDS},
        "answers": answers,
    }


def is_exposed(category: Mapping[str, Any]) -> bool:
    """The security lane looks at what would hurt when it leaks."""
    sensitive = category["sensitivity"] == "secret" or category["pi_grade"] == "sensitive_pi"
    return sensitive or category["answers"].get("CN07") == "yes"


def item_digests(body: Body) -> dict[str, str]:
    """One digest per judged item. A product (binding), a name or the checklist's history does not change what is
    approved; the whole flow of a category does."""
    found = {
        "slots": digest({"slots": body["slots"], "invariants": body["invariants"]}),
        "flow": digest(body["flow"]),
        "exit": digest(body["exit"]),
        "controls": digest(body["controls"]),
    }
    for category in body["categories"]:
        judged = {k: v for k, v in category.items() if k not in ("name", "examples", "answers")}
        found[f"category:{category['code']}"] = digest(judged)
        if is_exposed(category):
            found[f"exposure:{category['code']}"] = digest(judged)
    return found


def lane_items(body: Body) -> dict[str, list[str]]:
    """What each lane judges."""
    exposed = [f"exposure:{c['code']}" for c in body["categories"] if is_exposed(c)]
    return {
        "architecture": ["slots", "flow", "exit"],
        "security": ["controls", *exposed],
        "data": [f"category:{c['code']}" for c in body["categories"]],
    }


def pattern_digest(digests: Mapping[str, str]) -> str:
    return digest({key: digests[key] for key in PATTERN_ITEMS})


def read(text: str) -> Body:
    return json.loads(text)


# --- what is new -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One difference in words; `item` is the judged item it belongs to."""

    item: str
    title: str
    before: str
    after: str
    text: str = ""
    inherited_by: tuple[str, ...] = ()  # items that take the value over

    def concerns(self, item: str) -> bool:
        return item == self.item or item in self.inherited_by

    @property
    def as_dict(self) -> dict[str, str]:
        return {"title": self.title, "before": self.before, "after": self.after, "text": self.text}


def changes(before: Body | None, after: Body) -> list[Change]:
    """Ordered differences, what is judged first. Without a former pack nothing can differ."""
    if before is None:
        return []
    return [
        *_category_changes(before, after),
        *_control_changes(before, after),
        *_landing_changes(before, after),
        *_slot_changes(before, after),
        *_exit_changes(before, after),
    ]


def _category_changes(before: Body, after: Body) -> Iterable[Change]:
    old = {c["code"]: c for c in before["categories"]}
    new = {c["code"]: c for c in after["categories"]}
    for code, category in new.items():
        key, name = f"category:{code}", pick(category["name"])
        if code not in old:
            yield Change(key, _("A data category is added: %(name)s") % {"name": name}, "", pick(category["examples"]))
            continue
        own = [f for f in _differing(old[code]["flow"], category["flow"]) if f not in _taken_over(before, after, code)]
        yield from (_flow_change(key, f, old[code]["flow"], category["flow"], name) for f in own)
        yield from _passport_changes(key, name, old[code], category)
    for code in old.keys() - new.keys():
        name = pick(old[code]["name"])
        yield Change(f"category:{code}", _("A data category is left out"), name, "")


def _passport_changes(key: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    from governance.models import DataCategoryVersion as Version

    words = {
        "sensitivity": (_("Sensitivity"), dict(Version.Sensitivity.choices)),
        "pi_grade": (_("Personal data"), dict(Version.PiGrade.choices)),
        "core_status": (_("Core or Non-Core"), dict(Version.CoreStatus.choices)),
    }
    for field, (label, choices) in words.items():
        if old[field] != new[field]:
            yield Change(key, f"{name}: {label}", str(choices[old[field]]), str(choices[new[field]]))
    if old["exclusions"] != new["exclusions"]:
        yield Change(key, _("%(name)s: what is left out") % {"name": name}, old["exclusions"], new["exclusions"])


def _landing_changes(before: Body, after: Body) -> Iterable[Change]:
    """The flow said once; a value that categories take over counts here and nowhere else."""
    codes = [c["code"] for c in after["categories"]]
    for field in _differing(before["flow"], after["flow"]):
        heirs = tuple(f"category:{c}" for c in codes if field in _taken_over(before, after, c))
        text = ngettext("inherited by %(n)s category", "inherited by %(n)s categories", len(heirs)) % {"n": len(heirs)}
        change = _flow_change("flow", field, before["flow"], after["flow"], _("Landing zone"))
        yield replace(change, text=text if heirs else "", inherited_by=heirs)


def _taken_over(before: Body, after: Body, code: str) -> list[str]:
    """Changed fields in which a category follows the landing zone, before and after."""
    old, new = (_flow_of(body, code) for body in (before, after))
    if old is None or new is None:
        return []
    changed = _differing(before["flow"], after["flow"])
    return [f for f in changed if old.get(f) == before["flow"].get(f) and new.get(f) == after["flow"].get(f)]


def _flow_of(body: Body, code: str) -> Mapping[str, Any] | None:
    return next((c["flow"] for c in body["categories"] if c["code"] == code), None)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [field for field in FLOW_FIELDS if old.get(field) != new.get(field)]


def _flow_change(item: str, field: str, old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> Change:
    return Change(item, f"{name}: {FLOW_FIELDS[field]}", shown(old.get(field)), shown(new.get(field)))


def _control_changes(before: Body, after: Body) -> Iterable[Change]:
    old = {c["control"]: c for c in before["controls"]}
    for control in after["controls"]:
        was = old.get(control["control"])
        if was != control:
            label = both(CONTROLS.get(control["control"], (control["control"],) * 2))
            yield Change("controls", label, control_words(was), control_words(control))


def control_words(control: Mapping[str, Any] | None) -> str:
    from governance.models import SecurityReuse

    if not control:
        return ""
    words = str(dict(SecurityReuse.Answer.choices)[control["answer"]])
    said = control_said(control["answer"], control["reason"], control["evidence"])
    return ", ".join(w for w in (words, said, control["evidence_on"] or "") if w)


def control_said(answer: str, reason: str, evidence: str) -> str:
    """A control in use points to its proof; a new or left out one says why."""
    return (evidence or reason) if answer == "reused" else (reason or evidence)


def _slot_changes(before: Body, after: Body) -> Iterable[Change]:
    old, new = ({s["code"]: s for s in body["slots"]} for body in (before, after))
    for code in [*new, *(old.keys() - new.keys())]:
        if old.get(code) != new.get(code):
            yield Change(
                "slots",
                _slot_title(old.get(code), new.get(code)),
                _slot_words(old.get(code)),
                _slot_words(new.get(code)),
            )
    if before["invariants"] != after["invariants"]:
        was, now = ("; ".join(pick(i) for i in body["invariants"]) for body in (before, after))
        yield Change("slots", _("What never changes"), was, now)


def _slot_title(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None:
        return _("A part is added")
    return _("A part is left out") if new is None else _("A part changes")


def _slot_words(slot: Mapping[str, Any] | None) -> str:
    return f"{pick(slot['name'])} ({pick(slot['note'])})" if slot else ""


def _exit_changes(before: Body, after: Body) -> Iterable[Change]:
    if before["exit"] != after["exit"]:
        yield Change("exit", _("How to leave"), exit_words(before["exit"]), exit_words(after["exit"]))


def exit_words(exit_: Mapping[str, Any]) -> str:
    portable = ", ".join(str(PORTABLE.get(code, code)) for code in exit_["portable"])
    return "; ".join(w for w in (portable, pick(exit_)) if w)


def shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return str(value)


def days(value: Any) -> str:
    if value in (None, ""):
        return "–"
    return ngettext("%(n)s day", "%(n)s days", int(value)) % {"n": value} if int(value) else _("none kept")
