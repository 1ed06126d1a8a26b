"""Hours and weekdays equal those of the standard library, in every zone, over every change."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.language.zone import DAY, HOUR, Zone, zone

ZONES = [
    "UTC", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "America/New_York", "Europe/London",
    "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu",
    "Africa/Monrovia", "Pacific/Kiritimati", "Asia/Pyongyang", "Antarctica/Troll",
]  # fmt: skip
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def agree(name: str, time: int) -> None:
    local = (EPOCH + dt.timedelta(microseconds=time)).astimezone(zoneinfo.ZoneInfo(name))
    assert (zone(name).hour(time), zone(name).weekday(time)) == (local.hour, local.weekday())


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.datetimes(dt.datetime(1880, 1, 1), dt.datetime(2200, 1, 1)))
def test_any_instant(name: str, moment: dt.datetime) -> None:
    agree(name, (moment.replace(tzinfo=dt.UTC) - EPOCH) // dt.timedelta(microseconds=1))


@pytest.mark.parametrize("name", ZONES)
def test_both_sides_of_every_change_of_clocks(name: str) -> None:
    """Walk by day through 1970..2040 and halve every day whose offset changes."""
    where = zoneinfo.ZoneInfo(name)

    def offset(time: int) -> dt.timedelta | None:
        return (EPOCH + dt.timedelta(microseconds=time)).astimezone(where).utcoffset()

    for day in range(0, 70 * 366, 7):
        low, high = day * DAY, (day + 7) * DAY
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        for around in (-HOUR, -1, 0, 1, HOUR - 1, HOUR):
            agree(name, high + around)


def test_fractions_and_distant_times_are_answered() -> None:
    shanghai = zone("Asia/Shanghai")
    assert shanghai.hour(3_600_000_000 * 1.5) == 9
    assert shanghai.hour(-1) == 7
    assert shanghai.weekday(-1) == 3
    for time in (2**63, -(2**63), 1e30):
        assert 0 <= shanghai.hour(time) < 24
        assert 0 <= shanghai.weekday(time) < 7


def test_memory_is_bounded() -> None:
    small = Zone("Europe/London")
    for day in range(10_000):
        small.hour(day * DAY)
    assert len(small._days) <= 4_096


def test_a_name_that_is_no_zone() -> None:
    with pytest.raises(ValueError, match="Asia/Shanghai"):
        zone("Nowhere/Land")
