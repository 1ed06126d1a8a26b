"""What is sealed opens in its own place only, and a page survives what does not open."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import models, programs
from guanlan.fraud.services import project
from tests.fraud.world import World


def put(table: str, column: str, row: int, content: bytes) -> None:
    """Write a column as someone with the database does."""
    named = "position" if table == "fraud_program" else "seq" if table == "fraud_decision" else "id"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {named} = %s", [content, row])


def stored(table: str, column: str, row: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [row])
        return bytes(cursor.fetchone()[0])


def test_what_does_not_open_is_shown_as_unreadable(
    pond: World, signed_in: Client, caplog: pytest.LogCaptureFixture
) -> None:
    entity = models.Entity.objects.get(kind="user", key_index="u-1")
    taken = models.Entity.objects.exclude(id=entity.id).earliest("id")
    put("fraud_entity", "key", entity.id, stored("fraud_entity", "key", taken.id))
    decision = models.Decision.objects.latest("seq")
    put("fraud_decision", "entities", decision.seq, b"not what was sealed")
    page = signed_in.get(f"/entities/user/~{entity.id}")
    assert page.status_code == 200
    assert "unreadable" in page.content.decode()
    for path in ("/entities", "/decisions", f"/decisions/{decision.seq}", "/live"):
        assert signed_in.get(path).status_code == 200, path
    assert f"fraud_entity.key of row {entity.id} does not open" in caplog.text
    assert taken.key not in caplog.text


def test_a_scenario_that_does_not_open_is_as_none(pond: World, signed_in: Client) -> None:
    put("fraud_program", "canonical", models.Program.objects.get().position, b"")
    programs.forget()
    assert programs.latest() is None
    for path in ("/", "/decisions/figures", "/decisions", "/scenario", "/entities"):
        assert signed_in.get(path).status_code == 200, path


def test_an_entity_whose_key_was_damaged_is_still_the_same(pond: World) -> None:
    entity = models.Entity.objects.get(kind="user", key_index="u-1")
    events = entity.events
    put("fraud_entity", "key", entity.id, b"damaged")
    pond.event("login", {"user": "u-1", "device": "d-1"}, {"success": True}, Outcome.approve)
    pond.log.commit()
    project(pond.tail())
    assert models.Entity.objects.get(id=entity.id).events == events + 1
