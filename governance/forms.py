"""Reads what people typed; what it means is decided by the services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from foundation.access import ancestors, within
from foundation.actor import Actor
from foundation.calendar_days import DayField
from governance import packs
from governance.models import Component, Condition, DataCategory, Pattern, SecurityReuse, Submission
from governance.models.data import DataCategoryVersion
from governance.selectors import checklist_for, latest_passports
from governance.services.requests import AnswerDraft, CategoryDraft, ControlAnswer
from governance.services.reviews import ConditionDraft, ItemChoice
from governance.texts import FLOW_FIELDS, PORTABLE

AREA = forms.Textarea(attrs={"rows": 3})


class NewRequestForm(forms.Form):
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Which unit asks?"))
    pattern = forms.ModelChoiceField(
        Pattern.objects.none(),
        label=_("For which pattern?"),
        help_text=_("What is decided already comes along; you only say what differs."),
    )
    new_version = forms.BooleanField(
        label=_("Change the pattern"),
        required=False,
        help_text=_("Starts a new version of a decided pattern. Leave it out to use the pattern as it is."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = within(actor.paths("governance.submission.draft"), "path")
        self.fields["unit"].queryset = Unit.objects.filter(mine, closed_at=None).order_by("path")
        self.fields["pattern"].queryset = Pattern.objects.visible_to(actor)


class PurposeForm(forms.Form):
    purpose_en = forms.CharField(
        label=_("What is the pattern for, in English?"),
        required=False,
        max_length=2000,
        widget=AREA,
        help_text=_("A sentence or two; one language is enough."),
    )
    purpose_zh = forms.CharField(label=_("The same in Chinese"), required=False, max_length=2000, widget=AREA)


class SlotsForm(forms.Form):
    """One choice for each part of the pattern."""

    def __init__(self, *args: Any, submission: Submission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        path = ancestors(submission.unit.path)
        known = Component.objects.filter(unit__path__in=path).exclude(status="retired")
        bound = packs.current_bindings(submission.pattern_version, submission.unit)
        for slot in submission.pattern_version.slots.all():
            now = bound.get(slot.pk)
            fixed = bool(now) and not slot.replaceable and now.unit_id == submission.unit_id
            self.fields[slot.code] = forms.ModelChoiceField(
                known.filter(role=slot.role),
                label=slot.name,
                help_text=slot.note,
                required=False,
                initial=now.component_id if now else None,
                disabled=fixed,
                to_field_name=None,
            )

    @property
    def components(self) -> dict[str, Component]:
        return {code: value for code, value in self.cleaned_data.items() if value}


class LandingForm(forms.Form):
    """The flow stated once, and one answer for each control."""

    def __init__(self, *args: Any, submission: Submission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        flow = submission.pattern_version.base_flow
        for name, label in FLOW_FIELDS.items():
            self.fields[name] = _flow_field(name, label, flow.get(name))
        self.controls = list(submission.pattern_version.controls.all())
        for control in self.controls:
            self._add(control)

    def _add(self, control: SecurityReuse) -> None:
        code = control.control
        self.fields[f"{code}-answer"] = forms.ChoiceField(
            label=control.label,
            choices=SecurityReuse.Answer.choices[1:],
            widget=forms.RadioSelect,
            required=False,
            initial=control.answer,
        )
        self.fields[f"{code}-evidence"] = forms.CharField(
            label=_("Its own validation"), required=False, max_length=300, initial=control.evidence
        )
        self.fields[f"{code}-evidence_on"] = DayField(
            label=_("Validated on"), required=False, initial=control.evidence_on
        )
        self.fields[f"{code}-reason"] = forms.CharField(
            label=_("Why (for new or not applicable)"), required=False, max_length=300, initial=control.reason
        )

    @property
    def flow_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FLOW_FIELDS]

    @property
    def control_rows(self) -> list[dict[str, Any]]:
        parts = ("answer", "evidence", "evidence_on", "reason")
        return [{"control": c, **{p: self[f"{c.control}-{p}"] for p in parts}} for c in self.controls]

    @property
    def flow(self) -> dict[str, Any]:
        given = {name: self.cleaned_data[name] for name in FLOW_FIELDS}
        return {**given, "accessed_from": _listed(given["accessed_from"])}

    @property
    def answers(self) -> list[ControlAnswer]:
        data = self.cleaned_data
        return [
            ControlAnswer(
                c.control,
                data[f"{c.control}-answer"],
                data[f"{c.control}-reason"],
                data[f"{c.control}-evidence"],
                data[f"{c.control}-evidence_on"],
            )
            for c in self.controls
            if data[f"{c.control}-answer"]
        ]


def _flow_field(name: str, label: Any, now: Any) -> forms.Field:
    if name == "retention_days":
        return forms.IntegerField(label=label, required=False, min_value=0, initial=now)
    initial = ", ".join(now) if isinstance(now, list) else now
    help_text = _("Separate several places by commas.") if name == "accessed_from" else ""
    return forms.CharField(label=label, required=False, max_length=300, initial=initial, help_text=help_text)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


class DataForm(forms.Form):
    """Categories with what differs, then twelve questions answered once with “except for”."""

    def __init__(self, *args: Any, submission: Submission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.submission = submission
        self.known = list(DataCategory.objects.filter(unit__path__in=ancestors(submission.unit.path)))
        uses = {u.category_version.category_id: u for u in submission.uses.select_related("category_version")}
        self.passports: Mapping[Any, DataCategoryVersion] = latest_passports(c.pk for c in self.known)
        for category in self.known:
            self._add_category(category, uses.get(category.pk))
        self._add_questions()

    def _add_category(self, category: DataCategory, use: Any) -> None:
        own, code = (use.own_flow or {}) if use else {}, category.code
        passport = self.passports.get(category.pk)
        self.fields[f"{code}-use"] = forms.BooleanField(label=category.name, required=False, initial=use is not None)
        self.fields[f"{code}-retention_days"] = forms.IntegerField(
            label=_("Kept, days"), required=False, min_value=0, initial=own.get("retention_days")
        )
        self.fields[f"{code}-masking"] = forms.CharField(
            label=_("Masking"), required=False, max_length=300, initial=own.get("masking")
        )
        self.fields[f"{code}-processed_in"] = forms.CharField(
            label=_("Processed in"), required=False, max_length=300, initial=own.get("processed_in")
        )
        self.fields[f"{code}-exclusions"] = forms.CharField(
            label=_("Left out of it"),
            required=False,
            max_length=500,
            initial=passport.exclusions if passport else "",
            disabled=bool(passport) and passport.state != "draft",
        )

    def _add_questions(self) -> None:
        checklist = checklist_for(self.submission.unit)
        self.items = list(checklist.items.all()) if checklist else []
        open_codes = [c for c in self.known if self.passports.get(c.pk) and self.passports[c.pk].state == "draft"]
        given = _answers_once(self.submission)
        for item in self.items:
            answer, exceptions = given.get(item.code, ("", []))
            self.fields[f"{item.code}-answer"] = forms.ChoiceField(
                label=item.text,
                required=False,
                choices=[("no", _("No")), ("yes", _("Yes")), ("not_known", _("Not known"))],
                widget=forms.RadioSelect,
                initial=answer,
            )
            self.fields[f"{item.code}-except"] = forms.MultipleChoiceField(
                label=_("Except for"),
                required=False,
                choices=[(c.code, c.name) for c in open_codes],
                widget=forms.CheckboxSelectMultiple,
                initial=exceptions,
            )

    @property
    def category_rows(self) -> list[dict[str, Any]]:
        parts = ("use", "retention_days", "masking", "processed_in", "exclusions")
        return [
            {"category": c, "passport": self.passports.get(c.pk), **{p: self[f"{c.code}-{p}"] for p in parts}}
            for c in self.known
        ]

    @property
    def question_rows(self) -> list[dict[str, Any]]:
        rows = [
            {"item": i, "answer": self[f"{i.code}-answer"], "excepted": self[f"{i.code}-except"]} for i in self.items
        ]
        return rows if any(p.state == "draft" for p in self.passports.values()) else []

    @property
    def categories(self) -> list[CategoryDraft]:
        data = self.cleaned_data
        return [
            CategoryDraft(
                c,
                {k: data[f"{c.code}-{k}"] for k in ("retention_days", "masking", "processed_in")},
                data[f"{c.code}-exclusions"],
            )
            for c in self.known
            if data[f"{c.code}-use"]
        ]

    @property
    def answers(self) -> dict[str, AnswerDraft]:
        data = self.cleaned_data
        chosen = {c.category.code for c in self.categories}
        return {
            i.code: AnswerDraft(
                data[f"{i.code}-answer"], tuple(code for code in data[f"{i.code}-except"] if code in chosen)
            )
            for i in self.items
            if data[f"{i.code}-answer"]
        }


def _answers_once(submission: Submission) -> dict[str, tuple[str, list[str]]]:
    """Answers a category back to one answer with exceptions: the majority leads."""
    found: dict[str, dict[str, list[str]]] = {}
    rows = submission.answers.values_list("item__code", "answer", "category_version__category__code")
    for code, answer, category in rows:
        found.setdefault(code, {}).setdefault(answer, []).append(category)
    shown = {}
    for code, by_answer in found.items():
        main = max(by_answer, key=lambda a: len(by_answer[a]))
        shown[code] = (main, [c for a, cats in by_answer.items() if a != main for c in cats])
    return shown


class ExitForm(forms.Form):
    portable_assets = forms.MultipleChoiceField(
        label=_("What can be taken along?"),
        choices=list(PORTABLE.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    exit_plan_en = forms.CharField(
        label=_("How would the unit leave, in English?"), required=False, max_length=2000, widget=AREA
    )
    exit_plan_zh = forms.CharField(label=_("The same in Chinese"), required=False, max_length=2000, widget=AREA)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class RedateForm(ReasonForm):
    due = DayField(label=_("New date"))


class EvidenceForm(forms.Form):
    label = forms.CharField(
        label=_("What was done, and where can it be seen?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    url = forms.URLField(label=_("Link"), required=False, max_length=500, assume_scheme="https")
    effective_on = DayField(label=_("Done on"))


# --- filters -----------------------------------------------------------------------------------------------------


class SubmissionFilter(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("all")), *Submission.State.choices])

    def apply(self, rows: Any) -> Any:
        data = self.cleaned_data
        if data["q"]:
            q = data["q"]
            name = Q(pattern_version__pattern__name_en__icontains=q) | Q(pattern_version__pattern__name_zh__icontains=q)
            rows = rows.filter(Q(key__icontains=q) | name)
        return rows.filter(state=data["state"]) if data["state"] else rows


class ConditionFilter(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("all")), *Condition.State.choices])

    def apply(self, rows: Any) -> Any:
        data = self.cleaned_data
        if data["q"]:
            q = data["q"]
            rows = rows.filter(Q(key__icontains=q) | Q(text_en__icontains=q) | Q(text_zh__icontains=q))
        return rows.filter(state=data["state"]) if data["state"] else rows


class ApprovalFilter(forms.Form):
    effect = forms.ChoiceField(label=_("State"), required=False, choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from governance.models.approvals import Effect

        super().__init__(*args, **kwargs)
        self.fields["effect"].choices = [("", _("all")), *Effect.choices]

    def apply(self, rows: Any) -> Any:
        wanted = self.cleaned_data["effect"]
        return rows.filter(effect=wanted) if wanted else rows


# --- review ------------------------------------------------------------------------------------------------------


def read_choices(post: Mapping[str, str], keys: Iterable[str], people: Mapping[str, User]) -> list[ItemChoice]:
    """The radios and condition fields of a review; items without a choice are left out."""
    return [_choice(post, key, people) for key in keys if post.get(f"choice-{key}")]


def _choice(post: Mapping[str, str], key: str, people: Mapping[str, User]) -> ItemChoice:
    choice = post.get(f"choice-{key}", "")
    comment = post.get(f"comment-{key}", "")[:2000]
    masked = post.get(f"masked-{key}") == "on"
    return ItemChoice(
        key,
        choice,
        use="allowed_masked" if masked else "allowed",
        reason_code=post.get(f"reason-{key}", "") if choice == "return" else "",
        comment=comment if choice in ("return", "reject") else "",
        condition=_condition(post, key, people) if choice == "condition" else None,
    )


def _condition(post: Mapping[str, str], key: str, people: Mapping[str, User]) -> ConditionDraft:
    text = post.get(f"text-{key}", "").strip()[:400]
    zh = (get_language() or "").startswith("zh")
    return ConditionDraft(
        text_en="" if zh else text,
        text_zh=text if zh else "",
        owner=people.get(post.get(f"owner-{key}", "")),
        due=_day(post.get(f"due-{key}", "")),
        blocking=post.get(f"soft-{key}") != "on",
        blocks_charter=post.get(f"charter-{key}") == "on",
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
