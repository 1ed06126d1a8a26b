"""A name for inputs: equal inputs, equal digest; a stored value can be computed again from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from guanlan.quant.grid import Grid
from guanlan.quant.riskset import RiskSet

# Raised whenever the same inputs may give another number.
MODEL = "guanlan.quant/1"


def digest(risks: RiskSet, grid: Grid) -> str:
    """SHA-256, hexadecimal, over the model, the set and the grid; floats by their exact value."""
    told = {"model": MODEL, "set": _plain(risks), "grid": _plain(grid)}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        told = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.compare}
        return {"kind": type(value).__name__, **told}
    return value
