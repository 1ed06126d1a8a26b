"""A PostgreSQL database in a backup: its tables as of one snapshot, each a file of COPY text.

No program of PostgreSQL's is needed, so none has to be of the server's version. The transaction
is REPEATABLE READ and reads only, so writers go on. The tables themselves are made by the same
migrations, in an empty database; all of it is one transaction, so a restore that fails leaves the
database as empty as it was.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from msgspec import Struct

from guanlan.site.run.archive import CHUNK, BackupError, Packer, Told
from guanlan.site.run.fresh import all_migrations, create_tables, only_shape

FOLDER: Final = "database"
LIST: Final = f"{FOLDER}/tables.json"


class Sequence(Struct, frozen=True):
    """Where a sequence stands, by the column it gives numbers to."""

    column: str
    last: int
    called: bool


class Table(Struct, frozen=True):
    """A table: its columns in the order of its file, how many rows, and its sequences."""

    name: str
    columns: list[str]
    rows: int
    sequences: list[Sequence]


class Tables(Struct, frozen=True):
    """The list: all tables, and the migrations (app, name) that made them."""

    tables: list[Table]
    migrations: list[tuple[str, str]]


def dump(packer: Packer, folder: Path) -> None:
    """Add every table of the platform; `folder` is where a table's text may lie meanwhile."""
    found: list[Table] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name in _names():
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".guanlan-backup-") as spool:
                table = _dumped(cursor, name, spool)
                spool.flush()
                packer.add(_file(name), Path(spool.name))
            found.append(table)
        migrations = sorted(MigrationRecorder(connection).applied_migrations())
    packer.add_bytes(LIST, msgspec.json.encode(Tables(found, migrations)))


def _names() -> list[str]:
    """Every table of the platform."""
    known = set(connection.introspection.django_table_names(only_existing=True))
    return sorted(known | {MigrationRecorder.Migration._meta.db_table})


def _dumped(cursor: Any, name: str, spool: Any) -> Table:
    columns = [c.name for c in connection.introspection.get_table_description(cursor, name)]
    cursor.execute(f"SELECT count(*) FROM {_quoted(name)}")  # noqa: S608 - names of tables
    (rows,) = cursor.fetchone()
    sequences = []
    for one in connection.introspection.get_sequences(cursor, name):
        cursor.execute(
            f"SELECT last_value, is_called FROM {_quoted(one['name'])}"  # noqa: S608
        )
        sequences.append(Sequence(one["column"], *cursor.fetchone()))
    listed = ", ".join(map(_quoted, columns))
    query = f"COPY {_quoted(name)} ({listed}) TO STDOUT"
    with connection.wrap_database_errors, cursor.copy(query) as copy:
        for part in copy:
            spool.write(part)
    return Table(name, columns, rows, sequences)


def load(archive: Path, fresh: Path, told: Told) -> None:
    """Put the tables in `fresh` into the database that the settings name, which must be empty,
    and remove their files. Raises BackupError."""
    if connection.vendor != "postgresql":
        raise BackupError(
            f"{archive}: holds a PostgreSQL database; expected GUANLAN_DATABASE_URL to name one"
            " that is empty"
        )
    listed = msgspec.json.decode((fresh / LIST).read_bytes(), type=Tables)
    where = f"the database {settings.DATABASES['default']['NAME']}"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.introspection.table_names(cursor):
                raise BackupError(f"{where}: expected it to be empty; name another")
            _make(archive, listed)
            _expect(archive, listed)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            names = ", ".join(_quoted(table.name) for table in listed.tables)
            cursor.execute(f"TRUNCATE {names}")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for table in listed.tables:
                _load(cursor, table, fresh / _file(table.name), told)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except (DatabaseError, ImproperlyConfigured) as error:
        told_by = str(error).strip().partition("\n")[0]
        raise BackupError(f"{where}: does not take {archive}: {told_by}") from None
    for table in listed.tables:
        (fresh / _file(table.name)).unlink()
    (fresh / LIST).unlink()
    (fresh / FOLDER).rmdir()


def _make(archive: Path, listed: Tables) -> None:
    """The tables, made by the migrations that the copied database had."""
    executor = MigrationExecutor(connection)
    graph, wanted = executor.loader.graph, set(listed.migrations)
    if wanted == all_migrations() and only_shape():
        create_tables()
        return
    for key in listed.migrations:
        if key not in graph.nodes:
            raise BackupError(
                f"{archive}: its tables were made by another version (migration {'.'.join(key)})"
            )
    newest = [
        (app, name)
        for app, name in listed.migrations
        if not any(child.key in wanted for child in graph.node_map[app, name].children)
    ]
    executor.migrate(newest)


def _expect(archive: Path, listed: Tables) -> None:
    """Refuse an archive that holds a table which is not there."""
    there = set(_names())
    missing = [table.name for table in listed.tables if table.name not in there]
    if missing:
        raise BackupError(f"{archive}: this version has no table {missing[0]}")


def _load(cursor: Any, table: Table, file: Path, told: Told) -> None:
    columns = ", ".join(map(_quoted, table.columns))
    query = f"COPY {_quoted(table.name)} ({columns}) FROM STDIN"
    with (
        file.open("rb") as text,
        connection.wrap_database_errors,
        cursor.copy(query) as copy,
    ):
        while part := text.read(CHUNK):
            copy.write(part)
            told(len(part))
    cursor.execute(f"SELECT count(*) FROM {_quoted(table.name)}")  # noqa: S608
    (rows,) = cursor.fetchone()
    if rows != table.rows:
        raise BackupError(f"{table.name}: {rows} rows, and {table.rows} when it was copied")
    for one in table.sequences:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)",
            [_quoted(table.name), one.column, one.last, one.called],
        )


def _file(name: str) -> str:
    return f"{FOLDER}/{name}.copy"


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
