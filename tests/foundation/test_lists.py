from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.test import RequestFactory
from django.utils import timezone

from foundation.errors import Invalid
from foundation.jobs.models import Job, Schedule
from foundation.keyset import decode_cursor, encode_cursor, keyset_page
from foundation.lists import ListColumn, ListPage

START = timezone.now().replace(microsecond=0)
COLUMNS = [
    ListColumn("kind", "Kind", sort="kind"),
    ListColumn("total", "Total", "number", sort="total"),
    ListColumn("finished_at", "Finished", "datetime"),
]


class KindFilter(forms.Form):
    q = forms.CharField(required=False)
    least = forms.IntegerField(required=False)

    def apply(self, queryset):
        if self.cleaned_data["least"]:
            queryset = queryset.filter(total__gte=self.cleaned_data["least"])
        return queryset.filter(kind__contains=self.cleaned_data["q"])


def jobs(n: int) -> None:
    """Kinds repeat, half of the jobs are not finished: ties and empty values at every boundary."""
    Job.objects.bulk_create(
        Job(
            kind=f"kind-{i % 7}" if i % 11 else "=risky",
            total=i,
            next_try_at=START,
            finished_at=START + timedelta(minutes=i // 3) if i % 2 else None,
        )
        for i in range(n)
    )


def listing(query: str = "", **given) -> ListPage:
    request = RequestFactory().get("/jobs" + query)
    sorts = {"kind": ("kind", "id"), "total": ("total", "id")}
    return ListPage(request, Job.objects.all(), COLUMNS, name="jobs", order=("total", "id"), sorts=sorts, **given)


def walk(order, size: int) -> list[Job]:
    found, after = [], None
    while True:
        page = keyset_page(Job.objects.all(), order, after=after, size=size)
        found += page.items
        after = page.next_cursor
        if after is None:
            return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order",
    [("id",), ("-total", "id"), ("kind", "-total", "id"), ("finished_at", "id"), ("-finished_at", "-id")],
)
@pytest.mark.parametrize("size", [1, 7, 50, 100])
def test_walking_the_pages_meets_every_row_once_in_order(order, size):
    jobs(60)
    whole = keyset_page(Job.objects.all(), order, size=1000).items
    assert [j.pk for j in walk(order, size)] == [j.pk for j in whole]
    assert len({j.pk for j in whole}) == 60


@pytest.mark.django_db
def test_empty_values_come_last_in_both_directions():
    jobs(20)
    for order in (("finished_at", "id"), ("-finished_at", "id")):
        empty = [j.finished_at is None for j in walk(order, 3)]
        assert empty == sorted(empty)


@pytest.mark.django_db
def test_rows_added_or_removed_between_pages_do_not_shift_the_rest():
    jobs(20)
    first = keyset_page(Job.objects.all(), ("total", "id"), size=10)
    Job.objects.filter(total=3).delete()
    second = keyset_page(Job.objects.all(), ("total", "id"), after=first.next_cursor, size=10)
    assert [j.total for j in second.items] == list(range(10, 20))


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "....", "é", "a:b", "W10:x", "\0", "9" * 5000])
def test_a_made_up_cursor_is_a_clear_error(token):
    with pytest.raises(Invalid, match="first page"):
        keyset_page(Job.objects.all(), after=token)


@pytest.mark.django_db
def test_a_cursor_of_another_list_or_order_is_a_clear_error():
    jobs(5)
    page = keyset_page(Job.objects.all(), ("total", "id"), size=2)
    with pytest.raises(Invalid, match="another list"):
        keyset_page(Job.objects.all(), ("-total", "id"), after=page.next_cursor)
    with pytest.raises(Invalid, match="another list"):
        keyset_page(Schedule.objects.all(), ("name", "id"), after=page.next_cursor)


def test_cursor_values_keep_their_types():
    from decimal import Decimal
    from uuid import uuid4

    values = [1, "漏|", None, True, START, START.date(), Decimal("1.50"), uuid4()]
    assert decode_cursor(encode_cursor(values)) == values


