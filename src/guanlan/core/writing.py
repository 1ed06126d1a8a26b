"""Writing many rows that differ in what they say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models, router, transaction
from msgspec import json


def update_rows(rows: Sequence[models.Model], fields: Collection[str]) -> None:
    """Write these fields of rows that are in the database, each as `save(update_fields=fields)`
    would, by one statement that is prepared once and run for each row.

    Django's own `bulk_update` builds an expression for each value of each row: writing four
    hundred rows of a dozen fields takes it seconds.
    """
    if not rows:
        return
    meta = rows[0]._meta
    wanted = [field for field in meta.concrete_fields if field.name in fields]
    if len(wanted) != len(fields):
        raise FieldDoesNotExist(f"{meta.label} has no column for one of {', '.join(fields)}")
    using = router.db_for_write(rows[0].__class__, instance=rows[0])
    connection = connections[using]
    quoted = connection.ops.quote_name
    sets = ", ".join(f"{quoted(str(field.column))} = %s" for field in wanted)
    table, key = quoted(meta.db_table), quoted(str(meta.pk.column))
    prepare = _Preparing(wanted, connection)
    values = [[*prepare([field.pre_save(row, False) for field in wanted]), row.pk] for row in rows]
    with transaction.atomic(using=using, savepoint=False), connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key} = %s", values)  # noqa: S608 - names of columns only


def insert_rows(
    model: type[models.Model], fields: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Add rows, each given as the values of these columns (attribute names: `owner_id`), by one
    statement that is prepared once. A column that is left out has its default; keys are not told.

    `bulk_create` makes an object of each row first, and a statement of every few dozen.
    """
    if not rows:
        return
    meta = model._meta
    by_name = {field.attname: field for field in meta.concrete_fields}
    wanted = [by_name[name] for name in fields]
    left = [one for one in meta.concrete_fields if one.attname not in fields and one != meta.pk]
    using = router.db_for_write(model)
    connection = connections[using]
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in [*wanted, *left])
    marks = ", ".join(["%s"] * (len(wanted) + len(left)))
    prepare = _Preparing(wanted, connection)
    rest = [field.get_db_prep_save(field.get_default(), connection) for field in left]
    values = [[*prepare(row), *rest] for row in rows]
    table = quoted(meta.db_table)
    with transaction.atomic(using=using, savepoint=False), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608 - names of columns only


class _Preparing:
    """Makes values what the database takes. Numbers and texts are that already; what many rows have
    in common, such as a time, is made once."""

    def __init__(self, fields: Sequence[models.Field[Any, Any]], connection: Any) -> None:
        self._fields = fields
        self._connection = connection
        self._known: list[dict[Any, Any]] = [{} for _ in fields]
        self._plain = [isinstance(field, _PLAIN) for field in fields]
        # SQLite keeps JSON as its text; writing a long list so takes a third of the time.
        text = connection.vendor == "sqlite"
        self._text = [text and type(field) is models.JSONField for field in fields]

    def __call__(self, row: Sequence[Any]) -> list[Any]:
        made = []
        for field, known, plain, text, value in zip(
            self._fields, self._known, self._plain, self._text, row, strict=True
        ):
            if plain and type(value) in _AS_THEY_ARE:
                made.append(value)
            elif text and type(value) is list:
                made.append(json.encode(value).decode())
            elif isinstance(value, dt.datetime) or value == {}:
                key = value if value != {} else None
                if key not in known:
                    known[key] = field.get_db_prep_save(value, self._connection)
                made.append(known[key])
            else:
                made.append(field.get_db_prep_save(value, self._connection))
        return made


_AS_THEY_ARE: Final = (int, float, str, type(None))
_PLAIN: Final = (
    models.IntegerField, models.FloatField, models.CharField, models.ForeignKey, models.AutoField,
)  # fmt: skip
