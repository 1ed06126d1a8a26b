"""Limits that follow from an indicator's own past, and second opinions on what is past none."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM
from guanlan.quant import Share, share_crossing_limit
from guanlan.risk.fitting import Asked, Past, apart, fit, past_of
from guanlan.risk.happened import Happened
from guanlan.risk.keeping import set_limits, set_version
from guanlan.risk.limiting import limits_at
from guanlan.risk.measuring import measure_due
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.registry import Measured, Span
from guanlan.risk.replaying import Kept, kept_of, run, worth
from guanlan.risk.showing import basis_words, state_of
from tests.risk.rows import MINUTE, NOW, Dial, limits, only, row, spec

pytestmark = pytest.mark.django_db
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE


def past(values: list[float], volume: int = 100, every: dt.timedelta = DAY) -> list[Past]:
    begin = NOW - every * len(values)
    return [
        Past(begin + n * every, begin + (n + 1) * every, float(value), volume)
        for n, value in enumerate(values)
    ]


def like(**said: Any) -> IndicatorLimits:
    return IndicatorLimits(
        **{"version": 1, "direction": "higher", "amber": 10.0, "red": 20.0, "stale_after": 600}
        | said
    )


def counted(**said: Any) -> Any:
    return spec("test.dial", Dial(0), window=DAY, every=5 * MINUTE, **said)


def an_indicator(unit: str = "count") -> Indicator:
    return Indicator(pk=7, name="test.dial", category="fraud", unit=unit)


def test_windows_that_overlap_are_counted_once() -> None:
    some = [Past(NOW + n * HOUR, NOW + n * HOUR + DAY, 1.0, 1) for n in range(49)]
    assert [one.start for one in apart(some)] == [NOW, NOW + DAY, NOW + 2 * DAY]


def test_an_exact_count_keeps_its_budget_on_days_that_are_alike() -> None:
    rng = np.random.default_rng(1)
    made = fit(
        an_indicator(), counted(), like(), Asked(kind="count", amber_a_year=12, red_a_year=1),
        past(rng.poisson(4, 90).tolist()),
    )  # fmt: skip
    assert made.amber < made.red
    # A year of events at that rate, looked at each five minutes: about twelve ambers at most.
    times = np.sort(rng.uniform(0, 400, rng.poisson(4 * 400)))
    at = np.arange(1.0, 400.0, 5 / (24 * 60))
    counts = np.searchsorted(times, at, "right") - np.searchsorted(times, at - 1.0, "right")
    over = counts >= made.amber
    rises = int((~over[:-1] & over[1:]).sum())
    assert rises / 400 * 365.25 <= 12 + 3 * math.sqrt(12)
    assert made.terms["n"] == 90
    assert made.pk is None, "it is proposed, never set"


def test_of_a_count_silence_may_be_the_alarm() -> None:
    rng = np.random.default_rng(2)
    some = past(rng.poisson(60, 60).tolist())
    made = fit(
        an_indicator(), counted(), like(direction="lower"),
        Asked(kind="count", direction="lower"), some,
    )  # fmt: skip
    assert 0 <= made.red < made.amber < 60
    band = fit(an_indicator(), counted(), like(), Asked(kind="count", direction="band"), some)
    assert band.red_low is not None
    assert band.amber_low is not None
    assert band.red_low < band.amber_low < 60 < band.amber < band.red
    with pytest.raises(ValidationError, match="none at all is no surprise"):
        fit(
            an_indicator(), counted(), like(), Asked(kind="count", direction="lower"),
            past([1.0, 0.0, 2.0] * 10),
        )  # fmt: skip


def test_the_limit_of_a_share_follows_what_it_stands_on() -> None:
    made = fit(
        an_indicator("share"), counted(unit="share"), like(amber=0.2, red=0.3),
        Asked(kind="share"), past([0.05] * 40, volume=200),
    )  # fmt: skip
    few, many = limits_at(made, NOW, 20), limits_at(made, NOW, 20_000)
    assert many.amber < few.amber
    assert 0.05 < many.amber < 0.08
    terms = made.terms
    c = share_crossing_limit(
        Share(terms["yes"], terms["no"]), 20_000, terms["windows"], terms["red_a_year"]
    )
    assert many.red == (c + 1) / 20_000
    assert limits_at(made, NOW, 0).amber > 1, "of nothing no share is too high"


def test_a_seasonal_limit_follows_the_hour() -> None:
    rng = np.random.default_rng(3)
    values = [
        (200 if 1 <= (NOW - HOUR * (1000 - n)).hour < 12 else 20) + float(rng.normal(0, 3))
        for n in range(1000)
    ]
    made = fit(
        an_indicator("score"), spec("test.dial", Dial(0), window=HOUR, every=HOUR), like(),
        Asked(kind="seasonal", direction="band"), past(values, every=HOUR),
    )  # fmt: skip
    day, night = limits_at(made, NOW, None), limits_at(made, NOW + 9 * HOUR, None)
    assert day.amber_low is not None
    assert night.amber > 20
    assert day.amber_low > 100 > night.amber
    assert made.terms["cycle"] == "hour"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "share"}, "kind"),
        ({"kind": "count", "amber_a_year": 0}, "amber_a_year"),
        ({"kind": "count", "amber_a_year": 1, "red_a_year": 2}, "red_a_year"),
        ({"kind": "seasonal", "amber_width": 5, "red_width": 4}, "red_width"),
        ({"kind": "seasonal", "forecast": 3600}, "forecast"),
        ({"kind": "count", "rise": 0.5}, "rise"),
        ({"kind": "count", "days": 1}, "days"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(asked: dict[str, Any], field: str) -> None:
    some = past([3.0, 4.0, 2.0, 5.0] * (1 if asked.get("days") == 1 else 10))
    with pytest.raises(ValidationError) as caught:
        fit(an_indicator(), counted(), like(), Asked(**asked), some)
    assert list(caught.value.message_dict) == [field]


def measured(values: list[float | None], begin: int = 0) -> None:
    for n, value in enumerate(values, begin):
        row_dial.value = value
        measure_due(NOW + n * MINUTE)


row_dial = Dial(0)


def set_kind(asked: Asked, some: list[Past]) -> IndicatorLimits:
    one = row()
    newest = one.limits.order_by("-version").get()
    known = spec("test.dial", row_dial, window=MINUTE)
    made = fit(one, known, newest, asked, some)
    return set_version(SYSTEM, one, made, "fitted to its past", NOW)


def test_a_climb_towards_red_is_amber_before_it_is_past_any_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = limits(amber=60, red=70, stale_after=10**6 * MINUTE)
    only(monkeypatch, spec("test.dial", row_dial, limits=far))
    set_kind(Asked(kind="static", forecast=900), [])
    measured([float(n) for n in range(30)])
    assert (row().state, row().opinion) == ("green", "")
    measured([float(n) for n in range(30, 58)], 30)
    one = row()
    assert (one.state, one.opinion) == ("amber", "forecast")
    assert one.basis["said"]["p"] >= 0.3
    assert str(state_of(one).title) == "amber, forecast"
    change = IndicatorChange.objects.get(after="amber")
    assert change.at < NOW + 58 * MINUTE
    assert "is likely" in basis_words(change.basis, change.opinion, "amber", "count")
    measured([57.0] * 30, 58)
    assert (row().state, row().opinion) == ("green", ""), "it stands: the forecast is over"
    measured([75.0], 88)
    assert (row().state, row().opinion) == ("red", "")
    said = basis_words(row().basis, "", "red", "count")
    assert "lies at 70" in said
    assert "version 2, fixed" in said


def test_hysteresis_does_not_hold_on_to_a_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", row_dial, limits=limits(amber=60, red=70, hysteresis=50)))
    set_kind(Asked(kind="static", forecast=900), [])
    measured([float(n) for n in range(58)])
    assert row().opinion == "forecast"
    measured([40.0] * 30, 58)
    assert row().state == "green", "40 is within the hysteresis of an amber that never was"


def test_a_small_lasting_rise_is_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", row_dial, window=MINUTE, limits=limits(amber=60, red=70)))
    rng = np.random.default_rng(8)
    usual = rng.poisson(20, 90).tolist()
    made = set_kind(Asked(kind="static", rise=1.4, amber_a_year=300), past(usual, every=MINUTE))
    assert made.terms["drift"]["law"] == "poisson"
    measured([20.0] * 10)
    assert row().opinion == ""
    measured([28.0] * 40, 10)
    assert (row().state, row().opinion) == ("amber", "drift")
    assert row().basis["said"]["usual"] == pytest.approx(20, abs=2)
    measured([14.0] * 60, 50)
    assert (row().state, row().opinion) == ("green", "")


def test_new_limits_begin_the_watch_for_drift_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", row_dial, window=MINUTE, limits=limits(amber=60, red=70)))
    asked = Asked(kind="static", rise=1.4, amber_a_year=300)
    set_kind(asked, past([20.0, 19.0, 21.0] * 20, every=MINUTE))
    measured([40.0] * 30)
    assert row().opinion == "drift"
    made = set_limits(SYSTEM, row(), limits(amber=80, red=90), "a new normal", NOW + 30 * MINUTE)
    assert made.terms["drift"], "what is watched for is kept"
    measured([20.0], 30)
    assert row().opinion == ""


def test_drift_takes_no_window_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", row_dial, window=HOUR, limits=limits(amber=60, red=70)))
    one = row()
    known = spec("test.dial", row_dial, window=HOUR)
    asked = Asked(kind="static", rise=1.4, amber_a_year=300)
    made = fit(one, known, one.limits.get(), asked, past([20.0, 19.0, 21.0] * 20, every=HOUR))
    set_version(SYSTEM, one, made, "fitted to its past", NOW)
    measured([28.0] * 59)
    assert row().drift["at"] == NOW.isoformat()


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=1, max_size=60),
    st.integers(0, 4), st.integers(0, 3), st.integers(0, 8),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_a_replay_tells_what_live_measuring_did(
    values: list[int | None], duration: int, hysteresis: int, volume: int
) -> None:
    """The same samples through the job, one by one, and through the replay."""
    Indicator.objects.all().delete()
    with pytest.MonkeyPatch.context() as patch:
        said = limits(
            hysteresis=float(hysteresis), minimum_duration=duration * MINUTE, minimum_volume=volume
        )

        def work(span: Span) -> Measured:
            value = values[round((span.end - NOW) / MINUTE)]
            return Measured(value, 5)

        only(patch, spec("test.dial", work, limits=said))
        one = row()
        for n in range(len(values)):
            measure_due(NOW + n * MINUTE)
        now = NOW + len(values) * MINUTE
        found = run(one.limits.get(), kept_of(row(), 30, now))
        live = IndicatorChange.objects.filter(indicator=one).order_by("at", "id")
        assert [(c.at, c.before, c.after) for c in found.changes] == [
            (c.at, c.before, c.after) for c in live
        ]


def test_warnings_are_held_against_what_people_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = NOW - 100 * DAY
    kept = [
        Kept(begin + n * HOUR, begin + (n + 1) * HOUR, 25.0 if n in (240, 1200) else 1.0, 1)
        for n in range(2400)
    ]
    found = run(like(stale_after=4000), kept)
    assert [one.at for one in found.warnings("red")] == [kept[240].at, kept[1200].at]
    real = [Happened(kept[242].at, "x", "event"), Happened(kept[1200].at, "x", "false")]
    told = worth(found, "amber", kept, real, HOUR)
    assert (told.record.hits, told.record.false, told.record.precision) == (1, 1, 0.5)
    assert told.record.lead == 2 * 3600
    assert told.little, "two judged warnings prove nothing"
    assert told.days == pytest.approx(100, abs=0.1)


def test_a_warning_that_was_unknown_for_a_while_is_one_warning() -> None:
    values = [1.0, 25.0, None, 25.0, 1.0, None, 25.0]
    kept = [
        Kept(NOW + n * MINUTE, NOW + (n + 1) * MINUTE, value, 1) for n, value in enumerate(values)
    ]
    found = run(like(), kept)
    assert [one.at for one in found.warnings("red")] == [kept[1].at, kept[6].at]


def test_true_warnings_are_no_part_of_what_is_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", row_dial))
    measured([1.0, 1.0, 25.0, 25.0, 1.0])
    assert len(past_of(row(), 30, NOW + HOUR)) == 5
    IndicatorChange.objects.filter(after="red").update(verdict="true")
    assert [one.value for one in past_of(row(), 30, NOW + HOUR)] == [1.0, 1.0, 1.0]
    assert IndicatorSample.objects.count() == 5
