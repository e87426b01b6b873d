"""What the pages of the desk ask for."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from desk.models import ASPECTS
from desk.words import acts
from foundation.calendar_days import DayField

LINE = forms.Textarea(attrs={"rows": 2})


class NoteForm(forms.Form):
    said_on = DayField(label=_("Day"))
    text = forms.CharField(label=_("What was said"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)

    def asked(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ConvictionForm(forms.Form):
    """A1: a sentence each, and where it comes from; a note may be finished later by another one."""

    said_on = DayField(label=_("Day"))
    trend = forms.CharField(label=_("The trend, in one sentence"), required=False, widget=LINE, max_length=400)
    experience = forms.CharField(label=_("Our own experience"), required=False, widget=LINE, max_length=400)
    monitoring = forms.CharField(label=_("How mature is monitoring?"), required=False, widget=LINE, max_length=400)
    itsm = forms.CharField(label=_("How mature is ITSM?"), required=False, widget=LINE, max_length=400)
    cloud = forms.CharField(label=_("How mature is the cloud?"), required=False, widget=LINE, max_length=400)
    sources = forms.CharField(label=_("Sources, one a line"), required=False, widget=LINE, max_length=1000)

    def asked(self) -> dict[str, Any]:
        data = self.cleaned_data
        said = {name: data[name] for name in ASPECTS}
        return {"said_on": data["said_on"], "sources": data["sources"].splitlines(), **said}


class SkipForm(forms.Form):
    reason = forms.CharField(label=_("Why is this box left out?"), max_length=300)


class AuditFilter(forms.Form):
    subject = forms.CharField(label=_("Id or title"), required=False, max_length=60)
    verb = forms.ChoiceField(label=_("Act"), required=False)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["verb"].choices = [("", _("all")), *acts()]

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        data = self.cleaned_data
        if data["subject"]:
            named = ("subject_key", "subject_label", "subject_label_zh")
            rows = rows.filter(Q.create([(f"{n}__icontains", data["subject"]) for n in named], connector=Q.OR))
        if data["verb"]:
            rows = rows.filter(verb=data["verb"])
        if data["since"]:
            rows = rows.filter(at__gte=_midnight(data["since"]))
        return rows.filter(at__lt=_midnight(data["until"] + timedelta(days=1))) if data["until"] else rows


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
