"""Two that raise the same at the same moment make one alert."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from guanlan.response.alerts import raise_alerts
from guanlan.response.models import Alert
from tests.response.alerts.findings import NOON, finding

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite lets one write at a time, by the file"
    ),
]
RAISERS, ROUNDS, EACH = 4, 5, 10


def test_raisers_at_the_same_moment_make_one_alert_and_lose_no_finding() -> None:
    failed: list[BaseException] = []
    for number in range(ROUNDS):
        start = threading.Barrier(RAISERS)

        def race(number: int = number, start: threading.Barrier = start) -> None:
            try:
                start.wait(10)
                raise_alerts([finding(f"u-{number}")] * EACH, NOON + timedelta(minutes=1))
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=race) for _ in range(RAISERS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
    assert failed == []
    counts = list(Alert.objects.values_list("count", "evidence_count"))
    assert counts == [(RAISERS * EACH, RAISERS * EACH)] * ROUNDS
