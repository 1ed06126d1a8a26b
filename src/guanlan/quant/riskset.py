"""The inputs: risks, and what makes them happen together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from guanlan.quant.frequency import Frequency
from guanlan.quant.invalid import Invalid, not_negative
from guanlan.quant.layer import Layer
from guanlan.quant.money import currency
from guanlan.quant.severity import Severity

VARIANCES = (1e-6, 100.0)  # of a clock; below, it only costs digits


@dataclass(frozen=True, slots=True)
class Risk:
    """name: unique in its set. group: name of the group it shares a frailty with, or None.

    year: insurance of the year's sum, after what the severity says of insurance by event; only for
    a risk that is independent of the others (no group, no frailty of the set, no shock).
    """

    name: str
    frequency: Frequency
    severity: Severity
    group: str | None = None
    year: Layer | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Risks that have good and bad years together: their rates are multiplied by one Gamma.

    variance: of that multiplier, whose mean is one.
    """

    name: str
    variance: float

    def __post_init__(self) -> None:
        _variance(self.variance, f"groups.{self.name}.variance")


@dataclass(frozen=True, slots=True)
class Shock:
    """One event that strikes several risks at once, `rate` times a year.

    hits: by name of a risk the probability (above 0, at most 1) that the shock makes a loss of it;
    independent of each other given the shock. The losses are added to those of the risk's own
    frequency.
    """

    name: str
    rate: float
    hits: Mapping[str, float]

    def __post_init__(self) -> None:
        not_negative(self.rate, f"shocks.{self.name}.rate")
        if not self.hits:
            raise Invalid(f"shocks.{self.name}.hits", "expected a risk at least")
        for name, probability in self.hits.items():
            if not 0.0 < probability <= 1.0:
                where = f"shocks.{self.name}.hits.{name}"
                raise Invalid(where, "expected a probability above 0, at most 1")
        object.__setattr__(self, "hits", MappingProxyType(dict(self.hits)))


@dataclass(frozen=True, slots=True)
class RiskSet:
    """Risks of one currency.

    frailty: variance of a Gamma multiplier, mean one, of everything in the set at once; zero for
    independent risks. All amounts inside are minor units of `currency`.
    """

    currency: str
    risks: tuple[Risk, ...]
    frailty: float = 0.0
    groups: tuple[Group, ...] = ()
    shocks: tuple[Shock, ...] = ()
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        currency(self.currency)
        if self.frailty != 0.0:
            _variance(self.frailty, "frailty")
        if not self.risks:
            raise Invalid("risks", "expected a risk at least")
        _unique("risks", [risk.name for risk in self.risks])
        _unique("groups", [group.name for group in self.groups])
        _unique("shocks", [shock.name for shock in self.shocks])
        groups = {group.name for group in self.groups}
        for risk in self.risks:
            if risk.group is not None and risk.group not in groups:
                raise Invalid(f"risks.{risk.name}.group", "expected the name of a group")
            if not math.isfinite(risk.severity.mean):
                raise Invalid(f"risks.{risk.name}.severity", "expected a finite mean")
        struck = {name for shock in self.shocks for name in shock.hits}
        for risk in self.risks:
            if risk.year is not None and (self.frailty or risk.group or risk.name in struck):
                raise Invalid(
                    f"risks.{risk.name}.year_insurance",
                    "an insurance of the year's sum needs a risk without group, frailty and shock",
                )
        object.__setattr__(self, "index", {risk.name: k for k, risk in enumerate(self.risks)})
        for shock in self.shocks:
            for name in shock.hits:
                if name not in self.index:
                    where = f"shocks.{shock.name}.hits.{name}"
                    raise Invalid(where, "expected the name of a risk")

    def position(self, name: str) -> int:
        """Where the risk stands. Raises Invalid for a name that is none."""
        if name not in self.index:
            raise Invalid("risk", "expected the name of a risk of the set")
        return self.index[name]

    def with_risk(self, risk: Risk) -> RiskSet:
        """The set with `risk` in the place of the one of its name. Raises Invalid."""
        at = self.position(risk.name)
        return replace(self, risks=(*self.risks[:at], risk, *self.risks[at + 1 :]))


def _variance(value: float, field: str) -> None:
    least, most = VARIANCES
    if not least <= value <= most:
        raise Invalid(field, f"expected a number from {least:g} to {most:g}")


def _unique(what: str, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Invalid(f"{what}.{twice[0]}", "the name stands twice")
