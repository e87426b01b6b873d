"""Parse what people type; meaning and every refusal belong to the services."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.actors import people_who_may
from accounts.models import Membership, Unit, User
from accounts.selectors import units_with
from charter import template
from charter.models import Breach, Charter, CharterCriterion, OpenQuestion, Outcome, SignRole
from charter.panel import offered, outcome_word
from charter.selectors import with_word
from charter.services import in_its_language
from foundation import clock
from foundation.actor import Actor
from foundation.calendar_days import DayField
from governance.models import DataCategory, PatternVersion
from metrics.models import Pilot
from usecases.models import Candidate
from usecases.selectors import flagships

BOX = timedelta(weeks=13)
OFFERED = ("O1.a", "O2.a", "O3.a")  # the three sentences with a number of the short form
SIGNERS = (SignRole.CIO, SignRole.OPS_HEAD)
ANY_OPTION = ("", _("all"))


class CharterFilter(forms.Form):
    q = forms.CharField(label=_("Question or number"), required=False)
    word = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ANY_OPTION,
            ("draft", _("draft")),
            ("for_signature", _("for signature")),
            ("running", _("running")),
            ("decision_due", _("decision due")),
            ("decided", _("decided")),
            ("withdrawn", _("withdrawn")),
        ],
    )
    unit = forms.CharField(label=_("Unit code"), required=False)

    def apply(self, rows: QuerySet[Charter]) -> QuerySet[Charter]:
        q, word, unit = (self.cleaned_data.get(k) for k in ("q", "word", "unit"))
        if q:
            rows = rows.filter(Q(key__icontains=q) | Q(question_en__icontains=q) | Q(question_zh__icontains=q))
        if unit:
            rows = rows.filter(unit__code__iexact=unit)
        return with_word(rows, word) if word else rows


def _role_holders(role: str, unit: Unit) -> QuerySet[User]:
    held = Membership.objects.live().filter(role=role).values("user")
    able = [p.pk for p in people_who_may("charter.text.sign", unit)]
    return User.objects.filter(pk__in=held).filter(pk__in=able).order_by("name")


class SignersMixin(forms.Form):
    """A name or an address for each signature; the address of nobody known becomes an invitation."""

    def add_signers(self, unit: Unit, current: dict[str, Any] | None = None) -> None:
        for role in SIGNERS:
            people = _role_holders(role.value, unit)
            label = _("Who signs as %(role)s") % {"role": role.label}
            name = forms.ModelChoiceField(
                people, label=label, required=False, empty_label=_("somebody else, by e-mail")
            )
            address = forms.EmailField(label=_("or e-mail address"), required=False)
            first = people[0] if len(people[:2]) == 1 else None
            name.initial = (current or {}).get(role.value) or (first if current is None else None)
            address.initial = (current or {}).get(f"{role.value}_email", "")
            self.fields[f"signer_{role.value}"], self.fields[f"signer_{role.value}_email"] = name, address

    def signers(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {r.value: data.get(f"signer_{r.value}_email") or data.get(f"signer_{r.value}") for r in SIGNERS}

    def check_signers(self) -> None:
        for role in SIGNERS:
            if not self.signers()[role.value]:
                text = _("Name the person who signs as %(role)s, or give an e-mail address.") % {"role": role.label}
                self.add_error(f"signer_{role.value}", text)


class NewCharterForm(SignersMixin):
    """Six blanks; everything else comes from the template."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), to_field_name="code")
    question = forms.CharField(
        label=_("What is the question?"),
        max_length=200,
        help_text=_("As a question, in English or Chinese, for example: Can assistants take the weekly checks off us?"),
    )
    cases = forms.ModelMultipleChoiceField(
        Candidate.objects.none(),
        label=_("Which cases?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One or two flagships, or none yet: they may be chosen later."),
    )
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"), help_text=_("13 weeks unless you change it."))
    lead = forms.ModelChoiceField(User.objects.none(), label=_("Who leads?"))

    def __init__(self, *args: Any, actor: Actor, unit: Unit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = units_with(actor, "charter.text.draft")
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.unit = unit or units.first()
        self.fields["unit"].initial = self.unit.code if self.unit else None
        if self.unit is None:
            return
        self._fill(actor, self.unit)

    def _fill(self, actor: Actor, unit: Unit) -> None:
        start = next_monday(clock.today(unit.zone))
        self.fields["starts_on"].initial, self.fields["ends_on"].initial = start, start + BOX - timedelta(days=1)
        cases = flagships(unit)
        self.fields["cases"].queryset = Candidate.objects.filter(pk__in=[c.pk for c in cases])  # type: ignore[attr-defined]
        leads = people_who_may("charter.decision.prepare", unit)
        self.fields["lead"].queryset = User.objects.filter(pk__in=[p.pk for p in leads])  # type: ignore[attr-defined]
        mine = actor.user_id if any(str(p.pk) == actor.user_id for p in leads) else None
        self.fields["lead"].initial = mine or (leads[0].pk if len(leads) == 1 else None)
        self.add_signers(unit)
        for code in OFFERED:
            self.fields[_number(code)] = number_field(code)

    @property
    def has_units(self) -> bool:
        return self.fields["unit"].queryset.count() > 1  # type: ignore[attr-defined]

    def criteria_fields(self) -> list[Any]:
        return [self[_number(code)] for code in OFFERED if _number(code) in self.fields]

    def signer_fields(self) -> list[Any]:
        return [(self[f"signer_{r.value}"], self[f"signer_{r.value}_email"]) for r in SIGNERS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.unit is not None:
            self.check_signers()
        if len(data.get("cases") or []) > 2:
            self.add_error("cases", _("A charter carries one or two cases."))
        return data

    def call(self) -> dict[str, Any]:
        """What `draft_charter` takes."""
        data = self.cleaned_data
        cases = list(data["cases"])
        return {
            "unit": data["unit"],
            "starts_on": data["starts_on"],
            "ends_on": data["ends_on"],
            "lead": data["lead"],
            "cases": cases,
            "signers": self.signers(),
            "criteria": [self._criterion(c) for c in template.default_criteria(has_measure=bool(cases))],
            **in_its_language("question", data["question"]),
        }

    def _criterion(self, criterion: template.DefaultCriterion) -> template.DefaultCriterion:
        number = self.cleaned_data.get(_number(criterion.code))
        return criterion if number is None else replace(criterion, threshold=criterion.typed(number))


def _number(code: str) -> str:
    return "n_" + code.replace(".", "_")


def number_field(code: str, initial: Any = None, required: bool = True) -> forms.DecimalField:
    known = template.criterion_of(code)
    assert known is not None
    from foundation.bilingual import pick

    sentence = pick({"en": known.en, "zh": known.zh}).replace("{n}", "…")
    found = forms.DecimalField(
        label=sentence,
        min_value=0,
        max_value=100 if known.unit == "%" else 100_000,
        decimal_places=2,
        required=required,
    )
    found.initial = f"{(known.shown if initial is None else initial).normalize():f}"
    return found


def next_monday(day: date) -> date:
    return day + timedelta(days=(7 - day.weekday()) % 7 or 7)


class TermsForm(SignersMixin):
    """Everything behind the six blanks of a draft."""

    question_en = forms.CharField(label=_("Question in English"), max_length=200, required=False)
    question_zh = forms.CharField(label=_("Question in Chinese"), max_length=200, required=False)
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"))
    length_reason = forms.CharField(
        label=_("Why this length"),
        max_length=300,
        required=False,
        help_text=_("Only outside 30 to 190 days; it is printed."),
    )
    lead = forms.ModelChoiceField(User.objects.none(), label=_("Who leads"))
    cases = forms.ModelMultipleChoiceField(
        Candidate.objects.none(), label=_("Cases"), required=False, widget=forms.CheckboxSelectMultiple
    )
    why_now_en = forms.CharField(
        label=_("Why now, in English"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    why_now_zh = forms.CharField(
        label=_("Why now, in Chinese"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    human_approves_changes = forms.BooleanField(
        label=_("A human approves changes to production"), required=False,
    )  # fmt: skip
    only_approved_data = forms.BooleanField(label=_("Only approved data"), required=False)
    cost_cap = forms.DecimalField(label=_("Cost cap"), required=False, min_value=0, max_digits=14, decimal_places=2)
    cost_currency = forms.CharField(label=_("Currency of the cap"), required=False, max_length=3)
    token_cap = forms.IntegerField(
        label=_("Token cap"), required=False, min_value=0, help_text=_("Used where the runtime reports no prices.")
    )
    exit_plan = forms.CharField(
        label=_("If it stops"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is kept, which access ends, which data is deleted, and by when."),
    )
    pattern_version = forms.ModelChoiceField(PatternVersion.objects.none(), label=_("Pattern"), required=False)
    categories = forms.ModelMultipleChoiceField(
        DataCategory.objects.none(), label=_("Data categories"), required=False, widget=forms.CheckboxSelectMultiple
    )
    questions = forms.CharField(
        label=_("More open questions and assumptions"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. They are the ledger behind “reduce uncertainty”."),
    )

    def __init__(self, *args: Any, actor: Actor, charter: Charter, **kwargs: Any) -> None:
        self.charter = charter
        kwargs.setdefault("initial", _initial_terms(charter))
        super().__init__(*args, **kwargs)
        self._choices(actor, charter)
        seats = {s.role: s for s in charter.signatories.all()}
        current = {role: s.user_id for role, s in seats.items()} | {f"{r}_email": s.waits_for for r, s in seats.items()}
        self.add_signers(charter.unit, current)
        self._pilots(actor, charter)
        self._thresholds(charter)

    def _choices(self, actor: Actor, charter: Charter) -> None:
        leads = people_who_may("charter.decision.prepare", charter.unit)
        offered_ = {c.pk for c in flagships(charter.unit)} | set(charter.cases.values_list("candidate_id", flat=True))
        self.fields["lead"].queryset = User.objects.filter(pk__in=[p.pk for p in leads] + [charter.lead_id])  # type: ignore[attr-defined]
        self.fields["cases"].queryset = Candidate.objects.filter(pk__in=offered_)  # type: ignore[attr-defined]
        versions = PatternVersion.objects.filter(pattern__in=_handed_down(PatternVersion, charter.unit))
        self.fields["pattern_version"].queryset = versions.select_related("pattern")  # type: ignore[attr-defined]
        self.fields["categories"].queryset = DataCategory.objects.filter(_above(charter.unit))  # type: ignore[attr-defined]

    def _pilots(self, actor: Actor, charter: Charter) -> None:
        for case in charter.cases.select_related("candidate"):
            rows = Pilot.objects.visible_to(actor, "metrics.read").filter(candidate=case.candidate, unit=charter.unit)
            label = _("Pilot of %(case)s") % {"case": case}
            name = f"pilot_{case.candidate.key}"
            self.fields[name] = forms.ModelChoiceField(rows, label=label, required=False, initial=case.pilot_id)

    def _thresholds(self, charter: Charter) -> None:
        for row in CharterCriterion.objects.filter(objective__charter=charter):
            known = template.criterion_of(row.code)
            if known and known.has_number:
                shown = row.threshold * 100 if known.unit == "%" else row.threshold
                self.fields[_number(row.code)] = number_field(row.code, shown)

    def pilot_fields(self) -> list[Any]:
        return [self[n] for n in self.fields if n.startswith("pilot_")]

    def criteria_fields(self) -> list[Any]:
        return [self[n] for n in self.fields if n.startswith("n_")]

    def signer_fields(self) -> list[Any]:
        return [(self[f"signer_{r.value}"], self[f"signer_{r.value}_email"]) for r in SIGNERS]

    def call(self) -> dict[str, Any]:
        """What `save_terms` takes."""
        data = dict(self.cleaned_data)
        pilots = {n.removeprefix("pilot_"): data.pop(n) for n in list(data) if n.startswith("pilot_")}
        numbers = {}
        for name in [n for n in data if n.startswith("n_")]:
            code = name.removeprefix("n_").replace("_", ".")
            known = template.criterion_of(code)
            number = data.pop(name)
            if known and number is not None:
                numbers[code] = known.typed(number)
        plain = {k: v for k, v in data.items() if not k.startswith("signer_")}
        plain["questions"] = [q for q in plain.pop("questions").splitlines() if q.strip()]
        return {**plain, "pilots": pilots, "thresholds": numbers, "signers": self.signers()}


def _handed_down(model: Any, unit: Unit) -> Any:
    from foundation.access import ancestors

    return (
        model._meta.get_field("pattern").related_model.objects.filter(unit__path__in=ancestors(unit.path)).values("pk")
    )


def _above(unit: Unit) -> Q:
    from foundation.access import ancestors

    return Q(unit__path__in=ancestors(unit.path))


def _initial_terms(charter: Charter) -> dict[str, Any]:
    names = (
        "question_en", "question_zh", "starts_on", "ends_on", "length_reason", "why_now_en", "why_now_zh",
        "human_approves_changes", "only_approved_data", "cost_cap", "cost_currency", "token_cap", "exit_plan",
    )  # fmt: skip
    found = {n: getattr(charter, n) for n in names}
    found |= {"lead": charter.lead_id, "pattern_version": charter.pattern_version_id}
    found["cases"] = list(charter.cases.values_list("candidate_id", flat=True))
    found["categories"] = list(charter.categories.values_list("pk", flat=True))
    return found


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why, in one sentence"), max_length=300)


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(label=_("Answer"), choices=OpenQuestion.Answer.choices)
    evidence = forms.CharField(
        label=_("Evidence"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A record, a link or what was seen. “No” closes a question too."),
    )  # fmt: skip


class BreachForm(forms.Form):
    guardrail = forms.ChoiceField(label=_("Which guardrail"), choices=Breach.Guardrail.choices)
    what = forms.CharField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.CharField(label=_("Where it was seen"), required=False, max_length=200)
    reached_production = forms.BooleanField(label=_("It reached production"), required=False)


class CloseBreachForm(forms.Form):
    judgement = forms.ChoiceField(label=_("How it was settled"), choices=Breach.Judgement.choices)
    note = forms.CharField(label=_("What was done, with its evidence"), widget=forms.Textarea(attrs={"rows": 2}))


class DecisionForm(forms.Form):
    """The lead's draft, and what a signatory may still change before proposing."""

    outcome = forms.ChoiceField(label=_("Outcome"), widget=forms.RadioSelect)
    rationale = forms.CharField(label=_("What was learned"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    scope = forms.CharField(
        label=_("Scope"), required=False, max_length=300, help_text=_("In a few words: which cases, which teams.")
    )
    deviation_reason = forms.CharField(
        label=_("Why the choice differs from the reading"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    conditions = forms.CharField(
        label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("One a line.")
    )
    owner_id = forms.ModelChoiceField(User.objects.none(), label=_("Owner of the running service"), required=False)
    run_cost = forms.CharField(
        label=_("What running it costs"),
        required=False,
        max_length=300,
        help_text=_("As the runtime reports it, with its period, or “not reported”."),
    )
    exit_plan = forms.CharField(label=_("Exit plan"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    summary = forms.CharField(
        label=_("Public summary"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Without names; others may read it."),
    )  # fmt: skip

    def __init__(self, *args: Any, charter: Charter, point: Any, reading: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.charter, self.point, self.reading = charter, point, reading
        early = () if point.is_end else (Outcome.GO, Outcome.EXPAND)
        options = [(o.value, outcome_word(o)) for o in (*offered(point), *early)]
        self.fields["outcome"].choices = options  # type: ignore[attr-defined]
        people = people_who_may("charter.read", charter.unit)
        self.fields["owner_id"].queryset = User.objects.filter(pk__in=[p.pk for p in people]).order_by("name")  # type: ignore[attr-defined]

    def call(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["conditions"] = [c.strip() for c in data["conditions"].splitlines() if c.strip()]
        data["owner_id"] = str(data["owner_id"].pk) if data["owner_id"] else ""
        return data


class DissentForm(forms.Form):
    dissent = forms.CharField(
        label=_("Why you choose otherwise"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One sentence is enough. It is kept beside the proposal."),
    )  # fmt: skip
