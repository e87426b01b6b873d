"""Parse what people type; meaning and every refusal belong to the services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.actors import people_who_may
from accounts.models import Membership, Unit, User
from foundation.access import ancestors, within
from foundation.actor import Actor
from foundation.calendar_days import DayField
from governance.models import DataCategory, Pattern, PatternVersion
from usecases.models import (
    FACTORS,
    Asset,
    AssetRerun,
    AssetReview,
    Candidate,
    Contract,
    ContractItem,
    DataSource,
    Pain,
    Ranking,
    System,
)
from usecases.models.load import POINTS, Grade
from usecases.quick import QUICK, quick_code, quick_range
from usecases.services.ranking import setup_reasons

SCALE = [("", "–"), *((n, str(n)) for n in range(1, 6))]


def units_for(actor: Actor, permission: str) -> QuerySet[Unit]:
    """Open units at which the actor may."""
    return Unit.objects.open().filter(within(actor.paths(permission), "path")).order_by("path")


def first_choice(field: Any) -> None:
    """The highest unit of the actor is chosen already."""
    first = field.queryset.first()
    field.initial = first.pk if first else None


ONE_LANGUAGE = _("(one of the two languages)")


class RecordForm(forms.ModelForm):
    """Labels, choices and lengths of the model; nothing is saved and no rule is judged here.

    `asked` on a field stands where a field nobody requires says "(optional)".
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ask(ONE_LANGUAGE, "title_en", "title_zh")

    def _ask(self, words: Any, *names: str) -> None:
        for name in names:
            if name in self.fields:
                self.fields[name].asked = words

    def _post_clean(self) -> None:
        pass


class UnitMixin(forms.Form):
    permission = ""

    def choose_unit(self, actor: Actor) -> None:
        field = self.fields["unit"]
        field.queryset = units_for(actor, self.permission)  # type: ignore[attr-defined]
        first_choice(field)


def load_widgets() -> dict[str, Any]:
    return {
        f"{f}_{p}": forms.NumberInput(attrs={"min": 0, "step": "any", "inputmode": "decimal"})
        for f in FACTORS
        for p in POINTS
    }


LOAD_FORM = [f"{f}_{p}" for f in FACTORS for p in (*POINTS, "provenance")]


ASSUMED_ONE = ("items_per_run", "people_per_item")


def plain_figure(value: Any) -> Any:
    """A decimal without trailing zeros."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


class LoadForm(RecordForm):
    """Quick answers beside the exact ranges; a quick answer fills what was left empty, as a guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for factor, options in QUICK.items():
            choices = [("", _("not said")), *((code, label) for code, label, _range in options)]
            self.fields[f"quick_{factor}"] = forms.ChoiceField(
                choices=choices, required=False, label=QUICK_LABELS[factor], initial=self._quick_now(factor)
            )
        for name in (*(f"{f}_{p}" for f in FACTORS for p in POINTS), "load_coverage"):
            self.initial[name] = plain_figure(self.initial.get(name))

    def _quick_now(self, factor: str) -> str:
        """The answer that fills the figures as they stand; one piece and one person where nothing is recorded yet."""
        if self.instance._state.adding:
            return "one" if factor in ASSUMED_ONE else ""
        facts = self.instance.factor_facts()[factor]
        if facts is None or facts["provenance"] != "guess":
            return ""
        return quick_code(factor, [facts[p] for p in POINTS])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        said = {factor: data.pop(f"quick_{factor}", "") for factor in FACTORS}
        known = any(said[f] or data.get(f"{f}_likely") is not None for f in FACTORS if f not in ASSUMED_ONE)
        for factor in FACTORS:
            code = self._answered(factor, said[factor], known)
            if self._takes_quick(factor, data):
                low, likely, high = quick_range(factor, code) if code else (None, None, None)
                values = {"low": low, "likely": likely, "high": high, "provenance": "guess" if code else ""}
                data |= {f"{factor}_{name}": value for name, value in values.items()}
        return data

    def _answered(self, factor: str, code: str, known: bool) -> str:
        """A quick answer; pieces and people count as one as soon as how often or how long is known."""
        if factor not in ASSUMED_ONE or not self.instance._state.adding:
            return code
        unasked = self.add_prefix(f"quick_{factor}") not in self.data
        return (code or ("one" if unasked else "")) if known else ""

    def _takes_quick(self, factor: str, data: dict[str, Any]) -> bool:
        """Where no range is typed in, or another quick answer was chosen and the range was left as it was."""
        if all(data.get(f"{factor}_{p}") is None for p in POINTS):
            return not any(f"{factor}_{p}" in self.errors for p in POINTS)
        typed = any(f"{factor}_{p}" in self.changed_data for p in (*POINTS, "provenance"))
        asked = self.add_prefix(f"quick_{factor}") in self.data
        return asked and not typed and f"quick_{factor}" in self.changed_data

    @property
    def quick(self) -> list[Any]:
        return [self[f"quick_{factor}"] for factor in QUICK]

    @property
    def ranges(self) -> list[dict[str, Any]]:
        """One row a factor: its name and its four fields."""
        return [
            {"label": QUICK_LABELS[f], "fields": [self[f"{f}_{p}"] for p in (*POINTS, "provenance")]} for f in FACTORS
        ]


