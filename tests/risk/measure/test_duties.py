"""Duties lie on a grid, are done with evidence, and are told and escalated when late."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import Denied, subject_of
from guanlan.core.models import Message
from guanlan.response.duty_alerts import RULE
from guanlan.response.models import Alert
from guanlan.risk.measure import duties
from guanlan.risk.measure.duties import do_duty, plan_ahead, planned_times, tell_late
from tests.people import person
from tests.risk.measure.rows import BY, DAY, NOW, measure, owner

pytestmark = pytest.mark.django_db


def test_each_time_on_the_grid_is_written_once_also_those_nobody_looked_at() -> None:
    row = measure(every_days=10)
    assert plan_ahead(NOW + 35 * DAY) == 3
    assert plan_ahead(NOW + 35 * DAY) == 0
    found = [one.due for one in row.duties.order_by("due")]
    assert [b - a for a, b in pairwise(found)] == [10 * DAY] * 3


def test_done_early_the_next_time_is_written() -> None:
    row = measure(every_days=10)
    first = row.duties.get()
    do_duty(subject_of(owner()), first, "Looked at the list.", NOW + DAY)
    assert row.duties.count() == 2
    assert row.duties.order_by("-due")[0].due == first.due + 10 * DAY


def test_it_is_done_with_evidence_and_once() -> None:
    duty = measure().duties.get()
    with pytest.raises(ValidationError):
        do_duty(BY, duty, " ", NOW)
    do_duty(BY, duty, "Looked at the list.", NOW)
    with pytest.raises(ValidationError, match="another state"):
        do_duty(BY, duty, "Looked at the list.", NOW)


def test_it_is_the_owners_the_deputys_or_of_who_may() -> None:
    deputy = person("customer_service", "a-deputy")
    duty = measure(deputy=deputy).duties.get()
    with pytest.raises(Denied):
        do_duty(subject_of(person("customer_service", "other")), duty, "I did it all.", NOW)
    assert do_duty(subject_of(deputy), duty, "I did it all.", NOW).done_by_id == deputy.pk


def test_what_is_late_is_told_once_then_escalated_once_and_resolved_when_done() -> None:
    duty = measure().duties.get()
    assert tell_late(duty.due - DAY) == (0, 0)
    late = duty.due + dt.timedelta(hours=1)
    assert tell_late(late) == (1, 0)
    assert tell_late(late) == (0, 0)
    told = Message.objects.get(template="measure.late")
    assert told.recipient == owner()
    assert tell_late(late + 2 * DAY) == (0, 1)
    assert tell_late(late + 3 * DAY) == (0, 0)
    alert = Alert.objects.get(rule=RULE)
    assert alert.live
    duty.refresh_from_db()
    do_duty(BY, duty, "Done at last, see the list.", late + 3 * DAY)
    alert.refresh_from_db()
    assert not alert.live


def test_a_calendar_goes_on_along_the_grid_beyond_what_is_written() -> None:
    row = measure(every_days=10)
    found = planned_times([row], NOW, NOW + 45 * DAY)
    assert row.next_due is not None
    assert [at for at, _row in found] == [row.next_due + n * 10 * DAY for n in (1, 2, 3)]


def test_hooks_are_closed_once_the_start_is_done() -> None:
    with pytest.raises(RuntimeError):
        duties.on_late(lambda rows, now: None)
