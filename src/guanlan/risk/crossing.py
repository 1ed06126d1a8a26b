"""What is told when an indicator turns red or unknown, or comes back: hooks of the apps above."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from django.apps import apps

from guanlan.risk.models import Indicator, IndicatorChange, IndicatorSample
from guanlan.risk.registry import Spec

ALARMING: Final = frozenset({"red", "unknown"})


class Crossing(NamedTuple):
    """An indicator that has changed to red or to unknown, or back from there; `spec` is None for
    one that this version no longer measures."""

    spec: Spec | None
    indicator: Indicator
    sample: IndicatorSample
    change: IndicatorChange


class Moved(NamedTuple):
    """An indicator whose value was just measured and written down; `before` is what it was."""

    spec: Spec | None
    indicator: Indicator
    before: float | None


Hook = Callable[[Sequence[Crossing], dt.datetime], None]
MovedHook = Callable[[Sequence[Moved], dt.datetime], None]
HOOKS: Final[list[Hook]] = []
MOVED_HOOKS: Final[list[MovedHook]] = []


def on_crossing(hook: Hook) -> Hook:
    """Call `hook(crossings, now)` with all that crossed at one moment, in the transaction that
    writes it down. Raises RuntimeError once the start is done."""
    if apps.ready:
        raise RuntimeError("hooks of crossings are registered while the app starts")
    HOOKS.append(hook)
    return hook


def on_moved(hook: MovedHook) -> MovedHook:
    """Call `hook(moved, now)` with the indicators whose value has changed, in the transaction that
    writes it down: each minute, and of live ones within about a second of the event that moved
    them. Raises RuntimeError once the start is done."""
    if apps.ready:
        raise RuntimeError("hooks of indicators are registered while the app starts")
    MOVED_HOOKS.append(hook)
    return hook


def tell_moved(moved: Sequence[Moved], now: dt.datetime) -> None:
    """Tell every hook."""
    if moved:
        for hook in MOVED_HOOKS:
            hook(moved, now)


def tell(crossings: Sequence[Crossing], now: dt.datetime) -> None:
    """Tell every hook."""
    if crossings:
        for hook in HOOKS:
            hook(crossings, now)


def is_crossing(change: IndicatorChange) -> bool:
    """Whether a change leads to red or unknown, or away from there."""
    return bool({change.before, change.after} & ALARMING)
