"""News to those with a stake, costs, and the review of a closed incident."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.access import Denied
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AuditEntry, User
from guanlan.response.incidents import following, moving
from guanlan.response.incidents.declaring import declare
from guanlan.response.models import Incident, IncidentCost, Lesson, StakeholderUpdate
from tests.people import confirm, person
from tests.response.incidents.rows import NOW
from tests.response.plans.conftest import someone

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def declared() -> Incident:
    return declare(someone("operations"), "Payments stand still", "operations", "major", now=NOW)


def test_the_next_news_are_due_by_the_rhythm_of_the_severity() -> None:
    row = declared()
    assert row.update_due == NOW + 2 * HOUR
    following.tell(someone("operations"), row, "customers", "We are on it.", now=NOW + HOUR)
    row.refresh_from_db()
    assert row.update_due == NOW + 3 * HOUR
    moving.close(someone("operations"), row, reason="No harm.", now=NOW + 2 * HOUR)
    following.tell(someone("operations"), row, "customers", "It is over.", now=NOW + 3 * HOUR)
    assert Incident.objects.get().update_due is None
    for audience, text in (("everybody", "Hello"), ("media", " "), ("media", "x" * 4001)):
        with pytest.raises(ValidationError):
            following.tell(someone("operations"), row, audience, text, now=NOW)
    assert StakeholderUpdate.objects.count() == 2


@given(st.integers(1, 10**7), st.integers(1, 10**9))
def test_peoples_time_costs_minutes_times_rate(minutes: int, rate: int) -> None:
    exact = Fraction(minutes * rate, 60)
    found = following.people_cost(minutes, rate)
    assert abs(found - exact) <= Fraction(1, 2)
    assert found == int(exact + Fraction(1, 2))


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("kind", {"kind": "tea", "amount": 1}),
        ("currency", {"currency": "yuan", "amount": 1}),
        ("amount", {}),
        ("amount", {"amount": 0}),
        ("amount", {"amount": 10**16}),
        ("minutes", {"kind": "people", "rate": 100}),
        ("rate", {"kind": "people", "minutes": 60}),
    ],
)
def test_a_bad_cost_is_refused_beside_its_field(field: str, said: dict[str, Any]) -> None:
    row = declared()
    with pytest.raises(ValidationError) as caught:
        following.add_cost(
            someone("operations"), row, **({"kind": "loss", "currency": "CNY"} | said), now=NOW
        )
    assert set(caught.value.message_dict) == {field}
    assert not IncidentCost.objects.exists()


def test_only_a_closed_incident_is_reviewed_and_opening_it_again_undoes_it() -> None:
    who = someone("operations")
    row = declared()
    with pytest.raises(ValidationError):
        following.review(who, row, "A certificate ran out.", now=NOW)
    row = moving.close(who, row, reason="No harm.", now=NOW)
    following.review(who, row, "secret words", contributing="No alarm.", now=NOW + HOUR)
    row.refresh_from_db()
    assert row.reviewed == NOW + HOUR
    assert moving.reopen(who, row, "It is back.", now=NOW + 2 * HOUR).reviewed is None
    copy_rows()
    assert not any("secret words" in str(one.__dict__) for one in AuditEntry.objects.all())
    with pytest.raises(Denied):
        following.review(someone("committee_member"), row, "A guess.", now=NOW)


def test_news_costs_review_and_lessons_stand_on_its_page() -> None:
    row = declared()
    person("committee_member", "cm")
    clients = []
    for name in ("operations", "cm"):
        client = Client()
        client.force_login(User.objects.get(username=name))
        confirm(client)
        client.cookies["guanlan_language"] = "en"
        clients.append(client)
    chief, eyes = clients

    def do(action: str, **values: Any) -> None:
        answer = chief.post(reverse("incidents_do", args=[row.pk, action]), values)
        assert answer.status_code == 302, answer.content.decode()

    do("tell", audience="customers", text="We are on it.", how="by mail")
    do("cost", kind="loss", currency="CNY", amount="123456")
    do("cost", kind="loss", currency="CNY", amount="-23456")
    do("cost", kind="people", currency="CNY", minutes="90", rate="20000")
    do("close", reason="No harm.")
    do("review", causes="A certificate ran out.", went_well="Quickly found.")
    do("lesson", title="Watch certificates")
    page = chief.get(reverse("incident", args=[row.pk])).content.decode()
    for part in ("We are on it.", "by mail", "¥1,300.00", "A certificate ran out.",
                 "Watch certificates", "closed and reviewed"):  # fmt: skip
        assert part in page, part
    assert reverse("lesson", args=[Lesson.objects.get().pk]) in page
    seen = eyes.get(reverse("incident", args=[row.pk])).content.decode()
    assert "We are on it." not in seen
    assert "A certificate ran out." not in seen
    assert chief.post(reverse("incidents_do", args=[row.pk, "cost"]), {}).status_code == 422