QUICK_LABELS = {
    "runs_per_month": _("How often?"),
    "minutes_per_item": _("How long each time?"),
    "items_per_run": _("How many pieces each time?"),
    "people_per_item": _("How many people does it take?"),
}


class PainForm(LoadForm, UnitMixin):
    permission = "usecases.pain.record"
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Several with a comma between them."))
    evidence_links = forms.CharField(
        label=_("Evidence links"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("One a line.")
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=SCALE, required=False, coerce=int, empty_value=None,
        help_text=_("5: agreed service levels are missed, people are woken."),
    )  # fmt: skip
    consequence = forms.TypedChoiceField(
        label=_("Consequence of an error"), choices=SCALE, required=False, coerce=int, empty_value=None
    )

    class Meta:
        model = Pain
        fields = [
            "unit", "title_en", "title_zh", "kind", "description_en", "description_zh", "workaround", *LOAD_FORM,
            "load_n", "load_coverage", "load_query", "severity", "consequence", "owner_team", "teams_affected",
            "systems", "shadow_automation", "shadow_where", "shadow_may_be_shown",
        ]  # fmt: skip
        widgets = {
            **load_widgets(),
            "description_en": forms.Textarea(attrs={"rows": 3}),
            "description_zh": forms.Textarea(attrs={"rows": 3}),
            "workaround": forms.Textarea(attrs={"rows": 2}),
            "title_en": forms.TextInput(attrs={"placeholder": _("Every … I have to …")}),
        }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_team"].queryset = Unit.objects.visible_to(actor).open().order_by("path")
        self.fields["systems"].queryset = System.objects.visible_to(actor)
        if not self.instance._state.adding:
            del self.fields["unit"]
            self.initial["tags"] = ", ".join(self.instance.tags)
            self.initial["evidence_links"] = "\n".join(x["url"] for x in self.instance.evidence_links)
        else:
            self.choose_unit(actor)

    def clean_tags(self) -> list[str]:
        return [t for t in self.cleaned_data["tags"].replace("，", ",").split(",") if t.strip()]

    def clean_evidence_links(self) -> list[dict[str, str]]:
        """Links known already keep the day they were seen on."""
        known = {x["url"]: x for x in (self.instance.evidence_links or [])}
        urls = [u.strip() for u in self.cleaned_data["evidence_links"].splitlines() if u.strip()]
        return [known.get(url, {"url": url}) for url in urls]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


GRADES_OF_ROWS = {"none": _("no size yet"), **dict(Grade.choices)}


class PainFilter(forms.Form):
    q = forms.CharField(label=_("Text"), required=False, max_length=100)
    unit = forms.ModelChoiceField(
        Unit.objects.all(), label=_("Unit"), required=False, to_field_name="code", empty_label=_("all")
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("all")), *Pain.Kind.choices])
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("all")), *Pain.State.choices])
    grade = forms.ChoiceField(label=_("Evidence"), required=False, choices=[("", _("all")), *GRADES_OF_ROWS.items()])

    def apply(self, pains: QuerySet[Pain]) -> QuerySet[Pain]:
        given = self.cleaned_data
        pains = searched(pains, given["q"])
        if given["unit"]:
            pains = pains.filter(within([given["unit"].path]))
        if given["grade"]:
            pains = pains.filter(grade="" if given["grade"] == "none" else given["grade"])
        return pains.filter(**{name: given[name] for name in ("kind", "state") if given[name]})


