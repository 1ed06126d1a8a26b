"""The demo's complaints come in once, and give its indicators something to say."""

from __future__ import annotations

import datetime as dt

import pytest

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.response.models import Complaint
from guanlan.risk.registry import INDICATORS, Span
from guanlan.site.run.grievances import BURST_SIZE, tell_complaints

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)


def test_they_come_in_once_and_every_indicator_of_complaints_has_a_value() -> None:
    told = tell_complaints(NOW)
    assert told == Complaint.objects.count() > 60
    assert tell_complaints(NOW) == 0
    assert not Complaint.objects.filter(received__gt=NOW).exists()
    assert not Complaint.objects.filter(told__gt=NOW).exists()
    found = {}
    for name, spec in INDICATORS.items():
        if name.startswith("complaints."):
            found[name] = spec.work(Span(NOW - spec.window, NOW, {}))
    assert all(one.value is not None for one in found.values())
    assert found["complaints.received"].value >= BURST_SIZE  # type: ignore[operator]
    assert found["complaints.bursts"].value
    assert found["complaints.in_time"].volume >= 20
    assert found["complaints.satisfaction"].volume >= 10
