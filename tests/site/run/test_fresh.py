"""An empty database gets at once just what the migrations would have made of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guanlan.site.run import fresh
from tests import postgres

ROOT = Path(__file__).resolve().parents[3]
# Makes the tables in the way that its argument names, and says what then is there. Columns of
# one table may stand in another order: nobody asks for them by their place.
LOOK = """
import json, sys
import django
django.setup()
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from guanlan.site.run import fresh, prepare

if sys.argv[1] == "at once":
    assert fresh.is_empty()
    fresh.make_tables()
else:
    call_command("migrate", verbosity=0, interactive=False)
assert not fresh.is_empty()
said = {"pending": prepare.pending_migrations(), "rows": {}, "tables": {}}
with connection.cursor() as cursor:
    for table in sorted(connection.introspection.table_names(cursor)):
        columns = connection.introspection.get_table_description(cursor, table)
        constraints = connection.introspection.get_constraints(cursor, table)
        for one in constraints.values():
            one.pop("definition", None)
        said["tables"][table] = {
            "columns": sorted(map(repr, columns)),
            "constraints": sorted(map(repr, constraints.values())),
            "names": sorted(name for name in constraints if not name.startswith("__")),
        }
    if connection.vendor == "sqlite":
        cursor.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")
        said["indexes"] = sorted(map(list, cursor.fetchall()))
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
    said["rows"]["migrations"] = [list(row) for row in cursor.fetchall()]
for label in ("contenttypes.ContentType", "auth.Permission"):
    rows = apps.get_model(label).objects.values_list()
    said["rows"][label] = sorted(repr(row[1:2] + row[3:]) for row in rows)
print(json.dumps(said))
"""


def look(way: str, data: Path) -> dict[str, Any]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUANLAN_")}
    own = {
        "GUANLAN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "guanlan.site.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOOK, way], capture_output=True, text=True, timeout=300,
        env=kept | own | postgres.of_its_own(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.slow
@pytest.mark.django_db
def test_tables_made_at_once_are_those_of_the_migrations(tmp_path: Path) -> None:
    at_once, migrated = look("at once", tmp_path / "a"), look("migrate", tmp_path / "b")
    assert at_once["pending"] == 0
    assert len(at_once["tables"]) > 90
    assert set(at_once["tables"]) == set(migrated["tables"])
    for table, made in migrated["tables"].items():
        assert at_once["tables"][table] == made, table
    assert at_once == migrated


def test_our_migrations_shape_tables_and_nothing_else() -> None:
    """One that also changes rows is not skipped, and then a first start takes long again:
    that is a choice to make with open eyes."""
    assert fresh.only_shape()
