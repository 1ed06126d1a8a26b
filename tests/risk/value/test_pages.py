"""The screens of the risk value: numbers first, each with its why."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guanlan.risk.models import Indicator, RiskValue
from guanlan.risk.value.keeping import refresh
from tests.people import person
from tests.risk.value import register as made
from tests.risk.value.register import DAY, NOW

pytestmark = pytest.mark.django_db


def browser(role: str = "risk_owner") -> Client:
    client = Client()
    client.force_login(person(role, f"a-{role}"))
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    return client


@pytest.fixture
def values() -> list[RiskValue]:
    """Two values; an indicator has moved the second."""
    made.settings()
    first = made.risk("R-001")
    made.parameters(first)
    made.parameters(made.risk("R-002"), frequency={"rate": 24}, severity=made.PERT)
    made.parameters(made.risk("R-003"), currency="USD")
    made.driver(first, made.indicator())
    refresh(NOW)
    Indicator.objects.filter(name="test.dial").update(value=25.0, sampled=NOW + DAY / 24)
    refresh(NOW + DAY / 24)
    return list(RiskValue.objects.order_by("number"))


def test_without_a_register_it_says_how_to_begin() -> None:
    text = browser().get(reverse("risk_value")).content.decode()
    assert "No value yet" in text


def test_the_overview_tells_numbers_curve_map_and_what_is_left_out(
    values: list[RiskValue],
) -> None:
    text = browser().get(reverse("risk_value")).content.decode()
    for words in (
        "Expected in a year", "Value at risk 99.9 %", "Beyond tolerance", 'id="curve"',
        "Five by five", "R-003", "another currency than the register", "test.dial",
        "Management information, not regulatory capital", "inherent", "target",
    ):  # fmt: skip
        assert words in text, words


def test_the_page_asks_again_and_is_told_only_of_what_moved(values: list[RiskValue]) -> None:
    client = browser()
    seen = {"HX-Request": "true"}
    page = reverse("risk_value")
    assert client.get(page, {"seen": values[-1].number}, headers=seen).status_code == 204
    moved = client.get(page, {"seen": values[0].number}, headers=seen)
    assert moved.status_code == 200
    assert f"value {values[-1].number}" in moved.content.decode()


def test_a_value_tells_why_it_moved_and_what_it_was_made_of(values: list[RiskValue]) -> None:
    text = browser().get(reverse("risk_value_at", args=[values[1].pk])).content.decode()
    for words in ("Why it moved since value 1", "R-001 · test.dial", "= 25 →", values[1].digest):
        assert words in text, words


def test_any_value_is_computed_again_on_its_page(values: list[RiskValue]) -> None:
    page = reverse("risk_value_again", args=[values[1].pk])
    client = browser()
    text = client.get(page, {"since": 1}).content.decode()
    assert "equal to the byte" in text
    assert "Why it moved since value 1" in text
    figures = values[1].figures | {"parts": {}}
    RiskValue._base_manager.filter(pk=values[1].pk).update(figures=figures)
    assert "figures.parts.R-001" in client.get(page).content.decode()
    assert client.get(page, {"since": "x"}).status_code == 404


def test_who_may_not_see_the_value_is_refused(values: list[RiskValue]) -> None:
    client = browser("developer")
    assert client.get(reverse("risk_value")).status_code == 403


def test_the_number_of_queries_is_fixed(values: list[RiskValue]) -> None:
    client = browser()

    def asked(page: str) -> int:
        client.get(page)
        with CaptureQueriesContext(connection) as found:
            assert client.get(page).status_code == 200
        return len(found)

    pages = [reverse("risk_value"), reverse("risk_value_at", args=[values[0].pk])]
    before = [asked(page) for page in pages]
    for n in range(10, 16):
        made.parameters(made.risk(f"R-{n}"))
    refresh(NOW + DAY / 12)
    pages[1] = reverse("risk_value_at", args=[RiskValue.objects.latest("number").pk])
    # The first value has none before it to be compared with.
    assert [asked(page) for page in pages] == before
