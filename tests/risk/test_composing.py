"""Indicators that people compose: counted as the rows say, in bulk, and refused where they make no
sense."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.response.models import Alert
from guanlan.risk.composing import (
    Said,
    compose,
    composed_of,
    in_words,
    indicator_name,
    spec_of,
    title_in,
)
from guanlan.risk.counting import COUNTABLES, Choice, Countable, countable, measure
from guanlan.risk.keeping import switch
from guanlan.risk.measuring import measure_due
from guanlan.risk.models import Indicator, IndicatorDeclaration, IndicatorSample
from guanlan.risk.registry import Span
from tests.people import person
from tests.risk.rows import MINUTE, NOW, Dial, limits, only, spec

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> list[Alert]:
    only(monkeypatch, spec("test.dial", Dial(1)))
    chance = random.Random(4)
    made = []
    for n in range(120):
        at = NOW - chance.random() * 2 * DAY
        live = chance.random() < 0.5
        made.append(
            Alert(
                fingerprint=f"{n:064x}", rule="rule", text="Found.", window=60, raised=at,
                category=chance.choice(("fraud", "security")), severity=chance.randrange(1, 4),
                state="new" if live else "closed", live=live, first_seen=at, last_seen=at,
                disposition="" if live else chance.choice(("confirmed", "benign")),
            )
        )  # fmt: skip
    Alert.objects.bulk_create(made)
    return made


def said(**some: Any) -> Said:
    whole: dict[str, Any] = {
        "source": "alerts", "measure": "count", "title": {"en": "Own alerts"}, "every": 60,
        "category": "fraud", "window": 86_400, "chosen": {"category": ["fraud"]},
    }  # fmt: skip
    return Said(**whole | some)


def make(**some: Any) -> Indicator:
    return compose(SYSTEM, said(**some), limits(amber=1, red=2), "is to be watched", NOW)


def test_each_measure_is_what_a_loop_over_the_rows_gives(alerts: list[Alert]) -> None:
    source, span = COUNTABLES["alerts"], Span(NOW - DAY, NOW, {})
    fraud = [one for one in alerts if one.category == "fraud"]
    came = [one for one in fraud if NOW - DAY < one.raised <= NOW]
    chosen = {"category": ["fraud"]}
    assert measure(source, "count", chosen, {}, span).value == len(came)
    assert measure(source, "count", {}, {}, span).volume == sum(
        one.raised > NOW - DAY for one in alerts
    )
    benign = [one for one in came if one.disposition == "benign"]
    found = measure(source, "share", chosen, {"was": ["benign"]}, span)
    assert (found.value, found.volume) == (len(benign) / len(came), len(came))
    still = sorted((NOW - one.raised).total_seconds() for one in fraud if one.live)
    assert measure(source, "open", chosen, {}, span).value == len(still)
    middle = (still[len(still) // 2] + still[(len(still) - 1) // 2]) / 2
    assert measure(source, "age", chosen, {}, span).value == pytest.approx(middle, abs=1e-3)
    both = {"category": ["fraud", "security"], "state": ["new"]}
    new = [one for one in alerts if one.state == "new" and one.raised > NOW - DAY]
    assert measure(source, "count", both, {}, span).value == len(new)


def test_a_share_of_what_is_not_counted_at_all_is_nothing(alerts: list[Alert]) -> None:
    span = Span(NOW - DAY, NOW, {})
    found = measure(
        COUNTABLES["alerts"], "share", {"category": ["fraud"]}, {"category": ["security"]}, span
    )
    assert found.value == 0


def test_it_is_measured_and_judged_like_any_other(alerts: list[Alert]) -> None:
    one = make()
    measure_due(NOW)
    one.refresh_from_db()
    assert (one.state, one.name) == ("red", f"own.n{one.pk}")
    assert one.value == IndicatorSample.objects.get(indicator=one).value
    known = spec_of(one)
    assert known is not None
    assert "category%3Afraud" in known.drill(Span(NOW - DAY, NOW))
    assert str(known.what).startswith("How many came: Alerts (Category: ")
    assert indicator_name(one.name) == "Own alerts"


def test_many_cost_no_statement_each(alerts: list[Alert]) -> None:
    def cost() -> int:
        Indicator.objects.update(due=NOW, sampled=None)
        IndicatorSample.objects.all().delete()
        with CaptureQueriesContext(connection) as caught:
            measure_due(NOW)
        return len([one for one in caught if "SAVEPOINT" not in one["sql"]])

    make()
    few = cost()
    severities = ("low", "medium", "high", "critical")
    for n in range(12):
        make(chosen={"category": ["fraud"], "severity": [severities[n % 4]]})
    assert cost() <= few + 1, "what one reads is what all read; rows that moved are one more write"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"source": "weather"}, "source"),
        ({"measure": "sum"}, "measure"),
        ({"category": "weather"}, "category"),
        ({"window": 61}, "window"),
        ({"every": 1}, "every"),
        ({"chosen": {"category": ["weather"]}}, "chosen_category"),
        ({"chosen": {"id": ["1 OR 1=1"]}}, "chosen_id"),
        ({"chosen": {"category": []}}, "chosen_category"),
        ({"measure": "share"}, "measure"),
        ({"part": {"was": ["benign"]}}, "measure"),
        ({"title": {}}, "title_en"),
        ({"title": {"fr": "x"}}, "title_en"),
        ({"title": {"en": "x" * 81}}, "title_en"),
        ({"source": "cases", "measure": "sum", "chosen": {}}, "chosen_currency"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make(**wrong)
    assert list(caught.value.message_dict) == [field]


def test_who_may_not_change_indicators_composes_none() -> None:
    with pytest.raises(Denied):
        compose(
            subject_of(person("operations", "op")),
            said(),
            limits(amber=1, red=2),
            "is to be watched",
            NOW,
        )


def test_it_is_said_anew_as_a_version_and_switched_off_never_removed(alerts: list[Alert]) -> None:
    one = make()
    compose(SYSTEM, said(window=3600), limits(), "an hour is enough", NOW, one)
    assert [(v.version, v.said["window"]) for v in one.declarations.order_by("version")] == [
        (1, 86_400), (2, 3600),
    ]  # fmt: skip
    one.refresh_from_db()
    now = composed_of(one)
    assert now is not None
    assert (now.window, one.declared["version"] if one.declared else 0) == (3600, 2)
    with pytest.raises(TypeError):
        IndicatorDeclaration.objects.all().delete()
    with pytest.raises(ValidationError, match="another unit"):
        compose(SYSTEM, said(measure="age"), limits(), "by age", NOW, one)
    switch(SYSTEM, one, False, NOW)
    measure_due(NOW)
    assert not IndicatorSample.objects.filter(indicator=one).exists()


def test_a_title_is_in_the_language_that_there_is() -> None:
    assert title_in({"hant": "告警"}, "en") == "告警"
    assert title_in({"hans": "告警数", "en": "Alerts"}, "zh-hant") == "告警数"
    assert title_in({"hans": "告警数", "en": "Alerts"}, "en") == "Alerts"


def test_the_registry_refuses_what_is_wrong_and_is_closed() -> None:
    one = COUNTABLES["alerts"]
    with pytest.raises(RuntimeError, match="closed"):
        countable(one)
    with pytest.raises(KeyError):
        one.choice("nothing")
    assert Choice("x", "X", "x", {"a": "A"}, {"a": 1}).column(["a", "b"]) == [1, "b"]
    assert isinstance(one, Countable)


@pytest.mark.parametrize("name", sorted(COUNTABLES))
def test_everything_that_may_be_counted_can_be(name: str) -> None:
    source, span = COUNTABLES[name], Span(NOW - DAY, NOW, {})
    for choice in source.choices:
        chosen = {choice.name: list(choice.offered())[:2]}
        for what in source.measures():
            part = chosen if what == "share" else {}
            measure(source, what, chosen, part, span)
        measure(source, "count", {}, {}, span)
    with translation.override("zh-hans"):
        assert in_words(source, said(source=name, chosen={}))


def browser(role: str) -> Client:
    client = Client()
    client.force_login(person(role, f"a-{role}"))
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    return client


def test_a_person_composes_one_by_the_form_and_again(alerts: list[Alert]) -> None:
    client = browser("risk_owner")
    assert "Complaints" in client.get(reverse("indicator_compose")).content.decode()
    page = reverse("indicator_compose_of", args=["alerts"])
    assert 'name="chosen_severity"' in client.get(page).content.decode()
    typed: dict[str, Any] = {
        "measure": "share", "title_en": "Benign of fraud", "category": "fraud", "window": "86400",
        "every": "60", "direction": "higher", "amber": "0.2", "red": "0.4", "minimum_volume": "0",
        "reason": "rules want sharpening", "chosen_category": ["fraud"],
    }  # fmt: skip
    refused = client.post(page, typed)
    assert refused.status_code == 422
    assert "Say of what the share is" in refused.content.decode()
    answer = client.post(page, typed | {"part_was": ["benign"]})
    assert answer.status_code == 302, answer.content.decode()
    one = Indicator.objects.exclude(declared=None).get()
    text = client.get(reverse("indicator", args=[one.pk])).content.decode()
    assert "Benign of fraud" in text
    assert reverse("indicator_recompose", args=[one.pk]) in text
    again = reverse("indicator_recompose", args=[one.pk])
    assert "checked" in client.get(again).content.decode()
    changed = typed | {"part_was": ["benign"], "window": "3600"}
    assert client.post(again, changed).status_code == 302
    assert one.declarations.count() == 2
    listed = client.get(reverse("indicators"), {"q": "composed:yes benign"}).content.decode()
    assert "Benign of fraud" in listed


def test_pages_of_composing_are_for_who_may_change_indicators() -> None:
    client = browser("operations")
    assert client.get(reverse("indicator_compose")).status_code == 403
    assert client.get(reverse("indicator_compose_of", args=["alerts"])).status_code == 403
    assert (
        browser("risk_owner").get(reverse("indicator_compose_of", args=["weather"])).status_code
        == 404
    )


def test_a_composed_one_that_is_red_is_an_alert_with_its_title(alerts: list[Alert]) -> None:
    one = make()
    measure_due(NOW)
    found = Alert.objects.get(rule="risk.indicator_red")
    assert found.values == {"indicator": one.name}
    measure_due(NOW + MINUTE)
    one.refresh_from_db()
    assert one.value is not None, "alerts of indicators are not counted"
    assert COUNTABLES["alerts"].rows().filter(rule="risk.indicator_red").count() == 0
