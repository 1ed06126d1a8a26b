"""The tables of an empty database, made at once.

Django's migrations go from one state of the models to the next and build each on the way, which
takes most of a first start. In an empty database there is nothing to bring along, so the tables
are made as the migrations leave them in the end, and every migration is noted as taken; what
comes of both ways is the same (tests/site/run/test_fresh.py compares). A migration that does
more than shape tables is not skipped: where one is in the plan, the ordinary way is taken.
"""

from __future__ import annotations

from typing import Final

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation
from django.db.migrations.recorder import MigrationRecorder

# What these do can be read from the models that they leave.
SHAPING: Final[tuple[type[Operation], ...]] = (ModelOperation, FieldOperation, IndexOperation)
OURS: Final = "guanlan."


def all_migrations() -> set[tuple[str, str]]:
    """Every migration (app, name) of this version."""
    return set(MigrationLoader(None).graph.nodes)


def is_empty() -> bool:
    """Whether the database has no table at all."""
    return not connection.introspection.table_names()


def only_shape() -> bool:
    """Whether every migration of the platform only shapes tables. Those of the packages it
    stands on may change rows as well: in an empty database there are none."""
    loader = MigrationLoader(None)  # asks no database
    return all(
        isinstance(operation, SHAPING)
        for migration in loader.graph.nodes.values()
        if type(migration).__module__.startswith(OURS)
        for operation in migration.operations
    )


def make_tables() -> None:
    """All tables in an empty database, and the rows that every installation has from the first."""
    emit_pre_migrate_signal(0, False, connection.alias)
    create_tables()
    emit_post_migrate_signal(0, False, connection.alias)


def create_tables() -> None:
    """All tables in an empty database, in one transaction, and nothing in them but the
    migrations."""
    left = MigrationLoader(None).project_state().apps
    with connection.schema_editor() as editor:
        for model in left.get_models():
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        editor.create_model(MigrationRecorder.Migration)
        note_taken()


def note_taken() -> None:
    """Note every migration as taken, in an order in which they could have been."""
    executor = MigrationExecutor(connection)
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        executor.recorder.record_applied(migration.app_label, migration.name)
