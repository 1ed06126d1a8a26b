"""What measures leave of a risk: told by whoever judges measures, 1 as long as nobody does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from guanlan.risk.models import Risk

Left = Callable[[Risk, dt.datetime], tuple[float, float]]
_JUDGES: Final[list[Left]] = []


def judge_left(read: Left) -> Left:
    """Have `read(risk, at)` tell the shares (0 to 1] of frequency and severity that are left.
    The last one that registers counts."""
    _JUDGES.append(read)
    return read


def left_at(risk: Risk, at: dt.datetime) -> tuple[float, float]:
    """The shares of frequency and severity that measures leave of a risk at a time."""
    return _JUDGES[-1](risk, at) if _JUDGES else (1.0, 1.0)
