"""Invitations: once, in time, and to no more than the inviter may give."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from guanlan.core.access import Denied, subject_of
from guanlan.core.models import Invitation, RoleAssignment
from guanlan.core.people.inviting import LIFE, accept, invite, open_invitation, revoke_invitation
from tests.people import person

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"
ADDRESS = "new@example.com"


def test_an_invitation_makes_one_account_with_its_role() -> None:
    inviter = person("owner")
    made = invite(subject_of(inviter), ADDRESS, "fraud_analyst")
    joined = accept(made.token, "newcomer", PASSWORD)
    assert joined.email == ADDRESS
    assert joined.check_password(PASSWORD)
    assert not joined.is_superuser
    given = RoleAssignment.objects.get(person=joined)
    assert (given.role, given.given_by) == ("fraud_analyst", inviter)
    with pytest.raises(ValidationError):
        accept(made.token, "another", PASSWORD)


def test_an_invitation_ends_after_three_days_and_when_taken_back() -> None:
    subject = subject_of(person("owner"))
    made = invite(subject, ADDRESS, "auditor")
    assert open_invitation(made.token) is not None
    assert open_invitation(made.token, timezone.now() + LIFE) is None
    assert revoke_invitation(subject, made.invitation.pk)
    assert open_invitation(made.token) is None
    assert not revoke_invitation(subject, made.invitation.pk)


@pytest.mark.parametrize("role", ["owner", "administrator", "auditor"])
def test_nobody_invites_to_a_role_they_may_not_give(role: str) -> None:
    with pytest.raises(Denied):
        invite(subject_of(person("administrator")), ADDRESS, role)
    assert not Invitation.objects.exists()


def test_who_may_not_add_people_invites_nobody() -> None:
    with pytest.raises(Denied):
        invite(subject_of(person("fraud_analyst")), ADDRESS, "customer_service")


def test_the_token_is_kept_as_a_hash_only() -> None:
    made = invite(subject_of(person("owner")), ADDRESS, "operations")
    row = Invitation.objects.values().get()
    assert made.token not in str(row)


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("owner", PASSWORD, "username"),
        ("", PASSWORD, "username"),
        ("newcomer", "short", "password"),
        ("newcomer", "password123456", "password"),
    ],
)
def test_a_bad_name_or_password_is_refused_and_the_invitation_stays_open(
    name: str, password: str, field: str
) -> None:
    made = invite(subject_of(person("owner")), ADDRESS, "operations")
    with pytest.raises(ValidationError) as refused:
        accept(made.token, name, password)
    assert list(refused.value.message_dict) == [field]
    assert open_invitation(made.token) is not None


def test_the_address_is_sealed_and_found_by_its_index_only() -> None:
    made = invite(subject_of(person("owner")), ADDRESS, "operations")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM core_invitation")
        [row] = cursor.fetchall()
    assert not any(ADDRESS.encode() in bytes(str(v), "utf-8") for v in row)
    assert not any(ADDRESS.encode() in bytes(v) for v in row if isinstance(v, bytes | memoryview))
    assert Invitation.objects.get(email_index="NEW@example.com") == made.invitation
    assert not Invitation.objects.filter(email_index="other@example.com").exists()
    assert Invitation.objects.get().email == ADDRESS


def test_an_invitation_whose_address_cannot_be_read_is_not_open() -> None:
    made = invite(subject_of(person("owner")), ADDRESS, "operations")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_invitation SET email = %s", [b"altered" * 9])
    assert open_invitation(made.token) is None
    with pytest.raises(ValidationError):
        accept(made.token, "newcomer", PASSWORD)
