"""Backtest, notes, judgements and flags: what a person sees and says about limits."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.risk.keeping import answer, judge, mark
from guanlan.risk.measuring import measure_due
from guanlan.risk.models import (
    Indicator,
    IndicatorChange,
    IndicatorNote,
    IndicatorSample,
)
from guanlan.risk.stillness import flag_still
from tests.people import person
from tests.risk.rows import MINUTE, NOW, Dial, only, row, spec
from tests.web.resource_suite import still_log, unhurried

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Indicator:
    """Eighty days of about six a day, one of them wild."""
    only(monkeypatch, spec("test.dial", Dial(6), window=DAY, every=60 * MINUTE))
    one = row()
    chance = random.Random(3)
    now = timezone.now()
    IndicatorSample.objects.bulk_create(
        IndicatorSample(
            indicator=one, at=now - n * DAY, start=now - (n + 1) * DAY, volume=6, state="green",
            value=40.0 if n == 30 else float(chance.randrange(3, 10)), digest="",
        )
        for n in range(1, 80)
    )  # fmt: skip
    return one


def browser(role: str) -> Client:
    client = Client()
    client.force_login(person(role, f"a-{role}"))
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    return client


ASKED = {
    "kind": "count", "direction": "higher", "days": "90", "amber_a_year": "6", "red_a_year": "1",
    "cycle": "hour", "amber_width": "4", "red_width": "6", "forecast_hours": "0", "rise": "0",
}  # fmt: skip


def test_it_says_plainly_when_there_is_too_little(days: Indicator) -> None:
    text = browser("risk_owner").get(
        reverse("indicator_backtest", args=[days.pk])
    ).content.decode()  # fmt: skip
    assert "too little to judge" in text
    assert "79 measurements" in text
    assert 'data-chart="backtest-spec"' in text
    assert "Put the proposed limits into force" not in text, "nothing is proposed unasked"


def test_limits_are_proposed_from_its_past_and_a_person_accepts_them(days: Indicator) -> None:
    client = browser("risk_owner")
    page = reverse("indicator_backtest", args=[days.pk])
    text = client.get(page, ASKED).content.decode()
    assert "Proposed" in text
    assert "exact, of a count" in text
    assert days.limits.count() == 1, "to look changes nothing"
    accept = reverse("indicator_backtest_accept", args=[days.pk])
    refused = client.post(accept, ASKED | {"reason": ""})
    assert refused.status_code == 422
    assert days.limits.count() == 1
    assert client.post(accept, ASKED | {"reason": "from eighty days"}).status_code == 302
    made = days.limits.get(version=2)
    assert (made.kind, made.reason, made.terms["n"]) == ("count", "from eighty days", 79)
    assert 10 < made.amber <= made.red < 40
    shown = client.get(reverse("indicator", args=[days.pk])).content.decode()
    assert "6 and 1 false alarms a year" in shown


def test_bad_questions_are_answered_beside_their_field(days: Indicator) -> None:
    client = browser("risk_owner")
    page = reverse("indicator_backtest", args=[days.pk])
    for wrong, words in (
        ({"red_a_year": "9"}, "no more often than amber"),
        ({"kind": "share"}, "Select a valid choice"),
        ({"days": "2"}, "does not tell enough"),
        ({"rise": "0.5"}, "how many times as many"),
        ({"days": "x"}, "Enter a whole number"),
    ):
        answer = client.get(page, ASKED | wrong)
        assert answer.status_code == 422, wrong
        assert words in answer.content.decode()


def test_who_may_only_see_accepts_nothing(days: Indicator) -> None:
    client = browser("operations")
    page = reverse("indicator_backtest", args=[days.pk])
    assert "Put the proposed limits" not in client.get(page, ASKED).content.decode()
    accept = reverse("indicator_backtest_accept", args=[days.pk])
    assert client.post(accept, ASKED | {"reason": "because"}).status_code == 403


def test_the_page_asks_as_often_for_many_as_for_few(
    days: Indicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried(monkeypatch)
    still_log(monkeypatch)
    client = browser("risk_owner")
    page = reverse("indicator_backtest", args=[days.pk])

    def cost() -> int:
        client.get(page, ASKED)
        with CaptureQueriesContext(connection) as caught:
            client.get(page, ASKED)
        return len(caught)

    few = cost()
    now = timezone.now()
    IndicatorChange.objects.bulk_create(
        IndicatorChange(indicator=days, at=now - n * DAY, before="green", after="red",
                        verdict="true" if n % 2 else "false")
        for n in range(1, 60)
    )  # fmt: skip
    assert cost() == few


def test_a_judgement_is_written_beside_the_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    dial = Dial(1)
    only(monkeypatch, spec("test.dial", dial))
    measure_due(NOW)
    with pytest.raises(ValidationError, match="not warned of anything"):
        judge(SYSTEM, row(), "true")
    dial.value = 25
    measure_due(NOW + MINUTE)
    with pytest.raises(ValidationError, match="Choose one"):
        judge(SYSTEM, row(), "perhaps")
    answer(SYSTEM, row(), "looking into it", NOW + 2 * MINUTE, "false")
    assert IndicatorChange.objects.get(after="red").verdict == "false"
    judge(SYSTEM, row(), "true")
    assert IndicatorChange.objects.get(after="red").verdict == "true"
    with pytest.raises(Denied):
        judge(subject_of(person("operations", "op")), row(), "true")


def test_a_time_is_marked_on_the_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", Dial(1)))
    for n in range(4):
        measure_due(NOW + n * MINUTE)
    mark(SYSTEM, row(), NOW + 2 * MINUTE, "a campaign began", NOW + 5 * MINUTE)
    text = browser("risk_owner").get(reverse("indicator", args=[row().pk])).content.decode()
    assert text.count("a campaign began") >= 2, "on the chart and among what happened"
    for at, words in ((NOW + DAY, "up to now"), (NOW - 800 * DAY, "up to now")):
        with pytest.raises(ValidationError, match=words):
            mark(SYSTEM, row(), at, "a campaign began", NOW + 5 * MINUTE)
    with pytest.raises(Denied):
        mark(subject_of(person("operations", "op")), row(), NOW, "a campaign began", NOW)
    with pytest.raises(TypeError):
        IndicatorNote.objects.all().delete()


def test_what_was_never_amber_for_long_enough_is_to_be_recalibrated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(
        monkeypatch,
        *(spec(f"test.{name}", Dial(1)) for name in ("quiet", "warned", "young", "red")),
    )
    Indicator.objects.update(state="green")
    for one in Indicator.objects.all():
        back = 20 if one.name == "test.young" else 400
        IndicatorSample.objects.create(
            indicator=one, at=NOW - back * DAY, start=NOW - back * DAY, value=1.0, volume=1,
            state="green", digest="",
        )  # fmt: skip
    IndicatorChange.objects.create(
        indicator=row("test.warned"), at=NOW - 200 * DAY, before="green", after="amber"
    )
    Indicator.objects.filter(name="test.red").update(state="red", since=NOW - 100 * DAY)
    assert flag_still(NOW) == 2
    found = dict(Indicator.objects.values_list("name", "still"))
    assert found == {
        "test.quiet": "green", "test.warned": "", "test.young": "", "test.red": "red",
    }  # fmt: skip
    Indicator.objects.filter(name="test.red").update(state="amber")
    IndicatorChange.objects.create(
        indicator=row("test.quiet"), at=NOW, before="green", after="amber"
    )
    assert flag_still(NOW + DAY) == 0
    listed = browser("risk_owner").get(reverse("indicators"), {"q": "limits:green"})
    assert "Title of test.quiet" not in listed.content.decode()
