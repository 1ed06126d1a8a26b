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


Hook = Callable[[Sequence[Crossing], dt.datetime], None]
HOOKS: Final[list[Hook]] = []


def on_crossing(hook: Hook) -> Hook:
    """Call `hook(crossings, now)` with all that crossed at one moment, in the transaction that
    writes it down. Raises RuntimeError once the start is done."""
    if apps.ready:
        raise RuntimeError("hooks of crossings are registered while the app starts")
    HOOKS.append(hook)
    return hook


def tell(crossings: Sequence[Crossing], now: dt.datetime) -> None:
    """Tell every hook."""
    if crossings:
        for hook in HOOKS:
            hook(crossings, now)


def is_crossing(change: IndicatorChange) -> bool:
    """Whether a change leads to red or unknown, or away from there."""
    return bool({change.before, change.after} & ALARMING)
