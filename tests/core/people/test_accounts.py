"""Accounts in the hands of others: who may close whose, and what stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from guanlan.core.access import Denied, subject_of
from guanlan.core.models import RoleAssignment, User
from guanlan.core.people.accounts import disable, enable, end_sessions_of, may_govern
from tests.people import person

pytestmark = pytest.mark.django_db


def active(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_active


def test_the_last_owner_who_can_sign_in_is_not_disabled() -> None:
    first, second, third = person("owner", "a"), person("owner", "b"), person("owner", "c")
    disable(subject_of(first), second)
    disable(subject_of(third), first)
    with pytest.raises(Denied):  # oneself
        disable(subject_of(third), third)
    with pytest.raises(Denied):  # who is disabled does nothing any more
        disable(subject_of(User.objects.get(pk=first.pk)), third)
    admin = person("administrator")
    RoleAssignment.objects.create(person=admin, role="owner", scope="wallet")
    with pytest.raises(Denied):  # an owner of one product has no power over all of it
        disable(subject_of(admin), third)
    assert active(third)


def test_the_last_owner_stays_even_against_the_system() -> None:
    from_below, owner = person("administrator"), person("owner")
    for subject in (subject_of(from_below), subject_of(owner)):
        with pytest.raises((Denied, ValidationError)):
            disable(subject, owner)
    assert active(owner)


@pytest.mark.parametrize(
    ("who", "whose", "allowed"),
    [
        ("owner", "administrator", True),
        ("owner", "auditor", True),
        ("administrator", "operations", True),
        ("administrator", "owner", False),
        ("administrator", "auditor", False),
        ("security_engineer", "operations", False),
        ("auditor", "operations", False),
        ("privacy_officer", None, False),
    ],
)
def test_who_could_not_give_a_role_has_no_power_over_who_has_it(
    who: str, whose: str | None, allowed: bool
) -> None:
    subject, other = subject_of(person(who, "who")), person(whose, "whose")
    assert may_govern(subject, other) is allowed
    if allowed:
        disable(subject, other)
        with pytest.raises(ValidationError):
            disable(subject, other)
        enable(subject, other)
        with pytest.raises(ValidationError):
            enable(subject, other)
    else:
        with pytest.raises(Denied):
            disable(subject, other)
    assert active(other)


def test_roles_stay_with_a_disabled_account_and_mean_nothing() -> None:
    subject, other = subject_of(person("owner")), person("operations")
    disable(subject, other)
    assert RoleAssignment.objects.filter(person=other, until=None).count() == 1
    assert subject_of(User.objects.get(pk=other.pk)).roles == frozenset()


def test_nobody_ends_sessions_without_the_right_or_their_own_by_this_way() -> None:
    owner, other = person("owner"), person("operations")
    with pytest.raises(Denied):
        end_sessions_of(subject_of(other), owner)
    with pytest.raises(Denied):
        end_sessions_of(subject_of(owner), owner)
    assert end_sessions_of(subject_of(owner), other) == 0


def test_an_owner_for_a_time_does_not_disable_the_last_one_for_good() -> None:
    last, helper = person("owner", "last"), person("owner", "helper")
    until = timezone.now() + timedelta(hours=1)
    RoleAssignment.objects.filter(person=helper).update(until=until)
    with pytest.raises(ValidationError):
        disable(subject_of(helper), last)
    assert active(last)
    other = person("owner", "other")
    disable(subject_of(helper), last)
    assert not active(last)
    assert active(other)
