"""Accounts, keys and the limit on failed sign-ins."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from math import inf

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from guanlan.core import services
from guanlan.core.access import Denied, subject_of
from guanlan.core.audit.copying import copy_rows, history
from guanlan.core.ending_keys import tell_of_ending_keys
from guanlan.core.models import ApiKey, Message, User
from tests.people import person

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


DAY = dt.timedelta(days=1)


def test_a_key_ends_after_a_year_and_not_only_when_somebody_revokes_it() -> None:
    """ASVS V13.2.1: no credential of a backend is unchanging."""
    made = services.create_api_key("wallet", ["events:write"])
    assert made.key.expires is not None
    assert made.key.expires - made.key.created == pytest.approx(365 * DAY, abs=DAY / 24)
    before, after = made.key.expires - DAY, made.key.expires
    assert services.key_of_token(made.token, before) == made.key
    assert list(services.live_api_keys(before)) == [made.key]
    assert list(services.live_api_keys(after)) == []
    with translation.override("en"):
        with pytest.raises(ValidationError, match="expired"):
            services.key_of_token(made.token, after)
        with pytest.raises(ValidationError, match="unknown"):
            services.key_of_token(made.token + "x", after)
    [record] = services.load_api_keys()
    assert record.until == after.timestamp()


def test_a_key_without_an_end_has_a_reason() -> None:
    why = "burnt into the till's ROM, replaced with it"
    key = services.create_api_key("till", ["events:write"], why_endless=why).key
    assert (key.expires, key.why_endless) == (None, why)
    assert services.load_api_keys()[0].until == inf
    with pytest.raises(ValidationError) as refused:
        services.create_api_key("k", ["events:write"], why_endless="no")
    assert list(refused.value.message_dict) == ["why_endless"]
    with pytest.raises(ValidationError) as refused:
        services.create_api_key("k", ["events:write"], days=0)
    assert list(refused.value.message_dict) == ["days"]


def test_the_key_of_a_disabled_person_is_refused_until_somebody_answers_for_it() -> None:
    author, owner = person("administrator"), person("owner")
    made = services.create_api_key("wallet", ["events:write"], author)
    User.objects.filter(pk=author.pk).update(is_active=False)
    assert services.load_api_keys() == []
    with pytest.raises(ValidationError):
        services.key_of_token(made.token)
    with pytest.raises(Denied):
        services.take_over_key(subject_of(person("operations")), made.key)
    services.take_over_key(subject_of(owner), made.key)
    assert services.key_of_token(made.token).created_by == owner


def test_who_answers_for_a_key_is_told_before_it_expires_once_for_each_step() -> None:
    author, owner = person("operations"), person("owner")
    key = services.create_api_key("wallet", ["events:write"], author, days=60).key
    services.create_api_key("till", ["events:write"], why_endless="replaced with the till")
    assert key.expires is not None
    told = {}
    for left in range(35, -1, -1):
        now = key.expires - left * DAY
        if tell_of_ending_keys(now):
            told[left] = {message.recipient for message in Message.objects.filter(created=now)}
        assert tell_of_ending_keys(now) == 0
    assert told == {30: {author, owner}, 7: {author, owner}, 1: {author, owner}}
    copy_rows()
    reminded = [one for one in history("core.apikey", key.id) if one.act == "key.remind"]
    assert len(reminded) == 3, "what was not said again is not written down as said"
    services.revoke_api_key(key.id)
    assert tell_of_ending_keys(timezone.now() + 59.5 * DAY) == 0
