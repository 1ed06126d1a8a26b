"""Everything that a value is made of, in one canonical form: equal inputs, equal bytes.

Floats are written by their exact value (hexadecimal), mappings by their keys in order, risks by
their codes. What is here is enough to compute a value again without any table. `told` says beside
it where each number came from; it is not part of what is computed, nor of the digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from guanlan.risk.value.effects import Stage

VERSION: Final = "guanlan.risk.value/1"
_HEX: Final = re.compile(r"-?0x[01]\.[0-9a-f]+p[+-][0-9]+")
JSON = dict[str, Any]


class Driver(Struct, frozen=True, kw_only=True):
    """An indicator that moves a risk: the multiplier is exp(beta · (value - centre) / spread), held
    within [least, most]. `value` None: it was never known, and multiplies by one, which is told.
    `known` says whether the value is that of now; else it is the last one that was."""

    indicator: str
    beta: float
    centre: float
    spread: float
    least: float
    most: float
    value: float | None
    known: bool


class RiskInput(Struct, frozen=True, kw_only=True):
    """One risk. `left`: the shares that measures leave of frequency and severity, by stage;
    `stated_left`: those that held when the parameters were stated. events, years: losses counted
    since, and over how long; None: they do not count."""

    code: str
    group: str
    frequency: JSON
    severity: JSON
    insurance: JSON | None
    year_insurance: JSON | None
    stated_left: tuple[float, float]
    left: dict[Stage, tuple[float, float]]
    events: int | None
    years: float | None
    drivers: tuple[Driver, ...]
    appetite: int | None
    tolerance: int | None


class Shock(Struct, frozen=True, kw_only=True):
    """One event that strikes several risks: so many times a year, each with its probability."""

    rate: float
    hits: dict[str, float]


class Matrix(Struct, frozen=True, kw_only=True):
    """Bounds and levels of the five-by-five view (see RiskMatrix)."""

    version: int
    frequencies: tuple[float, ...]
    losses: tuple[int, ...]
    levels: tuple[tuple[str, ...], ...]


class Inputs(Struct, frozen=True, kw_only=True):
    """A register, as everything that its value is made of. Amounts: minor units of `currency`.

    `carried`: by stage, the ends of the parameter intervals as shares of the number they are of
    (the expectancy, then each value at risk), taken over from `carried_from`, a value of the same
    parameters; None: they are computed. left_out: risks that could not be used, and why.
    """

    currency: str
    frailty: float
    groups: dict[str, float]
    shocks: dict[str, Shock]
    appetite: int | None
    tolerance: int | None
    matrix: Matrix
    risks: tuple[RiskInput, ...]
    left_out: dict[str, str]
    version: str = VERSION
    carried: dict[Stage, list[tuple[float, float]]] | None = None
    carried_from: int | None = None


def written(inputs: Inputs) -> JSON:
    """As it is stored: plain JSON, floats by their exact value."""
    found: JSON = plain(msgspec.to_builtins(inputs))
    return found


def read_inputs(said: JSON) -> Inputs:
    """What `written` wrote. Raises msgspec.ValidationError."""
    return msgspec.convert(_floats(said), Inputs)


def canonical(value: Any) -> bytes:
    """The bytes of anything stored, whatever the database made of the order of its keys."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode()


def digest_of(inputs: JSON, grids: JSON, model: str) -> str:
    """SHA-256 (hex) of what is computed from: written inputs, grids by stage, and the model."""
    return hashlib.sha256(canonical([model, inputs, grids])).hexdigest()


def plain(value: Any) -> Any:
    """Plain JSON with floats by their exact value."""
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _floats(value: Any) -> Any:
    if isinstance(value, str):
        return float.fromhex(value) if _HEX.fullmatch(value) else value
    if isinstance(value, dict):
        return {key: _floats(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_floats(one) for one in value]
    return value
