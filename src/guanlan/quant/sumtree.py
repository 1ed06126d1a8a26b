"""A sum of arrays that one changed term brings up to date, bit for bit as if summed anew.

Floating-point addition depends on its order. Here the order is that of a tree of fixed fan-out, so
that a changed leaf touches log(n) partial sums and the rest are the ones of before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from guanlan.quant.frequency import Complexes

FAN = 4


class SumTree:
    """Sum of `leaf(0)` … `leaf(count - 1)`; leaves are asked for anew, never written to."""

    def __init__(self, count: int, leaf: Callable[[int], Complexes]) -> None:
        self._count = count
        self._leaf = leaf
        self._levels: list[list[Complexes]] = []
        width = count
        while width > 1 or not self._levels:
            width = -(-width // FAN)
            at = len(self._levels)
            self._levels.append([])
            for node in range(width):
                self._levels[at].append(self._added(at, node, None))

    @property
    def total(self) -> Complexes:
        """The sum; written over by the next `refresh`."""
        return self._levels[-1][0]

    def refresh(self, leaves: Iterable[int]) -> None:
        """Leaves that have changed."""
        touched = set(leaves)
        for at, level in enumerate(self._levels):
            touched = {leaf // FAN for leaf in touched}
            for node in sorted(touched):
                self._added(at, node, level[node])

    def _added(self, at: int, node: int, into: Complexes | None) -> Complexes:
        """One partial sum, written over its old value where there is one."""
        below = self._count if at == 0 else len(self._levels[at - 1])
        first, *others = range(node * FAN, min((node + 1) * FAN, below))
        part = self._leaf if at == 0 else self._levels[at - 1].__getitem__
        if into is None:
            into = part(first).copy()
        else:
            np.copyto(into, part(first))
        for other in others:
            into += part(other)
        return into