@pytest.mark.django_db
@pytest.mark.parametrize("n", [10, 1000])
def test_a_page_costs_one_query_at_10_and_1000_rows(n, django_assert_num_queries):
    jobs(n)
    page = listing()
    with django_assert_num_queries(1):
        shown = (page.rows, page.headings, page.next_url, page.first_url, page.is_filtered)
    assert len(shown[0]) == min(n, 50)


@pytest.mark.django_db
def test_links_keep_filter_and_sort():
    jobs(200)
    page = listing("?q=kind&sort=-total&least=5")
    assert page.is_filtered
    assert [r[1] for r in page.rows][0] == 199
    assert "q=kind" in page.next_url and "sort=-total" in page.next_url and "after=" in page.next_url
    follow = listing(page.next_url.removeprefix("/jobs"))
    assert follow.rows[0][1] < page.rows[-1][1]
    assert "after" not in follow.first_url
    heading = page.headings[1]
    assert (heading.sorted, heading.numeric) == ("descending", True)
    assert "sort=total" in heading.url and "q=kind" in heading.url


@pytest.mark.django_db
def test_a_filter_that_cannot_be_read_shows_its_error_and_no_rows():
    jobs(5)
    page = listing("?least=many", filters=KindFilter)
    assert (page.rows, page.status) == ([], 422)
    assert "least" in page.form.errors
    with pytest.raises(Invalid) as refusal:
        listing("?least=many&format=csv", filters=KindFilter).export()
    assert refusal.value.reasons[0].field == "least"


@pytest.mark.django_db
def test_an_unknown_sort_is_a_clear_error():
    with pytest.raises(Invalid, match="password"):
        _ = listing("?sort=password").rows


@pytest.mark.django_db
def test_the_export_holds_all_rows_of_the_filter_in_the_order_of_the_page():
    jobs(150)
    page = listing("?q=kind-1&sort=-total&format=csv", filters=KindFilter)
    assert page.wants_export
    text = b"".join(page.export().streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Kind", "Total", "Finished [UTC]"]
    totals = [int(r[1]) for r in rows[1:]]
    assert totals == [i for i in range(149, -1, -1) if i % 7 == 1 and i % 11]
    assert len(totals) > 15


@pytest.mark.django_db
def test_the_xlsx_export_names_its_filter_and_neutralises_nothing_by_change():
    from openpyxl import load_workbook

    jobs(12)
    response = listing("?q=risky&format=xlsx", filters=KindFilter).export()
    book = load_workbook(io.BytesIO(response.content))
    assert [c.value for c in book.worksheets[0]["A"]][1:] == ["=risky", "=risky"]
    assert {c.data_type for c in book.worksheets[0]["A"]} == {"s"}
    about = {row[0].value: row[1].value for row in book.worksheets[1].rows}
    assert about["Filter"] == "q=risky"


@pytest.mark.django_db
def test_a_django_filter_set_works_as_well():
    import django_filters

    class Least(django_filters.FilterSet):
        least = django_filters.NumberFilter(field_name="total", lookup_expr="gte")

        class Meta:
            model = Job
            fields: list[str] = []

    jobs(20)
    assert len(listing("?least=15", filters=Least).rows) == 5
    assert listing("?least=x", filters=Least).status == 422


def test_a_csv_speaks_the_readers_language_and_refuses_before_it_begins(world: Any) -> None:
    from tests.usecases.builders import a_pain
    from tests.world import client_for

    a_pain(world)
    browser = client_for(world.architect)
    browser.cookies["django_language"] = "zh-hans"
    text = b"".join(browser.get("/pains", {"format": "csv"}).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines()[0].startswith("编号") or "痛点" in text.splitlines()[0]
    assert browser.get("/pains", {"format": "csv", "sort": "bogus"}).status_code == 422
