"""What people type about connections and links."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.access import within
from foundation.actor import Actor
from foundation.calendar_days import DayField
from metrics.models import AppLink, Pilot, RuntimeApp, RuntimeConnection
from metrics.services.usage import EVERY_MAX, EVERY_MIN
from usecases.models import Candidate

PERMISSION = "metrics.connection.edit"


class ConnectionForm(forms.Form):
    """Five answers; the rest has a default. The key is written, never shown."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("As people call it, for example Dify Shanghai.")
    )
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none())
    base_url = forms.CharField(
        label=_("Address of the Dify server"),
        max_length=300,
        help_text=_("Where the console opens, for example https://dify.example."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    workspace_ref = forms.CharField(
        label=_("Workspace id"),
        max_length=60,
        help_text=_("The administrator of the server finds it in the reply of /console/api/workspaces."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=_("Admin key"),
        max_length=500,
        help_text=_("ADMIN_API_KEY of the server. It is stored sealed and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    allow_private_hosts = forms.BooleanField(
        label=_("May reach private addresses"),
        required=False,
        help_text=_("Only when the server stands in your own network."),
    )
    currency = forms.CharField(
        label=_("Currency"),
        max_length=3,
        required=False,
        help_text=_("Dify labels every price USD. Enter the currency your models really bill in, if it is another."),
    )
    every_minutes = forms.IntegerField(
        label=_("Read every"), min_value=EVERY_MIN, max_value=EVERY_MAX, initial=60, help_text=_("Minutes.")
    )

    def __init__(self, actor: Actor, *args: Any, connection: RuntimeConnection | None = None, **kwargs: Any) -> None:
        if connection:
            kwargs["initial"] = {
                name: getattr(connection, name) for name in self.base_fields if name not in ("secret",)
            }
        super().__init__(*args, **kwargs)
        units = Unit.objects.open().filter(within(actor.paths(PERMISSION), "path")).order_by("path")
        unit: Any = self.fields["unit"]
        unit.queryset = units
        if connection:
            del self.fields["unit"]
            self.fields["secret"].required = False
            self.fields["secret"].label = _("New admin key")
            self.fields["secret"].help_text = _("Leave empty to keep the stored one.")
        else:
            unit.initial = units.first()


class LinkForm(forms.Form):
    candidate = forms.ModelChoiceField(label=_("Candidate"), queryset=Candidate.objects.none())
    stage = forms.ChoiceField(label=_("Stage"), choices=AppLink.Stage.choices, initial=AppLink.Stage.SANDBOX)
    pilot = forms.ModelChoiceField(
        label=_("Pilot"),
        queryset=Pilot.objects.none(),
        required=False,
        help_text=_("Needed for the stages pilot and service."),
    )

    def __init__(self, actor: Actor, app: RuntimeApp, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        candidate: Any = self.fields["candidate"]
        candidate.queryset = candidates_for(actor)
        pilot: Any = self.fields["pilot"]
        pilot.queryset = Pilot.objects.visible_to(actor).exclude(status=Pilot.State.ENDED).order_by("key")


def candidates_for(actor: Actor) -> QuerySet[Candidate]:
    return Candidate.objects.visible_to(actor).exclude(state__in=["parked", "declined"]).order_by("key")


class AppFilter(forms.Form):
    q = forms.CharField(label=_("Name"), required=False, max_length=100)
    link = forms.ChoiceField(
        label=_("Link"),
        required=False,
        choices=[("", _("all")), ("open", _("not linked")), *AppLink.Stage.choices],
    )

    def apply(self, queryset: QuerySet[RuntimeApp]) -> QuerySet[RuntimeApp]:
        wanted, stage = self.cleaned_data["q"], self.cleaned_data["link"]
        if wanted:
            queryset = queryset.filter(name__icontains=wanted)
        if stage == "open":
            return queryset.filter(is_linked=0)
        return queryset.filter(links__until_day=None, links__stage=stage) if stage else queryset


class DayFilter(forms.Form):
    """`from` is taken by Python."""

    start = DayField(label=_("From"), required=False)
    until = DayField(label=_("Before"), required=False)

    def apply(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.cleaned_data["start"]:
            queryset = queryset.filter(day__gte=self.cleaned_data["start"])
        return queryset.filter(day__lt=self.cleaned_data["until"]) if self.cleaned_data["until"] else queryset
