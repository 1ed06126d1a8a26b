"""Pages of the inbox of alerts over a million alerts against the same pages over a thousand.

Both databases stand side by side and are asked in turns by one process, through the whole console
(session, rights, list, template). Each page must first show exactly the alerts that sorting in
memory gives, with the same number of queries on both sides. The ratio is p95 over a million by
p95 over a thousand; it may be 3 at most.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

SIZES = (1_000, 1_000_000)
REACH = 3.0
TURNS = 6
CALLS = 8  # of each page in each turn
PAGE = 50
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES = ("security", "privacy", "compliance", "operations", "reputation", "fraud")
OUT = Path(__file__).parent / "out"


class Row:
    """What differs between alerts: one in fifty is live, one in a hundred is severe."""

    __slots__ = ("category", "id", "last_seen", "live", "severity", "state")

    def __init__(self, n: int) -> None:
        self.id = n + 1
        self.last_seen = BEGIN + timedelta(seconds=n // 3)
        self.live = n % 50 == 0
        self.state = "new" if self.live else "closed"
        self.severity = 3 + n % 2 if n % 100 < 2 else n % 3
        self.category = CATEGORIES[n % 6]


PAGES: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "all": ("", lambda row: True),
    "live": ("live:yes", lambda row: row.live),
    "severe": ("live:yes severity:>=high", lambda row: row.live and row.severity >= 3),
    "new": ("state:new", lambda row: row.state == "new"),
    "category": ("category:fraud", lambda row: row.category == "fraud"),
}


def lines(size: int) -> Iterator[list[Any]]:
    """The columns of each alert, in the order of the table."""
    model = apps.get_model("response", "Alert")
    fields = model._meta.concrete_fields
    at = {field.attname: place for place, field in enumerate(fields)}
    one = model(
        rule="fraud.many_transfers", category="fraud", severity=1, text="Many transfers",
        window=3600, raised=BEGIN, first_seen=BEGIN, last_seen=BEGIN,
    )  # fmt: skip
    plain = [field.get_db_prep_save(getattr(one, field.attname), connection) for field in fields]
    moment = model._meta.get_field("last_seen")
    for n in range(size):
        row, line = Row(n), plain.copy()
        seen = moment.get_db_prep_save(row.last_seen, connection)
        for name, value in {
            "id": row.id, "fingerprint": f"{n:064x}", "category": row.category,
            "severity": row.severity, "state": row.state, "live": row.live, "current": row.live,
            "last_seen": seen, "first_seen": seen, "raised": seen,
        }.items():  # fmt: skip
            line[at[name]] = value
        yield line


def fill(path: Path, size: int) -> Client:
    """A database of `size` alerts and an analyst, who is signed in."""
    use(path)
    call_command("migrate", verbosity=0)
    fields = apps.get_model("response", "Alert")._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        insert = f"INSERT INTO response_alert ({names}) VALUES ({marks})"
        cursor.executemany(insert, list(lines(size)))
        cursor.execute("ANALYZE")
    analyst = apps.get_model("core", "User").objects.create(username="analyst")
    apps.get_model("core", "RoleAssignment").objects.get_or_create(
        person=analyst, role="fraud_analyst"
    )
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(analyst)
    session = client.session
    session["second_factor"] = True  # given: only lists are measured
    session.save()
    return client


def use(path: Path) -> None:
    connection.close()
    connection.settings_dict["NAME"] = str(path)


def wanted(size: int, name: str) -> list[str]:
    """The alerts that sorting in memory puts on a page."""
    rows = [row for row in map(Row, range(size)) if PAGES[name][1](row)]
    rows.sort(key=lambda row: (row.last_seen, row.id), reverse=True)
    return [str(row.id) for row in rows[:PAGE]]


def address(name: str) -> str:
    return f"/alerts?{urlencode({'q': PAGES[name][0]})}"


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        os.environ["GUANLAN_DATA"] = name
        os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
        django.setup()
        return run(Path(name))


def run(directory: Path) -> int:
    paths = {size: directory / f"{size}.sqlite3" for size in SIZES}
    clients = {size: fill(path, size) for size, path in paths.items()}
    equal = dict.fromkeys(PAGES, True)
    queries: dict[tuple[int, str], int] = {}
    times: dict[tuple[int, str], list[float]] = {(s, n): [] for s in SIZES for n in PAGES}
    for size in SIZES:
        use(paths[size])
        for name in PAGES:
            body = clients[size].get(address(name)).content.decode()
            found = re.findall(r'<tr data-href="/alerts/(\d+)"', body)
            equal[name] &= found == wanted(size, name)
            with CaptureQueriesContext(connection) as caught:
                clients[size].get(address(name))
            queries[size, name] = len(caught)
    for turn in range(TURNS):
        for size in SIZES if turn % 2 else SIZES[::-1]:
            use(paths[size])
            for name in PAGES:
                clients[size].get(address(name))  # warm
                for _call in range(CALLS):
                    start = time.perf_counter()
                    clients[size].get(address(name))
                    times[size, name].append(time.perf_counter() - start)
    small, large = SIZES
    failed = False
    for name in PAGES:
        ratio = p95(times[large, name]) / p95(times[small, name])
        same = equal[name] and queries[small, name] == queries[large, name]
        ok = same and ratio <= REACH
        failed |= not ok
        line = {"bench": f"inbox.{name}", "ratio": round(ratio, 2), "reach": REACH, "equal": same}
        detail = {
            "queries": queries[large, name],
            "p95_ms": round(p95(times[large, name]) * 1e3, 1),
        }
        print(json.dumps({**line, "ok": ok, **detail}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
