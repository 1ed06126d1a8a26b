from __future__ import annotations

import pytest

import guanlan.fraud.urls  # noqa: F401 - says what is discussed
from guanlan.fraud.models import Decision


@pytest.fixture
def decision() -> Decision:
    return Decision.objects.create(
        seq=7, event_id="e-7", type="transfer", outcome=0, score=0, clock=1, arrival=1, position=1,
        latency_us=1, entities={}, rules="[]", version="v",
        amount=None, currency="CNY", event_time=None, degraded=False,
    )  # fmt: skip
