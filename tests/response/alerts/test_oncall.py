"""Who is on duty, across hours that clocks skip and repeat."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from guanlan.response.alerts.oncall import Duty, Rota, StandIn, duties, on_call, turn

MINUTE = dt.timedelta(minutes=1)
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    return Rota(
        people=tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))),
        turn_days=draw(st.integers(1, 14)),
        handover=draw(st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))),
        start=draw(st.dates(dt.date(2025, 1, 1), dt.date(2025, 12, 31))),
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
    )


MOMENTS = st.integers(0, 365 * 1440).map(lambda n: NEW_YEAR + n * MINUTE)


def by_walking(rota: Rota, at: dt.datetime) -> int:
    """The oracle: walk from the first day on and change people whenever the wall says so."""
    person, day = -1, rota.start
    while True:
        moment = dt.datetime.combine(day, rota.handover, tzinfo=rota.zone)
        if moment.timestamp() > at.timestamp():
            return rota.people[person % len(rota.people)]
        person += 1
        day += dt.timedelta(days=rota.turn_days)


@given(rotas(), MOMENTS)
def test_the_turn_is_that_of_who_walks_through_the_days(rota: Rota, at: dt.datetime) -> None:
    assert on_call(rota, (), at) == by_walking(rota, at)


@given(rotas(), MOMENTS)
def test_turns_follow_each_other_without_gap_or_overlap(rota: Rota, at: dt.datetime) -> None:
    now = turn(rota, at)
    assert now is not None
    assert now.begins <= at < now.ends
    after = turn(rota, now.ends)
    assert after is not None
    assert after.begins == now.ends


@given(rotas(), MOMENTS, st.lists(st.tuples(st.integers(6, 8), MOMENTS, st.integers(1, 9000))))
def test_a_strip_says_at_each_moment_who_is_on_duty(
    rota: Rota, begin: dt.datetime, others: list[tuple[int, dt.datetime, int]]
) -> None:
    stand_ins = [StandIn(who, first, first + n * MINUTE) for who, first, n in others]
    end = begin + dt.timedelta(days=20)
    strip = duties(rota, stand_ins, begin, end)
    for hours in range(0, 20 * 24, 7):
        at = begin + dt.timedelta(hours=hours)
        held = [one.person for one in strip if one.begins <= at < one.ends]
        assert held == [on_call(rota, stand_ins, at)]


def test_before_the_first_turn_and_without_people_nobody_is_on_duty() -> None:
    utc = ZoneInfo("UTC")
    rota = Rota((1,), 7, dt.time(9), dt.date(2026, 1, 5), utc)
    assert on_call(rota, (), dt.datetime(2026, 1, 5, 8, 59, tzinfo=dt.UTC)) is None
    assert on_call(rota, (), dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)) == 1
    assert on_call(rota._replace(people=()), (), NEW_YEAR) is None


def test_whoever_stands_in_is_on_duty_for_that_time_only() -> None:
    utc = ZoneInfo("UTC")
    rota = Rota((1, 2), 1, dt.time(9), dt.date(2026, 1, 1), utc)
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    stand_in = StandIn(3, noon, noon + dt.timedelta(hours=2))
    strip = duties(rota, [stand_in], noon - dt.timedelta(hours=3), noon + dt.timedelta(hours=22))
    hour = dt.timedelta(hours=1)
    assert strip == [
        Duty(1, noon - 3 * hour, noon),
        Duty(3, noon, noon + 2 * hour, stand_in=True),
        Duty(1, noon + 2 * hour, noon + 21 * hour),
        Duty(2, noon + 21 * hour, noon + 22 * hour),
    ]
