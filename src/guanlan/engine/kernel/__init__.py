"""Exact sliding windows over int64 rows: the plan (`Shape`) and the machine (`Kernel`)."""

from guanlan.engine.kernel.shape import (
    LOAD_GLOBALS,
    MAX_VALUE,
    UNKNOWN,
    FeaturePlan,
    KeyColumn,
    Series,
    Shape,
    ValueColumn,
)

__all__ = [
    "LOAD_GLOBALS",
    "MAX_VALUE",
    "UNKNOWN",
    "FeaturePlan",
    "KeyColumn",
    "Series",
    "Shape",
    "ValueColumn",
]
