from __future__ import annotations

from collections.abc import Iterator

import pytest

from guanlan.core.access import Subject, subject_of
from guanlan.engine import Engine
from guanlan.fraud import engine_access
from tests.engine.small import SECRET
from tests.engine.test_restrictions import ABLE_SCENARIO
from tests.people import person


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine in this process, as the sink finds it."""
    with Engine.in_memory(ABLE_SCENARIO, secret=SECRET, clock="event") as made:
        engine_access.register(made)
        yield made
        engine_access.register(None)


@pytest.fixture
def ann(db: None) -> Subject:
    """Who proposes."""
    return subject_of(person("fraud_analyst", "ann"))


@pytest.fixture
def ben(db: None) -> Subject:
    """Who approves."""
    return subject_of(person("risk_owner", "ben"))
