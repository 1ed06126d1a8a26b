"""First paint: our own HTML and CSS of every page, compressed as it travels, against 60 kB.

A console with a small world behind it is asked for each of its pages as a browser asks. Equal
means: every compressed stylesheet unpacks to the file itself, and the scripts of charts are
loaded by the pages that draw a chart and by no other.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.engine.log import LogTail
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.services import project, store_backtest
from guanlan.web.rights import routes
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.people import person

MOST = 60_000  # bytes
GZIP = {"Accept-Encoding": "gzip"}
STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')


def addresses() -> list[str]:
    """The pages with something in them, and every route that needs no argument."""
    decision = Decision.objects.order_by("-outcome", "-seq").first()
    phone = Entity.objects.filter(kind="phone").first()
    stored = store_backtest("2026", "pond", "abc", report())
    assert decision is not None
    assert phone is not None
    found = [
        f"/decisions/{decision.seq}", "/entities/user/u-7", f"/entities/phone/~{phone.id}",
        f"/backtests/{stored.pk}", "/?hours=24",
    ]  # fmt: skip
    for _pattern, name, _view in routes():
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    return list(dict.fromkeys(found))


def main() -> int:
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as directory:
        settings.LOG_DIRECTORY = Path(directory) / "log"
        settings.ALLOWED_HOSTS = ["testserver"]
        world = World(settings.LOG_DIRECTORY)
        world.program()
        world.events(300)
        project(LogTail(settings.LOG_DIRECTORY))
        client = Client()
        client.force_login(person())
        result = measure(client)
        world.close()
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


def measure(client: Client) -> dict[str, object]:
    """The result line; the largest page decides."""
    sizes: dict[str, int] = {}
    styles: dict[str, int] = {}
    equal = True
    for path in addresses():
        answer = client.get(path, headers=GZIP)
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        packed = answer.headers.get("Content-Encoding") == "gzip"
        text = (gzip.decompress(answer.content) if packed else answer.content).decode()
        if "<!doctype" not in text:
            continue
        for href in STYLE.findall(text):
            if href not in styles:
                small, plain = client.get(href, headers=GZIP).content, client.get(href).getvalue()
                styles[href] = len(small)
                equal &= gzip.decompress(small) == plain
        equal &= ("data-chart=" in text) == ("echarts" in text)
        sizes[path] = len(answer.content) + sum(styles[href] for href in STYLE.findall(text))
    largest = max(sizes, key=lambda path: sizes[path])
    ratio = MOST / sizes[largest]
    return {
        "bench": "first_paint", "ratio": round(ratio, 2), "reach": 1.0, "equal": equal,
        "ok": equal and ratio >= 1.0 and len(sizes) > 10,
        "largest": largest, "bytes": sizes[largest], "pages": len(sizes),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
