"""List pages written once: filter, sort, keyset page, and the same rows as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid, Reason
from foundation.exports.tables import Column, respond
from foundation.keyset import Page, keyset_page, ordered

PAGE_SIZE = 50
CHUNK = 2000  # rows fetched at a time by an export


@dataclass(frozen=True)
class ListColumn(Column):
    """`value(item)` is what an export holds (default: the attribute `name`), `cell(item)` what the page shows.

    `sort` names the key of `sorts`; "" means: cannot be sorted. `shown=False` is for exports only.
    """

    value: Callable[[Any], Any] | None = None
    cell: Callable[[Any], Any] | None = None
    sort: str = ""
    shown: bool = True

    def read(self, item: Any) -> Any:
        return self.value(item) if self.value else getattr(item, self.name)

    def show(self, item: Any) -> Any:
        return self.cell(item) if self.cell else self.read(item)


@dataclass(frozen=True)
class Heading:
    label: Any
    url: str = ""
    sorted: str = ""  # what aria-sort says: ascending, descending or nothing
    numeric: bool = False


class ListPage:
    """`filters` is a django-filter FilterSet class or a form class with `apply(queryset) -> queryset`.

    `sorts` maps the word in `?sort=` to an order ending in a unique key; `-word` turns it round.
    """

    def __init__(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        columns: Sequence[ListColumn],
        *,
        name: str,
        title: str = "",
        filters: type[Any] | None = None,
        order: Sequence[str] = ("-created_at", "id"),
        sorts: Mapping[str, Sequence[str]] | None = None,
        size: int = PAGE_SIZE,
    ) -> None:
        self.request, self.columns, self.name, self.title = request, list(columns), name, title
        self.sorts, self.default_order, self.size = dict(sorts or {}), tuple(order), size
        self.form, self.queryset = _filtered(filters, request.GET, queryset)

    @property
    def is_valid(self) -> bool:
        return self.form is None or not self.form.errors

    @property
    def status(self) -> int:
        return 200 if self.is_valid else 422

    @cached_property
    def sort(self) -> str:
        wanted = self.request.GET.get("sort", "")
        if wanted and wanted.lstrip("-") not in self.sorts:
            text = _("This list cannot be sorted by “%(sort)s”.") % {"sort": wanted[:40]}
            raise Invalid(Reason("unknown_sort", text, field="sort"))
        return wanted

    @property
    def order(self) -> tuple[str, ...]:
        if not self.sort:
            return self.default_order
        keys = self.sorts[self.sort.lstrip("-")]
        return tuple(_turned(k) for k in keys) if self.sort.startswith("-") else tuple(keys)

    @cached_property
    def page(self) -> Page:
        """A filter that cannot be read shows its errors and no rows, never all rows."""
        if not self.is_valid:
            return Page([], None)
        return keyset_page(self.queryset, self.order, after=self.request.GET.get("after"), size=self.size)

    @property
    def items(self) -> list[Any]:
        return self.page.items

    @property
    def shown(self) -> list[ListColumn]:
        return [c for c in self.columns if c.shown]

    @property
    def rows(self) -> list[list[Any]]:
        """For `{% table_rows %}`."""
        return [[column.show(item) for column in self.shown] for item in self.items]

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(c) for c in self.shown]

    def _heading(self, column: ListColumn) -> Heading:
        numeric = column.kind == "number"
        if not column.sort:
            return Heading(column.label, numeric=numeric)
        ascending = self.sort == column.sort
        direction = "ascending" if ascending else "descending" if self.sort == f"-{column.sort}" else ""
        url = self.link(sort=f"-{column.sort}" if ascending else column.sort, after=None)
        return Heading(column.label, url, direction, numeric)

    @property
    def is_filtered(self) -> bool:
        own = {"after", "sort", "format", "lang"}
        return any(value for key, value in self.request.GET.items() if key not in own)

    @property
    def is_first(self) -> bool:
        return not self.request.GET.get("after")

    @property
    def next_url(self) -> str:
        return self.link(after=self.page.next_cursor) if self.page.next_cursor else ""

    @property
    def first_url(self) -> str:
        return "" if self.is_first else self.link(after=None)

    def link(self, **changes: str | None) -> str:
        """This address with its filter kept and some parameters changed or (None) taken out."""
        params = self.request.GET.copy()
        for key, value in changes.items():
            params.pop(key, None)
            if value is not None:
                params[key] = value
        return f"{self.request.path}?{params.urlencode()}" if params else self.request.path

    @property
    def wants_export(self) -> bool:
        return bool(self.request.GET.get("format"))

    def export(self) -> HttpResponseBase:
        """Every row of the current filter and order, not only this page."""
        if self.form is not None and self.form.errors:
            errors = self.form.errors.items()
            raise Invalid(*[Reason("bad_filter", text, field=name) for name, texts in errors for text in texts])
        cover = [(_("Filter"), self._filter_words())]
        rows = self._all(self.order)  # an order that is not on offer is refused before the answer has begun
        return respond(self.request, self.name, self.columns, rows, title=self.title, cover=cover)

    def _all(self, order: tuple[str, ...]) -> Iterator[list[Any]]:
        for item in ordered(self.queryset, order).iterator(chunk_size=CHUNK):
            yield [column.read(item) for column in self.columns]

    def _filter_words(self) -> str:
        given = [(k, v) for k, v in self.request.GET.items() if v and k not in ("format", "after", "lang")]
        return ", ".join(f"{k}={v}" for k, v in given) or str(_("none"))


def _filtered(filters: type[Any] | None, data: QueryDict, queryset: QuerySet[Any]) -> tuple[Any, QuerySet[Any]]:
    if filters is None:
        return None, queryset
    if issubclass(filters, forms.BaseForm):
        form: Any = filters(data)
        return form, form.apply(queryset) if form.is_valid() else queryset.none()
    found = filters(data, queryset=queryset)
    return found.form, found.qs if found.is_valid() else queryset.none()


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"
