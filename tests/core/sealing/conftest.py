from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.apps.registry import Apps
from django.db import connection, models

from guanlan.core.sealing import (
    BlindIndex,
    Keyring,
    SealedBytesField,
    SealedField,
    SealedJSONField,
    SealId,
    keyring,
)

APART = Apps()  # no table of the platform


class Person(models.Model):
    """Every kind of sealed field, bound to a key that is made here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = SealedField(max_length=254, null=True)
    email_index = BlindIndex(of="email", kind="email")
    phone = SealedField(max_length=40, default="")
    phone_index = BlindIndex(of="phone", kind="phone")
    more = SealedJSONField(default=dict)
    raw = SealedBytesField(null=True)
    age = models.IntegerField(default=0)
    objects: ClassVar[Any] = models.Manager()

    class Meta:
        app_label = "core"
        apps = APART

    def __str__(self) -> str:
        return str(self.id)


class Note(models.Model):
    """Bound to a seal id, for its key is the database's."""

    seal_id = SealId()
    text = SealedField()
    seal_row: ClassVar[str] = "seal_id"
    objects: ClassVar[Any] = models.Manager()

    class Meta:
        app_label = "core"
        apps = APART

    def __str__(self) -> str:
        return str(self.pk)


@pytest.fixture
def tables(db: None) -> None:
    with connection.cursor() as cursor:
        for model in (Person, Note):
            columns = ", ".join(
                f'"{f.column}" {f.db_type(connection)}{" PRIMARY KEY" if f.primary_key else ""}'
                f" {f.db_type_suffix(connection) or ''}"
                for f in model._meta.concrete_fields
            )
            cursor.execute(f'CREATE TABLE "{model._meta.db_table}" ({columns})')


@pytest.fixture
def ring(tmp_path: Path, settings: Any) -> Keyring:
    """Keys of this test alone."""
    settings.KEYS_DIRECTORY = tmp_path / "keys"
    return keyring()
