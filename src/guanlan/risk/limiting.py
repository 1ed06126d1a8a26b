"""Where a version of limits lies at a moment: a fixed number, or one that the volume or the hour
decides.

The limit of a share depends on what it stands on now: of ten decisions three declined are chance,
of ten thousand they are not. A seasonal limit is so many robust deviations from what is usual at
this hour of the week.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

from django.db.models import QuerySet
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from guanlan.quant import (
    Frequency,
    Share,
    count_limit,
    lower_crossing_limit,
    share_crossing_limit,
    upper_crossing_limit,
)
from guanlan.risk.models import IndicatorLimits
from guanlan.risk.states import Limits

CYCLES: Final = {"hour": 168, "day": 7}  # slots of a week
NEVER: Final = 1e300  # a limit that nothing reaches
_HEAP: Final = 100_000  # trials from which on only the sliding formula is asked


class Version(Protocol):
    """A version of limits, as judging reads it: a row, or what was read of one in bulk."""

    @property
    def version(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def terms(self) -> Mapping[str, Any]: ...
    @property
    def direction(self) -> str: ...
    @property
    def forecast(self) -> int: ...
    @property
    def minimum_volume(self) -> int: ...
    @property
    def stale_after(self) -> int: ...
    def read(self) -> Limits: ...


class InForce(Struct, frozen=True):
    """What judging reads of a version of limits."""

    pk: int
    version: int
    kind: str
    terms: Mapping[str, Any]
    forecast: int
    direction: str
    amber: float
    red: float
    amber_low: float | None
    red_low: float | None
    hysteresis: float
    minimum_duration: int
    minimum_volume: int
    stale_after: int

    def read(self) -> Limits:
        """The limits as they stand in the version."""
        return Limits(
            direction=self.direction,  # type: ignore[arg-type]
            amber=self.amber,
            red=self.red,
            amber_low=self.amber_low,
            red_low=self.red_low,
            hysteresis=self.hysteresis,
            minimum_duration=dt.timedelta(seconds=self.minimum_duration),
            minimum_volume=self.minimum_volume,
            stale_after=dt.timedelta(seconds=self.stale_after),
        )


def in_force(rows: QuerySet[IndicatorLimits], now: dt.datetime) -> dict[int, InForce]:
    """The newest version of each indicator among these rows whose time has come; one query."""
    found = rows.filter(effective__lte=now).order_by("indicator_id", "version")
    return {
        key: InForce(*said)
        for key, *said in found.values_list("indicator_id", *InForce.__struct_fields__)
    }


def limits_at(version: Version, at: dt.datetime, volume: int | None) -> Limits:
    """From where on it is amber and red at a time, standing on a volume."""
    plain = version.read()
    if version.kind == "share":
        return _of_share(plain, version.terms, volume or 0)
    if version.kind == "seasonal":
        return _of_season(plain, version.terms, at)
    return plain


def slot_of(cycle: str, at: dt.datetime) -> int:
    """The slot of the week that a time lies in, by the organisation's clock."""
    local = timezone.localtime(at, timezone.get_default_timezone())
    return local.weekday() * 24 + local.hour if cycle == "hour" else local.weekday()


def _of_season(plain: Limits, terms: Mapping[str, Any], at: dt.datetime) -> Limits:
    slot = slot_of(terms["cycle"], at)
    centre, spread = terms["centres"][slot], terms["spreads"][slot]
    amber, red = terms["amber_width"] * spread, terms["red_width"] * spread
    if plain.direction == "lower":
        return replace(plain, amber=centre - amber, red=centre - red)
    if plain.direction == "higher":
        return replace(plain, amber=centre + amber, red=centre + red)
    return replace(
        plain, amber=centre + amber, red=centre + red, amber_low=centre - amber,
        red_low=centre - red,
    )  # fmt: skip


def _of_share(plain: Limits, terms: Mapping[str, Any], volume: int) -> Limits:
    yes, no, rhythm = terms["yes"], terms["no"], (terms["windows"], terms["turns"])
    budgets = (terms["amber_a_year"], terms["red_a_year"])
    above = [_share_above(yes, no, volume, *rhythm, budget) for budget in budgets]
    below = [1.0 - _share_above(no, yes, volume, *rhythm, budget) for budget in budgets]
    if plain.direction == "lower":
        return replace(plain, amber=below[0], red=below[1])
    if plain.direction == "higher":
        return replace(plain, amber=above[0], red=above[1])
    return replace(plain, amber=above[0], red=above[1], amber_low=below[0], red_low=below[1])


@lru_cache(maxsize=16_384)
def _share_above(
    yes: float, no: float, trials: int, windows: float, turns: float, budget: float
) -> float:
    """The share from which on it is an alarm; above one where nothing is."""
    if trials == 0:
        return NEVER
    known = Share(yes, no)
    most = share_crossing_limit(known, trials, windows, budget)
    if trials <= _HEAP and budget < turns:
        most = min(most, known.limit(trials, budget / turns))
    return (most + 1) / trials


def count_limits(
    mean: float, shape: float, windows: float, turns: float, budget: float
) -> tuple[float, float]:
    """The counts up from which, and down to which, is an alarm at a yearly budget of false ones.

    windows: of its length in a year. turns: how often in a year it is looked at. Whichever limit is
    nearer keeps the budget: that of a window which slides without a stop, or of so many looks.
    """
    high = upper_crossing_limit(mean, shape, windows, budget)
    if budget < turns:
        looked = count_limit(Frequency(mean, min(max(shape, 1e-4), 1e7)), 1.0, budget / turns)
        high = min(high, looked)
    return high + 1.0, float(lower_crossing_limit(mean, shape, windows, budget))
