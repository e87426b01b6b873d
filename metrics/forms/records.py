"""Forms of imported records and task times."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.actor import Actor
from foundation.calendar_days import DayField, usable_day
from foundation.imports.kinds import units_for
from metrics.connectors.records.base import NOT_RECORDED
from metrics.connectors.records.mapping import DATE_FORMATS, WITHOUT_ZONE, Mapping
from metrics.recordfiles import BUILT_IN, CHOSEN_FIELDS, ENCODING_WORDS, SEPARATOR_WORDS
from metrics.services.records import PERMISSION
from metrics.services.task_times import MAX, MIN

COLUMNS = "columns"
MAPPINGS = [
    ("servicenow_event_log", _("ServiceNow event log: many rows per incident, built in")),
    (COLUMNS, _("One row per incident: I match the columns in the next step")),
]
FIELD_WORDS = {
    "key": _("Number of the incident"),
    "opened_at": _("Opened"),
    "first_ack_at": _("First acknowledged"),
    "resolved_at": _("Resolved"),
    "closed_at": _("Closed"),
    "created_at": _("Created in the source"),
    "priority": _("Priority"),
    "group": _("Group"),
    "service": _("Service"),
    "category": _("Category"),
    "subcategory": _("Subcategory"),
    "contact_type": _("Contact type"),
    "state": _("State"),
    "reassignment_count": _("Reassignments"),
    "reopen_count": _("Reopenings"),
    "made_sla": _("Service level met"),
    "parent_key": _("Number of the parent"),
}
FORMAT_WORDS = {
    "iso": _("year first: 2026-03-02 14:05"),
    "day_first": _("day first: 02/03/2026 is 2 March"),
    "month_first": _("month first: 02/03/2026 is 3 February"),
    "epoch_s": _("seconds since 1970"),
    "epoch_ms": _("milliseconds since 1970"),
    "excel_serial_1900": _("days of a spreadsheet (1900)"),
    "excel_serial_1904": _("days of a spreadsheet (1904, old Mac)"),
}
FOLD_WORDS = {
    "ask": _("leave those rows out and count them"),
    "first": _("read them as the first of the two hours"),
    "second": _("read them as the second of the two hours"),
    "UTC": _("read them as UTC"),
}
DELIMITER_CODES = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
CODE_OF = {character: code for code, character in DELIMITER_CODES.items()}
TIMES = ("opened_at", "first_ack_at", "resolved_at", "closed_at", "created_at")


def _moment_field(**given: Any) -> forms.CharField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    return forms.DateTimeField(widget=widget, input_formats=formats, validators=[usable_day], **given)  # type: ignore[return-value]


class _Zoned(forms.Form):
    """A moment typed without an offset is read in the zone beside it, not in that of the reader."""

    zone = forms.ChoiceField(
        label=_("Time zone of the file"), required=False, help_text=_("For times written without an offset.")
    )
    as_of = _moment_field(
        label=_("Complete to"), required=False, help_text=_("The moment at which the source was complete.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [("", _("– not stated –")), *[(z, z) for z in sorted(available_timezones())]]
        self.fields["zone"].choices = known  # type: ignore[attr-defined]

    def moment(self, fallback: str = "UTC") -> str:
        """ISO text with an offset, "" when nothing was stated."""
        given: datetime | None = self.cleaned_data.get("as_of")
        if given is None:
            return ""
        wall = timezone.make_naive(given) if timezone.is_aware(given) else given
        return wall.replace(tzinfo=ZoneInfo(self.cleaned_data.get("zone") or fallback)).isoformat()

    def clean_as_of(self) -> Any:
        given = self.cleaned_data.get("as_of")
        if given and given > clock.now() + timedelta(days=1):
            raise forms.ValidationError(_("A source cannot be complete in the future."), code="future")
        return given


class ImportForm(_Zoned):
    unit = forms.ChoiceField(label=_("Unit"), help_text=_("The unit whose work the incidents are."))
    file = forms.FileField(label=_("File"), help_text=_("CSV, XLSX, or a ZIP with one such CSV in it; at most 50 MiB."))
    mapping = forms.ChoiceField(
        label=_("What is in the file?"), choices=MAPPINGS, widget=forms.RadioSelect, initial="servicenow_event_log"
    )
    source = forms.RegexField(
        r"^\w[\w .:-]{0,59}$",
        label=_("Source"),
        initial="servicenow",
        help_text=_("A later file of the same source updates the same incidents."),
        error_messages={"invalid": _("Use 1 to 60 letters, digits, blanks, dots, colons or hyphens.")},
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {u.code: u for u in units_for(actor, PERMISSION)}
        self.fields["unit"].choices = [(code, unit.indented) for code, unit in self.units.items()]  # type: ignore[attr-defined]

    @property
    def built_in(self) -> bool:
        return self.cleaned_data["mapping"] in BUILT_IN


class DialectForm(forms.Form):
    """How the text of a file is written: the guess stands in it and can be changed."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODING_WORDS.items()))
    delimiter = forms.ChoiceField(
        label=_("Separator"), choices=[(code, SEPARATOR_WORDS[char]) for code, char in DELIMITER_CODES.items()]
    )

    @property
    def dialect(self) -> dict[str, str]:
        """As `Choices` names them; nothing of a workbook, which has neither."""
        code = self.cleaned_data.get("delimiter", "")
        found = {"encoding": self.cleaned_data.get("encoding", ""), "delimiter": DELIMITER_CODES.get(code, "")}
        return found if all(found.values()) else {}


