"""Giving roles and clearances: nobody promotes themselves, and an owner stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from guanlan.core.access import Denied, may, subject_of
from guanlan.core.access.assigning import (
    found_owner,
    give_role,
    owners_by_superuser,
    set_clearance,
    take_role,
)
from guanlan.core.access.table import ROLES
from guanlan.core.models import Clearance, RoleAssignment, User
from tests.people import person

pytestmark = pytest.mark.django_db


def roles(user: User) -> set[str]:
    return set(subject_of(User.objects.get(pk=user.pk)).roles)


def test_a_role_counts_from_when_to_when_and_where_it_is_given(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    owner, user = person("owner"), person(None)
    later = timezone.now() + dt.timedelta(hours=1)
    give_role(subject_of(owner), user, "fraud_analyst", until=later)
    give_role(subject_of(owner), user, "operations", scope="wallet")
    with django_assert_max_num_queries(2):
        now = subject_of(user)
    assert now.roles_in("*") == {"fraud_analyst"}
    assert now.roles_in("wallet") == {"fraud_analyst", "operations"}
    assert subject_of(user, now=later).roles == {"operations"}
    assert subject_of(user, now=later - dt.timedelta(days=1)).roles == set()


def test_the_flags_of_django_mean_nothing() -> None:
    person("owner")
    user = User.objects.create(username="flagged", is_superuser=True, is_staff=True)
    assert roles(user) == set()
    user.is_active = False
    RoleAssignment.objects.create(person=user, role="operations")
    assert subject_of(user).roles == set()


def test_the_first_superuser_becomes_owner_and_no_later_one() -> None:
    first = User.objects.create_superuser("first", password="a long pass phrase")
    assert roles(first) == {"owner"}
    assert Clearance.objects.get(person=first).level == 4
    later = User.objects.create_superuser("later", password="a long pass phrase")
    owners_by_superuser()
    assert roles(later) == set()
    with pytest.raises(Denied):
        found_owner(later)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_nobody_changes_their_own_rights(role: str) -> None:
    """Self-promotion, in every way there is (GHSA-w2j3-x3j3-mm43 of a peer)."""
    person("owner", "another")
    user = person(role, clearance=3)
    subject = subject_of(user)
    for other in ROLES:
        with pytest.raises(Denied):
            give_role(subject, user, other)
    with pytest.raises(Denied):
        take_role(subject, RoleAssignment.objects.get(person=user))
    with pytest.raises(Denied):
        set_clearance(subject, user, 4, [])
    assert roles(user) == {role}


def test_an_administrator_gives_neither_owner_administrator_nor_auditor() -> None:
    person("owner")
    administrator, user = person("administrator"), person(None)
    subject = subject_of(administrator)
    for role in ("owner", "administrator", "auditor"):
        with pytest.raises(Denied):
            give_role(subject, user, role)
    give_role(subject, user, "operations")
    with pytest.raises(Denied):
        take_role(subject, RoleAssignment.objects.get(role="owner"))
    with pytest.raises(Denied):
        set_clearance(subject, user, 3, ["maintenance"])
    assert roles(user) == {"operations"}


def test_a_role_in_one_product_gives_nothing_elsewhere() -> None:
    local, user = person("administrator", scope="wallet"), person(None)
    subject = subject_of(local)
    give_role(subject, user, "operations", scope="wallet")
    for scope in ("*", "cards"):
        with pytest.raises(Denied):
            give_role(subject, user, "operations", scope=scope)


def test_the_last_owner_stays() -> None:
    owner, other = person("owner"), person("owner", "other")
    take_role(subject_of(owner), RoleAssignment.objects.get(person=other))
    third = person("owner", "third")
    User.objects.filter(pk=owner.pk).update(is_active=False)  # one who left is no owner
    helper = person("owner", "helper")
    RoleAssignment.objects.filter(person=helper).update(
        until=timezone.now() + dt.timedelta(hours=1)
    )
    with pytest.raises(ValidationError, match=r"last owner|最后一位"):
        take_role(subject_of(helper), RoleAssignment.objects.get(person=third))
    assert roles(third) == {"owner"}


def test_an_auditor_has_no_other_role() -> None:
    owner, user, auditor = person("owner"), person("operations"), person("auditor")
    with pytest.raises(ValidationError):
        give_role(subject_of(owner), user, "auditor")
    with pytest.raises(ValidationError):
        give_role(subject_of(owner), auditor, "operations")


def test_what_is_given_must_make_sense() -> None:
    owner, user = person("owner"), person("operations")
    subject = subject_of(owner)
    for wrong in (
        {"role": "king"},
        {"role": "operations"},
        {"role": "risk_owner", "scope": ""},
        {"role": "risk_owner", "until": timezone.now()},
    ):
        with pytest.raises(ValidationError):
            give_role(subject, user, **wrong)
    for level, purposes in ((0, []), (5, []), (3, ["fun"])):
        with pytest.raises(ValidationError):
            set_clearance(subject, user, level, purposes)


def test_clearance_and_purpose_open_a_reveal() -> None:
    owner, analyst = person("owner"), person("fraud_analyst")
    asked = {"level": 3, "purpose": "fraud_investigation"}
    assert not may(subject_of(analyst), "reveal", "fraud.entity", **asked)  # type: ignore[arg-type]
    set_clearance(subject_of(owner), analyst, 3, ["fraud_investigation"])
    assert may(subject_of(analyst), "reveal", "fraud.entity", **asked)  # type: ignore[arg-type]


def test_nobody_sets_the_clearance_of_whom_they_could_not_make() -> None:
    owner, administrator = person("owner"), person("administrator", clearance=4)
    subject = subject_of(administrator)
    for role in ("administrator", "auditor"):
        with pytest.raises(Denied):
            set_clearance(subject, person(role, f"another {role}"), 3, [])
    with pytest.raises(Denied):  # not even less: an owner whom it shuts out cannot look any more
        set_clearance(subject, owner, 1, [])
    owner.clearance.refresh_from_db()
    assert owner.clearance.level == 4
    analyst = person("fraud_analyst")
    set_clearance(subject, analyst, 3, [])
    analyst.refresh_from_db()
    assert analyst.clearance.level == 3
