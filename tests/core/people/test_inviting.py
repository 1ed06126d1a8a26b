"""Invitations: once, in time, and to no more than the inviter may give."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from msgspec import structs

from guanlan.core import jobs, services
from guanlan.core.access import Denied, subject_of
from guanlan.core.access.assigning import take_role
from guanlan.core.audit import recording
from guanlan.core.audit.rows import Row
from guanlan.core.models import Invitation, JobRun, RoleAssignment, User
from guanlan.core.people.accounts import disable
from guanlan.core.people.inviting import (
    LIFE,
    accept,
    invite,
    join,
    open_invitation,
    renew_invitation,
    revoke_invitation,
)
from guanlan.core.people.linking import NotAdmitted, admit, unlink
from guanlan.core.sign_on import Identity
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


@pytest.mark.parametrize("how", ["disabled", "taken"])
def test_an_invitation_is_worth_what_its_inviter_may_do(how: str) -> None:
    boss, inviter = person("owner", "boss"), person("owner")
    made = invite(subject_of(inviter), ADDRESS, "owner")
    if how == "disabled":
        disable(subject_of(boss), inviter)
    else:
        take_role(subject_of(boss), RoleAssignment.objects.get(person=inviter))
    assert open_invitation(made.token) is None
    with pytest.raises(ValidationError):
        accept(made.token, "accomplice", PASSWORD)
    with pytest.raises(ValidationError):  # also where it was opened before
        join(User(username="accomplice", email=ADDRESS), made.invitation)
    assert not User.objects.filter(username="accomplice").exists()
    again = renew_invitation(subject_of(boss), made.invitation)
    assert accept(again.token, "newcomer", PASSWORD).role_assignments.get().given_by == boss


def test_what_does_nothing_is_not_written_down_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = person("owner")
    made = invite(subject_of(owner), ADDRESS, "auditor")
    told: list[str] = []

    def tell(row: Row) -> int:
        told.append(row.act)
        return len(told)

    monkeypatch.setattr(recording, "_append", tell)
    assert revoke_invitation(subject_of(owner), made.invitation.pk)
    assert not revoke_invitation(subject_of(owner), made.invitation.pk)
    assert not unlink(subject_of(owner), owner)
    key = services.create_api_key("k", ["events:write"]).key
    assert services.revoke_api_key(key.pk)
    assert not services.revoke_api_key(key.pk)
    run = JobRun.objects.create(job="platform.clean", state="done")
    assert not jobs.cancel(subject_of(owner), run)
    JobRun.objects.create(job="platform.clean")
    assert not jobs.retry(subject_of(owner), run)
    assert told == ["invitation.revoke", "key.create", "key.revoke"]


def test_a_name_that_was_taken_meanwhile_is_said_beside_its_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = invite(subject_of(person("owner")), ADDRESS, "auditor")
    person("operations", "newcomer")
    monkeypatch.setattr(User, "validate_unique", lambda self: None)  # the moment before
    with pytest.raises(ValidationError) as error:
        accept(made.token, "newcomer", PASSWORD)
    assert "username" in error.value.message_dict
    assert open_invitation(made.token) is not None


def test_a_letter_that_only_looks_alike_lets_nobody_in() -> None:
    """Databases and indexes take the Kelvin sign for a k; mail servers do not (CVE-2019-19844)."""
    kelvin = "\N{KELVIN SIGN}im@example.com"
    invite(subject_of(person("owner")), kelvin, "fraud_analyst")
    stranger = Identity("https://id.example.com", "s-1", "kim@example.com", True, frozenset())
    with pytest.raises(NotAdmitted) as error:
        admit(stranger)
    assert error.value.why == "unknown"
    assert admit(structs.replace(stranger, email=kelvin)).email == kelvin
