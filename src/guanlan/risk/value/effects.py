"""What measures leave of a risk: design · operating · coverage, measured and never typed.

operating is the mean of Beta(1 + passed, 1 + failed) over the tests of a measure, where a test that
is `HALF_LIFE` old counts half. When less than one whole test is left of the evidence, the effect
fades with it: no evidence is no effect. Within a layer the best measure counts, layers multiply,
and never less than `FLOOR` is left: measures fail together in ways that nobody tested.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from guanlan.risk.models import Measure, MeasureEffect, MeasureTest, Risk

HALF_LIFE: Final = dt.timedelta(days=180)
FLOOR: Final = 0.05
# What a planned measure is taken to work at in the target, as long as nothing of it was tested.
ASSUMED: Final = 0.8
FORGOTTEN: Final = HALF_LIFE * 20  # a millionth of such a test would count
Stage = Literal["inherent", "residual", "target"]
STAGES: Final[tuple[Stage, ...]] = ("inherent", "residual", "target")


class Evidence(NamedTuple):
    """What tests found of a measure, the old ones faded."""

    passed: float
    failed: float

    @property
    def operating(self) -> float:
        """How well it works, 0 to 1."""
        whole = self.passed + self.failed
        return (1.0 + self.passed) / (2.0 + whole) * min(1.0, whole)


NOTHING: Final = Evidence(0.0, 0.0)


class Effect(Struct, frozen=True, kw_only=True):
    """What one measure does against one risk. `assumed`: its operating is not measured but taken
    from `ASSUMED`, since it is only planned and not tested."""

    measure: str  # code
    measure_id: int
    effect_id: int
    version: int
    layer: str
    preventive: bool
    planned: bool
    design: float
    coverage: float
    passed: float
    failed: float

    @property
    def assumed(self) -> bool:
        return self.planned and self.passed + self.failed < 1.0

    @property
    def operating(self) -> float:
        return ASSUMED if self.assumed else Evidence(self.passed, self.failed).operating

    @property
    def worth(self) -> float:
        """The share of the risk that it takes away, 0 to 1."""
        return self.design * self.operating * self.coverage


class Left(NamedTuple):
    """The shares (0 to 1] that measures leave of how often a risk happens, and what it costs."""

    frequency: float
    severity: float


def faded(tests: Iterable[tuple[dt.datetime, int, int]], at: dt.datetime) -> Evidence:
    """Tests (time, passed, failed) as they count at a time; later ones do not exist yet."""
    passed = failed = 0.0
    for when, good, bad in tests:
        if when <= at:
            weight = 0.5 ** ((at - when) / HALF_LIFE)
            passed += weight * good
            failed += weight * bad
    return Evidence(passed, failed)


def left(effects: Iterable[Effect], stage: Stage) -> Left:
    """What is left of a risk at a stage: inherent counts no measure, residual those in force,
    target the planned ones too."""
    best: dict[tuple[bool, str], float] = {}
    if stage != "inherent":
        for one in effects:
            if one.planned and stage == "residual":
                continue
            key = (one.preventive, one.layer)
            best[key] = max(best.get(key, 0.0), one.worth)
    shares = {True: 1.0, False: 1.0}
    for (preventive, _layer), worth in sorted(best.items()):
        shares[preventive] *= 1.0 - worth
    return Left(max(FLOOR, shares[True]), max(FLOOR, shares[False]))


def effects_at(at: dt.datetime, risks: Sequence[int] | None = None) -> dict[int, list[Effect]]:
    """By risk, what every measure in force or planned at a time does against it: two queries.

    Evidence is taken by whole days, so that a value does not move with every second. `risks`
    limits it to these keys.
    """
    rows = (
        MeasureEffect.objects.filter(effective__lte=at)
        .exclude(measure__state=Measure.State.RETIRED)
        .select_related("measure")
        .order_by("measure_id", "risk_id", "version")
    )
    if risks is not None:
        rows = rows.filter(risk_id__in=risks)
    newest = {(row.measure_id, row.risk_id): row for row in rows}
    measures = {key for key, _risk in newest}
    tests: dict[int, list[tuple[dt.datetime, int, int]]] = {}
    found = MeasureTest.objects.filter(at__lte=at, at__gt=at - FORGOTTEN)
    if risks is not None:
        found = found.filter(measure_id__in=measures)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    for key, when, good, bad in found.values_list("measure_id", "at", "passed", "failed").order_by(
        "measure_id", "at", "id"
    ):
        tests.setdefault(key, []).append((min(when, day), good, bad))
    known = {key: faded(tests.get(key, ()), day) for key in measures}
    by_risk: dict[int, list[Effect]] = {}
    for (key, risk), row in newest.items():
        if row.design <= 0.0 or row.coverage <= 0.0:
            continue
        measure = row.measure
        running = measure.state == Measure.State.IN_FORCE
        in_force = running and (measure.since is None or measure.since <= at)
        by_risk.setdefault(risk, []).append(
            Effect(
                measure=measure.code, measure_id=key, effect_id=row.pk, version=row.version,
                layer=measure.layer, preventive=measure.acts == Measure.Acts.PREVENTIVE,
                planned=not in_force, design=row.design, coverage=row.coverage,
                passed=known[key].passed, failed=known[key].failed,
            )
        )  # fmt: skip
    for some in by_risk.values():
        some.sort(key=lambda one: one.measure)
    return by_risk


def left_of(risk: Risk, at: dt.datetime, stage: Stage = "residual") -> Left:
    """The shares that measures leave of one risk at a time: two queries."""
    return left(effects_at(at, [risk.pk]).get(risk.pk, ()), stage)
