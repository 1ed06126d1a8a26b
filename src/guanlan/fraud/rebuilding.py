"""The projection's tables made anew from the log: all of this app but the stored backtests.

Until a release the tables have one migration, which changes with them; a database made by an
older version has older tables under its name. What they hold is in the log, so they are dropped
and filled again, and accounts, keys and everything else of the database stay.
"""

from __future__ import annotations

from typing import Final

from django.db import connection, models, transaction

from guanlan.engine.log import LogTail
from guanlan.fraud import programs
from guanlan.fraud.models import (
    AlertMark,
    Cursor,
    Decision,
    DecisionRestriction,
    DecisionRule,
    Entity,
    EntityDecision,
    Label,
    ListAct,
    MinuteLatency,
    MinuteOutcome,
    MinuteRule,
    Program,
    RuleName,
)
from guanlan.fraud.raising import raising_mark
from guanlan.fraud.services import project

PROJECTED: Final[tuple[type[models.Model], ...]] = (
    Cursor, Program, ListAct, Decision, RuleName, DecisionRule, DecisionRestriction, Entity,
    EntityDecision, Label, MinuteOutcome, MinuteRule, MinuteLatency,
)  # fmt: skip

KEPT_UP: Final[tuple[type[models.Model], ...]] = (*PROJECTED, AlertMark)


def outdated() -> list[str]:
    """The projected tables that are absent or have other columns than this version's."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        found = {
            model._meta.db_table: {
                column.name
                for column in connection.introspection.get_table_description(
                    cursor, model._meta.db_table
                )
            }
            for model in KEPT_UP
            if model._meta.db_table in present
        }
    return [
        model._meta.db_table
        for model in KEPT_UP
        if found.get(model._meta.db_table)
        != {field.column for field in model._meta.concrete_fields if field.column}
    ]


def project_anew(tail: LogTail) -> int:
    """Drop what was projected and project the whole log; the number of frames.

    Nobody else may be projecting. Interrupted, it is finished by the next projection. Raises
    LogError before anything is dropped when the log cannot be read.
    """
    tail.poll(0, 1)
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    if AlertMark._meta.db_table not in present:
        with connection.schema_editor() as editor:
            editor.create_model(AlertMark)
    with transaction.atomic():
        raising_mark(tail.committed)  # where nothing says so, all of it has raised its alerts
    with connection.schema_editor() as editor:
        for model in PROJECTED:
            if model._meta.db_table in present:
                editor.delete_model(model)
            editor.create_model(model)
    programs.forget()
    return project(tail)
