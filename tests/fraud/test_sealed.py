"""What is sealed opens in its own place only, and a page survives what does not open."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from guanlan.fraud import models, programs
from guanlan.fraud.sealed import DECISION_ENTITIES, ENTITY_KEY, Unreadable, entity_index
from tests.fraud.world import World

rows = st.integers(0, 2**62)


@given(row=rows, value=st.binary(max_size=300))
def test_what_was_sealed_opens_in_its_place(row: int, value: bytes) -> None:
    sealed = ENTITY_KEY.seal(row, value)
    assert ENTITY_KEY.open(row, sealed) == value
    assert ENTITY_KEY.open(row, memoryview(sealed)) == value
    assert ENTITY_KEY.seal(row, value) != sealed


@given(row=rows, other=rows, at=st.integers(0, 40), bit=st.integers(0, 7))
def test_nothing_altered_or_moved_opens(row: int, other: int, at: int, bit: int) -> None:
    sealed = ENTITY_KEY.seal(row, b"13800138000")
    altered = bytearray(sealed)
    altered[at % len(sealed)] ^= 1 << bit
    tries = [(ENTITY_KEY, row, bytes(altered)), (DECISION_ENTITIES, row, sealed)]
    tries += [(ENTITY_KEY, row, sealed[: at % len(sealed)])]
    tries += [(ENTITY_KEY, other, sealed)] if other != row else []
    for column, place, stored in tries:
        with pytest.raises(Unreadable):
            column.open(place, stored)


def test_another_secret_opens_nothing_and_finds_nothing(settings: Settings) -> None:
    sealed, index = ENTITY_KEY.seal(1, b"u-1"), entity_index("u-1")
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(Unreadable):
        ENTITY_KEY.open(1, sealed)
    assert entity_index("u-1") != index


def test_what_does_not_open_is_shown_as_unreadable(
    pond: World, signed_in: Client, caplog: pytest.LogCaptureFixture
) -> None:
    entity = models.Entity.objects.get(kind="user", key_index=entity_index("u-1"))
    taken = models.Entity.objects.exclude(id=entity.id).earliest("id")
    entity.sealed_key = taken.sealed_key
    entity.save()
    decision = models.Decision.objects.latest("seq")
    decision.sealed_entities = b"\x01 not what was sealed"
    decision.save()
    page = signed_in.get(f"/entities/user/~{entity.id}")
    assert page.status_code == 200
    assert "unreadable" in page.content.decode()
    for path in ("/entities", "/decisions", f"/decisions/{decision.seq}", "/live"):
        assert signed_in.get(path).status_code == 200, path
    assert f"fraud_entity.sealed_key of row {entity.id} does not open" in caplog.text
    assert taken.key not in caplog.text


def test_a_scenario_that_does_not_open_is_as_none(pond: World, signed_in: Client) -> None:
    models.Program.objects.update(sealed_canonical=b"")
    programs.forget()
    assert programs.latest() is None
    for path in ("/", "/decisions", "/scenario", "/entities"):
        assert signed_in.get(path).status_code == 200, path
