"""Accounts, keys and the limit on failed sign-ins."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError

from guanlan.core import services
from guanlan.core.models import ApiKey, User

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
