"""Numbers move by themselves; a rating needs a person, who is asked once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from guanlan.core.access import Denied, subject_of
from guanlan.risk.models import Indicator, Reassessment, Risk
from guanlan.risk.value.keeping import refresh
from guanlan.risk.value.reassessing import Stand, accept, judge, refuse
from tests.people import person
from tests.risk.value import register as made
from tests.risk.value.register import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def driven() -> Risk:
    """A risk whose value an indicator moves; computed once."""
    made.settings()
    risk = made.risk()
    made.parameters(risk)
    made.driver(risk, made.indicator())
    refresh(NOW)
    return risk


def turn(value: float, days: int) -> None:
    at = NOW + days * DAY
    Indicator.objects.filter(name="test.dial").update(value=value, sampled=at)
    refresh(at)


def stand(**said: object) -> Stand:
    return Stand(**{"expected": 100, "var95": 1000, "rate": 2.0, "level": "high"} | said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "reasons", "days"),
    [
        (stand(), (), 14),
        (stand(expected=125), (), 14),
        (stand(expected=126), ("moved",), 14),
        (stand(expected=74), ("moved",), 14),
        (stand(expected=111), ("appetite",), 14),
        (stand(var95=1201), ("tolerance",), 3),
        (stand(level="moderate"), ("level",), 14),
        (stand(level="extreme"), ("level",), 3),
    ],
)
def test_what_wants_a_person(after: Stand, reasons: tuple[str, ...], days: int) -> None:
    appetite = 110 if reasons == ("appetite",) else None
    assert judge(stand(), after, appetite, 1200) == (reasons, dt.timedelta(days=days))


def test_one_proposal_opens_and_follows(driven: Risk) -> None:
    turn(12.0, 1)
    assert not Reassessment.objects.exists()
    turn(30.0, 2)
    one = Reassessment.objects.get()
    assert "moved" in one.after["reasons"]
    assert one.causes == [["indicator", "R-001", "test.dial"]]
    turn(32.0, 3)
    same = Reassessment.objects.get()
    assert (same.pk, same.due) == (one.pk, one.due)
    assert same.after["expected"] > one.after["expected"]


def test_what_was_decided_is_what_the_next_is_held_against(driven: Risk) -> None:
    subject = subject_of(person("risk_owner", "a"))
    turn(30.0, 1)
    refuse(subject, Reassessment.objects.get(), "a passing wave", NOW + 2 * DAY)
    turn(30.5, 3)
    assert Reassessment.objects.count() == 1
    turn(10.0, 4)
    two = Reassessment.objects.get(state="proposed")
    version = made.parameters(driven, 2, created=NOW + 5 * DAY, effective=NOW + 5 * DAY)
    done = accept(subject, two, "seen in the losses", NOW + 5 * DAY)
    assert (done.state, done.parameters) == ("accepted", version)
    with pytest.raises(ValidationError, match="already"):
        accept(subject, two, "once more", NOW)


def test_it_is_for_who_may_and_says_why(driven: Risk) -> None:
    turn(30.0, 1)
    one = Reassessment.objects.get()
    with pytest.raises(Denied):
        accept(subject_of(person("fraud_analyst", "a")), one, "because I say so", NOW)
    with pytest.raises(ValidationError):
        accept(subject_of(person("risk_owner", "b")), one, "no", NOW)


def test_the_pages(driven: Risk) -> None:
    turn(30.0, 1)
    client = Client()
    client.force_login(person("risk_owner", "a"))
    client.cookies["guanlan_language"] = "en"
    assert "a quarter more or less" in client.get(reverse("reassessments")).content.decode()
    page = client.get(reverse("reassessment", args=[Reassessment.objects.get().pk]))
    for words in ("Accept", "Refuse", "When it was rated", "R-001 · test.dial"):
        assert words in page.content.decode(), words
    assert "to be rated again" in client.get(reverse("risk_value")).content.decode()
