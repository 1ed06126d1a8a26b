"""Where the audit log cannot be written nothing is done, and one sentence says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from guanlan.core.audit import open_log
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.models import ApiKey
from tests.people import confirm, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Where this test's audit log stands."""
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    return tmp_path / DIRECTORY


def owner() -> Client:
    client = Client()
    client.force_login(person("owner"))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def block(folder: Path) -> None:
    """Put a file where the directory should be; what is open is let go of."""
    open_log().store.close()
    if folder.exists():
        folder.rename(folder.with_name("aside"))
    folder.write_text("no directory")


def unblock(folder: Path) -> None:
    folder.unlink()
    if folder.with_name("aside").exists():
        folder.with_name("aside").rename(folder)


def test_an_act_ends_with_503_and_nothing_is_done(folder: Path) -> None:
    client = owner()
    before = ApiKey.objects.count()
    block(folder)
    answer = client.post(reverse("keys_new"), {"name": "x", "scopes": ["events:write"]})
    assert answer.status_code == 503
    assert "The audit log cannot be written" in answer.content.decode()
    assert ApiKey.objects.count() == before


def test_once_it_can_be_written_again_the_gap_is_told(folder: Path) -> None:
    client = owner()
    block(folder)
    client.post(reverse("keys_new"), {"name": "x", "scopes": ["events:write"]})
    unblock(folder)
    answer = client.post(reverse("keys_new"), {"name": "x", "scopes": ["events:write"]})
    assert answer.status_code == 200
    said = (folder / "rows.ndjson").read_text()
    assert said.index('"act":"audit.gap"') < said.index('"act":"key.create"')
    assert '"refused":1' in said
