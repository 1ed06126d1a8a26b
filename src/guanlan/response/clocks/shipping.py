"""What comes with the program: calendars and rules, read from the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec

from guanlan.response.clocks.calendars import ship_calendars
from guanlan.response.clocks.rules import ship_rules


def shipped(name: str) -> list[dict[str, Any]]:
    """The entries of `calendars` or `rules`."""
    path = files("guanlan.response.clocks") / "shipped" / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])


def ship() -> int:
    """Bring in what is not there; how many years and rules. Doing it again does nothing."""
    return ship_calendars(shipped("calendars")) + ship_rules(shipped("rules"))
