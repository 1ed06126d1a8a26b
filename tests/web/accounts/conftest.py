"""People who sign on with a provider that runs for the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from guanlan.core.audit import open_log
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.store import ROWS
from guanlan.core.models import User
from tests.openid import Provider, signing_on_with_one
from tests.people import person
from tests.web.accounts.signing_on import PASSWORD


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with signing_on_with_one(settings) as running:
        yield running


@pytest.fixture
def log(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """The file of this test's audit log."""
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    yield tmp_path / DIRECTORY / ROWS
    open_log().store.close()


@pytest.fixture
def li_na() -> User:
    user = person("fraud_analyst", "li.na", password=PASSWORD)
    user.email = "Li.Na@example.com"
    user.save()
    return user


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["guanlan_language"] = "en"
    return client