def searched(records: QuerySet[Any], text: str) -> QuerySet[Any]:
    words = text.strip()
    if not words:
        return records
    found = Q()
    for name in records.model.search_fields:
        found |= Q(**{f"{name}__icontains": words})
    return records.filter(found)


class InventoryFilter(forms.Form):
    """Narrows the rows of a published inventory; places and sums stay those of the whole list."""

    team = forms.ChoiceField(label=_("Owner team"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    grade = forms.ChoiceField(label=_("Evidence"), required=False)

    def __init__(self, *args: Any, rows: list[dict[str, Any]], teams: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = [self.place(row) for row in rows]
        words = {"team": {"": "", **teams}, "kind": dict(Pain.Kind.choices), "grade": GRADES_OF_ROWS}
        for name, known in words.items():
            have = {place[name] for place in found}
            field = cast("forms.ChoiceField", self.fields[name])
            field.choices = [("", _("all")), *((code, word) for code, word in known.items() if code and code in have)]

    @staticmethod
    def place(row: dict[str, Any]) -> dict[str, str]:
        grade = row["hours"]["grade"] if row["hours"] else "none"
        return {"team": row["owner_team"] or "", "kind": row["kind"], "grade": grade}

    def keeps(self, row: dict[str, Any]) -> bool:
        """A choice the list does not hold leaves nothing."""
        place = self.place(row)
        return all(place[name] == self.data[name] for name in self.fields if self.data.get(name))


class PublishForm(UnitMixin):
    permission = "usecases.inventory.publish"
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))
    acknowledge = forms.BooleanField(label=_("I acknowledge this purpose; my name is printed with it."), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose_unit(actor)


class SystemForm(RecordForm, UnitMixin):
    permission = "usecases.system.edit"

    class Meta:
        model = System
        fields = ["unit", "name", "kind", "owner_team"]

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_team"].queryset = Unit.objects.visible_to(actor).open().order_by("path")
        self.choose_unit(actor)


class SourceForm(RecordForm):
    class Meta:
        model = DataSource
        fields = [
            "extracted_how", "what_kind", "by_program", "how_often", "source_load", "objection", "objection_text",
            "planned_change", "proven_on",
        ]  # fmt: skip
        widgets = {"proven_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class ContractForm(RecordForm, UnitMixin):
    permission = "usecases.contract.edit"

    class Meta:
        model = Contract
        fields = [
            "unit", "vendor", "title_en", "title_zh", "kind", "scope", "starts_on", "ends_on", "renewal_on",
            "notice_days", "price_model", "owner_role", "win_win",
        ]  # fmt: skip
        widgets = {
            name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            for name in ("starts_on", "ends_on", "renewal_on")
        } | {"scope": forms.Textarea(attrs={"rows": 3}), "win_win": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["unit"]
        else:
            self.choose_unit(actor)


class ItemForm(LoadForm):
    class Meta:
        model = ContractItem
        fields = [
            "title_en", "title_zh", "kind", "repeated", "evidence", *LOAD_FORM, "load_n", "load_coverage", "load_query"
        ]  # fmt: skip
        widgets = load_widgets()


class CandidateForm(RecordForm, UnitMixin):
    permission = "usecases.candidate.edit"

    class Meta:
        model = Candidate
        fields = [
            "unit", "title_en", "title_zh", "channel", "summary_en", "summary_zh", "kind_of_help", "direction",
            "seen_by", "pains", "items", "owner", "owner_team", "vendor", "partner", "partner_agreed_on",
            "categories", "systems", "pattern_version", "tools", "staff_data", "baseline_obtainable",
            "baseline_where", "open_questions",
        ]  # fmt: skip
        widgets = {
            "summary_en": forms.Textarea(attrs={"rows": 2}),
            "summary_zh": forms.Textarea(attrs={"rows": 2}),
            "open_questions": forms.Textarea(attrs={"rows": 3}),
            "partner_agreed_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **dict.fromkeys(("categories", "pains", "items", "systems"), forms.CheckboxSelectMultiple),
        }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = None if self.instance._state.adding else self.instance.unit
        self._choices(actor, unit)
        self._ask(_("(needed to be shaped)"), "kind_of_help", "categories", "systems")
        self._ask(_("(needed to be shaped, in one language)"), "summary_en", "summary_zh")
        self._ask(_("(a pain or a contract item is needed to be shaped)"), "pains", "items")
        self._ask(_("(a team or a vendor is needed to be shaped)"), "owner_team", "vendor")
        self._ask(_("(a pattern or the tools are needed to be shaped)"), "pattern_version", "tools")
        if unit:
            del self.fields["unit"], self.fields["channel"]
        else:
            self.choose_unit(actor)

    def _choices(self, actor: Actor, unit: Unit | None) -> None:
        self.fields["pains"].queryset = Pain.objects.visible_to(actor).exclude(state="rejected").order_by("key")
        items = ContractItem.objects.filter(contract__in=Contract.objects.visible_to(actor))
        self.fields["items"].queryset = items.select_related("contract")
        self.fields["systems"].queryset = System.objects.visible_to(actor)
        self.fields["categories"].queryset = DataCategory.objects.visible_to(actor)
        versions = PatternVersion.objects.filter(pattern__in=Pattern.objects.visible_to(actor)).select_related(
            "pattern"
        )
        self.fields["pattern_version"].queryset = versions
        self.fields["owner_team"].queryset = Unit.objects.visible_to(actor).open().order_by("path")
        self.fields["owner"].queryset = _people(actor, unit)


def _people(actor: Actor, unit: Unit | None) -> QuerySet[User]:
    """Who holds a role in the unit or in what the actor may edit."""
    paths = [unit.path] if unit else actor.paths("usecases.candidate.edit")
    near = within(paths, "unit__path") | Q(unit__path__in=[a for p in paths for a in ancestors(p)])
    held = Membership.objects.counting().filter(near)
    return User.objects.filter(is_active=True, pk__in=held.values("user")).order_by("name")


class CandidateFilter(forms.Form):
    q = forms.CharField(label=_("Text"), required=False, max_length=100)
    unit = forms.ModelChoiceField(
        Unit.objects.all(), label=_("Unit"), required=False, to_field_name="code", empty_label=_("all")
    )
    channel = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("all")), *Candidate.Channel.choices]
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("all")), *Candidate.State.choices])

    def apply(self, candidates: QuerySet[Candidate]) -> QuerySet[Candidate]:
        given = self.cleaned_data
        candidates = searched(candidates, given["q"])
        if given["unit"]:
            candidates = candidates.filter(within([given["unit"].path]))
        return candidates.filter(**{name: given[name] for name in ("channel", "state") if given[name]})


