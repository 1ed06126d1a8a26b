"""What holds for every indicator that is registered."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import translation

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.risk.measuring import shipped
from guanlan.risk.reading import FEW, NO_VALUE, read
from guanlan.risk.registry import INDICATORS, Span
from guanlan.web.resource import resources
from tests.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
LISTS = {one.route: one for one in resources()}


def test_there_are_many_of_every_part_of_the_house() -> None:
    areas = {name.partition(".")[0] for name in INDICATORS}
    assert areas >= {"alerts", "cases", "complaints", "fraud", "incidents", "platform", "risk"}
    assert len(INDICATORS) >= 20


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_it_can_be_measured_where_there_is_nothing_yet(name: str) -> None:
    spec = INDICATORS[name]
    with CaptureQueriesContext(connection) as caught:
        found = read(spec, shipped(0, spec, NOW), Span(NOW - spec.window, NOW, {}))
    asked = [one for one in caught if "SAVEPOINT" not in one["sql"]]
    assert len(asked) <= 4
    assert found.why in ("", NO_VALUE, FEW), found.why_values
    assert found.volume is not None


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_its_number_leads_to_rows(name: str) -> None:
    spec = INDICATORS[name]
    address = urlsplit(spec.drill(Span(NOW - spec.window, NOW, {})))
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_first_steps"] = "seen"
    assert client.get(address.geturl()).status_code == 200
    route = resolve(address.path).url_name
    query = parse_qs(address.query).get("q")
    if query and route in LISTS and LISTS[route].api:
        answer = client.get(f"/api/v1/{LISTS[route].api}", {"q": query[0]})
        assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_it_says_what_it_is_and_why_its_limits_in_every_language(name: str) -> None:
    spec = INDICATORS[name]
    for said in (spec.title, spec.what, spec.reason):
        with translation.override("en"):
            english = str(said)
        for language in ("zh-hans", "zh-hant"):
            with translation.override(language):
                assert str(said) != english
