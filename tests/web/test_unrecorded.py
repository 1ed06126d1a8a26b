"""Where the audit log cannot be written nothing is done, and one sentence says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.models import ApiKey
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocked(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    (tmp_path / DIRECTORY).write_text("no directory")
    return tmp_path / DIRECTORY


def owner() -> Client:
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


@pytest.mark.usefixtures("blocked")
def test_an_act_ends_with_503_and_nothing_is_done() -> None:
    client = owner()
    before = ApiKey.objects.count()
    answer = client.post(reverse("keys_new"), {"name": "x", "scopes": ["events:write"]})
    assert answer.status_code == 503
    assert "The audit log cannot be written" in answer.content.decode()
    assert ApiKey.objects.count() == before


def test_once_it_can_be_written_again_the_gap_is_told(blocked: Path) -> None:
    client = owner()
    client.post(reverse("keys_new"), {"name": "x", "scopes": ["events:write"]})
    blocked.unlink()
    answer = client.post(reverse("keys_new"), {"name": "x", "scopes": ["events:write"]})
    assert answer.status_code == 200
    said = (blocked / "rows.ndjson").read_text()
    assert said.index('"act":"audit.gap"') < said.index('"act":"key.create"')
    assert '"refused":1' in said