class TextFilter(forms.Form):
    q = forms.CharField(label=_("Text"), required=False, max_length=100)

    def apply(self, records: QuerySet[Any]) -> QuerySet[Any]:
        return searched(records, self.cleaned_data["q"])


class RankingForm(RecordForm, UnitMixin):
    permission = "usecases.ranking.setup"
    candidates = forms.ModelMultipleChoiceField(
        Candidate.objects.none(), label=_("Candidates"), widget=forms.CheckboxSelectMultiple, required=False
    )  # asked for together with everything else
    panel = forms.ModelMultipleChoiceField(
        User.objects.none(), label=_("Panel"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Needed when each scores alone: 3 to 15 people. Below 5, anonymity cannot be promised."),
    )  # fmt: skip

    class Meta:
        model = Ranking
        fields = ["unit", "title_en", "title_zh", "mode"]
        widgets = {"mode": forms.RadioSelect}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = units_for(actor, self.permission)
        fitting = Candidate.objects.visible_to(actor).filter(state__in=["shaped", "ranked", "flagship"])
        self.fields["candidates"].queryset = fitting.select_related("unit").order_by("key")
        if not self.instance._state.adding:
            del self.fields["unit"]
            units = [self.instance.unit]
            self.initial["candidates"] = [e.candidate_id for e in self.instance.entries.all()]
            self.initial["panel"] = [s.user_id for s in self.instance.scorers.exclude(user=None)]
        else:
            self.choose_unit(actor)
        able = {p.pk for p in people_who_may("usecases.ranking.score", *units)}
        self.fields["panel"].queryset = User.objects.filter(pk__in=able).order_by("name")

    def clean(self) -> dict[str, Any]:
        """Every fault of the set-up at once, in the words of the service."""
        data = super().clean() or self.cleaned_data
        unit = data.get("unit") if self.instance._state.adding else self.instance.unit
        texts = {name: data.get(name) or "" for name in ("title_en", "title_zh", "mode")}
        lists = {name: data.get(name) or [] for name in ("candidates", "panel")}
        for reason in setup_reasons(**texts, **lists, unit=unit):
            if reason.field not in self.errors:
                self.add_error(reason.field, reason.text)
        return data


class WeightsForm(forms.Form):
    reason = forms.CharField(label=_("Why these weights?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, criteria: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = {
            f"weight_{c.code}": forms.IntegerField(
                label=f"{c.code} · {c.name}", min_value=0, max_value=100, initial=c.weight
            )
            for c in criteria
        }
        self.fields = {**points, **self.fields}

    @property
    def weights(self) -> dict[str, int]:
        return {k.removeprefix("weight_"): v for k, v in self.cleaned_data.items() if k.startswith("weight_")}


class SelectForm(forms.Form):
    chosen = forms.ModelMultipleChoiceField(
        Candidate.objects.none(), label=_("Flagships, one or two"), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Why not the proposal?"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed only when you choose otherwise."),
    )  # fmt: skip
    dissent = forms.CharField(
        label=_("Dissent"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("May stand without a name."),
    )  # fmt: skip

    def __init__(self, *args: Any, candidates: QuerySet[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].queryset = candidates


class AssetForm(RecordForm, UnitMixin):
    permission = "usecases.asset.edit"

    class Meta:
        model = Asset
        fields = ["unit", "title_en", "title_zh", "kind", "stored_at", "owner_team", "candidate"]

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_team"].queryset = Unit.objects.visible_to(actor).open().order_by("path")
        self.fields["candidate"].queryset = Candidate.objects.visible_to(actor).order_by("key")
        if not self.instance._state.adding:
            del self.fields["unit"]
        else:
            self.choose_unit(actor)


class ReviewForm(RecordForm):
    class Meta:
        model = AssetReview
        fields = ["result", "note"]


class RerunForm(RecordForm):
    on = DayField(label=_("on"), required=False, help_text=_("Empty: today."))

    class Meta:
        model = AssetRerun
        fields = ["team", "outcome", "on", "note"]

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Unit.objects.visible_to(actor).open().order_by("path")


def scoped(filters: type[forms.Form], actor: Actor) -> type[forms.Form]:
    """The filter with the units this actor may know of."""

    class Scoped(filters):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["unit"].queryset = Unit.objects.visible_to(actor).order_by("path")

    return Scoped


def group(form: forms.BaseForm, title: Any, *names: str, folded: bool = False) -> dict[str, Any]:
    """A part of a long form; names the form does not have are passed over."""
    shown = [form[n] for n in names if n in form.fields]
    bad = any(f.errors for f in shown)
    return {"title": title, "fields": shown, "folded": folded and not bad}
