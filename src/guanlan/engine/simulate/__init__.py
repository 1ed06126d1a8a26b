"""A labelled wallet world for demos, tests and backtests: people with habits, and attacks."""

from guanlan.engine.simulate.columns import ATTACKS
from guanlan.engine.simulate.frame import SCHEMA
from guanlan.engine.simulate.live import live
from guanlan.engine.simulate.run import simulate, write_parquet
from guanlan.engine.simulate.wire import (
    label_events,
    label_wire,
    to_wire,
    wire_events,
    wire_history,
)

__all__ = [
    "ATTACKS",
    "SCHEMA",
    "label_events",
    "label_wire",
    "live",
    "simulate",
    "to_wire",
    "wire_events",
    "wire_history",
    "write_parquet",
]
