"""When a clock is due, against an oracle that walks minute by minute or day by day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.response.clocks.arithmetic import (
    ALARMS,
    Calendar,
    Clock,
    Kind,
    Limit,
    Pause,
    day_end,
)

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
ZONES = (
    "Asia/Shanghai", "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns",
    "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia",
)  # fmt: skip
OFFICE = ((540, 720), (780, 1080))


def at(text: str, zone: str = "Asia/Shanghai") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# Around the changes of the clocks of 2010 and 2011, when St. John's changed at one past midnight
# and Apia left out a day, and anywhere else.
moments = st.one_of(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 12, 31)),
    st.datetimes(dt.datetime(2026, 3, 28), dt.datetime(2026, 3, 30)),
    st.datetimes(dt.datetime(2026, 10, 24), dt.datetime(2026, 10, 26)),
    st.datetimes(dt.datetime(2010, 11, 5), dt.datetime(2010, 11, 9)),
    st.datetimes(dt.datetime(2011, 12, 28), dt.datetime(2012, 1, 2)),
).map(lambda naive: naive.replace(second=0, microsecond=0, tzinfo=dt.UTC))


@st.composite
def calendars(draw: st.DrawFn, zone: str) -> Calendar:
    edges = st.lists(st.integers(0, 24).map(lambda h: h * 60), min_size=2, max_size=4, unique=True)

    def spans() -> tuple[tuple[int, int], ...]:
        hours = sorted(draw(edges))
        return tuple(zip(hours[::2], hours[1::2], strict=False))

    days = st.dates(dt.date(2010, 1, 1), dt.date(2027, 1, 31))
    week = tuple(spans() if n < 5 or draw(st.booleans()) else () for n in range(7))
    near = draw(st.sets(days, max_size=5))
    return Calendar(zone, week, frozenset(near), frozenset(draw(st.sets(days, max_size=3))), OFFICE)


@st.composite
def pauses(draw: st.DrawFn, start: dt.datetime) -> tuple[Pause, ...]:
    found = []
    for _n in range(draw(st.integers(0, 2))):
        begin = start + draw(st.integers(-600, 3000)) * MINUTE
        found.append(Pause(begin, begin + draw(st.integers(0, 2000)) * MINUTE))
    return tuple(found)


def stands(moment: dt.datetime, those: tuple[Pause, ...]) -> bool:
    return any(p.end is not None and p.begin <= moment < p.end for p in those)


def worked(moment: dt.datetime, calendar: Calendar) -> bool:
    wall = moment.astimezone(ZoneInfo(calendar.zone))
    minute = wall.hour * 60 + wall.minute
    return any(begin <= minute < end for begin, end in calendar.hours(wall.date()))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_minutes_that_pass_are_counted_one_by_one(data: st.DataObject) -> None:
    start = data.draw(moments)
    those = data.draw(pauses(start))
    amount = data.draw(st.integers(1, 3000))
    left, moment = amount, start
    while left:
        left -= not stands(moment, those)
        moment += MINUTE
    assert Clock(start, Limit("elapsed", amount), pauses=those).due() == moment


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_working_time_is_counted_minute_by_minute(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    calendar = data.draw(calendars(zone))
    start = data.draw(moments)
    those = data.draw(pauses(start))
    amount = data.draw(st.integers(1, 1500))
    clock = Clock(start, Limit("working_time", amount), calendar=calendar, pauses=those)
    left, moment = amount, start
    while left:
        left -= worked(moment, calendar) and not stands(moment, those)
        moment += MINUTE
    assert clock.due() == moment
    assert clock.at(100) == moment
    assert clock.spent(moment) == pytest.approx(1)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_days_are_counted_day_by_day(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    calendar = data.draw(calendars(zone))
    start = data.draw(moments)
    those = data.draw(pauses(start))
    amount = data.draw(st.integers(1, 12))
    kind: Kind = data.draw(st.sampled_from(("days", "working_days")))
    place = ZoneInfo(zone)
    day, left = start.astimezone(place).date(), amount
    while left:
        day += DAY
        end = first_after(day, place)
        if kind == "working_days" and not calendar.hours(day):
            continue
        # A day counts unless the clock stands still in its last moment.
        left -= not stands(end - dt.timedelta(microseconds=1), those)
    limit = Limit(kind, amount)
    found = Clock(start, limit, zone, calendar if kind == "working_days" else None, those).due()
    assert found == first_after(day, place)


def test_a_day_that_a_zone_left_out_is_over_with_the_one_before() -> None:
    there = dt.date(2011, 12, 30)
    assert day_end(there, "Pacific/Apia") == day_end(there - DAY, "Pacific/Apia")
    start = dt.datetime(2011, 12, 30, 0, 0, tzinfo=dt.UTC)  # the 29th in Samoa
    due = Clock(start, Limit("days", 1), "Pacific/Apia", None, ()).due()
    assert due == dt.datetime(2011, 12, 30, 10, 0, tzinfo=dt.UTC)


def first_after(day: dt.date, place: ZoneInfo) -> dt.datetime:
    """The first minute after the last one that shows the day, by looking at each minute."""
    moment = dt.datetime.combine(day, dt.time(), dt.UTC) + 40 * 60 * MINUTE
    while moment.astimezone(place).date() > day:
        moment -= 60 * MINUTE
    moment += 59 * MINUTE  # within an hour behind it at most
    while moment.astimezone(place).date() > day:
        moment -= MINUTE
    return moment + MINUTE


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_alarms_come_in_order_and_the_last_when_it_is_due(data: st.DataObject) -> None:
    start = data.draw(moments)
    kind: Kind = data.draw(st.sampled_from(("elapsed", "days", "months", "working_time")))
    calendar = Calendar("Europe/Berlin", (OFFICE,) * 5 + ((), ()))
    those = () if kind == "months" else data.draw(pauses(start))
    clock = Clock(start, Limit(kind, data.draw(st.integers(1, 90))), "Europe/Berlin",
                  calendar if kind == "working_time" else None, those)  # fmt: skip
    times = [clock.at(percent) for percent in ALARMS]
    assert times == sorted(times)
    assert times[-1] == clock.due()
    for percent, moment in zip(ALARMS, times, strict=True):
        assert percent in clock.reached(moment)
        assert percent not in clock.reached(moment - dt.timedelta(microseconds=1))


def test_twenty_four_hours_mean_elapsed_also_when_the_clocks_change() -> None:
    start = at("2026-03-28T12:00", "Europe/Berlin")
    due = Clock(start, Limit("elapsed", 24 * 60), "Europe/Berlin").due()
    assert due.astimezone(ZoneInfo("Europe/Berlin")).isoformat() == "2026-03-29T13:00:00+02:00"


def test_the_nth_calendar_day_ends_at_midnight_of_the_zone() -> None:
    due = Clock(at("2026-02-10T23:59"), Limit("days", 15), "Asia/Shanghai").due()
    assert due == at("2026-02-26T00:00")


def test_a_month_ends_with_the_same_day_or_the_last() -> None:
    assert Clock(at("2026-01-31T08:00"), Limit("months", 1), "Asia/Shanghai").due() == at(
        "2026-03-01T00:00"
    )
    assert Clock(at("2026-12-15T08:00"), Limit("months", 2), "Asia/Shanghai").due() == at(
        "2027-02-16T00:00"
    )


def test_an_extension_is_added_in_the_same_unit() -> None:
    clock = Clock(at("2026-03-02T08:00"), Limit("days", 15), "Asia/Shanghai", extensions=(30, 30))
    assert clock.due() == day_end(dt.date(2026, 3, 2) + 75 * DAY, "Asia/Shanghai")


def test_while_a_pause_lasts_the_due_time_moves_on() -> None:
    start = at("2026-03-02T08:00")
    clock = Clock(start, Limit("elapsed", 60), pauses=(Pause(start + 10 * MINUTE),))
    for minutes in (10, 60, 600):
        now = start + minutes * MINUTE
        assert clock.due(now) == start + (50 + minutes) * MINUTE
        assert clock.spent(now) == pytest.approx(10 / 60)
    with pytest.raises(ValueError, match="say what time it is"):
        clock.due()


@pytest.mark.parametrize("amount", [0, -1, 10**9])
@pytest.mark.parametrize("kind", ["elapsed", "days", "months", "working_time", "working_days"])
def test_a_limit_that_is_none_is_refused(kind: str, amount: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to"):
        Limit(kind, amount)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Clock(dt.datetime(2026, 1, 1), Limit("days", 1)), "start with a zone"),
        (lambda: Clock(at("2026-01-01"), Limit("working_days", 1)), "needs a business calendar"),
        (lambda: Clock(at("2026-01-01"), Limit("days", 1), extensions=(0,)), "positive"),
        (lambda: Pause(at("2026-01-02"), at("2026-01-01")), "ends before it begins"),
        (lambda: Calendar("UTC", ((),) * 6), "seven days"),
        (lambda: Calendar("UTC", (((600, 500),),) * 7), "follow each other"),
        (
            lambda: Clock(
                at("2026-01-01"), Limit("working_time", 5), calendar=Calendar("UTC", ((),) * 7)
            ).due(),
            "no working hours",
        ),
        (
            lambda: Clock(
                at("2026-01-01"), Limit("working_days", 5), calendar=Calendar("UTC", ((),) * 7)
            ).due(),
            "no working days",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(wrong: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wrong()  # type: ignore[operator]
