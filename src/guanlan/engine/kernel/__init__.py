"""Exact sliding windows over int64 rows: the plan (`Shape`) and the machine (`Kernel`)."""

from guanlan.engine.kernel.kernel import DEFAULT_RESERVE, Kernel
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
    "DEFAULT_RESERVE",
    "LOAD_GLOBALS",
    "MAX_VALUE",
    "UNKNOWN",
    "FeaturePlan",
    "Kernel",
    "KeyColumn",
    "Series",
    "Shape",
    "ValueColumn",
]
