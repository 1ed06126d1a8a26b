"""The screens of indicators: what is red first, the number a link, why in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from guanlan.risk.charting import axis_of
from guanlan.risk.measuring import measure_due
from guanlan.risk.models import Indicator, IndicatorLimits
from guanlan.web.resource import resource_of
from tests.people import person
from tests.risk.rows import MINUTE, NOW, Dial, limits, only, row, spec
from tests.web.resource_suite import still_log, unhurried

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    far = 10**6 * MINUTE  # what is shown does not depend on today
    only(
        monkeypatch,
        spec("test.green", Dial(1), limits=limits(stale_after=far)),
        spec("test.dial", Dial(25), limits=limits(stale_after=far)),
        spec("test.failing", Dial(ValueError("x"))),
    )
    for n in range(3):
        measure_due(NOW + n * MINUTE)


def browser(role: str) -> Client:
    client = Client()
    client.force_login(person(role, f"a-{role}"))
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    return client


def test_red_and_unknown_come_first(three: None) -> None:
    text = browser("risk_owner").get(reverse("indicators"), {"q": ""}).content.decode()
    at = [text.index(f"Title of {name}") for name in ("test.dial", "test.failing", "test.green")]
    assert at == sorted(at)
    assert 'class="spark"' in text


def test_words_of_the_title_find_it(three: None) -> None:
    client = browser("risk_owner")
    text = client.get(reverse("indicators"), {"q": "of test.fail"}).content.decode()
    assert "Title of test.failing" in text
    assert "Title of test.green" not in text


def test_the_page_tells_value_limits_changes_and_what_is_behind(three: None) -> None:
    text = browser("risk_owner").get(reverse("indicator", args=[row().pk])).content.decode()
    for words in ("/alerts?q=live:yes", "≥ 10", "≥ 20", "Because.", "Counted.", "data-chart",
                  "unknown → red", "Set limits"):  # fmt: skip
        assert words in text, words


def test_an_unknown_says_why(three: None) -> None:
    page = reverse("indicator", args=[row("test.failing").pk])
    text = browser("risk_owner").get(page).content.decode()
    assert "Measuring it failed: ValueError in rows.py" in text


def test_who_may_not_go_there_is_led_nowhere(three: None) -> None:
    page = reverse("indicator", args=[row().pk])
    text = browser("administrator").get(page).content.decode()
    assert "/alerts?q=live:yes" not in text


def test_what_was_not_measured_for_long_is_not_shown_as_green(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, spec("test.dial", Dial(1)))
    measure_due(NOW)
    assert row().state == "green"
    text = browser("risk_owner").get(reverse("indicators"), {"q": ""}).content.decode()
    assert "unknown, stale" in text


def test_limits_are_set_by_the_form_with_a_reason(three: None) -> None:
    client = browser("risk_owner")
    page = reverse("indicator", args=[row().pk]) + "/do/limits"
    assert 'value="10' in client.get(page).content.decode()
    said = {
        "direction": "higher", "amber": "30", "red": "20", "hysteresis": "0",
        "minimum_duration": "0", "minimum_volume": "0", "stale_after": "10",
        "reason": "the desk grew",
    }  # fmt: skip
    answer = client.post(page, said)
    assert answer.status_code == 422
    assert "red is no lower than amber" in answer.content.decode()
    assert client.post(page, said | {"red": "40"}).status_code == 302
    assert IndicatorLimits.objects.get(version=2).reason == "the desk grew"


def test_the_api_gives_states_and_numbers(three: None) -> None:
    found = browser("risk_owner").get("/api/v1/indicators", {"q": "state:red"}).json()
    (one,) = found["items"]
    assert (one["name"], one["state"], one["number"]) == ("test.dial", "red", 25)


def test_a_list_and_a_page_ask_as_often_for_many_as_for_few(
    three: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried(monkeypatch)
    still_log(monkeypatch)
    client = browser("risk_owner")
    page = reverse("indicator", args=[row().pk])

    def cost(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as caught:
            client.get(address)
        return len(caught)

    listed, seen = cost(reverse("indicators") + "?q="), cost(page)
    Indicator.objects.bulk_create(
        Indicator(name=f"seed.n_{n}", category="fraud", unit="count", due=NOW) for n in range(40)
    )
    for n in range(3, 30):
        measure_due(NOW + n * MINUTE)
    assert cost(reverse("indicators") + "?q=") == listed <= 12
    assert cost(page) == seen <= 22


def test_it_stands_in_the_sidebar(three: None) -> None:
    assert resource_of("risk.indicator").place == ("watch", 30)
    text = browser("risk_owner").get(reverse("indicators")).content.decode()
    assert f'href="{reverse("indicators")}"' in text


@pytest.mark.parametrize(
    ("values", "most", "ends"),
    [
        # limits near the top are not pressed into a strip
        ([92.6, 94.3, 95, 98], 100, (90, 100, 2)),
        ([0, 2, 3, 5], None, (0, 6, 2)),  # what begins near zero begins at zero
        ([], None, (0, 1.5, 0.5)),
        ([-4, 6], None, (-10, 10, 5)),
    ],
)
def test_the_axis_shows_values_and_limits_and_little_else(
    values: list[float], most: float | None, ends: tuple[float, ...]
) -> None:
    assert axis_of(values, most) == ends


@given(st.lists(st.floats(-1e12, 1e12), max_size=9))
def test_every_value_and_limit_lies_on_the_axis(values: list[float]) -> None:
    low, high, _step = axis_of(values, None)
    assert low < high
    assert all(low <= one <= high for one in values)


def test_limits_say_which_version_is_in_force(three: None) -> None:
    owner, one = browser("risk_owner"), row()
    assert "in force" in owner.get(reverse("indicator", args=[one.pk])).content.decode()
    newest = IndicatorLimits.objects.get(indicator=one)
    newest.pk, newest.version = None, 2
    newest.effective = timezone.now() + timedelta(days=3)
    newest.save()
    text = owner.get(reverse("indicator", args=[one.pk])).content.decode()
    assert text.index("Version 2") < text.index("to come") < text.index("Version 1")
    assert text.index("Version 1") < text.rindex("in force")
