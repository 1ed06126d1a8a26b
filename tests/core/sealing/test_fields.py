"""Sealed fields: what comes back, what does not open, what is refused."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection, models, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.core.sealing import (
    BlindIndex,
    Column,
    Keyring,
    SealedField,
    Stored,
    Unopened,
    Unreadable,
    check_models,
    columns,
    on_unreadable,
    open_rows,
    open_text,
    seal_text,
    update_sealed,
)
from guanlan.core.sealing.ciphers import key_of
from tests.core.sealing.conftest import Note, Person

pytestmark = pytest.mark.usefixtures("tables", "ring")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def blob(row: models.Model, name: str) -> bytes:
    field = row._meta.get_field(name)
    with connection.cursor() as cursor:
        pk = row._meta.pk.get_db_prep_value(row.pk, connection)
        cursor.execute(f'SELECT "{name}" FROM "{field.model._meta.db_table}" WHERE id = %s', [pk])
        return bytes(cursor.fetchone()[0])


@given(st.text(max_size=80), JSON, st.binary(max_size=60))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_saved_comes_back(text: str, more: Any, raw: bytes) -> None:
    made = Person.objects.create(email=text, more=more, raw=raw)
    found = Person.objects.get(pk=made.pk)
    assert (found.email, found.more, found.raw) == (text, more, raw)
    assert (made.email, made.more, made.raw) == (text, more, raw)
    stored = blob(made, "email")
    assert len(text) < 6 or text.encode("utf-8", "surrogatepass") not in stored


def test_many_are_made_at_once_and_none_is_none() -> None:
    Person.objects.bulk_create([Person(phone=str(n)) for n in range(50)])
    assert sorted(p.phone for p in Person.objects.all()) == sorted(map(str, range(50)))
    assert Person.objects.filter(email__isnull=True).count() == 50
    assert {p.email for p in Person.objects.all()} == {None}


def test_a_change_is_seen_also_inside_json_and_nothing_else_is_sealed_anew() -> None:
    made = Person.objects.create(more={"a": [1]}, phone="13800138000")
    before = blob(made, "phone"), blob(made, "more")
    found = Person.objects.get()
    assert found.more == {"a": [1]}
    found.more["a"].append(2)
    found.age = 3
    found.save()
    again = Person.objects.get()
    assert again.more == {"a": [1, 2]}
    assert blob(made, "phone") == before[0]
    assert blob(made, "more") != before[1]
    again.refresh_from_db()
    assert Person.objects.defer("phone").get().phone == "13800138000"
    assert Person.objects.only("age").get().more == {"a": [1, 2]}


@pytest.mark.parametrize("name", ["phone", "email", "more", "raw"])
def test_a_value_moved_to_another_row_or_column_does_not_open(name: str) -> None:
    values = {"phone": "13800138000", "email": "a@example.com", "more": {"x": 1}, "raw": b"r"}
    one, other = Person.objects.create(**values), Person.objects.create(**values)
    Person.objects.filter(pk=other.pk).update(**{name: Stored(blob(one, name))})
    assert isinstance(getattr(Person.objects.get(pk=other.pk), name), Unreadable)
    target = "email" if name != "email" else "phone"
    Person.objects.filter(pk=one.pk).update(**{target: Stored(blob(one, name))})
    assert isinstance(getattr(Person.objects.get(pk=one.pk), target), Unreadable)
    assert getattr(Person.objects.get(pk=one.pk), name) == values[name]


def test_a_value_of_another_table_does_not_open() -> None:
    sealed = Column("core_person", "text").seal("7", b"x")
    with pytest.raises(Unopened):
        Column("core_note", "text").open("7", sealed)
    with pytest.raises(Unopened):
        Column("core_person", "text").open("77", sealed)


def test_what_does_not_open_is_shown_logged_told_and_kept(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(columns, "_alarms", [])
    on_unreadable(lambda column, row: told.append((column, row)))
    made = Person.objects.create(phone="13800138000", email="lin@example.com")
    damaged = blob(made, "phone")[:-1] + b"\0"
    for found in (damaged, b"", b"13800138000", b"\x01\x01\0\0\0\x63" + bytes(40)):
        told.clear()
        Person.objects.filter(pk=made.pk).update(phone=Stored(found))
        with caplog.at_level(logging.ERROR):
            row = Person.objects.get()
            assert str(row.phone) in ("unreadable", "无法读取")
        assert not row.phone
        assert "13800138000" not in repr(row.phone)
        assert told == [("core_person.phone", str(made.pk))]
        assert "13800138000" not in caplog.text
        row.age += 1
        row.save()
        assert blob(made, "phone") == found
        row.refresh_from_db()
        row.full_clean(exclude=["raw", "more"])
        row.save()
        assert blob(made, "phone") == found
    assert Person.objects.get().email == "lin@example.com"


def test_what_cannot_know_the_row_is_refused() -> None:
    Person.objects.create(phone="13800138000")
    rows = list(Person.objects.all())
    attempts: list[Callable[[], object]] = [
        lambda: Person.objects.update(phone="1"),
        lambda: Person.objects.update(phone=F("email")),
        lambda: Person.objects.filter(phone="1"),
        lambda: Person.objects.filter(phone__contains="1"),
        lambda: Person.objects.bulk_update([Person(pk=rows[0].pk, phone="2")], ["phone"]),
    ]
    for attempt in attempts:
        with pytest.raises(FieldError, match="sealed"), transaction.atomic():
            attempt()
    assert Person.objects.get().phone == "13800138000"
    with pytest.raises(TypeError, match="expected a text"):
        Person.objects.create(phone=7)
    with pytest.raises(TypeError, match="cannot be unique"):
        SealedField(unique=True)


def test_values_show_nothing_and_rows_can_be_opened_together() -> None:
    made = [Person.objects.create(phone=f"1380013800{n}") for n in range(3)]
    rows = dict(Person.objects.values_list("pk", "phone"))
    assert {str(held) for held in rows.values()} == {"•••"}
    field = Person._meta.get_field("phone")
    assert isinstance(field, SealedField)
    assert open_rows(field, rows) == {p.pk: p.phone for p in made}
    column = field.column_of
    sealed = column.seal_many([(str(p.pk), b"x") for p in made])
    assert column.open_many(zip([str(p.pk) for p in made], sealed, strict=True)) == [b"x"] * 3


def test_an_update_seals_each_row_for_itself() -> None:
    for n in range(3):
        Person.objects.create(phone=str(n))
    assert update_sealed(Person.objects.all(), phone="+86 138") == 3
    assert [p.phone for p in Person.objects.filter(phone_index="+86-138")] == ["+86 138"] * 3
    assert len({blob(p, "phone") for p in Person.objects.all()}) == 3


def test_a_row_of_the_databases_own_key_is_bound_to_its_seal_id() -> None:
    one, other = Note.objects.bulk_create([Note(text="a"), Note(text="b")])
    Note.objects.filter(pk=other.pk).update(text=Stored(blob(one, "text")))
    assert [str(bool(n.text)) for n in Note.objects.order_by("pk")] == ["True", "False"]
    Note.objects.filter(pk=one.pk).update(seal_id=uuid.uuid4())
    assert isinstance(Note.objects.get(pk=one.pk).text, Unreadable)


def test_saving_takes_a_value_to_the_current_key(ring: Keyring) -> None:
    made = Person.objects.create(phone="13800138000", email="a@example.com")
    fresh = ring.new_key("field")
    row = Person.objects.get()
    assert (row.phone, row.email) == ("13800138000", "a@example.com")
    row.save()
    assert key_of(blob(made, "phone")) == fresh.id
    assert key_of(blob(made, "email")) == fresh.id
    assert Person.objects.get().phone == "13800138000"


def test_texts_in_columns_of_others() -> None:
    sealed = seal_text("JBSWY3DP", "mfa_authenticator.data")
    assert "JBSWY3DP" not in sealed
    assert open_text(sealed, "mfa_authenticator.data") == "JBSWY3DP"
    for wrong in ("JBSWY3DP", sealed[:-4], "sealed:!", "sealed:"):
        with pytest.raises(Unopened):
            open_text(wrong, "mfa_authenticator.data")
    with pytest.raises(Unopened):
        open_text(sealed, "elsewhere")


# Blind indexes.


@pytest.mark.parametrize(
    ("kind", "value", "same", "other"),
    [
        ("email", "Lin@Example.com", " lin@ｅxample.com ", "lin@example.org"),
        ("phone", "+86 138-0013 8000", "００86 13800138000", "138 0013 8000"),
    ],
)
def test_equal_values_are_found_however_they_are_written(
    kind: str, value: str, same: str, other: str
) -> None:
    name = {"email": "email", "phone": "phone"}[kind]
    made = Person.objects.create(**{name: value})
    Person.objects.create(**{name: other})
    index = f"{name}_index"
    assert [p.pk for p in Person.objects.filter(**{index: same})] == [made.pk]
    assert Person.objects.filter(**{f"{index}__in": [same, other]}).count() == 2
    assert not Person.objects.filter(**{f"{index}__in": []})
    assert not Person.objects.filter(**{index: "nothing like it"})
    assert Person.objects.exclude(**{index: same}).count() == 1


def test_an_index_tells_nothing_across_columns_and_follows_its_value(ring: Keyring) -> None:
    made = Person.objects.create(email="13800138000", phone="13800138000")
    assert made.email_index != made.phone_index
    assert len(made.email_index) == 20
    with pytest.raises(ValueError, match="saved together"):
        made.save(update_fields=["phone"])
    made.phone = ""
    made.save()
    assert Person.objects.get().phone_index is None
    ring.new_key("index")
    assert Person.objects.get(email_index="13800138000").pk == made.pk
    with pytest.raises(FieldError, match="equal values only"):
        Person.objects.filter(email_index__gt="1")
    with pytest.raises(FieldError, match="expected the plain text"):
        Person.objects.filter(email_index=b"x" * 20).count()


# Start.


def model(**fields: Any) -> type[models.Model]:
    meta = type("Meta", (), {"app_label": "core", "apps": Apps()})
    return type("Wrong", (models.Model,), {"Meta": meta, "__module__": __name__, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": SealedField()}, "not known before it is written; give the model a SealId"),
        ({"text": SealedField(), "seal_row": "none"}, "names no field"),
        ({"text": SealedField(), "n": models.IntegerField(), "seal_row": "n"}, "unique field"),
        ({"n": models.CharField(), "i": BlindIndex(of="n")}, "is not sealed"),
        ({"i": BlindIndex(of="n")}, "is no field here"),
    ],
)
def test_a_model_that_is_not_right_stops_the_start(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        check_models([model(**fields)])


@pytest.mark.parametrize("options", [{"choices": [("m", "m"), ("f", "f")]}, {"max_length": 1}])
def test_an_index_of_few_values_stops_the_start(options: dict[str, Any]) -> None:
    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    with pytest.raises(ImproperlyConfigured, match="so few values"):
        check_models([model(id=key, n=SealedField(**options), i=BlindIndex(of="n"))])
    check_models([Person, Note])
