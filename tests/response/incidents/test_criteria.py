"""Criteria against a reckoning by hand over every alert."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.core.access import Denied
from guanlan.core.models import Message
from guanlan.response.incidents import criteria, moving
from guanlan.response.incidents.criteria import Said
from guanlan.response.models import Alert, DeclarationCriterion, Incident
from guanlan.response.terms import Severity
from tests.response.incidents.rows import NOW
from tests.response.plans.conftest import someone

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
SAID = Said("many", "Wave of takeovers", "fraud", Severity.high, 3, 10, "major", "high")


class One(NamedTuple):
    """An alert, as far as a criterion cares."""

    category: str
    rule: str
    severity: int
    age: int  # minutes since it was last seen
    live: bool = True
    muted: str = ""


def stored(ones: list[One], now: dt.datetime = NOW) -> None:
    Alert.objects.bulk_create(
        Alert(
            fingerprint=f"{n}", rule=one.rule, category=one.category, severity=one.severity,
            text="found", live=one.live, current=False, muted=one.muted, window=60,
            first_seen=now - (one.age + 5) * MINUTE, last_seen=now - one.age * MINUTE, raised=now,
        )
        for n, one in enumerate(ones)
    )  # fmt: skip


def criterion(**more: Any) -> DeclarationCriterion:
    return criteria.add_criterion(someone("operations"), replace(SAID, **more), NOW)


ALERTS = st.lists(
    st.builds(
        One, st.sampled_from(["fraud", "privacy"]), st.sampled_from(["a", "b"]), st.integers(0, 4),
        st.integers(0, 20), st.booleans(), st.sampled_from(["", "", "snooze"]),
    ),
    max_size=12,
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ALERTS, st.integers(1, 4), st.integers(1, 20), st.integers(0, 4), st.sampled_from(["", "a"]))
def test_it_declares_exactly_when_enough_alerts_count(
    ones: list[One], count: int, minutes: int, severity: int, rule: str
) -> None:
    Incident.objects.all().update(state="closed")
    Alert.objects.all().delete()
    DeclarationCriterion.objects.all().delete()
    stored(ones)
    row = criterion(count=count, minutes=minutes, severity=Severity(severity), rule=rule)
    counting = [
        one
        for one in ones
        if one.live and not one.muted and one.category == "fraud" and one.severity >= severity
        and one.age < minutes and rule in ("", one.rule)
    ]  # fmt: skip
    made = criteria.check(row, NOW)
    assert (made is not None) == (len(counting) >= count)
    if made is not None:
        assert made.links.count() == len(counting)
        assert made.occurred == NOW - (max(one.age for one in counting) + 5) * MINUTE


def test_it_declares_once_while_its_incident_is_open_and_within_its_window() -> None:
    stored([One("fraud", "a", 3, 0)] * 3)
    row = criterion()
    made = criteria.check(row, NOW)
    assert made is not None
    assert (made.how, made.criterion, made.acknowledged, made.commander) == (
        "criterion", "many", None, None,
    )  # fmt: skip
    assert criteria.check(row, NOW) is None, "another process had read it before it declared"
    Alert.objects.update(last_seen=NOW + 60 * MINUTE)
    assert criteria.check_all(NOW + 60 * MINUTE) == 0, "its incident is open"
    moving.close(someone("operations"), made, reason="No harm.", now=NOW + 61 * MINUTE)
    assert criteria.check_all(NOW + 61 * MINUTE) == 1
    second = Incident.objects.exclude(pk=made.pk).get()
    moving.close(someone("operations"), second, reason="No harm.", now=NOW + 62 * MINUTE)
    assert criteria.check_all(NOW + 62 * MINUTE) == 0, "its window is not over"


def test_one_that_is_out_of_force_declares_nothing() -> None:
    stored([One("fraud", "a", 4, 0)] * 3)
    row = criterion()
    criteria.switch_criterion(someone("operations"), row, False, NOW)
    assert criteria.check_all(NOW) == 0


def test_those_who_manage_incidents_are_told_of_what_is_declared() -> None:
    chief = someone("risk_owner")
    stored([One("fraud", "a", 3, 0)] * 3)
    criterion()
    criteria.check_all(NOW)
    told = Message.objects.filter(template="incident.declared")
    assert [one.recipient_id for one in told] == [chief.id]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x"), ("title", ""), ("category", "weather"), ("impact", "huge"), ("count", 0),
     ("minutes", 10**6), ("urgency", "")],
)  # fmt: skip
def test_bad_input_is_refused_beside_its_field(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        criterion(**{field: value})
    assert set(caught.value.message_dict) == {field}


def test_two_criteria_do_not_share_a_name_and_not_everybody_makes_one() -> None:
    row = criterion()
    with pytest.raises(ValidationError):
        criterion()
    criteria.change_criterion(someone("operations"), row, replace(SAID, count=9), NOW)
    row.refresh_from_db()
    assert row.count == 9
    with pytest.raises(Denied):
        criteria.add_criterion(someone("fraud_analyst"), replace(SAID, name="other"), NOW)
