"""Inputs as sets of `guanlan.quant`, one a stage; and why a risk cannot be one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from guanlan.quant import (
    Frequency,
    Group,
    Invalid,
    Risk,
    RiskSet,
    Severity,
    Shock,
    scaled,
    updated,
)
from guanlan.quant.layer import Layer
from guanlan.risk.value.effects import STAGES, Stage
from guanlan.risk.value.inputs import Driver, Inputs, RiskInput
from guanlan.risk.value.stated import frequency_of, layer_of, severity_of

Sets = Mapping[Stage, RiskSet]


class Stated(NamedTuple):
    """A risk as it is stated, counted losses included; multiplier: that of its indicators."""

    frequency: Frequency
    severity: Severity
    year: Layer | None
    multiplier: float


def multiplier_of(one: Driver) -> float:
    """What one indicator multiplies the frequency by."""
    if one.beta == 0.0 or one.value is None:
        return 1.0
    power = one.beta * (one.value - one.centre) / one.spread
    # Beyond it, exp would overflow; the bounds hold it anyway.
    return min(max(math.exp(min(max(power, -700.0), 700.0)), one.least), one.most)


def stated(one: RiskInput) -> Stated:
    """What is stated of a risk. Raises Invalid."""
    frequency = frequency_of(one.frequency)
    if one.events is not None and one.years and frequency.shape is not None:
        frequency = updated(frequency, one.events, one.years)
    product = math.prod(multiplier_of(driver) for driver in one.drivers)
    severity = severity_of(one.severity, one.insurance)
    return Stated(frequency, severity, layer_of(one.year_insurance), product)


def staged(one: RiskInput, said: Stated, stage: Stage, inputs: Inputs) -> Risk:
    """A risk at a stage: stated / the shares left then · the shares left at the stage · what its
    indicators say."""
    frequency_left, severity_left = one.left[stage]
    then_frequency, then_severity = one.stated_left
    share = frequency_left / then_frequency * said.multiplier
    return Risk(
        one.code,
        said.frequency.scaled(share) if share != 1.0 else said.frequency,
        scaled(said.severity, severity_left / then_severity),
        one.group if one.group in inputs.groups else None,
        said.year,
    )


def fault_of(one: RiskInput, inputs: Inputs) -> str:
    """Why a risk cannot be computed; empty where it can. It is tried as a set of its own, with all
    that the settings say of it."""
    try:
        said = stated(one)
        groups = tuple(Group(name, variance) for name, variance in inputs.groups.items())
        struck = {
            name: Shock(name, shock.rate, {one.code: shock.hits[one.code]})
            for name, shock in inputs.shocks.items()
            if one.code in shock.hits
        }
        for stage in STAGES:
            risk = staged(one, said, stage, inputs)
            RiskSet(inputs.currency, (risk,), inputs.frailty, groups, tuple(struck.values()))
    except Invalid as error:
        return f"{error.field.removeprefix(f'risks.{one.code}.')}: {error.expected}"
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return "parameters: expected the form of a risk file"
    return ""


def sets_of(inputs: Inputs) -> Sets:
    """The set of each stage. Raises Invalid; without a risk there is no set."""
    if not inputs.risks:
        return {}
    known = {one.code for one in inputs.risks}
    shocks = []
    for name, shock in sorted(inputs.shocks.items()):
        hits = {code: p for code, p in sorted(shock.hits.items()) if code in known}
        if hits:
            shocks.append(Shock(name, shock.rate, hits))
    said = [stated(one) for one in inputs.risks]
    groups = tuple(Group(name, variance) for name, variance in sorted(inputs.groups.items()))
    return {
        stage: RiskSet(
            inputs.currency,
            tuple(
                staged(one, what, stage, inputs)
                for one, what in zip(inputs.risks, said, strict=True)
            ),
            inputs.frailty,
            groups,
            tuple(shocks),
        )
        for stage in STAGES
    }
