"""The register: what is written down of a risk, in which states, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.core.models import User
from guanlan.quant import Risk as Stated
from guanlan.quant import gamma_from_interval, lognormal_from_interval
from guanlan.risk.models import Measure, MeasureEffect, Product, Risk, RiskParameters
from guanlan.risk.register import keeping, parameters
from guanlan.risk.register.bow_tie import draw
from guanlan.risk.register.reading import quant_risk
from tests.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC)


def said(**other: Any) -> dict[str, Any]:
    return {
        "title": "Account takeover", "category": "fraud", "cause": "Passwords leak elsewhere",
        "event": "A stranger pays", "consequence": "Customers are paid back", **other,
    }  # fmt: skip


def stated(**other: Any) -> dict[str, Any]:
    return {
        "frequency": {"interval": [4, 20]},
        "severity": {"lognormal": {"interval": [200_000, 60_000_000]}},
        "currency": parameters.currency(), "basis": "current", "knowledge": "moderate",
        "reason": "what two experts said", **other,
    }  # fmt: skip


@pytest.fixture
def owner() -> User:
    return person("risk_owner")


@pytest.fixture
def risk(owner: User) -> Risk:
    return keeping.add_risk(SYSTEM, said(owner=owner), NOW)


def test_codes_are_given_one_after_another() -> None:
    made = [keeping.add_risk(SYSTEM, said(), NOW).code for _ in range(3)]
    assert made == ["R-001", "R-002", "R-003"]


def test_an_open_risk_has_an_owner_and_parameters(risk: Risk) -> None:
    with pytest.raises(ValidationError, match="parameters"):
        keeping.open_risk(SYSTEM, risk)
    nobody = keeping.add_risk(SYSTEM, said(), NOW)
    parameters.set_parameters(SYSTEM, nobody, stated(), NOW)
    with pytest.raises(ValidationError, match="owner"):
        keeping.open_risk(SYSTEM, nobody)
    parameters.set_parameters(SYSTEM, risk, stated(), NOW)
    assert keeping.open_risk(SYSTEM, risk).state == "open"
    assert keeping.close_risk(SYSTEM, risk, "no longer offered").state == "closed"


def test_the_tolerance_is_not_below_the_appetite() -> None:
    with pytest.raises(ValidationError) as found:
        keeping.add_risk(SYSTEM, said(appetite=100, tolerance=99), NOW)
    assert set(found.value.message_dict) == {"tolerance"}


def test_who_may_only_see_writes_nothing() -> None:
    subject = subject_of(person("customer_service"))
    with pytest.raises(Denied):
        keeping.add_risk(subject, said(), NOW)


def test_parameters_read_as_a_risk_file_is(risk: Risk) -> None:
    made = parameters.set_parameters(SYSTEM, risk, stated(), NOW)
    wanted = Stated(
        "R-001", gamma_from_interval(4, 20), lognormal_from_interval(200_000, 60_000_000)
    )
    assert quant_risk(made) == wanted


FAULTS = {
    "often upside down": ({"frequency": {"interval": [20, 4]}}, "often_high"),
    "often zero": ({"frequency": {"interval": [0, 4]}}, "often_high"),
    "often unknown": ({"frequency": {}}, "often"),
    "cost upside down": ({"severity": {"lognormal": {"interval": [9, 3]}}}, "loss_high"),
    "cost zero": ({"severity": {"lognormal": {"interval": [0, 3]}}}, "loss_high"),
    "cost negative": ({"severity": {"lognormal": {"interval": [-1, 3]}}}, "loss_high"),
    "mode outside": ({"severity": {"pert": {"least": 1, "mode": 9, "most": 5}}}, "mode"),
    "interval outside": (
        {"severity": {"pert": {"least": 10, "mode": 20, "most": 50, "interval": [5, 40]}}},
        "loss_high",
    ),
    "share": ({"insurance": {"deductible": 5, "share": 2}}, "share"),
    "a known rate learns": ({"frequency": {"rate": 3}, "counted_from": NOW}, "counted_from"),
}


@pytest.mark.parametrize(("other", "field"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_stands_at_its_field(risk: Risk, other: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as found:
        parameters.set_parameters(SYSTEM, risk, stated(**other), NOW)
    assert [*found.value.message_dict] == [field]
    assert len(found.value.messages) == 1
    assert not RiskParameters.objects.exists()


def test_another_currency_is_refused(risk: Risk) -> None:
    with pytest.raises(ValidationError, match="currency"):
        parameters.set_parameters(SYSTEM, risk, stated(currency="XTS"), NOW)


def test_what_measures_leave_that_day_is_kept_beside(
    risk: Risk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parameters, "left_of", lambda row, at: (0.5, 0.8))
    current = parameters.set_parameters(SYSTEM, risk, stated(), NOW)
    assert (current.frequency_left, current.severity_left) == (0.5, 0.8)
    inherent = parameters.set_parameters(SYSTEM, risk, stated(basis="inherent"), NOW)
    assert (inherent.frequency_left, inherent.severity_left) == (1.0, 1.0)
    assert [current.version, inherent.version] == [1, 2]


def test_the_bow_tie_has_preventive_measures_before_the_event(risk: Risk) -> None:
    for code, acts in (("M-001", "preventive"), ("M-002", "corrective")):
        measure = Measure.objects.create(
            code=code, title=acts, purpose="x", category="fraud", acts=acts, layer="one"
        )
        MeasureEffect.objects.create(
            measure=measure, risk=risk, version=1, design=0.5, coverage=1.0, reason="because",
            effective=NOW,
        )  # fmt: skip
    found = draw(risk, [(one, "") for one in MeasureEffect.objects.select_related("measure")])
    at = {one.label: one.x for one in found.boxes}
    before, event, after = at["M-001 preventive"], at[risk.event], at["M-002 corrective"]
    assert at[risk.cause] < before < event < after < at[risk.consequence]
    for box in found.boxes:
        assert all(box.y < y < box.y + box.height for _x, y, _text in box.lines)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    return client


def test_a_risk_is_written_opened_and_read_on_pages(owner: User) -> None:
    client = browser(owner)
    posted = client.post(
        reverse("risks_new"), said(owner=owner.username, appetite="10", tolerance="20")
    )
    assert posted.status_code == 302, posted.content.decode()[-3000:]
    row = Risk.objects.get()
    assert (row.state, row.created_by) == ("draft", owner)
    page = reverse("risk", args=[row.pk])
    text = client.get(page).content.decode()
    for words in ("R-001", "Passwords leak elsewhere", "Bow-tie", "Set parameters"):
        assert words in text, words
    assert "Account takeover" in client.get(reverse("risks")).content.decode()


def test_every_list_of_the_group_opens(owner: User) -> None:
    Product.objects.create(code="wallet", name="Wallet")
    client = browser(owner)
    for route in ("risks", "products", "assets", "losses"):
        assert client.get(reverse(route)).status_code == 200, route
        assert client.get(reverse(f"{route}_new")).status_code == 200, route


def test_who_answers_for_one_product_sees_no_other(risk: Risk) -> None:
    wallet, cards = (Product.objects.create(code=one, name=one) for one in ("wallet", "cards"))
    Risk.objects.create(code="R-800", title="Of cards", category="fraud", product=cards)
    mine = Risk.objects.create(code="R-900", title="Of the wallet", category="fraud",
                               product=wallet)  # fmt: skip
    user = person("risk_owner", "of-wallet", scope="wallet")
    seen = Risk.objects.for_user(subject_of(user))
    assert mine in seen
    assert not seen.filter(code="R-800").exists()


def test_who_answers_for_one_product_writes_nothing_of_another() -> None:
    wallet, cards = (Product.objects.create(code=one, name=one) for one in ("wallet", "cards"))
    subject = subject_of(person("risk_owner", "of-wallet", scope="wallet"))
    assert keeping.add_risk(subject, said(product=wallet), NOW).product == wallet
    for other in (cards, None):
        with pytest.raises(Denied):
            keeping.add_risk(subject, said(product=other), NOW)
