"""Hour and weekday of an instant in a time zone, without asking the zone every time."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo

HOUR = 3_600_000_000
DAY = 24 * HOUR
# Instants beyond the years a datetime can hold are given the offset of the nearest year it can.
_FIRST_DAY = (dt.date(2, 1, 1) - dt.date(1970, 1, 1)).days
_LAST_DAY = (dt.date(9998, 1, 1) - dt.date(1970, 1, 1)).days
_CACHED_DAYS = 4_096


class Zone:
    """Offsets of an IANA time zone, remembered by UTC day.

    A day whose 25 full hours all have one offset is answered from memory; on the few days when
    clocks change the zone itself is asked. Raises `ValueError` for a name that is no zone.
    """

    def __init__(self, name: str) -> None:
        try:
            self._zone = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"`{name}` is not a time zone: write it like Asia/Shanghai") from error
        self._days: dict[int, int | None] = {}

    def hour(self, time: float) -> int:
        """Hour of day, 0..23, of `time` (microseconds since 1970-01-01 UTC)."""
        instant = int(time // 1)
        return (instant + self._offset(instant)) // HOUR % 24

    def weekday(self, time: float) -> int:
        """Day of week, 0 (Monday) .. 6 (Sunday), of `time`."""
        instant = int(time // 1)
        return ((instant + self._offset(instant)) // DAY + 3) % 7

    def _offset(self, instant: int) -> int:
        day = instant // DAY
        try:
            offset = self._days[day]
        except KeyError:
            offset = self._of_day(day)
        return self._ask(instant) if offset is None else offset

    def _of_day(self, day: int) -> int | None:
        offsets = {self._ask(day * DAY + hour * HOUR) for hour in range(25)}
        offset = offsets.pop() if len(offsets) == 1 else None
        if len(self._days) >= _CACHED_DAYS:
            self._days.clear()
        self._days[day] = offset
        return offset

    def _ask(self, instant: int) -> int:
        clamped = min(max(instant, _FIRST_DAY * DAY), _LAST_DAY * DAY)
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=clamped)
        offset = moment.astimezone(self._zone).utcoffset()
        return 0 if offset is None else offset // dt.timedelta(microseconds=1)


@functools.lru_cache(maxsize=64)
def zone(name: str) -> Zone:
    """The zone of that name; the same object each time, so its memory is shared."""
    return Zone(name)
