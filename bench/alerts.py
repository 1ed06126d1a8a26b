"""A hundred thousand duplicates raised through the process against one INSERT each.

Both sides write into a database of their own kind of table in one transaction. The duplicates must
be one alert with a count of all of them; at least 20,000 a second are to be raised. The time is
the processor's, of the process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection, transaction

COUNT = 100_000
REACH = 20_000.0  # a second
OUT = Path(__file__).parent / "out"


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        os.environ["GUANLAN_DATA"] = name
        os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
        django.setup()
        call_command("migrate", verbosity=0)
        return run()


def run() -> int:
    # Imported late: models need the platform set up.
    from guanlan.response.alerts import Evidence, Finding, raise_alerts
    from guanlan.response.entities import Named
    from guanlan.response.models import Alert
    from guanlan.response.terms import Severity

    begin = datetime(2026, 1, 1, tzinfo=UTC)
    findings = [
        Finding(
            rule="fraud.many_transfers",
            category="fraud",
            severity=Severity.medium,
            text="Many transfers",
            key={"user": "u-1"},
            entities=(("user", Named("user", "u-1")),),
            evidence=(Evidence("decision", str(n), begin + timedelta(milliseconds=n)),),
            at=begin + timedelta(milliseconds=n),
        )
        for n in range(COUNT)
    ]
    start = time.process_time()
    raise_alerts(findings)
    raised = time.process_time() - start
    alert = Alert.objects.get()
    equal = (
        alert.count == alert.evidence_count == COUNT
        and alert.first_seen == findings[0].at
        and alert.last_seen == findings[-1].at
    )
    plain = inserted(findings[0].rule)
    rate = COUNT / raised
    ok = equal and rate >= REACH
    line = {"bench": "alerts: one INSERT each / raised", "ratio": round(plain / raised, 2)}
    detail = {"a_second": round(rate), "reach": REACH, "equal": equal, "ok": ok}
    print(json.dumps({**line, **detail}))
    return 0 if ok else 1


def inserted(rule: str) -> float:
    """Seconds of the same number of rows, each by a statement of its own, in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, rule TEXT, seen TEXT)")
        start = time.process_time()
        with transaction.atomic():
            for n in range(COUNT):
                cursor.execute(
                    "INSERT INTO plain (rule, seen) VALUES (%s, %s)", (rule, f"2026-01-01 {n}")
                )
        return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
