"""A moved frequency: the numbers of a set computed anew, bit for bit, and a name for its inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.quant import Frequency, Grid, Invalid, Pert, Portfolio, Risk, RiskSet, digest
from tests.quant.oracles import few, together

GRID = Grid(8192.0, 2**11)
frequencies = st.builds(Frequency, st.floats(0.01, 30), st.one_of(st.none(), st.floats(0.5, 20)))
moves = st.lists(
    st.dictionaries(st.sampled_from(["often", "unsure", "rare"]), frequencies, min_size=1),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(moves=moves)
def test_after_moves_every_number_is_the_cold_one(moves: list[dict[str, Frequency]]) -> None:
    live = Portfolio(together(), GRID)
    for move in moves:
        live.move(move)
        live.quantiles()
    cold = Portfolio(live.risks, live.grid)
    assert live.measures(50_000) == cold.measures(50_000)
    assert live.year.masses.tobytes() == cold.year.masses.tobytes()
    assert live.contributions() == cold.contributions()


@pytest.mark.parametrize("count", [1, 4, 5, 21, 70])
def test_so_it_is_for_sets_of_any_size(count: int) -> None:
    rng = np.random.default_rng(count)
    risks = RiskSet(
        "CNY",
        tuple(
            Risk(f"r{k}", Frequency(float(rng.random())), Pert(100, 200 + k, 5_000))
            for k in range(count)
        ),
    )
    live = Portfolio(risks, GRID)
    live.quantiles()
    for k in rng.permutation(count)[:6]:
        live.move({f"r{k}": Frequency(float(rng.random()))})
    cold = Portfolio(live.risks, GRID)
    assert live.year.masses.tobytes() == cold.year.masses.tobytes()


def test_a_small_move_leaves_the_grid_that_a_cold_start_would_choose() -> None:
    live = Portfolio(few())
    live.quantiles()
    live.move({"often": Frequency(12.5)})
    assert live.measures() == Portfolio(live.risks).measures()


def test_a_move_that_outgrows_the_grid_widens_it() -> None:
    live = Portfolio(few())
    before = live.grid
    live.move({"often": Frequency(60_000.0)})
    assert live.year.fit.complete
    assert live.grid.span > before.span
    assert live.measures() == Portfolio(live.risks, live.grid).measures()


def test_a_move_that_is_refused_moves_nothing() -> None:
    live = Portfolio(few(), GRID)
    before = live.measures()
    with pytest.raises(Invalid, match="name of a risk"):
        live.move({"often": Frequency(1.0), "nobody": Frequency(1.0)})
    assert live.measures() == before


def test_moving_there_and_back_is_not_having_moved() -> None:
    live = Portfolio(together(), GRID)
    before = live.measures()
    live.move({"unsure": Frequency(9.0)})
    assert live.measures() != before
    live.move({"unsure": few().risks[1].frequency})
    assert live.measures() == before


def test_every_input_is_in_the_digest() -> None:
    one = together()
    found = {digest(one, GRID)}
    often = one.risks[0]
    others = [
        replace(one, currency="EUR"),
        replace(one, frailty=0.2),
        replace(one, groups=(replace(one.groups[0], variance=0.5),)),
        replace(one, shocks=()),
        replace(one, risks=one.risks[::-1]),
        one.with_risk(replace(often, group=None)),
        one.with_risk(replace(often, frequency=Frequency(np.nextafter(12.0, 13.0)))),
        one.with_risk(replace(often, frequency=Frequency(12.0, 5.0))),
        one.with_risk(replace(often, severity=Pert(1_000, 3_000, 20_001))),
    ]
    for other in others:
        found.add(digest(other, GRID))
    found.add(digest(one, Grid(8192.0, 2**12)))
    assert len(found) == len(others) + 2
    assert digest(together(), Grid(8192.0, 2**11)) in found
