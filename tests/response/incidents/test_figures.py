"""MTTD, MTTA and MTTR against arithmetic that is done another way."""

from __future__ import annotations

import datetime as dt
import statistics
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.response.incidents.figures import figure, ranks
from tests.response.incidents.rows import NOW

TIMES = st.one_of(st.none(), st.integers(0, 10**7).map(lambda s: NOW + dt.timedelta(seconds=s)))


@given(st.lists(st.tuples(TIMES, TIMES), max_size=40))
def test_a_figure_is_that_of_the_pairs_that_have_both_times(
    pairs: list[tuple[dt.datetime | None, dt.datetime | None]],
) -> None:
    found = figure(pairs)
    values = [(b - a).total_seconds() for a, b in pairs if a is not None and b is not None]
    assert (found.known, found.unknown) == (len(values), len(pairs) - len(values))
    if not values:
        assert found[2:] == (None, None, None, None)
        return
    assert found.median == pytest.approx(statistics.median(values))
    assert found.mean == pytest.approx(statistics.fmean(values))
    if len(values) < 6:
        assert found.low is found.high is None
    else:
        assert found.low is not None
        assert found.high is not None
        assert min(values) <= found.low <= found.median <= found.high <= max(values)  # type: ignore[operator]


@pytest.mark.parametrize("n", range(1, 15))
def test_the_ranks_hold_the_median_often_enough_and_no_narrower_pair_does(n: int) -> None:
    def share(below: int) -> float:
        """How often the median stands between the ranks: every way n values fall about it."""
        ways = list(product((0, 1), repeat=n))
        return sum(below < sum(way) < n - below for way in ways) / len(ways)

    found = ranks(n)
    fitting = [below for below in range((n + 1) // 2) if share(below) >= 0.95]
    assert found == ((fitting[-1], n - 1 - fitting[-1]) if fitting else None)
