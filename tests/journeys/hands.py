"""How a person uses a page: open an address, write in fields by name, press a button by its words.

`PageHand` does it with Django's test client: it reads the forms of the page as a browser would, sends what the page
holds (hidden fields, versions, what is chosen already) and only changes what was written. `Hand` is what the chain
asks for; tests/browser has the same in Chromium.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from accounts.models import User
from tests.world import BACKEND


def said(text: str, language: str, **values: object) -> str:
    """The words of a page in a language; "button|Set up" names the context of words that mean several things."""
    context, _bar, words = text.rpartition("|")
    with translation.override(language):
        found = translation.pgettext(context, words) if context else translation.gettext(words)
    return found % values if values else found


class Hand(ABC):
    """One person at a time; `language` is "en" or "zh-hans"."""

    language = "en"

    def say(self, text: str, **values: object) -> str:
        return said(text, self.language, **values)

    @abstractmethod
    def sit(self, user: User) -> None: ...

    @abstractmethod
    def open(self, path: str, status: int = 200) -> None: ...

    @abstractmethod
    def write(self, **fields: object) -> None: ...

    @abstractmethod
    def choose(self, name: str, *values: object) -> None: ...

    @abstractmethod
    def attach(self, name: str, filename: str, content: bytes) -> None: ...

    @abstractmethod
    def press(self, text: str, **values: object) -> None: ...

    @abstractmethod
    def press_value(self, name: str, value: str) -> None:
        """The button that carries this name and value, whatever its words."""

    @abstractmethod
    def offers(self, text: str, **values: object) -> bool: ...

    @property
    @abstractmethod
    def path(self) -> str: ...

    @property
    @abstractmethod
    def text(self) -> str: ...

    @property
    @abstractmethod
    def heading(self) -> str: ...

    @property
    @abstractmethod
    def page_language(self) -> str: ...

    @property
    def key(self) -> str:
        """The last part of the address: the key of the record on the page."""
        return self.path.rstrip("/").rpartition("/")[2]

    def reads(self, *texts: str) -> None:
        shown = self.text
        for text in texts:
            assert text in shown, f"{text!r} is not on {self.path}:\n{shown}"


# --- a page as a browser understands it ------------------------------------------------------------------------------


@dataclass
class Control:
    name: str
    kind: str
    value: str = ""
    on: bool = True
    form: str = ""
    options: list[tuple[str, bool]] = field(default_factory=list)
    many: bool = False
    disabled: bool = False
    action: str = ""
    words: str = ""


@dataclass
class Form:
    id: str
    action: str
    method: str
    controls: list[Control] = field(default_factory=list)


class Page(HTMLParser):
    """Forms with their controls, the visible text, the heading and the language."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.loose: list[Control] = []
        self.language = ""
        self.words: list[str] = []
        self.heading = ""
        self._form: Form | None = None
        self._open: Control | None = None
        self._silent = 0
        self._in_heading = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v if v is not None else "" for k, v in attrs}
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag in ("script", "style", "template"):
            self._silent += 1
        elif tag == "h1":
            self._in_heading = True
        elif tag == "form":
            self._form = Form(given.get("id", ""), given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif not self._silent:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        shared = {
            "name": given.get("name", ""),
            "form": given.get("form", ""),
            "disabled": "disabled" in given,
            "action": given.get("formaction", ""),
        }
        if tag == "input":
            kind = given.get("type", "text")
            ticked = kind not in ("checkbox", "radio") or "checked" in given
            value = given.get("value", "on" if kind in ("checkbox", "radio") else "")
            self._keep(Control(kind=kind, value=value, on=ticked, **shared))
        elif tag in ("select", "textarea", "button"):
            kind = given.get("type", "submit") if tag == "button" else tag
            made = Control(kind=kind, value=given.get("value", ""), many="multiple" in given, **shared)
            self._open = self._keep(made)
        elif tag == "option" and self._open and self._open.kind == "select":
            self._open.options.append((given.get("value", ""), "selected" in given))

    def _keep(self, control: Control) -> Control:
        (self._form.controls if self._form and not control.form else self.loose).append(control)
        return control

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._in_heading:
            self.heading += data
        if self._open and self._open.kind == "textarea":
            self._open.value += data
            return
        if self._open and self._open.kind == "submit":
            self._open.words += data
        self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._silent -= 1
        elif tag == "h1":
            self._in_heading = False
        elif tag == "form":
            self._form = None
        elif tag in ("select", "textarea", "button"):
            self._open = None

    def controls_of(self, form: Form) -> list[Control]:
        return form.controls + [c for c in self.loose if form.id and c.form == form.id]

    def buttons(self, words: str) -> Iterator[tuple[Form, Control]]:
        return ((f, c) for f, c in self._submits() if spaced(c.words) == words)

    def buttons_with(self, name: str, value: str) -> Iterator[tuple[Form, Control]]:
        return ((f, c) for f, c in self._submits() if (c.name, c.value) == (name, value))

    def _submits(self) -> Iterator[tuple[Form, Control]]:
        for form in self.forms:
            for control in self.controls_of(form):
                if control.kind == "submit" and not control.disabled:
                    yield form, control


def spaced(text: str) -> str:
    return " ".join(text.split())


def sent_by(controls: list[Control], button: Control) -> dict[str, list[str]]:
    """What a browser would send, were nothing changed."""
    data: dict[str, list[str]] = {}
    for c in controls:
        if not c.name or c.disabled or (c.kind == "submit" and c is not button) or c.kind in ("button", "file"):
            continue
        if c.kind == "select":
            picked = [value for value, on in c.options if on]
            data.setdefault(c.name, []).extend(picked or ([] if c.many else [v for v, _on in c.options[:1]]))
        elif c.on:
            value = c.value[1:] if c.kind == "textarea" and c.value.startswith("\n") else c.value
            data.setdefault(c.name, []).append(value)
    return data


class PageHand(Hand):
    """Django's test client, through real forms."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.client = Client(enforce_csrf_checks=True)
        self._pending: dict[str, list[str]] = {}
        self._files: dict[str, SimpleUploadedFile] = {}

    def sit(self, user: User) -> None:
        self.client.cookies.clear()
        self.client.force_login(user, backend=BACKEND)
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = self.language

    def open(self, path: str, status: int = 200) -> None:
        self._pending, self._files = {}, {}
        self._arrive(self.client.get(path, follow=True), status, path)

    def _arrive(self, response: object, status: int, path: str) -> None:
        chain = getattr(response, "redirect_chain", [])
        self._address = urljoin(path, chain[-1][0]) if chain else path
        body = b"".join(response) if getattr(response, "streaming", False) else response.content  # type: ignore[attr-defined]
        self.page = Page(body.decode("utf-8", "replace"))
        code = response.status_code  # type: ignore[attr-defined]
        assert code == status, f"{code} at {self._address}:\n{self.text}"

    def write(self, **fields: object) -> None:
        for name, value in fields.items():
            self._pending[name] = [str(value)]

    def choose(self, name: str, *values: object) -> None:
        self._pending[name] = [str(v) for v in values]

    def attach(self, name: str, filename: str, content: bytes) -> None:
        self._files[name] = SimpleUploadedFile(filename, content)

    def offers(self, text: str, **values: object) -> bool:
        return any(self.page.buttons(self.say(text, **values)))

    def press(self, text: str, **values: object) -> None:
        words = self.say(text, **values)
        self._send(words, list(self.page.buttons(words)))

    def press_value(self, name: str, value: str) -> None:
        self._send(f"{name}={value}", list(self.page.buttons_with(name, value)))

    def _send(self, told: str, found: list[tuple[Form, Control]]) -> None:
        fitting = [(f, b) for f, b in found if self._fits(f)]
        assert len(fitting) == 1, (
            f"{len(fitting)} of {len(found)} {told!r} on {self._address}, {self._pending}:\n{self.text}"
        )
        form, button = fitting[0]
        data = {**sent_by(self.page.controls_of(form), button), **self._pending, **self._files}
        action = urljoin(self._address, button.action or form.action or self._address)
        self._pending, self._files = {}, {}
        if form.method == "get":
            self._arrive(self.client.get(action, data, follow=True), 200, action)
        else:
            self._arrive(self.client.post(action, data, follow=True), 200, action)

    def _fits(self, form: Form) -> bool:
        """Everything written has a field in this form, and every choice is on offer."""
        controls = self.page.controls_of(form)
        names = {c.name for c in controls if not c.disabled}
        return names >= {*self._pending, *self._files} and all(
            self._on_offer(controls, name, values) for name, values in self._pending.items()
        )

    def _on_offer(self, controls: list[Control], name: str, values: list[str]) -> bool:
        mine = [c for c in controls if c.name == name]
        known = {v for c in mine for v, _on in c.options} | {c.value for c in mine if c.kind in ("radio", "checkbox")}
        free = any(c.kind not in ("radio", "checkbox", "select", "hidden") for c in mine)
        return free or set(values) <= known

    @property
    def path(self) -> str:
        return urlsplit(self._address).path

    @property
    def text(self) -> str:
        return spaced(" ".join(self.page.words))

    @property
    def heading(self) -> str:
        return spaced(self.page.heading)

    @property
    def page_language(self) -> str:
        return self.page.language
