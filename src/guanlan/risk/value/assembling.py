"""The register at a time, as everything that its value is made of.

A fixed number of queries, whatever the register holds. A risk that cannot be used is left out and
named; it never breaks the whole. An indicator that is unknown multiplies by its last known value
and is named as unknown; one that was never known moves nothing, and is named too.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db.models import Max
from django.utils.translation import gettext_noop
from msgspec import Struct
from msgspec.structs import replace

from guanlan.core.models import Organisation
from guanlan.risk.models import (
    Indicator,
    IndicatorSample,
    LossEvent,
    Risk,
    RiskDriver,
    RiskMatrix,
    RiskParameters,
    RiskSettings,
)
from guanlan.risk.showing import is_stale
from guanlan.risk.value.building import fault_of
from guanlan.risk.value.effects import STAGES, Effect, effects_at, left
from guanlan.risk.value.inputs import JSON, Driver, Inputs, Matrix, RiskInput, Shock

YEAR: Final = 365.25  # days
NO_PARAMETERS: Final = gettext_noop("No parameters are in force for it.")
OTHER_CURRENCY: Final = gettext_noop("Its parameters are in another currency than the register.")
NO_GROUP: Final = gettext_noop("Its group has no variance in the settings: it stands alone.")
LEARNS_NOTHING: Final = gettext_noop(
    "Its frequency is taken as known: counted losses do not change it."
)
# Where nobody has set a matrix: events a year, and minor units of the mean loss of one event.
_BANDS: Final = (0.1, 0.5, 2.0, 12.0)
_LOSSES: Final = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_LEVELS: Final = (
    ("low", "low", "low", "moderate", "moderate"),
    ("low", "low", "moderate", "moderate", "high"),
    ("low", "moderate", "moderate", "high", "high"),
    ("moderate", "moderate", "high", "high", "extreme"),
    ("moderate", "high", "high", "extreme", "extreme"),
)
USUAL: Final = Matrix(version=0, frequencies=_BANDS, losses=_LOSSES, levels=_LEVELS)


class Assembled(Struct, frozen=True, kw_only=True):
    """The inputs, and where each number of them came from (see `told` in RiskValue.inputs)."""

    inputs: Inputs
    told: JSON
    keys: Mapping[str, int]  # of risks, by code


class _Read(Struct, frozen=True, kw_only=True):
    """What the tables said."""

    parameters: Mapping[int, RiskParameters]
    drivers: Mapping[int, list[RiskDriver]]
    values: Mapping[int, tuple[float | None, bool, dt.datetime | None]]  # of indicators
    effects: Mapping[int, list[Effect]]
    losses: Mapping[int, list[dt.datetime]]


def settings_at(at: dt.datetime) -> RiskSettings | None:
    """What holds for the whole register at a time."""
    return RiskSettings.objects.filter(effective__lte=at).order_by("-version").first()


def matrix_at(at: dt.datetime) -> Matrix:
    """The five-by-five view at a time."""
    row = RiskMatrix.objects.filter(effective__lte=at).order_by("-version").first()
    if row is None:
        return USUAL
    return Matrix(
        version=row.version,
        frequencies=tuple(map(float, row.frequencies)),
        losses=tuple(row.losses),
        levels=tuple(tuple(line) for line in row.levels),
    )


def assemble(at: dt.datetime) -> Assembled:
    """Read the register as it is, and stands at `at`, which is about now."""
    settings = settings_at(at)
    risks = list(Risk.objects.filter(state=Risk.State.OPEN).order_by("code"))
    read = _read(risks, at)
    currency = _currency(settings, read)
    bare = Inputs(
        currency=currency,
        frailty=settings.frailty if settings is not None else 0.0,
        groups=_groups(settings),
        shocks=_shocks(settings),
        appetite=settings.appetite if settings is not None else None,
        tolerance=settings.tolerance if settings is not None else None,
        matrix=matrix_at(at),
        risks=(),
        left_out={},
    )
    left_out: dict[str, str] = {}
    taken: list[RiskInput] = []
    told: JSON = {"at": at.isoformat(), "settings": settings.pk if settings else None, "risks": {}}
    for risk in risks:
        parameters = read.parameters.get(risk.pk)
        if parameters is None:
            left_out[risk.code] = NO_PARAMETERS
            continue
        if parameters.currency != currency:
            left_out[risk.code] = OTHER_CURRENCY
            continue
        one = _risk(risk, parameters, read, at)
        if fault := fault_of(one, bare):
            left_out[risk.code] = fault
            continue
        taken.append(one)
        told["risks"][risk.code] = _told(risk, parameters, read, bare, one)
    keys = {risk.code: risk.pk for risk in risks}
    inputs = replace(bare, risks=tuple(taken), left_out=left_out)
    return Assembled(inputs=inputs, told=told, keys=keys)


def _read(risks: Sequence[Risk], at: dt.datetime) -> _Read:
    keys = Risk.objects.filter(state=Risk.State.OPEN)
    parameters = RiskParameters.objects.filter(risk__in=keys, effective__lte=at)
    drivers: dict[int, list[RiskDriver]] = {}
    rows = RiskDriver.objects.filter(risk__in=keys, effective__lte=at)
    newest = {
        (row.risk_id, row.indicator_id): row
        for row in rows.select_related("indicator").order_by("indicator__name", "version")
    }
    for (risk, _indicator), row in newest.items():
        if row.beta != 0.0:
            drivers.setdefault(risk, []).append(row)
    driven = {row.indicator_id: row.indicator for some in drivers.values() for row in some}
    in_force = {row.risk_id: row for row in parameters.order_by("risk_id", "version")}
    return _Read(
        parameters=in_force,
        drivers=drivers,
        values=_values(driven.values(), at),
        effects=effects_at(at, [risk.pk for risk in risks] if len(risks) <= 500 else None),
        losses=_losses(in_force.values(), at),
    )


def _values(
    indicators: Iterable[Indicator], at: dt.datetime
) -> dict[int, tuple[float | None, bool, dt.datetime | None]]:
    """By indicator its value, whether it is that of now, and when it was measured."""
    found: dict[int, tuple[float | None, bool, dt.datetime | None]] = {}
    unknown = []
    for row in indicators:
        if row.value is not None and not row.why and row.enabled and not is_stale(row, at):
            found[row.pk] = (row.value, True, row.sampled)
        else:
            found[row.pk] = (None, False, None)
            unknown.append(row.pk)
    if unknown:
        judged = IndicatorSample.objects.filter(
            indicator__in=unknown, why="", value__isnull=False, at__lte=at
        )
        last = judged.order_by().values("indicator").annotate(last=Max("at"))
        when = {one["indicator"]: one["last"] for one in last}
        rows = judged.filter(indicator__in=[*when], at__in=set(when.values()))
        for sample in rows:
            if when[sample.indicator_id] == sample.at:
                found[sample.indicator_id] = (sample.value, False, sample.at)
    return found


def _losses(parameters: Iterable[RiskParameters], at: dt.datetime) -> dict[int, list[dt.datetime]]:
    """By risk, when its counted losses happened, in order: one query."""
    since = [row.counted_from for row in parameters if row.counted_from is not None]
    if not since:
        return {}
    rows = LossEvent.objects.filter(
        risk__state=Risk.State.OPEN,
        state__in=(LossEvent.State.OPEN, LossEvent.State.CLOSED),
        near_miss=False,
        occurred__gt=min(since),
        occurred__lte=at,
    )
    found: dict[int, list[dt.datetime]] = {}
    for risk, when in rows.order_by("occurred").values_list("risk_id", "occurred"):
        if risk is not None:
            found.setdefault(risk, []).append(when)
    return found


def _risk(risk: Risk, stated: RiskParameters, read: _Read, at: dt.datetime) -> RiskInput:
    effects = read.effects.get(risk.pk, [])
    events = years = None
    if stated.counted_from is not None:
        # By whole days: a value does not move because a second has passed.
        days = (at - stated.counted_from) // dt.timedelta(days=1)
        if days > 0:
            times = read.losses.get(risk.pk, [])
            after = bisect_right(times, stated.counted_from)
            events, years = bisect_left(times, at) - after, days / YEAR
    return RiskInput(
        code=risk.code,
        group=risk.group,
        frequency=stated.frequency,
        severity=stated.severity,
        insurance=stated.insurance,
        year_insurance=stated.year_insurance,
        stated_left=(float(stated.frequency_left), float(stated.severity_left)),
        left={stage: (left(effects, stage)[0], left(effects, stage)[1]) for stage in STAGES},
        events=events,
        years=years,
        drivers=tuple(
            _driver(row, read.values[row.indicator_id]) for row in read.drivers.get(risk.pk, ())
        ),
        appetite=risk.appetite,
        tolerance=risk.tolerance,
    )


def _driver(row: RiskDriver, said: tuple[float | None, bool, dt.datetime | None]) -> Driver:
    return Driver(
        indicator=row.indicator.name,
        beta=row.beta,
        centre=row.centre,
        spread=row.spread,
        least=row.least,
        most=row.most,
        value=said[0],
        known=said[1],
    )


def _told(risk: Risk, stated: RiskParameters, read: _Read, inputs: Inputs, one: RiskInput) -> JSON:
    """Where the numbers of a risk came from."""
    notes = []
    if risk.group and risk.group not in inputs.groups:
        notes.append(NO_GROUP)
    if one.events is not None and "rate" in one.frequency and not one.frequency.get("shape"):
        notes.append(LEARNS_NOTHING)
    return {
        "risk": risk.pk,
        "parameters": [stated.pk, stated.version],
        "drivers": [
            [row.pk, row.version, row.indicator_id, when.isoformat() if when else ""]
            for row in read.drivers.get(risk.pk, ())
            for _value, _known, when in [read.values[row.indicator_id]]
        ],
        "effects": [
            {
                "measure": effect.measure,
                "id": effect.measure_id,
                "version": effect.version,
                "design": effect.design,
                "coverage": effect.coverage,
                "passed": effect.passed,
                "failed": effect.failed,
                "operating": effect.operating,
                "assumed": effect.assumed,
                "planned": effect.planned,
                "preventive": effect.preventive,
                "layer": effect.layer,
            }
            for effect in read.effects.get(risk.pk, ())
        ],
        "notes": notes,
    }


def _currency(settings: RiskSettings | None, read: _Read) -> str:
    """Of the register: that of its settings, of the organisation, or of what is stated first."""
    if settings is not None:
        return settings.currency
    organisation = Organisation.objects.first()
    if organisation is not None and organisation.currency:
        return organisation.currency
    return next((row.currency for row in read.parameters.values()), "CNY")


def _groups(settings: RiskSettings | None) -> dict[str, float]:
    said: dict[str, Any] = settings.groups if settings is not None else {}
    # A file says {variance: 0.2}, a form the number alone.
    return {
        name: float(one["variance"] if isinstance(one, dict) else one) for name, one in said.items()
    }


def _shocks(settings: RiskSettings | None) -> dict[str, Shock]:
    said: dict[str, Any] = settings.shocks if settings is not None else {}
    return {
        name: Shock(
            rate=float(one["rate"]),
            hits={code: float(p) for code, p in one["hits"].items()},
        )
        for name, one in said.items()
    }
