"""Pages of a list over a million rows against the same pages over a thousand.

Both databases stand side by side and are asked in turns by one process, through the whole console
(session, rights, list, template). Each page must first show exactly the rows that sorting in
memory gives, with the same number of queries on both sides. The ratio is p95 over a million by
p95 over a thousand; it may be 3 at most.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
CALLS = 12  # of each page in each turn
PAGE = 50
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
OUT = Path(__file__).parent / "out"
INSERT = (
    "INSERT INTO core_apikey (id, name, scopes, sha256, created, revoked, why_endless)"
    " VALUES (%s, %s, %s, %s, %s, %s, '')"
)

Key = tuple[str, str]  # created, id


def key(n: int) -> Key:
    """A hundred keys share each moment, so that only the primary key tells them apart."""
    made = (BEGIN + timedelta(minutes=n // 100)).strftime("%Y-%m-%d %H:%M:%S")
    return made, f"{n * 7_919 % 1_000_003:08}"


def fill(path: Path, size: int) -> Client:
    """A database of `size` keys and an owner, who is signed in."""
    use(path)
    call_command("migrate", verbosity=0)
    rows = [
        (i, f"backend-{i}", '["events:write"]', i.encode(), made, None)
        for made, i in (key(n) for n in range(size))
    ]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)
        cursor.execute("ANALYZE")
    owner = apps.get_model("core", "User").objects.create(username="owner", is_superuser=True)
    apps.get_model("core", "RoleAssignment").objects.get_or_create(person=owner, role="owner")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(owner)
    return client


def use(path: Path) -> None:
    connection.close()
    connection.settings_dict["NAME"] = str(path)


def addresses(size: int) -> dict[str, tuple[str, list[str]]]:
    """Each page's address, and the keys that sorting in memory says it shows."""
    ordered = sorted(key(n) for n in range(size))
    middle = ordered[size // 2]
    found = {
        "first": ({}, ordered[::-1]),
        "rising": ({"sort": "created"}, ordered),
        "deep": ({"older": cursor(middle)}, ordered[: size // 2][::-1]),
        "back": ({"newer": cursor(middle)}, ordered[size // 2 + 1 :][:PAGE][::-1]),
        "filtered": ({"q": "revoked:no"}, ordered[::-1]),
        "from": ({"q": f"after:{middle[0].replace(' ', 'T')}+00:00"},
                 [k for k in ordered if k[0] >= middle[0]][::-1]),
    }  # fmt: skip
    return {
        name: (f"/settings/keys?{urlencode({'q': '', **said})}", [i for _at, i in rows[:PAGE]])
        for name, (said, rows) in found.items()
    }


def cursor(of: Key) -> str:
    moment = datetime.fromisoformat(of[0]).replace(tzinfo=UTC).isoformat()
    text = json.dumps([moment, of[1]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def shown(client: Client, address: str) -> list[str]:
    body = client.get(address).content.decode()
    return re.findall(r'<tr data-href="/settings/keys/(\w+)"', body)


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        os.environ["GUANLAN_DATA"] = name
        os.environ["GUANLAN_MFA"] = "optional"  # the list is what is measured, not signing in
        os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
        django.setup()
        return run(Path(name))


def run(directory: Path) -> int:
    paths = {size: directory / f"{size}.sqlite3" for size in SIZES}
    clients = {size: fill(path, size) for size, path in paths.items()}
    pages = {size: addresses(size) for size in SIZES}
    equal = dict.fromkeys(pages[SIZES[0]], True)
    queries: dict[tuple[int, str], int] = {}
    times: dict[tuple[int, str], list[float]] = {(s, n): [] for s in SIZES for n in equal}
    for size in SIZES:
        use(paths[size])
        for name, (address, wanted) in pages[size].items():
            equal[name] &= shown(clients[size], address) == wanted
            with CaptureQueriesContext(connection) as caught:
                clients[size].get(address)
            queries[size, name] = len(caught)
    for turn in range(TURNS):
        for size in SIZES if turn % 2 else SIZES[::-1]:
            use(paths[size])
            for name, (address, _wanted) in pages[size].items():
                clients[size].get(address)  # warm
                for _call in range(CALLS):
                    start = time.perf_counter()
                    clients[size].get(address)
                    times[size, name].append(time.perf_counter() - start)
    small, large = SIZES
    failed = False
    for name in equal:
        ratio = p95(times[large, name]) / p95(times[small, name])
        same = equal[name] and queries[small, name] == queries[large, name]
        ok = same and ratio <= REACH
        failed |= not ok
        line = {"bench": f"lists.{name}", "ratio": round(ratio, 2), "reach": REACH, "equal": same}
        detail = {
            "queries": queries[large, name],
            "p95_ms": round(p95(times[large, name]) * 1e3, 1),
        }
        print(json.dumps({**line, "ok": ok, **detail}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
