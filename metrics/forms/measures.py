"""Parse what people type about pilots and measures; meaning and refusals belong to the services."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actors import people_who_may
from accounts.models import Unit, User
from foundation import clock
from foundation.actor import Actor
from foundation.calendar_days import DayField
from metrics.models import Measure, MeasureVersion, Pilot
from metrics.models.measures import Direction
from metrics.selectors.boards import Choice, record_choices, sources_of
from usecases.models import Candidate

BOX_WEEKS = 13
CLOSED = ("parked", "declined")


def percent_field(**given: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Smallest change that matters"), min_value=Decimal(1), max_value=Decimal(99), max_digits=4,
        decimal_places=1, initial=10,
        help_text=_("A smaller change would not be worth acting on. Not a target."), **given,
    )  # fmt: skip


def next_monday(today: date) -> date:
    return today + timedelta(days=(7 - today.weekday()) % 7 or 7)


class PilotForm(forms.Form):
    candidate = forms.ModelChoiceField(Candidate.objects.none(), label=_("Which case is tried?"), empty_label=None)
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"), help_text=_("13 weeks unless you say otherwise."))
    decision_on = DayField(
        label=_("Decision date"),
        required=False,
        help_text=_("The first day a verdict may be read. The last day, if left open."),
    )
    ramp_until = DayField(
        label=_("Learning until"),
        required=False,
        help_text=_("The first day that counts. One learning week, if left open."),
    )
    lead = forms.ModelChoiceField(User.objects.none(), label=_("Pilot lead"), required=False, empty_label=_("myself"))
    scope = forms.CharField(
        label=_("What is tried, by which groups"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        open_ones = Candidate.objects.visible_to(actor, "metrics.pilot.draft").exclude(state__in=CLOSED)
        self.fields["candidate"].queryset = open_ones.order_by("key")  # type: ignore[attr-defined]
        leads = {p.pk for p in people_who_may("metrics.report.freeze", *actor.paths("metrics.pilot.draft"))}
        self.fields["lead"].queryset = User.objects.filter(pk__in=leads).order_by("name")  # type: ignore[attr-defined]
        begin = next_monday(clock.today(actor.zone))
        self.fields["starts_on"].initial = begin
        self.fields["ends_on"].initial = begin + timedelta(weeks=BOX_WEEKS, days=-1)


class PilotEditForm(forms.Form):
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
    decision_on = DayField(label=_("Decision date"))
    ramp_until = DayField(label=_("Learning until"), required=False)
    scope = forms.CharField(
        label=_("What is tried, by which groups"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, pilot: Pilot, **kwargs: Any) -> None:
        names = ("starts_on", "ends_on", "decision_on", "ramp_until", "scope")
        super().__init__(*args, initial={name: getattr(pilot, name) for name in names}, **kwargs)


class RecordsField(forms.ChoiceField):
    """Which records: all of a source, or those of one category, group or priority found in it."""

    def use(self, choices: list[tuple[str, list[Choice]]]) -> None:
        self.found = {value: c.filters for _label, group in choices for c in group for value in [c.value]}
        listed: list[Any] = [("", _("all records of the source"))]
        listed += [(label, [(c.value, c.label) for c in group]) for label, group in choices if group]
        self.choices = listed

    def filters(self, value: str) -> list[dict[str, Any]]:
        return self.found.get(value, [])


class MeasureForm(forms.Form):
    """At most three answers: which work or service, which source, the smallest change that matters."""

    name = forms.CharField(label=_("Which work or service?"), max_length=160)
    source = forms.ChoiceField(label=_("From which source?"))
    records = RecordsField(label=_("Which records?"), required=False)
    minimum_effect = percent_field()
    role = forms.ChoiceField(label=_("Its part"), choices=Measure.Role.choices, required=False)

    def __init__(self, *args: Any, preset: str, pilot: Pilot, source: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preset, self.pilot = preset, pilot
        self.fields["name"].initial = pilot.name
        has_primary = pilot.measures.filter(role=Measure.Role.PRIMARY).exists()
        self.fields["role"].initial = Measure.Role.SECONDARY if has_primary else Measure.Role.PRIMARY
        if preset == "time_per_task":
            for name in ("records", "source"):
                del self.fields[name]
            return
        sources = sources_of(pilot.unit)
        self.fields["source"].choices = [(s, s) for s in sources]  # type: ignore[attr-defined]
        self.fields["source"].initial = source or (sources[0] if sources else "")
        chosen = self.data.get("source") or self.fields["source"].initial
        self.fields["records"].use(record_choices(pilot.unit, chosen))  # type: ignore[attr-defined]

    def service_data(self) -> dict[str, Any]:
        data = self.cleaned_data
        given: dict[str, Any] = {
            "preset": self.preset,
            "pilot": self.pilot,
            "role": data.get("role") or self.fields["role"].initial,
            "minimum_effect": data["minimum_effect"] / 100,
            **_spoken("name", data["name"], self.pilot),
        }
        if self.preset != "time_per_task":
            field = self.fields["records"]
            given |= {"source": data["source"], "filters": field.filters(data["records"])}  # type: ignore[attr-defined]
        return given


def _spoken(name: str, text: str, pilot: Pilot | None = None) -> dict[str, str]:
    """A text typed in the reader's language; an unchanged name of the pilot keeps both of its languages."""
    if pilot and text == pilot.name:
        return {f"{name}_en": pilot.name_en, f"{name}_zh": pilot.name_zh}
    return {f"{name}_{written_in()}": text}


def written_in() -> str:
    from django.utils.translation import get_language

    return "zh" if (get_language() or "en").startswith("zh") else "en"


