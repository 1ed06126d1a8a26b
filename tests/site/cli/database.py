"""Looking into an installation's database from outside, whichever it is."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from tests import postgres

ADDRESS = "GUANLAN_DATABASE_URL"
NAME = "db.sqlite3"


_COPIED_FROM: dict[Path, str] = {}


@cache
def of(data: Path) -> dict[str, str]:
    """What names the database of the installation in `data`; nothing where that holds it."""
    return postgres.of_its_own(_COPIED_FROM.get(data))


def copy(of_whom: Path, data: Path) -> None:
    """Let the installation in `data`, not yet begun, start with the tables of another."""
    if ADDRESS in of(of_whom):
        _COPIED_FROM[data] = of(of_whom)[ADDRESS].rpartition("/")[2]
    else:
        data.mkdir()
        shutil.copyfile(of_whom / NAME, data / NAME)


def rows(data: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement answers; `?` stands for a value."""
    if ADDRESS not in of(data):
        with closing(sqlite3.connect(data / NAME, timeout=20)) as database:
            found = database.execute(sql, values).fetchall()
            database.commit()
            return found
    with psycopg.connect(of(data)[ADDRESS]) as server:
        # The tests wrote the statement themselves.
        return server.execute(sql.replace("?", "%s").encode(), values).fetchall()
