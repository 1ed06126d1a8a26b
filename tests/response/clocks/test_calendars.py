"""Business calendars: what ships is what the notices say, and years that are missing are told."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import Subject
from guanlan.core.models import Message
from guanlan.response.clocks.calendars import (
    calendar_of,
    enter_year,
    hours_text,
    missing_year,
    read_days,
    read_hours,
)
from guanlan.response.clocks.shipping import ship
from guanlan.response.clocks.watching import tell_missing_years
from guanlan.response.models import BusinessCalendar
from tests.people import person

DAY = dt.timedelta(days=1)


def china() -> BusinessCalendar:
    found: BusinessCalendar = BusinessCalendar.objects.get(code="cn")
    return found


# From the notices themselves: how many days each holiday has, and the days worked for them.
@pytest.mark.parametrize(
    ("year", "off", "worked"),
    [
        (2024, [1, 8, 3, 5, 1, 3, 7], "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12"),
        (2025, [1, 8, 3, 5, 3, 8], "01-26 02-08 04-27 09-28 10-11"),
        (2026, [3, 9, 3, 5, 3, 3, 7], "01-04 02-14 02-28 05-09 09-20 10-10"),
    ],
)
def test_shipped_years_are_as_long_as_the_notices_say(
    officer: Subject, year: int, off: list[int], worked: str
) -> None:
    calendar = calendar_of(china())
    days = [dt.date(year, 1, 1) + n * DAY for n in range(366)]
    made_up = [day for day in days if day in calendar.workdays and day.year == year]
    assert [f"{day:%m-%d}" for day in made_up] == worked.split()
    # A make-up workday is one of a weekend: else the notice was copied wrongly.
    assert all(day.weekday() >= 5 for day in made_up)
    holidays = [day for day in days if day in calendar.holidays and day.year == year]
    runs = [1]
    for before, after in pairwise(holidays):
        if after - before == DAY:
            runs[-1] += 1
        else:
            runs.append(1)
    assert runs == off


def test_a_make_up_workday_is_worked_and_a_holiday_is_not(officer: Subject) -> None:
    calendar = calendar_of(china())
    assert calendar.works(dt.date(2026, 2, 14)), "a Saturday worked for the Spring Festival"
    assert not calendar.works(dt.date(2026, 2, 16)), "a Monday of the Spring Festival"
    assert not calendar.works(dt.date(2026, 2, 21))


def test_shipping_again_brings_nothing_and_keeps_what_people_entered(officer: Subject) -> None:
    enter_year(officer, china(), 2026, "2026-01-01 holiday", "own", verified=False)
    assert ship() == 0
    assert china().days.filter(day__year=2026).count() == 1


@pytest.mark.parametrize(
    ("day", "missing"),
    [("2026-11-30", None), ("2026-12-01", 2027), ("2027-01-01", 2027), ("2024-12-31", None)],
)
def test_the_coming_year_is_missed_from_december_on(
    officer: Subject, day: str, missing: int | None
) -> None:
    assert missing_year(china(), dt.date.fromisoformat(day)) == missing


def test_who_keeps_calendars_is_told_once_a_week_until_it_is_entered(officer: Subject) -> None:
    person("operations", "otto")
    person("committee_member", "mia")
    begin = dt.datetime(2026, 11, 28, 1, tzinfo=dt.UTC)
    for n in range(20):
        tell_missing_years(begin + n * DAY)
    told = Message.objects.filter(template="calendar.missing")
    assert {one.recipient.username for one in told if one.recipient} == {"cleo", "otto"}
    assert told.filter(recipient__username="otto").count() == 3, "three weeks of December"
    enter_year(officer, china(), 2027, "2027-01-01 holiday", "notice", verified=True)
    assert tell_missing_years(begin + 30 * DAY) == 0


@pytest.mark.parametrize("text", ["9-18", "18:00-09:00", "09:00-25:00", "09:00-12:00, 11:00-13:00"])
def test_hours_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="Write hours like"):
        read_hours(text)


def test_hours_are_written_as_they_are_read() -> None:
    text = "09:00-12:00, 13:00-18:00"
    assert hours_text(read_hours(text)) == text
    assert read_hours("  ") == []


def test_a_day_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="Line 2: 2026-05-02 stands there twice"):
        read_days(2026, ["2026-05-01..2026-05-03 holiday", "2026-05-02 work"])
