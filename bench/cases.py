"""Cases: a page with ten thousand alerts against one with ten, and grouping of a hundred thousand.

Both pages are asked for through the whole platform, in turns; their number of queries must be equal
before any time counts. Grouping: alerts about a thousand users, each of whom gets one case or as
many as its cap asks for; every alert must be in exactly one case, and the counts must add up. The
time is the processor's, of the process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import django
from django.core.management import call_command

FEW, MANY = 10, 10_000
REACH_RATIO = 1.5
ROUNDS = 15
ALERTS, USERS = 100_000, 1_000
OUT = Path(__file__).parent / "out"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        os.environ["GUANLAN_DATA"] = name
        os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
        os.environ["GUANLAN_MFA"] = "optional"  # the page is what is measured, not signing in
        django.setup()
        call_command("migrate", verbosity=0)
        return max(grouping(), pages())


def alerts_of(users: int, count: int, prefix: str) -> None:
    """Alerts about so many users in turns, each with the user and one of their devices."""
    # Imported late: models need the platform set up.
    from guanlan.response.entities import Named, rows_of
    from guanlan.response.models import Alert, AlertEntity

    names = [Named("user", f"{prefix}-{n}") for n in range(users)]
    devices = [Named("device", f"{prefix}-{n}") for n in range(users)]
    refs = rows_of([*names, *devices])
    made = Alert.objects.bulk_create(
        (
            Alert(
                fingerprint=f"{prefix}-{n}", rule=f"fraud.rule_{n % 7}", category="fraud",
                severity=2, text="Many transfers", window=60, raised=NOON,
                first_seen=NOON, last_seen=NOON + timedelta(milliseconds=n),
            )
            for n in range(count)
        ),
        batch_size=1000,
    )  # fmt: skip
    AlertEntity.objects.bulk_create(
        (
            AlertEntity(alert=alert, entity=refs[one[n % users]], role=one[0].kind)
            for n, alert in enumerate(made)
            for one in (names, devices)
        ),
        batch_size=1000,
    )


def grouping() -> int:
    from django.db.models import Sum

    from guanlan.response.cases.grouping import group_all
    from guanlan.response.models import Alert, Case

    alerts_of(USERS, ALERTS, "u")
    start = time.process_time()
    done = group_all(NOON + timedelta(minutes=5))
    took = time.process_time() - start
    summed = Case.objects.aggregate(n=Sum("alert_count"))["n"]
    equal = done == ALERTS == summed and not Alert.objects.filter(case=None).exists()
    each_one = Case.objects.filter(parts__grouping=True).values("parts__entity").distinct().count()
    ok = equal and each_one == USERS
    line = {"bench": "cases: alerts grouped", "a_second": round(ALERTS / took)}
    detail = {"seconds": round(took, 1), "cases": Case.objects.count(), "equal": equal, "ok": ok}
    print(json.dumps({**line, **detail}))
    return 0 if ok else 1


def pages() -> int:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from guanlan.core.models import RoleAssignment, User
    from guanlan.response.cases.grouping import group_all
    from guanlan.response.models import Case, CaseRule

    settings.ALLOWED_HOSTS = ["*"]
    CaseRule.objects.update(most=MANY)
    numbers = []
    for count in (FEW, MANY):
        alerts_of(1, count, f"page-{count}")
        group_all(NOON + timedelta(minutes=5))
        numbers.append(Case.objects.latest("pk"))
    assert [one.alert_count for one in numbers] == [FEW, MANY]
    person = User.objects.create(username="bench")
    RoleAssignment.objects.create(person=person, role="owner")
    client = Client()
    client.force_login(person)

    def asked(case: Case) -> Any:
        answer = client.get(reverse("case", args=[case.pk]))
        assert answer.status_code == 200, answer.status_code
        return answer

    queries = []
    for case in numbers:
        asked(case)
        with CaptureQueriesContext(connection) as caught:
            asked(case)
        queries.append(len(caught))
    took: tuple[list[float], list[float]] = ([], [])
    for _round in range(ROUNDS):
        for times, case in zip(took, numbers, strict=True):
            start = time.process_time()
            asked(case)
            times.append(time.process_time() - start)
    few, many = (median(times) for times in took)
    equal = queries[0] == queries[1]
    ok = equal and many / few <= REACH_RATIO
    line = {"bench": "cases: page of 10,000 alerts / of 10", "ratio": round(many / few, 2)}
    detail = {
        "ms": [round(1000 * few, 1), round(1000 * many, 1)],
        "queries": queries,
        "reach": REACH_RATIO,
        "equal": equal,
        "ok": ok,
    }
    print(json.dumps({**line, **detail}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
