"""Storing a value when it has moved, exactly once, and telling who wants to know.

Portfolios are kept in the process, so that a moved indicator costs milliseconds. What is stored
never depends on what was kept: the grids are stored with it, and on them everything is computed
again bit for bit.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Max
from msgspec.structs import replace

from guanlan.risk.models import RiskFigure, RiskValue
from guanlan.risk.value.assembling import Assembled, assemble
from guanlan.risk.value.building import sets_of
from guanlan.risk.value.causes import causes, same_but_indicators
from guanlan.risk.value.computing import (
    MODELS,
    Computed,
    Kept,
    Part,
    compute,
    digest,
    shares_of,
)
from guanlan.risk.value.inputs import JSON, Inputs, plain, read_inputs, written

TOLERATED: Final = 0.005  # a number that moved by less than this share has not moved
DAILY: Final = dt.timedelta(hours=24)
# Intervals of the parameters are computed anew at least this often while only indicators move.
INTERVALS: Final = dt.timedelta(hours=6)
TOLD_CAUSES: Final = 200


class Change(NamedTuple):
    """A stored value, the parts that moved (before: None for a new one), and their keys."""

    value: RiskValue
    parts: Sequence[tuple[Part, RiskFigure | None]]
    keys: Mapping[str, int]
    inputs: Inputs


Hook = Callable[[Change], None]
HOOKS: Final[list[Hook]] = []
_kept = Kept()
_lock = threading.Lock()


def on_value(hook: Hook) -> Hook:
    """Call `hook` with each stored value, in the transaction that stores it. Raises RuntimeError
    once the start is done."""
    if apps.ready:
        raise RuntimeError("hooks of values are registered while the app starts")
    HOOKS.append(hook)
    return hook


def refresh(now: dt.datetime, *, whole: bool = False) -> RiskValue | None:
    """Compute the value as it is now, and store it when it has moved; None where it has not, or
    where another worker was faster. `whole` computes the intervals anew in any case. Raises
    Invalid where the settings of the register cannot be used."""
    with _lock:
        return _refresh(now, whole)


def latest_value() -> RiskValue | None:
    """The newest value that is stored."""
    return RiskValue.objects.order_by("-number").first()


def inputs_of(value: RiskValue) -> Inputs:
    """What a stored value was made of."""
    return read_inputs(value.inputs["made_of"])


def _refresh(now: dt.datetime, whole: bool) -> RiskValue | None:
    last = latest_value()
    assembled = assemble(now)
    if last is None and not assembled.inputs.risks:
        return None  # nothing to tell of yet
    inputs = assembled.inputs
    before = inputs_of(last) if last is not None else None
    if last is not None and before is not None:
        old = now - last.at >= DAILY
        quiet = replace(before, carried=None, carried_from=None) == inputs
        if quiet and not old and not whole:
            return None
        if not whole and not old:
            inputs = _carrying(inputs, before, last, now)
    computed = compute(inputs, _kept)
    parts = _moved(computed.parts, assembled.keys)
    if (
        last is not None
        and before is not None
        and not whole
        and now - last.at < DAILY
        and same_but_indicators(inputs, before)
        and not parts
        and not _differs(last, computed.figures)
        and _knows_the_same(before, inputs)
    ):
        return None
    return _store(now, last, before, replace(assembled, inputs=inputs), computed, parts)


def _carrying(inputs: Inputs, before: Inputs, last: RiskValue, now: dt.datetime) -> Inputs:
    """With the intervals of the last value, where only indicators have moved since."""
    if not same_but_indicators(inputs, before):
        return inputs
    source = before.carried_from if before.carried is not None else last.pk
    base = (
        last if source == last.pk else RiskValue.objects.filter(pk=source or 0).only("at").first()
    )
    if base is None or now - base.at >= INTERVALS:
        return inputs
    carried = before.carried or shares_of(last.figures)
    if carried is None:
        return inputs
    return replace(inputs, carried=carried, carried_from=source)


def _knows_the_same(before: Inputs, after: Inputs) -> bool:
    """Whether the same indicators are unknown: what is not known any more is told at once."""
    return [d.known for one in before.risks for d in one.drivers] == [
        d.known for one in after.risks for d in one.drivers
    ]


def _differs(last: RiskValue, figures: JSON) -> bool:
    """Whether any number of any stage is another by more than what is tolerated."""
    for stage, said in figures["stages"].items():
        held = last.figures["stages"][stage]
        pairs = [(held["expected"], said["expected"])]
        pairs += [(a[1], b[1]) for a, b in zip(held["tails"], said["tails"], strict=True)]
        if any(is_moved(one, other) for one, other in pairs):
            return True
    return False


def is_moved(before: float, after: float) -> bool:
    """Whether a number is another by more than what is tolerated."""
    return abs(after - before) > TOLERATED * max(abs(before), abs(after))


def _moved(parts: Iterable[Part], keys: Mapping[str, int]) -> list[tuple[Part, RiskFigure | None]]:
    """The risks whose numbers are others than those last written."""
    held = {one.risk_id: one for one in newest_figures()}
    found = []
    for part in parts:
        before = held.get(keys[part.code])
        if before is None or any(
            is_moved(getattr(before, name), getattr(part, name))
            for name in ("rate", "expected", "inherent", "target")
        ) or (before.likelihood, before.impact, before.level) != (
            part.likelihood, part.impact, part.level,
        ):  # fmt: skip
            found.append((part, before))
    return found


def newest_figures() -> list[RiskFigure]:
    """Each risk's newest figure: two queries."""
    newest = RiskFigure.objects.order_by().values("risk").annotate(last=Max("id"))
    return list(RiskFigure.objects.filter(pk__in=[one["last"] for one in newest]))


