"""The tables of response, one module a subject.

entities      what alerts, cases and restrictions speak of
restrictions  what is blocked, limited, watched or allowed, and what each sink holds of it
"""

from guanlan.response.models.entities import EntityRef
from guanlan.response.models.restrictions import (
    Appeal,
    NeverBlock,
    Restriction,
    RestrictionState,
    Sink,
    SinkHolding,
)

__all__ = [
    "Appeal",
    "EntityRef",
    "NeverBlock",
    "Restriction",
    "RestrictionState",
    "Sink",
    "SinkHolding",
]
