"""Who is refused, and who signs in or fails to, stands in the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from guanlan.core.audit import refusals
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.rows import Row, decode
from guanlan.core.audit.store import ROWS
from tests.people import person


@pytest.fixture
def data(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    monkeypatch.setattr(refusals, "_refusals", refusals.Refusals())
    return tmp_path


def rows(data: Path, *acts: str) -> list[Row]:
    lines = (data / DIRECTORY / ROWS).read_bytes().splitlines()
    return [row for row in map(decode, lines) if row.act in acts]


@pytest.mark.django_db
def test_a_page_that_the_policy_refuses_is_a_row_and_ten_are_one(
    client: Client, data: Path
) -> None:
    client.force_login(person("customer_service"))
    for _n in range(10):
        assert client.get("/settings/keys").status_code == 403
    assert client.post("/settings/keys/new", {"name": "x"}).status_code == 403
    told = [(row.who.name, row.on[0], row.detail, row.outcome)
            for row in rows(data, "access.refuse")]  # fmt: skip
    assert told == [
        ("customer_service", "core.apikey", {"verb": "see", "times": 1}, "refused"),
        ("customer_service", "core.apikey", {"verb": "add", "times": 1}, "refused"),
    ]


@pytest.mark.django_db
def test_an_api_call_that_the_policy_refuses_is_a_row(client: Client, data: Path) -> None:
    client.force_login(person("communications"))
    assert client.get("/api/v1/keys").status_code == 403
    stray = {"Authorization": "Bearer gl_zzzzzzzz_zz"}
    assert Client().get("/api/v1/keys", headers=stray).status_code == 401
    told = [(row.who.kind, row.on[0], row.outcome) for row in rows(data, "access.refuse")]
    assert told == [("person", "core.apikey", "refused"), ("nobody", "api", "refused")]


@pytest.mark.django_db
def test_signing_in_is_a_row_whether_it_succeeds_or_not(client: Client, data: Path) -> None:
    person("fraud_analyst", "ann", password="correct horse battery")
    for word in ("wrong horse battery", "correct horse battery"):
        client.post("/login", {"username": "ann", "password": word, "login": "ann"})
    told = [(row.act, row.outcome) for row in rows(data, "door.refuse", "session.begin")]
    assert told == [("door.refuse", "refused"), ("session.begin", "done")]
    assert b"horse" not in (data / DIRECTORY / ROWS).read_bytes()
