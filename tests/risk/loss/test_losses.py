"""Losses: proposed once by what was closed, accepted by a person, never more back than lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.risk.loss import keeping
from guanlan.risk.models import LossEvent, Risk
from guanlan.risk.register.parameters import currency
from tests.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def said(**other: Any) -> dict[str, Any]:
    return {
        "title": "A wave of takeovers", "type": "external_fraud", "near_miss": False,
        "gross": 500_00, "occurred": NOW - 2 * DAY, "discovered": NOW - DAY, **other,
    }  # fmt: skip


def propose(key: str = "7", gross: int = 900_00) -> LossEvent | None:
    return keeping.propose_loss(
        ("response.case", key), title="Case 7", type="external_fraud", gross=gross,
        money=currency(), occurred=NOW - DAY, discovered=NOW, now=NOW,
    )  # fmt: skip


@pytest.fixture
def risk() -> Risk:
    return Risk.objects.create(code="R-001", title="Account takeover", category="fraud")


DATES = {
    "discovered before": ({"discovered": NOW - 3 * DAY}, "discovered"),
    "discovered later than now": ({"discovered": NOW + DAY}, "discovered"),
    "booked before": ({"booked": (NOW - 9 * DAY).date()}, "booked"),
    "a loss of nothing": ({"gross": 0}, "gross"),
    "a near miss that cost": ({"near_miss": True}, "gross"),
}


@pytest.mark.parametrize(("other", "field"), DATES.values(), ids=DATES.keys())
def test_what_cannot_be_is_refused(other: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as found:
        keeping.add_loss(SYSTEM, said(**other), NOW)
    assert [*found.value.message_dict] == [field]


def test_each_origin_proposes_once() -> None:
    assert propose() is not None
    assert propose() is None
    assert propose("8") is not None
    assert LossEvent.objects.count() == 2


def test_a_person_accepts_and_names_the_risk(risk: Risk) -> None:
    row = propose()
    assert row is not None
    made = keeping.accept_loss(SYSTEM, row, risk, "clients", "")
    assert (made.state, made.risk, made.type, made.gross) == ("open", risk, "clients", 900_00)
    with pytest.raises(ValidationError, match="another state"):
        keeping.refuse_loss(SYSTEM, row, "no loss at all")


def test_who_deals_with_fraud_writes_losses_down_and_accepts_none(risk: Risk) -> None:
    subject = subject_of(person("fraud_analyst"))
    keeping.add_loss(subject, said(), NOW)
    row = propose()
    assert row is not None
    with pytest.raises(Denied):
        keeping.accept_loss(subject, row, risk, "clients", "")


def test_never_more_comes_back_than_was_lost(risk: Risk) -> None:
    row = keeping.add_loss(SYSTEM, said(risk=risk), NOW)
    today = NOW.date()
    keeping.add_recovery(SYSTEM, row, "insurance", 400_00, today, "")
    with pytest.raises(ValidationError):
        keeping.add_recovery(SYSTEM, row, "customer", 100_01, today, "")
    keeping.add_recovery(SYSTEM, row, "insurance", -100_00, today, "booked too much")
    assert keeping.recovered(row) == 300_00
    with pytest.raises(ValidationError):
        keeping.add_recovery(SYSTEM, row, "insurance", -300_01, today, "")


def test_a_loss_of_no_risk_is_not_closed(risk: Risk) -> None:
    row = keeping.add_loss(SYSTEM, said(), NOW)
    with pytest.raises(ValidationError, match="risk"):
        keeping.close_loss(SYSTEM, row)
