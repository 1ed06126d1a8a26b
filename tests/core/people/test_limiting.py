"""A door shuts for a name and for an address that tried too often, and opens with time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from guanlan.core.models import Attempt
from guanlan.core.people.limiting import DOORS, enter, forgive

pytestmark = pytest.mark.django_db

NAMED = [door for door in DOORS if door != "passkey"]


@pytest.mark.parametrize("door", DOORS)
def test_a_name_is_refused_from_every_address_until_the_window_has_passed(door: str) -> None:
    now, limit = timezone.now(), DOORS[door]
    for index in range(limit.per_name):
        assert not enter(door, "Owner", f"192.0.2.{index}", now).wait
    refused = enter(door, "owner ", "198.51.100.1", now)
    assert 0 < refused.wait <= limit.minutes * 60
    assert not enter(door, "other", "198.51.100.1", now).wait
    later = now + timedelta(minutes=limit.minutes, seconds=1)
    assert not enter(door, "owner", "198.51.100.1", later).wait


def test_an_address_that_tries_many_names_is_refused() -> None:
    now = timezone.now()
    for index in range(DOORS["password"].per_address):
        assert not enter("password", f"name{index}", "192.0.2.1", now).wait
    assert enter("password", "fresh", "192.0.2.1", now).wait
    assert not enter("password", "fresh", "192.0.2.2", now).wait


def test_what_was_right_does_not_count_but_the_address_keeps_its_wrong_tries() -> None:
    enter("password", "owner", "192.0.2.1")
    forgive(enter("password", "owner", "192.0.2.1"))
    assert Attempt.objects.count() == 1


def test_doors_are_counted_apart_and_no_name_is_kept() -> None:
    for _index in range(DOORS["factor"].per_name):
        enter("factor", "7", "192.0.2.1")
    assert enter("factor", "7", "192.0.2.9").wait
    assert not enter("confirm", "7", "192.0.2.9").wait
    assert not Attempt.objects.filter(subject__contains="192.0").exists()