class WeeksMixin(forms.Form):
    """Whole weeks: a first day and a number of weeks, so that no window can be anything else."""

    baseline_from = DayField(label=_("Before: first day"))
    baseline_weeks = forms.IntegerField(label=_("Before: weeks"), min_value=1, max_value=104)
    pilot_from = DayField(label=_("After: first day"))
    pilot_weeks = forms.IntegerField(label=_("After: weeks"), min_value=1, max_value=104)

    def span(self, role: str, zone: str) -> tuple[datetime, datetime]:
        first: date = self.cleaned_data[f"{role}_from"]
        last = first + timedelta(weeks=self.cleaned_data[f"{role}_weeks"])
        return _midnight(first, zone), _midnight(last, zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))


class DetailsForm(WeeksMixin):
    """Everything a preset filled in. Saving makes a new version; a lock stays with the version it was given for."""

    minimum_effect = percent_field()
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    records = RecordsField(label=_("Which records?"), required=False)
    rmst_hours = forms.IntegerField(
        label=_("Follow each incident for"), min_value=1, max_value=30 * 24, required=False,
        help_text=_("Hours after opening; average open time is compared over this stretch."),
    )  # fmt: skip
    within = forms.IntegerField(
        label=_("Share done within"), min_value=1, max_value=43_200, required=False,
        help_text=_("Minutes; decides where values are rounded too much."),
    )  # fmt: skip

    def __init__(self, *args: Any, version: MeasureVersion, **kwargs: Any) -> None:
        super().__init__(*args, initial=_details(version), **kwargs)
        self.version = version
        if version.kind == "duration_task":
            del self.fields["records"], self.fields["rmst_hours"]
        else:
            groups = record_choices(version.measure.unit, version.source)
            field: Any = self.fields["records"]
            field.use(groups)
            field.initial = next((c.value for _g, group in groups for c in group if c.filters == version.filters), "")

    def service_data(self) -> dict[str, Any]:
        data, zone = self.cleaned_data, self.version.zone
        given: dict[str, Any] = {
            "minimum_effect": data["minimum_effect"] / 100,
            "direction": data["direction"],
            "within": [data["within"]] if data["within"] else [],
            "windows": self._windows(zone),
        }
        if "records" in self.fields:
            field: Any = self.fields["records"]
            hours = data["rmst_hours"]
            given |= {"filters": field.filters(data["records"]), "rmst_tau": hours * 60 if hours else None}
        return given

    def _windows(self, zone: str) -> dict[str, tuple[datetime, datetime]]:
        found = {"baseline": self.span("baseline", zone), "pilot": self.span("pilot", zone)}
        if found["baseline"][1] < found["pilot"][0]:
            found["ramp"] = (found["baseline"][1], found["pilot"][0])
        return found


def _details(version: MeasureVersion) -> dict[str, Any]:
    zone, found = ZoneInfo(version.zone), {}
    for window in version.windows.all():
        found[f"{window.role}_from"] = window.from_at.astimezone(zone).date()
        found[f"{window.role}_weeks"] = max(1, round((window.until_at - window.from_at).days / 7))
    return {
        **found,
        "minimum_effect": None if version.minimum_effect is None else version.minimum_effect * 100,
        "direction": version.direction,
        "rmst_hours": version.rmst_tau // 60 if version.rmst_tau else None,
        "within": version.within[0] if version.within else None,
    }


class LookBackForm(WeeksMixin):
    """Two windows of old data, chosen now and marked as such for ever."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def service_data(self) -> dict[str, Any]:
        return {"baseline": self.span("baseline", self.zone), "pilot": self.span("pilot", self.zone)}


class OldRecordsForm(LookBackForm):
    """A look-back on imported records without a pilot: which records, and two stretches of time."""

    name = forms.CharField(label=_("Which service or work?"), max_length=160)
    source = forms.ChoiceField(label=_("From which source?"))
    records = RecordsField(label=_("Which records?"), required=False)
    minimum_effect = percent_field()
    field_order = ("name", "source", "records", "minimum_effect")

    def __init__(self, *args: Any, unit: Unit, source: str = "", **kwargs: Any) -> None:
        super().__init__(*args, zone=unit.zone, **kwargs)
        self.unit = unit
        sources = sources_of(unit)
        self.fields["source"].choices = [(s, s) for s in sources]  # type: ignore[attr-defined]
        self.fields["source"].initial = source or (sources[0] if sources else "")
        chosen = self.data.get("source") or self.fields["source"].initial
        self.fields["records"].use(record_choices(unit, chosen))  # type: ignore[attr-defined]

    def measure_data(self) -> dict[str, Any]:
        data, field = self.cleaned_data, self.fields["records"]
        return {
            "unit": self.unit,
            "preset": "time_to_restore",
            "source": data["source"],
            "filters": field.filters(data["records"]),  # type: ignore[attr-defined]
            "minimum_effect": data["minimum_effect"] / 100,
            **_spoken("name", data["name"]),
        }


class NoteForm(forms.Form):
    text = forms.CharField(label=_("What happened?"), max_length=160)
    from_on = DayField(label=_("On"))
    until_on = DayField(label=_("Until"), required=False)

    def service_data(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"from_on": data["from_on"], "until_on": data["until_on"], **_spoken("text", data["text"])}


class StatementForm(forms.Form):
    does_not_say = forms.CharField(
        label=_("What this does not say"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One limit a line. Required: a statement without its limits is not said."),
    )  # fmt: skip
    sentence_en = forms.CharField(
        label=_("Sentence in English"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    sentence_zh = forms.CharField(
        label=_("Sentence in Chinese"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "lang": "zh"}),
    )

    def service_data(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "does_not_say_en": "",
            f"does_not_say_{written_in()}": data["does_not_say"],
            "sentence_en": data["sentence_en"].strip(),
            "sentence_zh": data["sentence_zh"].strip(),
        }
