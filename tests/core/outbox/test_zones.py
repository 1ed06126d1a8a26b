"""Quiet hours and digests keep to the reader's clock: the person's zone, else the organisation's,
wherever the machine believes to be, also when clocks are set and over midnight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.conf import settings as configuration
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core import outbox
from guanlan.core.jobs import sweeping
from guanlan.core.models import Channel, Delivery, Organisation, Preference, User
from guanlan.core.outbox import routing
from guanlan.core.outbox.sending import Urgency
from guanlan.core.people import organisation

FROM, TO = datetime(2020, 1, 1), datetime(2032, 1, 1)
MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
# Set at midnight, by half an hour, by two hours, on the other half of the globe, at odd hours.
CHANGING = ["America/New_York", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe",
            "Antarctica/Troll", "Asia/Beirut", "Europe/Berlin", "Pacific/Chatham"]  # fmt: skip
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))


@cache
def changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The moments (to the minute) at which the zone's clocks are set in a year."""
    return tuple(_changes(zone, year))


def _changes(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    for day in range(365):
        low = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)
        offset = low.astimezone(zone).utcoffset()
        if (low + timedelta(days=1)).astimezone(zone).utcoffset() == offset:
            continue
        minutes = range(24 * 60)
        yield next(
            low + n * MINUTE
            for n in minutes
            if (low + n * MINUTE).astimezone(zone).utcoffset() != offset
        )


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and a moment; often one within a day of a change of its clocks."""
    if draw(st.booleans()):
        zone = ZoneInfo(draw(st.sampled_from(CHANGING)))
        found = changes(zone, draw(st.integers(2020, 2030)))
        if found:
            minutes = draw(st.integers(-26 * 60, 4 * 60))
            return zone, draw(st.sampled_from(found)) + minutes * MINUTE
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    return zone, draw(st.datetimes(FROM, TO)).replace(tzinfo=UTC)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def exists(shown: datetime, zone: ZoneInfo) -> bool:
    """Whether the zone's clocks ever show this."""
    return wall(shown.replace(tzinfo=zone).astimezone(UTC), zone) == shown


def reached(at: datetime, zone: ZoneInfo, end: time) -> tuple[datetime, datetime]:
    """By walking on minute by minute: what the clock is to show next, and the first moment at
    which it shows that or more."""
    shown = wall(at, zone)
    target = datetime.combine(shown.date(), end)
    if target <= shown:
        target += timedelta(days=1)
    moment = at.replace(second=0, microsecond=0)
    while wall(moment, zone) < target:
        moment += MINUTE
    return target, moment


def quiet(shown: time, start: time, end: time) -> bool:
    """Said over the minutes of a day: from `start` on, going round midnight, to `end`."""
    minute, first, last = (t.hour * 60 + t.minute for t in (shown, start, end))
    return (minute - first) % 1440 < (last - first) % 1440


@settings(max_examples=150, deadline=None)
@given(moments(), MINUTES, MINUTES)
def test_quiet_hours_end_when_the_readers_clock_shows_it(
    where: tuple[ZoneInfo, datetime], start: time, end: time
) -> None:
    zone, at = where
    wishes = Preference(quiet_from=start, quiet_to=end, zone=zone.key)
    due = routing.after_quiet(wishes, at).astimezone(UTC)
    if not quiet(wall(at, zone).time(), start, end):
        assert due == at
        return
    target, moment = reached(at, zone, end)
    if exists(target, zone):
        assert due == moment
    else:  # a time that the clocks skip: late by no more than they were set
        assert moment <= due <= moment + timedelta(hours=3)
    assert not quiet(wall(due, zone).time(), start, end) or not exists(target, zone)


@settings(max_examples=100, deadline=None)
@given(moments())
def test_a_daily_digest_goes_out_at_nine_by_the_readers_clock(
    where: tuple[ZoneInfo, datetime],
) -> None:
    zone, at = where
    due = routing.digest_due(Preference(zone=zone.key), "day", at)
    target, moment = reached(at, zone, time(9))
    assert at < due
    assert due.astimezone(UTC) == moment or not exists(target, zone)


@settings(max_examples=100, deadline=None)
@given(moments())
def test_an_hourly_digest_never_waits_longer_than_an_hour(
    where: tuple[ZoneInfo, datetime],
) -> None:
    zone, at = where
    due = routing.digest_due(Preference(zone=zone.key), "hour", at)
    assert at < due <= at + timedelta(hours=1)
    same = due.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
    assert not same or wall(due, zone).minute == wall(due, zone).second == 0


@pytest.fixture
def new_york(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An organisation in New York whose machine is set to another zone."""
    monkeypatch.setattr(configuration, "TIME_ZONE", "Pacific/Auckland")
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "America/New_York"})
    yield
    organisation.forget()


NIGHT = datetime(2026, 7, 2, 3, 30, tzinfo=UTC)  # 23:30 in New York, 11:30 in Shanghai


def due_of(user: User, urgency: Urgency) -> datetime:
    outbox.send("test.case", to=user, context={"case": 1, "account": ""}, urgency=urgency,
                now=NIGHT)  # fmt: skip
    return Delivery.objects.order_by("pk").last().due  # type: ignore[union-attr]


def test_without_a_zone_of_ones_own_the_organisations_holds(
    new_york: None, lin: User, file_channel: Channel
) -> None:
    wishes = Preference.objects.create(
        user=lin, quiet_from=time(22), quiet_to=time(7), digest="day"
    )
    assert due_of(lin, "normal") == datetime(2026, 7, 2, 11, 0, tzinfo=UTC)
    assert due_of(lin, "info") == datetime(2026, 7, 2, 13, 0, tzinfo=UTC)
    wishes.zone = "Asia/Shanghai"
    wishes.save()
    assert due_of(lin, "normal") == NIGHT
    assert due_of(lin, "info") == datetime(2026, 7, 3, 1, 0, tzinfo=UTC)


def test_schedules_of_jobs_are_read_in_the_organisations_zone(new_york: None) -> None:
    assert sweeping.zone().key == "America/New_York"
