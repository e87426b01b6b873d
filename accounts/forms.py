"""HTML input of people, units and oneself. Types and lengths here, meaning in the services."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Unit, User
from accounts.roles import ROLES, SCOPE_LABELS
from accounts.selectors import units_with
from accounts.services.keys import DAYS, MAX_DAYS
from foundation.actor import Actor


def role_choices() -> list[tuple[str, Any]]:
    return [(r.code, r.label) for r in ROLES.values()]


def zone_choices() -> list[tuple[str, str]]:
    return [("UTC", "UTC"), *((z, z) for z in sorted(available_timezones()) if "/" in z and not z.startswith("Etc/"))]


class UnitField(forms.ModelChoiceField):
    """Units by name, indented by depth."""

    def label_from_instance(self, unit: Unit) -> str:
        return f"{unit.indented} ({unit.code})"


class InviteForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=role_choices)
    unit = UnitField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code")
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Leave empty to get a link to copy; it works for 72 hours.")
    )
    what_for = forms.CharField(
        label=_("What for"),
        required=False,
        max_length=200,
        help_text=_("Shown to the person, for example “Request 7”."),
    )
    note = forms.CharField(
        label=_("Your words"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_with(actor, "accounts.member.invite")  # type: ignore[attr-defined]


class GiveRoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=role_choices)
    unit = UnitField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_with(actor, "accounts.member.invite")  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(
        label=_("Your name"), max_length=120, help_text=_("As it should stand beside what you sign.")
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        help_text=_("At least 12 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class MemberFilter(forms.Form):
    q = forms.CharField(label=_("Name"), required=False, max_length=80)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=lambda: [("", _("all")), *role_choices()])
    unit = forms.CharField(label=_("Unit code"), required=False, max_length=12)

    def apply(self, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        data, asked = self.cleaned_data, Q()
        if data["q"]:
            asked &= Q(user__name__icontains=data["q"])
        if data["role"]:
            asked &= Q(role=data["role"])
        if data["unit"]:
            asked &= Q(unit__code=data["unit"].upper())
        return queryset.filter(asked)


class UnitForm(forms.Form):
    code = forms.CharField(
        label=_("Code"), max_length=12, help_text=_("Capital letters, digits, hyphens; never changed.")
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices, initial=Unit.Kind.TEAM)
    parent = UnitField(label=_("Below"), queryset=Unit.objects.none(), to_field_name="code")
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [("", _("as the unit above")), *zone_choices()], required=False
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = units_with(actor, "accounts.unit.edit")  # type: ignore[attr-defined]


class RenameForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)


class MoveForm(forms.Form):
    parent = UnitField(label=_("Below"), queryset=Unit.objects.none(), to_field_name="code")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = units_with(actor, "accounts.unit.edit")  # type: ignore[attr-defined]


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("as the browser asks")), *settings.LANGUAGES]
    )
    theme = forms.ChoiceField(label=_("Colours"), choices=User.Theme.choices)
    zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)


class TokenForm(forms.Form):
    label = forms.CharField(label=_("What is it for?"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"), choices=list(SCOPE_LABELS.items()), widget=forms.CheckboxSelectMultiple
    )
    unit = UnitField(
        label=_("Only this unit and below"),
        queryset=Unit.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("all my units"),
    )
    days = forms.IntegerField(label=_("Days it lives"), min_value=1, max_value=MAX_DAYS, initial=DAYS)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_with(actor, "accounts.token.make")  # type: ignore[attr-defined]
