"""What measures leave, against a brute force; and what must always hold of it."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.risk.value.effects import ASSUMED, FLOOR, HALF_LIFE, Effect, Evidence, faded, left

AT = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)
SHARE = st.floats(0.0, 1.0)
EFFECTS = st.lists(
    st.builds(
        Effect,
        measure=st.sampled_from("abc"), measure_id=st.just(1), effect_id=st.just(1),
        version=st.just(1), layer=st.sampled_from(["gate", "watch", "mend"]),
        preventive=st.booleans(), planned=st.booleans(), design=SHARE, coverage=SHARE,
        passed=st.floats(0, 50), failed=st.floats(0, 50),
    ),
    max_size=8,
)  # fmt: skip


def brute(effects: list[Effect], preventive: bool, planned: bool) -> float:
    """Every way to choose one measure a layer; the best of them is what is left."""
    layers: dict[str, list[float]] = {}
    for one in effects:
        if one.preventive is preventive and (planned or not one.planned):
            whole = one.passed + one.failed
            works = (1 + one.passed) / (2 + whole) * min(1.0, whole)
            if one.planned and whole < 1:
                works = ASSUMED
            layers.setdefault(one.layer, []).append(1 - one.design * works * one.coverage)
    ways = []
    for way in itertools.product(*layers.values()):
        share = 1.0
        for one_left in way:
            share *= one_left
        ways.append(share)
    return max(FLOOR, min(ways, default=1.0))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(EFFECTS)
def test_within_a_layer_the_best_counts_and_layers_multiply(effects: list[Effect]) -> None:
    for stage, planned in (("residual", False), ("target", True)):
        found = left(effects, stage)  # type: ignore[arg-type]
        assert found.frequency == pytest.approx(brute(effects, True, planned))
        assert found.severity == pytest.approx(brute(effects, False, planned))
    assert left(effects, "inherent") == (1.0, 1.0)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(EFFECTS)
def test_a_measure_more_never_makes_it_worse(effects: list[Effect]) -> None:
    for upto in range(len(effects)):
        fewer, more = left(effects[:upto], "target"), left(effects[: upto + 1], "target")
        assert FLOOR <= more.frequency <= fewer.frequency <= 1.0
        assert FLOOR <= more.severity <= fewer.severity <= 1.0


def test_no_evidence_is_no_effect_and_old_evidence_fades_into_it() -> None:
    assert Evidence(0.0, 0.0).operating == 0.0
    worth = [faded([(AT - n * HALF_LIFE, 1, 0)], AT).operating for n in range(12)]
    assert worth[0] == pytest.approx(2 / 3)
    assert worth == sorted(worth, reverse=True)
    assert worth[-1] < 0.001


def test_a_test_of_a_half_life_ago_counts_half_and_a_later_one_not_yet() -> None:
    assert faded([(AT - HALF_LIFE, 6, 2), (AT + HALF_LIFE, 9, 9)], AT) == (3.0, 1.0)


def test_what_failed_counts_against_it() -> None:
    assert Evidence(0.0, 8.0).operating == pytest.approx(0.1)
    assert Evidence(8.0, 0.0).operating == pytest.approx(0.9)
