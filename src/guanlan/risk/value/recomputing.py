"""A past value again, from nothing but what is stored with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from guanlan.quant import Grid
from guanlan.risk.models import RiskValue
from guanlan.risk.value.computing import MODELS, Kept, compute, digest
from guanlan.risk.value.inputs import canonical, read_inputs


class Recomputed(NamedTuple):
    """Whether a value came out equal to the byte; else what differs: dotted names, stored and
    computed. `model` is the present one where the value was made by another."""

    equal: bool
    differences: list[tuple[str, Any, Any]]
    model: str


SHOWN = 50  # differences


def recompute(value: RiskValue) -> Recomputed:
    """Compute a value again on its grids, and compare figures, curve and digest byte by byte.
    Raises Invalid or msgspec.ValidationError where what is stored is no longer what it was."""
    inputs = read_inputs(value.inputs["made_of"])
    grids = {
        stage: Grid(float.fromhex(step), size)
        for stage, (step, size) in value.inputs["grids"].items()
    }
    made = compute(inputs, Kept(grids))
    pairs = [
        ("figures", value.figures, made.figures),
        ("curve", value.curve, made.curve),
        ("digest", value.digest, digest(inputs, made.grids)),
    ]
    found = []
    for name, stored, computed in pairs:
        if canonical(stored) != canonical(computed):
            found += list(_differences(name, stored, computed))
    other = "" if value.model == MODELS else MODELS
    return Recomputed(not found and not other, found[:SHOWN], other)


def _differences(name: str, stored: Any, computed: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(stored, dict) and isinstance(computed, dict):
        for key in sorted(stored.keys() | computed.keys()):
            yield from _differences(f"{name}.{key}", stored.get(key), computed.get(key))
    elif isinstance(stored, list | tuple) and isinstance(computed, list | tuple):
        if len(stored) != len(computed):
            yield f"{name} (length)", len(stored), len(computed)
            return
        for at, (one, other) in enumerate(zip(stored, computed, strict=True)):
            yield from _differences(f"{name}[{at}]", one, other)
    elif canonical(stored) != canonical(computed):
        yield name, stored, computed