def dialect_initial(encoding: str, delimiter: str) -> dict[str, str]:
    return {"encoding": encoding, "delimiter": CODE_OF.get(delimiter, "")}


class ColumnsForm(_Zoned):
    """Which column is which: the guess stands in it. Nothing ambiguous is guessed."""

    date_format = forms.ChoiceField(label=_("How are times written?"))
    fold = forms.ChoiceField(
        label=_("Times in the hour of a clock change"), choices=list(FOLD_WORDS.items()), initial="ask"
    )
    missing = forms.CharField(
        label=_("Words for “missing”"), initial="?", required=False, help_text=_("Several with a comma between them.")
    )

    def __init__(self, found: dict[str, Any], zone: str, *args: Any, **kwargs: Any) -> None:
        guess = found["guess"]
        given = found.get("given", {})
        initial = {f"col_{name}": column for name, column in guess.items()}
        initial |= {"zone": given.get("zone") or zone, "date_format": _only_format(found, guess)}
        if given.get("as_of"):
            initial["as_of"] = datetime.fromisoformat(given["as_of"]).replace(tzinfo=None)
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["as_of"].required = True
        self._found = found
        words = [("", _("– choose –")), *[(f, FORMAT_WORDS[f]) for f in DATE_FORMATS]]
        self.fields["date_format"].choices = words  # type: ignore[attr-defined]
        self.fields["date_format"].help_text = _format_hint(found, guess)
        options = [("", _("– not in the file –")), *[(c, c) for c in found["columns"]]]
        for name in CHOSEN_FIELDS:
            self.fields[f"col_{name}"] = forms.ChoiceField(
                label=FIELD_WORDS[name], choices=options, required=name in ("key", "opened_at")
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"col_{name}"] for name in CHOSEN_FIELDS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [data[f"col_{name}"] for name in CHOSEN_FIELDS if data.get(f"col_{name}")]
        for name in CHOSEN_FIELDS:
            column = data.get(f"col_{name}")
            if column and chosen.count(column) > 1:
                self.add_error(f"col_{name}", _("The column “%(name)s” is matched twice.") % {"name": column})
        if data.get("date_format") in WITHOUT_ZONE and not data.get("zone"):
            self.add_error("zone", _("Times without a zone need one: state the zone."))
        return data

    def mapping(self) -> Mapping:
        data = self.cleaned_data
        pairs = tuple((data[f"col_{n}"], n) for n in CHOSEN_FIELDS if data[f"col_{n}"])
        words = tuple(dict.fromkeys(["", *(w.strip() for w in data["missing"].split(","))]))
        return Mapping(
            name=COLUMNS,
            columns=pairs,
            date_format=data["date_format"],
            zone=data["zone"] or None,
            fold=data["fold"],
            missing=words,
        )


def _formats(found: dict[str, Any], guess: dict[str, str]) -> list[str]:
    """Formats that read every time column that was recognised."""
    columns = [guess[name] for name in TIMES if name in guess and found["formats"].get(guess[name])]
    possible = [set(found["formats"][c]) for c in columns]
    return [f for f in DATE_FORMATS if possible and all(f in p for p in possible)]


def _only_format(found: dict[str, Any], guess: dict[str, str]) -> str:
    possible = _formats(found, guess)
    return possible[0] if len(possible) == 1 else ""


def _format_hint(found: dict[str, Any], guess: dict[str, str]) -> Any:
    possible = _formats(found, guess)
    if {"day_first", "month_first"} <= set(possible):
        return _("Every date in the file can be read with the day or the month first: only you know which.")
    if len(possible) == 1:
        return _("Read from the file: only this one fits.")
    return _("The file does not tell; choose how its times are written.")


