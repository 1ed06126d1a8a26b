"""What moved a value: inputs compared with those before, one cause at a time.

The waterfall takes the causes in a fixed order (settings, risks that came or went, parameters,
measures, losses, indicators; within each by risk, then by name), applies one after another to the
inputs before, and computes the year after each. So the steps add up to the whole difference,
exactly; in another order they would be of another size, which is why the order is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from guanlan.risk.value.inputs import Driver, Inputs, RiskInput

Kind = Literal["settings", "risk", "parameters", "measure", "loss", "indicator"]
KINDS: Final[tuple[Kind, ...]] = (
    "settings", "risk", "parameters", "measure", "loss", "indicator",
)  # fmt: skip
_SETTINGS: Final = (
    "currency", "frailty", "groups", "shocks", "appetite", "tolerance", "matrix", "left_out",
    "version",
)  # fmt: skip
_STATED: Final = (
    "group", "frequency", "severity", "insurance", "year_insurance", "stated_left", "appetite",
    "tolerance",
)  # fmt: skip


class Cause(NamedTuple):
    """One thing that moved: of which risk (code; empty for the settings), and which indicator."""

    kind: Kind
    risk: str
    name: str


class Step(NamedTuple):
    """A cause, and the inputs once it has been applied after all those before it."""

    cause: Cause
    inputs: Inputs


def causes(before: Inputs, after: Inputs) -> list[Cause]:
    """What differs, in the fixed order."""
    return [step.cause for step in steps(before, after)]


def steps(before: Inputs, after: Inputs) -> Iterator[Step]:
    """From one to the other, a cause at a time; the last step is `after`, its intervals aside."""
    now = replace(before, carried=None, carried_from=None)
    if any(getattr(before, name) != getattr(after, name) for name in _SETTINGS):
        now = replace(now, **{name: getattr(after, name) for name in _SETTINGS})
        yield Step(Cause("settings", "", ""), now)
    wanted = {one.code: one for one in after.risks}
    held = {one.code: one for one in now.risks}
    for code in sorted(held.keys() ^ wanted.keys()):
        if code in wanted:
            held[code] = wanted[code]
        else:
            del held[code]
        now = _with(now, held)
        yield Step(Cause("risk", code, ""), now)
    for kind, change in _CHANGES.items():
        for code in sorted(wanted):
            if held[code] == wanted[code]:
                continue
            for name, risk in change(held[code], wanted[code]):
                held[code] = risk
                now = _with(now, held)
                yield Step(Cause(kind, code, name), now)


def _parameters(now: RiskInput, then: RiskInput) -> Iterator[tuple[str, RiskInput]]:
    if any(getattr(now, name) != getattr(then, name) for name in _STATED):
        # Parameters that count losses anew, or no longer, bring what is counted along.
        counts = (now.events is None) is not (then.events is None)
        names = (*_STATED, "events", "years") if counts else _STATED
        yield "", replace(now, **{name: getattr(then, name) for name in names})


def _measures(now: RiskInput, then: RiskInput) -> Iterator[tuple[str, RiskInput]]:
    if now.left != then.left:
        yield "", replace(now, left=then.left)


def _losses(now: RiskInput, then: RiskInput) -> Iterator[tuple[str, RiskInput]]:
    if (now.events, now.years) != (then.events, then.years):
        yield "", replace(now, events=then.events, years=then.years)


def _indicators(now: RiskInput, then: RiskInput) -> Iterator[tuple[str, RiskInput]]:
    held = {one.indicator: one for one in now.drivers}
    wanted = {one.indicator: one for one in then.drivers}
    for name in sorted(held.keys() | wanted.keys()):
        if held.get(name) == wanted.get(name):
            continue
        if name in wanted:
            held[name] = wanted[name]
        else:
            del held[name]
        yield name, replace(now, drivers=tuple(held[key] for key in sorted(held)))


_Change = Callable[[RiskInput, RiskInput], Iterator[tuple[str, RiskInput]]]
_CHANGES: Final[dict[Kind, _Change]] = {
    "parameters": _parameters,
    "measure": _measures,
    "loss": _losses,
    "indicator": _indicators,
}


def same_but_indicators(one: Inputs, other: Inputs) -> bool:
    """Whether two differ, if at all, in what indicators say: then all but the frequencies, and
    what is not known of the parameters, is the same."""
    return _silent(one) == _silent(other)


def _silent(inputs: Inputs) -> Inputs:
    def quiet(driver: Driver) -> Driver:
        return replace(driver, value=None, known=True)

    risks = tuple(
        replace(one, drivers=tuple(quiet(driver) for driver in one.drivers)) for one in inputs.risks
    )
    return replace(inputs, risks=risks, carried=None, carried_from=None)


def _with(inputs: Inputs, held: Mapping[str, RiskInput]) -> Inputs:
    return replace(inputs, risks=tuple(held[code] for code in sorted(held)))
