"""Parse what a facilitator types on the desk of a workshop; every refusal belongs to the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.actors import people_who_may
from accounts.models import Unit, User
from foundation.access import within
from foundation.actor import Actor
from usecases.forms import LOAD_FORM, SCALE, LoadForm, RecordForm, UnitMixin, load_widgets, searched
from usecases.models import Cluster, Pain, Workshop
from usecases.models.pains import LIVE as LIVE_PAINS
from usecases.quick import QUICK

PEOPLE = ("second_facilitator", "scribe", "observer", "sponsor")
LANGUAGES = [("en", "English"), ("zh-hans", "中文")]


class WorkshopForm(RecordForm, UnitMixin):
    """Title and unit; everything else has the value of the 45-minute template."""

    permission = "usecases.workshop.run"
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        required=False,
        help_text=_("The board speaks it; every phone has its own."),
    )

    class Meta:
        model = Workshop
        fields = [
            "title_en", "title_zh", "unit", "question", "language", "mode", *PEOPLE, "budget", "cap", "top_n",
            "merge_by", "follow_links",
        ]  # fmt: skip
        help_texts = {
            "question": _("Empty: What repetitive work costs you time?"),
            "observer": _("Sees nothing before the list is published, and neither votes nor runs it."),
            "sponsor": _("Is printed and never blocks; reads the purpose until the review."),
            "follow_links": _("Whoever writes a card can keep a link that shows what became of it."),
        }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.choose_unit(actor)
            place: QuerySet[Unit] = self.fields["unit"].queryset  # type: ignore[attr-defined]
            units = list(place)
            self.fields["language"].choices = [("", _("the language of the unit")), *LANGUAGES]  # type: ignore[attr-defined]
            self.initial["language"] = ""
        else:
            del self.fields["unit"]
            units = [self.instance.unit]
        known = {person.pk for unit in units[:1] for person in people_who_may("usecases.read", unit)}
        for name in PEOPLE:
            self.fields[name].queryset = User.objects.filter(pk__in=known).order_by("name")  # type: ignore[attr-defined]
        for name in ("mode", "merge_by", "budget", "cap", "top_n"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """What was not sent keeps its value; a tick is an answer only where the other settings were sent with it."""
        data = super().clean() or self.cleaned_data
        names = ("language", "mode", "merge_by", "budget", "cap", "top_n", "follow_links")
        unsent = [n for n in names if data.get(n) in (None, "", False) and self.add_prefix(n) not in self.data]
        if not data.get("language"):
            unsent.append("language")  # the one of the unit, or the one it has
        if "follow_links" in unsent and "budget" in self.data:
            unsent.remove("follow_links")
        return {n: v for n, v in data.items() if n not in unsent}


class WorkshopFilter(forms.Form):
    q = forms.CharField(label=_("Text"), required=False, max_length=100)
    unit = forms.ModelChoiceField(
        Unit.objects.all(), label=_("Unit"), required=False, to_field_name="code", empty_label=_("all")
    )
    state = forms.ChoiceField(label=_("Phase"), required=False, choices=[("", _("all")), *Workshop.State.choices])

    def apply(self, workshops: QuerySet[Workshop]) -> QuerySet[Workshop]:
        given = self.cleaned_data
        workshops = searched(workshops, given["q"])
        if given["unit"]:
            workshops = workshops.filter(within([given["unit"].path]))
        return workshops.filter(state=given["state"]) if given["state"] else workshops


class TimerForm(forms.Form):
    minutes = forms.IntegerField(label=_("Minutes from now"), required=False, min_value=1, max_value=600)
    until = forms.DateTimeField(
        label=_("Until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


class CountForm(forms.Form):
    count = forms.IntegerField(label=_("Paper seats"), min_value=1, max_value=250, initial=1)


class CardForm(forms.Form):
    """A card typed for somebody without a phone; the id makes a double press one card."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("One pain"), max_length=140, widget=forms.TextInput(attrs={"placeholder": _("Every … I have to …")})
    )

    often = forms.ChoiceField(label=_("How often?"), required=False, choices=[("", _("not said"))])
    takes = forms.ChoiceField(label=_("How long each time?"), required=False, choices=[("", _("not said"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, factor in (("often", "runs_per_month"), ("takes", "minutes_per_item")):
            given = [(code, label) for code, label, _range in QUICK[factor]]
            self.fields[name].choices = [("", _("not said")), *given]  # type: ignore[attr-defined]


class SeedForm(forms.Form):
    pains = forms.ModelMultipleChoiceField(
        Pain.objects.none(), label=_("Recorded pains"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, actor: Actor, workshop: Workshop, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = workshop.clusters.exclude(pain=None).values("pain_id")
        pains = Pain.objects.visible_to(actor).filter(within([workshop.unit.path]), state__in=LIVE_PAINS)
        self.fields["pains"].queryset = pains.exclude(pk__in=there).order_by("key")  # type: ignore[attr-defined]


class ItemForm(LoadForm):
    """What review asks of an item; the cards' own answers are filled in as guesses."""

    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=SCALE, required=False, coerce=int, empty_value=None,
        help_text=_("5: agreed service levels are missed, people are woken."),
    )  # fmt: skip
    consequence = forms.TypedChoiceField(
        label=_("Consequence of an error"), choices=SCALE, required=False, coerce=int, empty_value=None
    )
    channel = forms.ChoiceField(
        label=_("Becomes a candidate"), required=False, widget=forms.RadioSelect,
        choices=[("", _("not now")), *Cluster.Channel.choices],
    )  # fmt: skip

    class Meta:
        model = Cluster
        fields = [
            "owner_team", "channel", "kind", *LOAD_FORM, "load_n", "load_coverage", "load_query", "severity",
            "consequence", "teams_affected",
        ]  # fmt: skip
        widgets = load_widgets()

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_team"].queryset = teams_for(actor)  # type: ignore[attr-defined]


class MarkForm(forms.Form):
    """The two answers a row of the review takes in place."""

    owner_team = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Owner team"), required=False, empty_label=_("owner team …")
    )
    channel = forms.ChoiceField(
        label=_("Becomes a candidate"), required=False, choices=[("", _("no candidate")), *Cluster.Channel.choices]
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_team"].queryset = teams_for(actor)  # type: ignore[attr-defined]


def teams_for(actor: Actor) -> QuerySet[Unit]:
    return Unit.objects.visible_to(actor).open().order_by("path")