class AgainForm(DialectForm, _Zoned):
    """Read the same file differently."""

    fold = forms.ChoiceField(label=_("Times in the hour of a clock change"), choices=list(FOLD_WORDS.items()))

    def __init__(self, *args: Any, is_text: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_text:
            del self.fields["encoding"], self.fields["delimiter"]


# --- filters -------------------------------------------------------------------------------------------------------


class ImportFilter(forms.Form):
    q = forms.CharField(label=_("File or source"), required=False, max_length=100)

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        from django.db.models import Q

        text = self.cleaned_data["q"]
        return rows.filter(Q(file_name__icontains=text) | Q(source__icontains=text)) if text else rows


class IncidentFilter(forms.Form):
    """Days are those of the reader; the last one is included."""

    opened_from = DayField(label=_("Opened from"), required=False)
    opened_until = DayField(label=_("to"), required=False)
    priority = forms.CharField(label=_("Priority"), required=False)
    group = forms.CharField(label=_("Group"), required=False)
    category = forms.CharField(label=_("Category"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("opened_from"), data.get("opened_until")
        if first and last and last < first:
            self.add_error("opened_until", _("The last day lies before the first."))
        return data

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        data = self.cleaned_data
        if data["opened_from"]:
            rows = rows.filter(opened_at__gte=_midnight(data["opened_from"]))
        if data["opened_until"]:
            rows = rows.filter(opened_at__lt=_midnight(data["opened_until"] + timedelta(days=1)))
        words = {name: data[name] for name in ("priority", "group", "category") if data[name]}
        return rows.filter(**words)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def incident_filter(seen: dict[str, list[str]]) -> type[IncidentFilter]:
    """With the words that occur in the source as choices."""
    offered = {
        name: forms.ChoiceField(
            label=IncidentFilter.base_fields[name].label,
            required=False,
            choices=[("", _("all")), *[(w, _("not recorded") if w == NOT_RECORDED else w) for w in words]],
        )
        for name, words in seen.items()
    }
    return type("OfferedFilter", (IncidentFilter,), offered)


# --- task times ----------------------------------------------------------------------------------------------------


class TaskTimeForm(forms.Form):
    minutes = forms.DecimalField(
        label=_("Minutes"),
        min_value=MIN,
        max_value=MAX,
        decimal_places=2,
        help_text=_("Hands-on, review included."),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", "autofocus": True}),
    )
    case = forms.CharField(
        label=_("Case"),
        max_length=40,
        help_text=_("A ticket number or a short name. Never a person."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    again = forms.ChoiceField(
        label=_("This case is there already"),
        required=False,
        widget=forms.RadioSelect,
        choices=[("replace", _("Replace the earlier time")), ("second", _("This is a second run"))],
    )
    review_minutes = forms.DecimalField(
        label=_("Of these, minutes of human review"),
        required=False,
        min_value=0,
        max_value=MAX,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )
    usable = forms.NullBooleanField(
        label=_("Was the result usable?"),
        required=False,
        widget=forms.RadioSelect(choices=[("", _("not rated")), ("true", _("yes")), ("false", _("no"))]),
    )
    at = _moment_field(label=_("When"), required=False, help_text=_("Empty means now."))


class CorrectForm(forms.Form):
    receipt = forms.CharField(max_length=60, widget=forms.HiddenInput)
    minutes = forms.DecimalField(
        label=_("Minutes"),
        required=False,
        max_digits=12,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )
    remove = forms.BooleanField(required=False)


class TaskTimeFilter(forms.Form):
    from_day = DayField(label=_("From"), required=False)
    until_day = DayField(label=_("to"), required=False)
    case = forms.CharField(label=_("Case"), required=False, max_length=40)

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        data = self.cleaned_data
        if data["from_day"]:
            rows = rows.filter(at__gte=_midnight(data["from_day"]))
        if data["until_day"]:
            rows = rows.filter(at__lt=_midnight(data["until_day"] + timedelta(days=1)))
        return rows.filter(case__icontains=data["case"]) if data["case"] else rows


class PilotContextForm(forms.Form):
    """Task times belong to the measure of a pilot; the unit chosen beside it is the team."""

    pilot = forms.CharField(
        label=_("Pilot"), max_length=20, help_text=_("Its id, for example PL-003. The unit above is the team.")
    )


class ExcludeForm(forms.Form):
    reason = forms.CharField(label=_("Why is this case left out?"), max_length=200)
