"""Groups of every list that offers them: their numbers, against the lists they lead to."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from msgspec import structs

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import Subject
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import Ask, Filter, resource_of, resources
from guanlan.web.resource.reading import groups_of
from guanlan.web.resource.registry import faults
from tests.site import test_resources
from tests.site.test_resources import rows_of
from tests.web.resource_suite import still_log

pytestmark = pytest.mark.django_db
full, seeded = test_resources.full, test_resources.seeded  # fixtures
nothing_remembered = test_resources.nothing_remembered
GROUPED = [one.noun for one in resources() if any(two.group for two in one.filters)]


@pytest.mark.parametrize("noun", GROUPED)
def test_a_group_counts_the_rows_of_the_list_it_leads_to(
    full: Client, noun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    still_log(monkeypatch)  # it grows by being looked at
    resource = resource_of(noun)
    for one in (one for one in resource.filters if one.group):
        page = full.get(reverse(resource.route), {"q": "", "group": one.name})
        groups = page.context["groups"]
        grouped = sum(group.rows for group in groups)
        if one.kind == "choice" and one.path and resource.group is None:
            # Where nothing is chosen there is nothing to type that would find the rows.
            chosen = rows_of(resource).values_list(one.path, flat=True)
            nothing = {None, ""} - set(one.stored.values())
            assert grouped == sum(value not in nothing for value in chosen), one.name
        else:
            assert groups, one.name
            assert grouped == rows_of(resource).count(), one.name
        for group in groups[:4]:
            if group.url:
                listed = full.get(group.url).context
                assert listed["many"] == min(group.rows, 10_001), (one.name, group.title)
                assert listed["problems"] == []


@pytest.mark.parametrize("noun", GROUPED)
def test_who_may_see_no_row_learns_no_number(full: Client, noun: str) -> None:
    resource = resource_of(noun)
    stranger = Subject(id=1, name="stranger")
    for one in (one for one in resource.filters if one.group):
        assert groups_of(resource, one, Ask((), stranger, resource.order)) == []


def test_the_rest_of_the_filter_holds_within_the_groups(full: Client) -> None:
    page = full.get("/decisions", {"q": "type:login outcome:review", "group": "outcome"})
    by_outcome = {group.title: group.rows for group in page.context["groups"]}
    logins = full.get("/decisions", {"q": "type:login"}).context["many"]
    assert sum(by_outcome.values()) == logins
    assert len(by_outcome) > 1, "its own term is set aside"


def test_a_grouping_that_would_tell_what_is_masked_stops_the_start() -> None:
    def with_filter(one: Filter) -> list[str]:
        return faults(structs.replace(KEYS, filters=(one,), chips=()))

    assert with_filter(Filter("name", "Name", "exact", group=True)) == []
    assert "grouped by choice" in with_filter(Filter("name", "Name", "text", group=True))[0]
    assert "masked" in with_filter(Filter("sha256", "Digest", "exact", group=True))[0]
