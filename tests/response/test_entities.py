"""Entities that response speaks of: one row each, the key sealed, bad ones refused by name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from guanlan.response.entities import Named, checked, rows_of
from guanlan.response.models import EntityRef

pytestmark = pytest.mark.django_db


def test_an_entity_has_one_row_however_often_it_is_named() -> None:
    first = rows_of([Named("user", "anna"), Named("device", "anna"), Named("user", "anna")])
    again = rows_of([Named("user", "anna"), Named("user", "berta")])
    assert EntityRef.objects.count() == 3
    assert again[Named("user", "anna")] == first[Named("user", "anna")]
    assert first[Named("user", "anna")] != first[Named("device", "anna")]


def test_its_key_does_not_stand_in_the_table() -> None:
    rows_of([Named("user", "anna-the-first")])
    with connection.cursor() as cursor:
        cursor.execute("select * from response_entityref")
        assert b"anna-the-first" not in b"".join(_bytes(cursor.fetchone()))
    assert EntityRef.objects.get().key == "anna-the-first"


def _bytes(row: tuple[object, ...]) -> list[bytes]:
    return [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row]


@pytest.mark.parametrize(
    ("named", "field"),
    [
        (Named("User", "a"), "kind"),
        (Named("", "a"), "kind"),
        (Named("user", " "), "key"),
        (Named("user", "secret" * 50), "key"),
        (Named("user", "a\0b"), "key"),
    ],
)
def test_a_bad_name_is_refused_without_the_key(named: Named, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rows_of([Named("user", "good"), named])
    assert [*refused.value.message_dict] == [field]
    assert "secret" not in str(refused.value)
    assert not EntityRef.objects.exists()


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=256))
def test_every_other_text_is_a_key(key: str) -> None:
    named = Named("user", key)
    if key.strip():
        assert checked(named) == named
