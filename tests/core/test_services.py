"""Accounts, keys and the limit on failed sign-ins."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.utils import timezone

from guanlan.core import services
from guanlan.core.models import ApiKey, SignInFailure, User

pytestmark = pytest.mark.django_db


def test_the_owner_is_made_once_and_its_password_told_once() -> None:
    name, password = services.ensure_owner()
    assert name == "owner"
    assert password is not None
    assert len(password) >= 16
    assert authenticate(username=name, password=password) is not None
    assert services.ensure_owner() == ("owner", None)
    assert User.objects.count() == 1


def test_no_owner_is_made_beside_other_accounts() -> None:
    User.objects.create_user("li.na", password="long enough a password")
    assert services.ensure_owner() == ("li.na", None)


def test_a_key_is_stored_only_as_its_hash() -> None:
    made = services.create_api_key("wallet", ["events:write", "decisions:read"])
    assert re.fullmatch(r"gl_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", made.token)
    assert made.token.split("_")[1] == made.key.id
    stored = ApiKey.objects.get()
    assert bytes(stored.sha256) == hashlib.sha256(made.token.encode()).digest()
    assert made.token not in str(vars(stored))
    [record] = services.load_api_keys()
    assert (record.id, record.sha256) == (made.key.id, bytes(stored.sha256))
    assert record.scopes == {"events:write", "decisions:read"}


def test_a_revoked_key_is_no_longer_loaded_and_stays_revoked() -> None:
    made = services.create_api_key("wallet", ["events:write"])
    assert services.revoke_api_key(made.key.id)
    assert services.load_api_keys() == []
    assert not services.revoke_api_key(made.key.id)
    assert not services.revoke_api_key("nosuchid")


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["events:write"], "name"),
        ("x" * 81, ["events:write"], "name"),
        ("wallet", [], "scopes"),
        ("wallet", ["events:write", "everything"], "scopes"),
    ],
)
def test_a_bad_key_is_refused_naming_the_field(name: str, scopes: list[str], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        services.create_api_key(name, scopes)
    assert list(refused.value.message_dict) == [field]
    assert not ApiKey.objects.exists()


def test_failures_block_a_name_for_ten_minutes() -> None:
    now = timezone.now()
    for _index in range(services.FAILURES_PER_NAME):
        assert not services.sign_in_blocked("Owner", "10.0.0.1", now)
        services.note_sign_in_failure("owner", "10.0.0.1", now)
    assert services.sign_in_blocked("owner ", "10.9.9.9", now)
    assert not services.sign_in_blocked("other", "10.9.9.9", now)
    assert not services.sign_in_blocked("owner", "10.9.9.9", now + timedelta(minutes=11))


def test_an_address_that_tries_many_names_is_blocked() -> None:
    now = timezone.now()
    for index in range(services.FAILURES_PER_ADDRESS):
        services.note_sign_in_failure(f"name{index}", "10.0.0.1", now)
    assert services.sign_in_blocked("fresh", "10.0.0.1", now)
    assert not services.sign_in_blocked("fresh", "10.0.0.2", now)


def test_a_success_forgets_the_names_failures_and_time_forgets_the_rest() -> None:
    now = timezone.now()
    services.note_sign_in_failure("owner", "10.0.0.1", now)
    services.forget_sign_in_failures("owner")
    assert SignInFailure.objects.count() == 1
    services.note_sign_in_failure("other", "10.0.0.2", now + timedelta(minutes=11))
    assert SignInFailure.objects.count() == 2
    assert not SignInFailure.objects.filter(subject__contains="owner").exists()
