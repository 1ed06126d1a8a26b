"""What people say of an indicator: rights, reasons, versions, answers."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AuditEntry
from guanlan.risk.keeping import acknowledge, answer, name_owner, set_limits, switch
from guanlan.risk.measuring import measure_due
from guanlan.risk.models import IndicatorChange
from tests.people import person
from tests.risk.rows import MINUTE, NOW, Dial, limits, only, row, spec

pytestmark = pytest.mark.django_db
LATER = NOW + 60 * MINUTE


@pytest.fixture
def red(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", Dial(25)))
    measure_due(NOW)


def test_new_limits_are_a_version_with_who_and_why(red: None) -> None:
    owner = person("risk_owner", "rita")
    made = set_limits(subject_of(owner), row(), limits(amber=30.0, red=40.0), "the desk grew", NOW)
    assert (made.version, made.created_by, made.reason) == (2, owner, "the desk grew")
    assert row().limits.count() == 2
    measure_due(NOW + MINUTE)
    assert row().state == "green"
    copy_rows()
    entry = AuditEntry.objects.filter(act="indicator.limits").latest("index")
    assert entry.reason == "the desk grew"


@pytest.mark.parametrize(
    ("said", "reason", "effective", "field"),
    [
        ({"red": 5.0}, "a good reason", None, "red"),
        ({}, " no ", None, "reason"),
        ({}, "x" * 501, None, "reason"),
        ({}, "a good reason", NOW - MINUTE, "effective"),
        ({}, "a good reason", NOW + dt.timedelta(days=400), "effective"),
        ({"stale_after": dt.timedelta(days=400)}, "a good reason", None, "stale_after"),
    ],
)
def test_limits_are_refused_beside_their_field(
    red: None, said: dict[str, float], reason: str, effective: dt.datetime | None, field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        set_limits(SYSTEM, row(), limits(**said), reason, NOW, effective)
    assert field in caught.value.message_dict
    assert row().limits.count() == 1


def test_a_version_may_not_come_into_force_before_one_that_was_made(red: None) -> None:
    set_limits(SYSTEM, row(), limits(), "from next hour on", NOW, LATER)
    with pytest.raises(ValidationError):
        set_limits(SYSTEM, row(), limits(), "at once after all", NOW)


@pytest.mark.parametrize("role", ["fraud_analyst", "committee_member", "auditor", None])
def test_only_risk_owners_and_administrators_may_set_limits_and_name_owners(
    red: None, role: str | None
) -> None:
    subject = subject_of(person(role, "somebody"))
    for act in (
        lambda: set_limits(subject, row(), limits(), "a good reason", NOW),
        lambda: name_owner(subject, row(), None, "", 4),
        lambda: switch(subject, row(), False, NOW),
        lambda: answer(subject, row(), "calling the desk", NOW),
    ):
        with pytest.raises(Denied):
            act()


def test_an_answer_is_the_owners_and_ends_the_clock(red: None) -> None:
    ann = person("customer_service", "ann")
    name_owner(SYSTEM, row(), ann, "Call the desk.", 4)
    subject = subject_of(ann)
    acknowledge(subject, row(), NOW + MINUTE)
    assert row().answer_due is not None
    answer(subject, row(), "Two colleagues help out today.", NOW + 2 * MINUTE)
    change = IndicatorChange.objects.latest("at")
    assert (change.acknowledged, change.answered) == (NOW + MINUTE, NOW + 2 * MINUTE)
    assert change.answered_by == ann
    assert row().answer_due is None
    with pytest.raises(ValidationError):
        answer(subject, row(), "once more", NOW + 3 * MINUTE)


def test_an_owner_is_a_person_who_can_act(red: None) -> None:
    gone = person("risk_owner", "gone")
    gone.is_active = False
    gone.save()
    for owner, hours, field in ((gone, 4, "owner"), (None, 0, "deadline_hours")):
        with pytest.raises(ValidationError) as caught:
            name_owner(SYSTEM, row(), owner, "", hours)
        assert field in caught.value.message_dict


def test_one_that_is_switched_on_again_is_measured_at_once(red: None) -> None:
    switch(SYSTEM, row(), False, NOW + MINUTE)
    assert measure_due(NOW + 5 * MINUTE) is None
    switch(SYSTEM, row(), True, NOW + 6 * MINUTE)
    assert measure_due(NOW + 6 * MINUTE) is not None
