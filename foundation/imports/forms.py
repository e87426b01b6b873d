"""What people choose: where, which file, how to read it, which column is what."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.imports.flow import Options
from foundation.imports.kinds import ImportKind, units_for
from foundation.imports.reading import ENCODINGS

ENCODING_WORDS = {
    "utf-8": _("UTF-8"),
    "utf-8-sig": _("UTF-8 with mark (Excel)"),
    "gb18030": _("GB18030 (Chinese)"),
}
# Words in the address instead of the characters: a tab would not survive a form field.
SEPARATOR_WORDS = {
    "comma": (",", _("comma ,")),
    "semicolon": (";", _("semicolon ;")),
    "tab": ("\t", _("tab")),
    "bar": ("|", _("bar |")),
}
WORD_OF = {character: word for word, (character, _label) in SEPARATOR_WORDS.items()}


class StartForm(forms.Form):
    unit = forms.ChoiceField(label=_("Unit"))
    file = forms.FileField(
        label=_("File"), required=False, help_text=_("CSV or XLSX, at most 50 MiB. The first row names the columns.")
    )
    text = forms.CharField(
        label=_("Or paste a table"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Copied from a spreadsheet, with the row of column names."),
    )

    def __init__(self, kind: ImportKind, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {u.path: u for u in units_for(actor, kind.permission)}
        self.fields["unit"].choices = [(path, str(unit)) for path, unit in self.units.items()]  # type: ignore[attr-defined]


class ReadingForm(forms.Form):
    """GET form of the preview: the guess stands in it, a change shows the preview again."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODING_WORDS.items()))
    separator = forms.ChoiceField(
        label=_("Separator"), choices=[(w, label) for w, (_c, label) in SEPARATOR_WORDS.items()]
    )
    zone = forms.ChoiceField(label=_("Time zone"), help_text=_("For times written without an offset."))

    def __init__(self, kind: ImportKind, data: dict[str, Any], columns: tuple[str, ...], is_text: bool) -> None:
        super().__init__(initial=data)
        if not is_text:
            del self.fields["encoding"], self.fields["separator"]
        if not any(f.kind == "datetime" for f in kind.fields):
            del self.fields["zone"]
        else:
            self.fields["zone"].choices = [(z, z) for z in sorted(available_timezones())]  # type: ignore[attr-defined]
        self.column_names = []
        for wanted in kind.fields if columns else ():
            name = f"col_{wanted.name}"
            choices = [("", _("– not in the file –")), *[(c, c) for c in columns if c]]
            self.fields[name] = forms.ChoiceField(
                label=wanted.label, choices=choices, required=wanted.required, help_text=wanted.help
            )
            self.column_names.append(name)

    @property
    def reading(self) -> list[forms.BoundField]:
        return [self[name] for name in ("encoding", "separator", "zone") if name in self.fields]

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.column_names]


def options_of(kind: ImportKind, data: QueryDict) -> Options:
    """From the address of the preview or the hidden fields of the commit; unknown words count as not given."""
    encoding = data.get("encoding", "")
    separator = SEPARATOR_WORDS.get(data.get("separator", ""), ("", ""))[0]
    columns = {f.name: data.get(f"col_{f.name}", "") for f in kind.fields if f"col_{f.name}" in data}
    context = {k[4:]: str(v) for k, v in data.items() if k.startswith("ctx_")}
    return Options(
        encoding=encoding if encoding in ENCODINGS else "",
        separator=separator,
        mapping={k: v for k, v in columns.items() if v} if columns else None,
        zone=data.get("zone", ""),
        skip_bad=bool(data.get("skip_bad")),
        context=context,
    )


def hidden_fields(data: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(data.items())
