"""Many cases at once: given, moved, made more severe, closed or put before a second person."""

from __future__ import annotations

import pytest
from django.test import Client

from guanlan.response.models import Case
from tests.people import confirm, person
from tests.response.cases.rows import make_case, make_queue
from tests.response.many import Asked, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client: Client) -> Client:
    client.force_login(person("risk_owner", "ann"))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def test_cases_are_given_to_a_named_person_with_what_they_should_know(ann: Client) -> None:
    ben = person("fraud_analyst", "ben")
    rows = [make_case(n) for n in range(3)]
    closed = make_case(9, live=False, state="closed")
    asked = Asked(ann, "cases", "give", [one.pk for one in (*rows, closed)])
    assert asked.send(person="nobody-knows").status_code == 422
    answer = asked.send(person="ben", reason="Look at the device first.")
    said = told(answer)
    assert "Give to: Done to 3 rows." in said
    assert f"“Give to” does not fit the present state (1): #{closed.pk}" in said
    assert set(Case.objects.filter(owner=ben)) == set(rows)


def test_of_many_that_are_closed_the_severe_ones_wait_for_a_second_person(ann: Client) -> None:
    small, large = make_case(1, severity=1), make_case(2, severity=4)
    asked = Asked(ann, "cases", "close", [small.pk, large.pk])
    said = told(asked.send(disposition="confirmed", reason="Seen with the customer."))
    assert (
        said == ("Close: Done to 2 rows. / a second person has to confirm (1) / closed (1)")
        or said == "Close: Done to 2 rows. / closed (1) / a second person has to confirm (1)"
    )
    small.refresh_from_db()
    large.refresh_from_db()
    assert (small.live, small.disposition) == (False, "confirmed")
    assert (large.live, large.closing_as) == (True, "confirmed")


def test_queue_and_severity_of_many_change(ann: Client) -> None:
    queue = make_queue(1)
    rows = [make_case(n, severity=n) for n in (1, 2)]
    keys = [one.pk for one in rows]
    assert told(Asked(ann, "cases", "queue", keys).send(queue=queue.pk)) == (
        "Queue: Done to 2 rows."
    )
    assert set(Case.objects.filter(queue=queue)) == set(rows)
    said = told(Asked(ann, "cases", "severity", keys).send(severity="medium", reason="It spreads."))
    assert "Severity: Done to 1 row." in said
    assert f"It has this severity already (1): #{rows[1].pk}" in said
    assert set(Case.objects.values_list("severity", flat=True)) == {2}


def test_an_alert_that_joined_meanwhile_is_no_change_and_a_severity_is(ann: Client) -> None:
    joined, graver = make_case(1, severity=1), make_case(2, severity=1)
    asked = Asked(ann, "cases", "close", [joined.pk, graver.pk])
    Case.objects.filter(pk=joined.pk).update(alert_count=7, priority=50)
    Case.objects.filter(pk=graver.pk).update(severity=2)
    said = told(asked.send(disposition="benign", reason="A known partner."))
    assert "Done to 1 row." in said
    assert "Somebody changed it meanwhile (1)" in said
    graver.refresh_from_db()
    assert graver.live
