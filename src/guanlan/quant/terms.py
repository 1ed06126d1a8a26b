"""A risk as people write it: plain values, as a risk file and the register hold them.

    risk_of("phishing", {"interval": [2, 9]}, {"lognormal": {"interval": [200000, 80000000]}})

Every fault is an `Invalid` whose field is the path in those values, such as
`severity.lognormal.interval`; rates in events a year, amounts in whole minor units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar

from guanlan.quant.bayes import updated
from guanlan.quant.empirical import empirical
from guanlan.quant.expert import gamma_from_interval
from guanlan.quant.frequency import Frequency
from guanlan.quant.invalid import Invalid
from guanlan.quant.layer import Layer, Retained
from guanlan.quant.lognormal import lognormal_from_interval, lognormal_from_quantile
from guanlan.quant.money import amount
from guanlan.quant.pert import Pert, pert_from_interval
from guanlan.quant.riskset import Risk
from guanlan.quant.severity import Severity

KINDS: Final = ("lognormal", "pert", "losses")
LEVEL: Final = 0.9
MOST_EVIDENCE: Final = 10**9
Said = Mapping[str, object]
T = TypeVar("T")


def risk_of(
    name: str,
    frequency: object,
    severity: object,
    group: str | None = None,
    insurance: object = None,
    year_insurance: object = None,
) -> Risk:
    """The risk that plain values tell. Raises Invalid."""
    often = frequency_of(frequency)
    cost = severity_of(severity)
    if insurance is not None:
        cost = Retained(cost, layer_of(insurance, "insurance"))
    year = None if year_insurance is None else layer_of(year_insurance, "year_insurance")
    return Risk(name, often, cost, group, year)


def frequency_of(said: object) -> Frequency:
    """`{interval: [low, high], level}` or `{rate, shape}`, and what was counted since:
    `observed: {events, years}`. Raises Invalid."""
    field = "frequency"
    found = _table(said, field, ("interval", "level", "rate", "shape", "observed"))
    if ("interval" in found) == ("rate" in found):
        raise Invalid(field, "must say either `interval: [low, high]` or `rate`, in events a year")
    if "interval" in found:
        _only(found, field, ("interval", "level", "observed"))
        low, high = _pair(found["interval"], f"{field}.interval")
        level = _number(found.get("level", LEVEL), f"{field}.level")
        ends = _number(low, f"{field}.interval"), _number(high, f"{field}.interval")
        prior = _placed(field, lambda: gamma_from_interval(*ends, level=level))
    else:
        _only(found, field, ("rate", "shape", "observed"))
        rate = _number(found["rate"], f"{field}.rate")
        shape = found.get("shape")
        known = None if shape is None else _number(shape, f"{field}.shape")
        prior = _placed(field, lambda: Frequency(rate, known))
    if "observed" not in found:
        return prior
    where = f"{field}.observed"
    seen = _table(found["observed"], where, ("events", "years"), ("events", "years"))
    events = _whole(seen["events"], f"{where}.events", 0)
    years = _number(seen["years"], f"{where}.years")
    return _placed(field, lambda: updated(prior, events, years))


def severity_of(said: object) -> Severity:
    """One of `{lognormal: …}`, `{pert: …}` and `{losses: …}`. Raises Invalid."""
    field = "severity"
    found = _table(said, field, KINDS)
    if len(found) != 1:
        raise Invalid(field, "must be one of `lognormal`, `pert` and `losses`")
    ((kind, inner),) = found.items()
    read = {"lognormal": _lognormal, "pert": _pert, "losses": _losses}[kind]
    return read(inner, f"{field}.{kind}")


def layer_of(said: object, field: str) -> Layer:
    """`{deductible, limit, share}`, limit and share optional. Raises Invalid."""
    found = _table(said, field, ("deductible", "limit", "share"), ("deductible",))
    deductible = amount(found["deductible"], f"{field}.deductible", zero=True)
    limit = None if found.get("limit") is None else amount(found["limit"], f"{field}.limit")
    share = _number(found.get("share", 1.0), f"{field}.share")
    return _placed(field, lambda: Layer(deductible, limit, share))


def _lognormal(said: object, field: str) -> Severity:
    found = _table(said, field, ("interval", "median", "quantile", "level", "evidence"))
    seen = found.get("evidence")
    evidence = None if seen is None else _whole(seen, f"{field}.evidence", 2, MOST_EVIDENCE)
    if "interval" in found:
        _only(found, field, ("interval", "level", "evidence"))
        low, high = _amounts(found["interval"], f"{field}.interval")
        inside = _number(found.get("level", LEVEL), f"{field}.level")
        return _placed(
            field, lambda: lognormal_from_interval(low, high, level=inside, evidence=evidence)
        )
    if not all(key in found for key in ("median", "quantile", "level")):
        raise Invalid(
            field, "must say `interval: [low, high]`, or `median`, `quantile` and `level`"
        )
    median = amount(found["median"], f"{field}.median")
    high = amount(found["quantile"], f"{field}.quantile")
    level = _number(found["level"], f"{field}.level")
    return _placed(
        field, lambda: lognormal_from_quantile(median, high, level=level, evidence=evidence)
    )


def _pert(said: object, field: str) -> Severity:
    needed = ("least", "mode", "most")
    found = _table(said, field, (*needed, "interval", "level"), needed)
    least = amount(found["least"], f"{field}.least", zero=True)
    mode = amount(found["mode"], f"{field}.mode", zero=True)
    most = amount(found["most"], f"{field}.most")
    if "interval" not in found:
        _only(found, field, needed)
        return _placed(field, lambda: Pert(least, mode, most))
    level = _number(found.get("level", LEVEL), f"{field}.level")
    low, high = _amounts(found["interval"], f"{field}.interval", zero=True)
    return _placed(field, lambda: pert_from_interval(least, mode, most, low, high, level=level))


def _losses(said: object, field: str) -> Severity:
    found = _table(said, field, ("amounts", "threshold", "fit"), ("amounts",))
    given = found["amounts"]
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise Invalid(f"{field}.amounts", "must be a list")
    known = [amount(one, f"{field}.amounts[{at}]") for at, one in enumerate(given)]
    edge = found.get("threshold")
    threshold = None if edge is None else amount(edge, f"{field}.threshold")
    fit = found.get("fit", "pwm")
    if fit not in ("pwm", "ml"):
        raise Invalid(f"{field}.fit", "must be one of `pwm` and `ml`")
    method: Literal["pwm", "ml"] = "ml" if fit == "ml" else "pwm"
    try:
        return empirical(known, threshold=threshold, method=method)
    except Invalid as error:
        # The library names its own arguments: severity.losses and severity.tail.threshold.
        last = "threshold" if error.field.startswith("severity.tail") else "amounts"
        raise Invalid(f"{field}.{last}", error.expected) from None


def _placed(field: str, make: Callable[[], T]) -> T:
    """What `make` gives; what it refuses is told where it was said."""
    try:
        return make()
    except Invalid as error:
        first, _, rest = error.field.partition(".")
        name = rest if first in ("frequency", "severity", "insurance") else error.field
        raise Invalid(f"{field}.{name}" if name else field, error.expected) from None


def _table(said: object, field: str, known: Sequence[str], needed: Sequence[str] = ()) -> Said:
    if not isinstance(said, Mapping):
        raise Invalid(field, "must be a mapping with " + ", ".join(known))
    for key in said:
        if key not in known:
            # The key is not repeated: it may be anything.
            raise Invalid(field, "has an unknown key; expected " + ", ".join(known))
    for key in needed:
        if key not in said:
            raise Invalid(field, f"has no `{key}`")
    return said


def _only(found: Said, field: str, known: Sequence[str]) -> None:
    for key in found:
        if key not in known:
            raise Invalid(f"{field}.{key}", f"does not go with `{known[0]}`")


def _pair(said: object, field: str) -> tuple[object, object]:
    if not isinstance(said, Sequence) or isinstance(said, str) or len(said) != 2:
        raise Invalid(field, "must be two values, [low, high]")
    low, high = said
    return low, high


def _amounts(said: object, field: str, *, zero: bool = False) -> tuple[int, int]:
    low, high = _pair(said, field)
    return amount(low, f"{field}[0]", zero=zero), amount(high, f"{field}[1]", zero=zero)


def _number(said: object, field: str) -> float:
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not math.isfinite(said):
        raise Invalid(field, "must be a number")
    return float(said)


def _whole(said: object, field: str, low: int, high: int = 2**63 - 1) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or not low <= said <= high:
        raise Invalid(field, f"must be a whole number, {low} or above")
    return said
