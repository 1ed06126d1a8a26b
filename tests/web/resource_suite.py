"""What is true of every resource. Ten lines give one its tests:

class TestVendors(ResourceSuite):
    noun = "operations.vendor"
    form = {"name": "A", "tier": "low"}

    def make(self, n: int) -> Vendor:
        return Vendor.objects.create(name=f"vendor {n}")
"""

from __future__ import annotations

import csv
import io
from typing import Any, ClassVar

import openpyxl
import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guanlan.core.access import MASKED_FROM
from guanlan.web.resource import Resource, resource_of
from guanlan.web.resource.reading import address_of
from guanlan.web.resource.registry import column_level
from tests.people import confirm, person


def still_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit log's copy stands still: how much of the log is copied depends on what was
    written, by others too, and not on what is shown."""
    for module in ("guanlan.core.audit.copying", "guanlan.web.pages.audit"):
        monkeypatch.setattr(f"{module}.copy_rows", lambda limit=None: 0)


def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked once in a while by the clock is not asked in the midst of a count."""
    monkeypatch.setattr("guanlan.web.accounts.middleware.TOUCH_SECONDS", 10**9)
    monkeypatch.setattr("guanlan.core.people.organisation.KEPT_SECONDS", 10**9)


@pytest.mark.django_db
class ResourceSuite:
    """Mix in, name the noun and say how to make an object."""

    noun: ClassVar[str]
    form: ClassVar[dict[str, Any]] = {}
    secret: ClassVar[str] = ""  # a text of level 3 that `make` puts into every object
    there: ClassVar[int] = 0  # rows that are listed before one is made: of whoever looks

    def make(self, n: int) -> Any:
        raise AssertionError("say how an object is made")

    @property
    def resource(self) -> Resource:
        return resource_of(self.noun)

    def owner(self) -> Client:
        client = Client()
        client.force_login(person("owner"))
        confirm(client)
        client.cookies["guanlan_language"] = "en"
        return client

    def test_the_list_pages_through_everything_once(self) -> None:
        client = self.owner()
        made = self.before() | {str(self.make(n).pk) for n in range(120)}
        seen: list[str] = []
        address: str | None = reverse(self.resource.route)
        back = ""
        while address:
            page = client.get(address).context
            seen += [row.key for row in page["rows"]]
            back, address = page["newer"], page["older"]
        assert sorted(seen) == sorted(made)
        assert [row.key for row in client.get(back).context["rows"]] == seen[50:100]

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unhurried(monkeypatch)
        client = self.owner()
        counts = []
        for n in range(2, 40, 18):
            for one in range(n):
                self.make(1000 * n + one)
            client.get(reverse(self.resource.route))
            counts.append(self.queries(client, reverse(self.resource.route)))
        assert counts[0] == counts[-1]

    def queries(self, client: Client, address: str) -> int:
        connections = pytest.importorskip("django.db").connections
        with CaptureQueriesContext(connections["default"]) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    def before(self) -> set[str]:
        there = self.resource.model._default_manager.values_list("pk", flat=True)
        assert len(there) == self.there
        return {str(pk) for pk in there}

    def test_an_empty_list_says_what_will_appear(self) -> None:
        if self.there:
            pytest.skip("it is never empty")
        assert 'class="empty"' in self.owner().get(reverse(self.resource.route)).content.decode()

    def test_who_has_no_role_reaches_nothing(self) -> None:
        row = self.make(1)
        client = Client()
        client.force_login(person(None))
        addresses = [reverse(self.resource.route), address_of(self.resource, row)]
        if self.resource.api:
            addresses += [reverse(f"api_{self.resource.route}")]
        for address in addresses:
            assert client.get(address).status_code == 403, address
        answer = client.post(reverse(f"{self.resource.route}_export", args=["csv"]))
        assert answer.status_code == 403

    def test_what_is_secret_leaves_by_no_door(self) -> None:
        row = self.make(1)
        client = self.owner()
        names = ",".join(column.name for column in self.resource.columns)
        answers = [
            client.get(reverse(self.resource.route), {"columns": names}),
            client.post(reverse(f"{self.resource.route}_export", args=["csv"]), {"columns": names}),
        ]
        if self.resource.api:
            answers.append(client.get(reverse(f"api_{self.resource.route}")))
        if self.resource.address is None:
            answers.append(client.get(reverse(self.resource.one, args=[row.pk])))
        for answer in answers:
            body = answer.getvalue().decode()
            assert answer.status_code == 200
            assert not self.secret or self.secret not in body

    def test_every_sort_works_both_ways(self) -> None:
        for n in range(3):
            self.make(n)
        client = self.owner()
        for column in self.resource.columns:
            if not column.sort:
                continue
            level = column_level(self.resource, column)
            assert level is not None
            assert level < MASKED_FROM
            up = client.get(reverse(self.resource.route), {"sort": column.name}).context["rows"]
            name = f"-{column.name}"
            down = client.get(reverse(self.resource.route), {"sort": name}).context["rows"]
            assert [row.key for row in up] == [row.key for row in down][::-1]

    def test_both_files_hold_the_whole_list(self) -> None:
        for n in range(60):
            self.make(n)
        client = self.owner()
        sheet = client.post(reverse(f"{self.resource.route}_export", args=["xlsx"]))
        book = openpyxl.load_workbook(io.BytesIO(sheet.getvalue()))
        text = client.post(reverse(f"{self.resource.route}_export", args=["csv"]))
        lines = list(csv.reader(io.StringIO(text.getvalue().decode("utf-8-sig"))))
        titles = [str(column.title) for column in self.resource.columns if column.shown]
        assert lines[0] == titles
        assert len(lines) == 61 + self.there
        assert book.active is not None
        assert book.active.max_row == 61 + self.there

    def test_the_api_pages_through_everything_once(self) -> None:
        if not self.resource.api:
            pytest.skip("it is not in the API")
        client = self.owner()
        made = self.before() | {str(self.make(n).pk) for n in range(23)}
        address = reverse(f"api_{self.resource.route}")
        seen: list[str] = []
        cursor = ""
        while True:
            said = {"limit": "10"} | ({"cursor": cursor} if cursor else {})
            page = client.get(address, said).json()
            seen += [one["pk"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = page["next"]
        assert sorted(seen) == sorted(made)
        assert page["count"] == 23 + self.there
        one = client.get(f"{address}/{seen[0]}")
        assert one.json()["pk"] == seen[0]
        assert client.get(f"{address}/nothing-here").status_code == 404

    def test_a_form_with_nothing_in_it_says_why_and_changes_nothing(self) -> None:
        if self.resource.form is None or self.resource.form.add is None:
            pytest.skip("it has no form")
        client = self.owner()
        address = reverse(f"{self.resource.route}_new")
        answer = client.post(address, {})
        assert answer.status_code == 422
        assert 'class="field-error"' in answer.content.decode()
        assert self.resource.model._default_manager.count() == 0
        field = next(iter(self.form))
        part = client.post(address, {"_field": field}, headers={"HX-Request": "true"})
        assert "<html" not in part.content.decode()
        assert client.post(address, self.form).status_code in (200, 302)
        assert self.resource.model._default_manager.count() == 1