def _store(
    now: dt.datetime,
    last: RiskValue | None,
    before: Inputs | None,
    assembled: Assembled,
    computed: Computed,
    parts: list[tuple[Part, RiskFigure | None]],
) -> RiskValue | None:
    inputs = assembled.inputs
    said = computed.figures["stages"]["residual"]
    tails = {level: (var, tvar) for level, var, tvar in said["tails"]}
    grid = computed.grids.get("residual", [1.0, 16])
    moved = causes(before, inputs) if before is not None else []
    value = RiskValue(
        number=last.number + 1 if last is not None else 1,
        at=now,
        currency=inputs.currency,
        model=MODELS,
        digest=digest(inputs, computed.grids),
        step=grid[0],
        size=grid[1],
        inputs={
            "made_of": written(inputs),
            "grids": plain(computed.grids),
            "told": assembled.told,
        },
        figures=computed.figures,
        curve=computed.curve,
        cause=[list(one) for one in moved[:TOLD_CAUSES]],
        expected=said["expected"],
        var95=tails[0.95][0],
        var99=tails[0.99][0],
        var999=tails[0.999][0],
        tvar99=tails[0.99][1],
        beyond=said["beyond"],
    )
    figures = _figures(value, parts, inputs, assembled.keys)
    try:
        with transaction.atomic():
            value.save(force_insert=True)
            RiskFigure.objects.bulk_create(figures, batch_size=500)
            change = Change(value, parts, assembled.keys, inputs)
            for hook in HOOKS:
                hook(change)
    except IntegrityError:
        newer = latest_value()
        if newer is not None and newer.number >= value.number:
            return None  # another worker was faster, with the same or newer inputs
        raise
    return value


def _figures(
    value: RiskValue,
    parts: Sequence[tuple[Part, RiskFigure | None]],
    inputs: Inputs,
    keys: Mapping[str, int],
) -> list[RiskFigure]:
    if not parts:
        return []
    residual = sets_of(inputs)["residual"]
    found = []
    for part, _before in parts:
        risk = residual.risks[residual.position(part.code)]
        variance = inputs.groups.get(risk.group or "", 0.0)
        var95, var99 = _kept.alone(risk, inputs.currency, variance)
        found.append(
            RiskFigure(
                value=value, risk_id=keys[part.code], at=value.at, rate=part.rate,
                multiplier=part.multiplier, frequency_left=part.frequency_left,
                severity_left=part.severity_left, inherent=part.inherent, expected=part.expected,
                target=part.target, var95=var95, var99=var99, tail=part.tail,
                likelihood=part.likelihood, impact=part.impact, level=part.level,
            )
        )  # fmt: skip
    return found
