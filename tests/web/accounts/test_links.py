"""The link of a forgotten password is a token of ours: signed, in time, for one person and once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import User
from tests.people import person

pytestmark = pytest.mark.django_db
OLD = "the old pass phrase"
NEW = "quite another pass phrase"


@pytest.fixture
def lin(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return person("fraud_analyst", "lin", password=OLD)


def follow(person: User, token: str) -> int:
    """Try the link, then the form behind it; the status of the last."""
    path = reverse("new_password", args=[urlsafe_base64_encode(force_bytes(person.pk)), token])
    client = Client()
    client.get(path)
    form = {"new_password": NEW, "password1": NEW, "password2": NEW, "again": NEW}
    return client.post(path, form, follow=True).status_code


def test_a_link_works_once_for_whom_it_was_made(lin: User) -> None:
    token = default_token_generator.make_token(lin)
    assert follow(lin, token) == 200
    lin.refresh_from_db()
    assert lin.check_password(NEW)
    assert follow(lin, token) == 410


def forged(token: str) -> dict[str, str]:
    stamp, mac = token.split("-")
    later = format(int(stamp, 36) + 60, "x")
    return {
        "another time": f"{later}-{mac}",
        "a bit of the mac": f"{stamp}-{'0' if mac[0] != '0' else '1'}{mac[1:]}",
        "no mac": f"{stamp}-",
        "a short mac": f"{stamp}-{mac[:8]}",
        "no signature": stamp,
        "an algorithm of its own": f"none-{stamp}-{mac}",
    }


@pytest.mark.parametrize("what", list(forged("1-00")))
def test_a_link_that_was_altered_is_none(lin: User, what: str) -> None:
    assert follow(lin, forged(default_token_generator.make_token(lin))[what]) == 410
    lin.refresh_from_db()
    assert lin.check_password(OLD)


def test_a_link_is_for_nobody_else_and_for_no_other_purpose(lin: User) -> None:
    other = person("auditor", "wang", password=OLD)
    assert follow(other, default_token_generator.make_token(lin)) == 410

    class Invitation(PasswordResetTokenGenerator):
        key_salt = "guanlan.another.purpose"

    assert follow(lin, Invitation().make_token(lin)) == 410
    assert follow(lin, signing.dumps({"pk": lin.pk})) == 410


def test_a_link_of_another_installation_is_none(lin: User) -> None:
    elsewhere = PasswordResetTokenGenerator()
    elsewhere.secret = "x" * 60
    assert follow(lin, elsewhere.make_token(lin)) == 410


def test_a_link_ends_with_its_hour(lin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = default_token_generator.make_token(lin)
    later = datetime.now() + timedelta(seconds=django_settings.PASSWORD_RESET_TIMEOUT + 5)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert follow(lin, token) == 410


def test_the_algorithm_is_ours_to_choose(lin: User) -> None:
    """Nothing in a token names how it is checked: SHA-256 under the installation's secret."""
    assert default_token_generator.algorithm == "sha256"
    assert default_token_generator.secret == django_settings.SECRET_KEY
    assert len(default_token_generator.make_token(lin).split("-")) == 2
