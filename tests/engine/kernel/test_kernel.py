"""The kernel gives exact windows: what a scan of all earlier events gives, at any size."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.kernel import Kernel, Shape
from tests.engine.kernel.oracle import oracle_features
from tests.engine.kernel.rows import features
from tests.engine.kernel.worlds import (
    everything,
    random_events,
    random_scenario,
)


def kernel(of: object, reserve: int = 1 << 28) -> Kernel:
    return Kernel(Shape(of), Path("/nonexistent"), reserve)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), n_features=st.integers(1, 12), n=st.integers(0, 60))
def test_equals_the_oracle_on_random_scenarios(seed: int, n_features: int, n: int) -> None:
    rng = random.Random(seed)
    world = random_scenario(rng, n_features)
    events = random_events(rng, n, names=rng.choice([2, 4, 10]))
    assert features(kernel(world), world, events) == oracle_features(world, events)


def test_equals_the_oracle_with_every_aggregate() -> None:
    world = everything()
    events = random_events(random.Random(7), 400)
    assert features(kernel(world), world, events) == oracle_features(world, events)
