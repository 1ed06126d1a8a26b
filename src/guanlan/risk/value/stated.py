"""What people state of a risk, as `guanlan.quant` takes it: the JSON of RiskParameters, which is
spelled as in a risk file (docs/quant.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from guanlan.quant import (
    Frequency,
    Invalid,
    Layer,
    Pert,
    Retained,
    Severity,
    empirical,
    gamma_from_interval,
    lognormal_from_interval,
    lognormal_from_quantile,
    pert_from_interval,
    updated,
)

LEVEL: Final = 0.9
REMEMBERED: Final = 8192  # solving for a Gamma or a tail takes a thousand times as long as asking
Said = Mapping[str, Any]


def frequency_of(said: Said) -> Frequency:
    """Events a year. Raises Invalid."""
    return _read_frequency(json.dumps(said, sort_keys=True))


@lru_cache(REMEMBERED)
def _read_frequency(text: str) -> Frequency:
    said = json.loads(text)
    if "interval" in said:
        low, high = _pair(said["interval"], "frequency.interval")
        found = gamma_from_interval(float(low), float(high), level=said.get("level", LEVEL))
    elif "rate" in said:
        shape = said.get("shape")
        found = Frequency(float(said["rate"]), None if shape is None else float(shape))
    else:
        raise Invalid("frequency", "expected an interval or a rate, in events a year")
    seen = said.get("observed")
    return found if seen is None else updated(found, seen["events"], seen["years"])


def severity_of(said: Said, insurance: Said | None) -> Severity:
    """The loss of one event, less what an insurer pays of it. Raises Invalid."""
    return _read_severity(json.dumps([said, insurance], sort_keys=True))


@lru_cache(REMEMBERED)
def _read_severity(text: str) -> Severity:
    said, insurance = json.loads(text)
    gross = _gross(said)
    layer = layer_of(insurance)
    return gross if layer is None else Retained(gross, layer)


def layer_of(said: Said | None) -> Layer | None:
    """Terms of an insurance. Raises Invalid."""
    if said is None:
        return None
    if "deductible" not in said:
        raise Invalid("insurance.deductible", "expected an amount in whole minor units")
    return Layer(said["deductible"], said.get("limit"), float(said.get("share", 1.0)))


def _gross(said: Said) -> Severity:
    if (one := said.get("lognormal")) is not None:
        evidence = one.get("evidence")
        if "interval" in one:
            low, high = _pair(one["interval"], "severity.lognormal.interval")
            level = one.get("level", LEVEL)
            return lognormal_from_interval(low, high, level=level, evidence=evidence)
        _has(one, "severity.lognormal", "median", "quantile", "level")
        return lognormal_from_quantile(
            one["median"], one["quantile"], level=one["level"], evidence=evidence
        )
    if (one := said.get("pert")) is not None:
        _has(one, "severity.pert", "least", "mode", "most")
        ends = one["least"], one["mode"], one["most"]
        if one.get("interval") is None:
            return Pert(*ends)
        low, high = _pair(one["interval"], "severity.pert.interval")
        return pert_from_interval(*ends, low, high, level=one.get("level", LEVEL))
    if (one := said.get("losses")) is not None:
        _has(one, "severity.losses", "amounts")
        method = one.get("fit", "pwm")
        return empirical(one["amounts"], threshold=one.get("threshold"), method=method)
    raise Invalid("severity", "expected one of lognormal, pert and losses")


def _pair(value: Any, field: str) -> tuple[Any, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise Invalid(field, "expected two values, [low, high]")
    return value[0], value[1]


def _has(said: Said, field: str, *names: str) -> None:
    for name in names:
        if name not in said:
            raise Invalid(f"{field}.{name}", "expected a value")
