"""What moved: an assessment against the one before, and one risk against its past."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NamedTuple

from guanlan.risk.assessment.gathering import bounds
from guanlan.risk.models import (
    Assessment,
    AssessmentItem,
    AssessmentSnapshot,
    IndicatorSample,
    LossEvent,
    MeasureTest,
    RiskDriver,
    RiskFigure,
)


class Line(NamedTuple):
    """Expected loss of a year of one risk: before, now (minor units); None: not known then."""

    code: str
    before: int | None
    now: int | None


class Comparison(NamedTuple):
    """Two assessments beside each other, risk by risk and as a whole."""

    currency: str
    lines: list[Line]
    whole: list[tuple[str, int | None, int | None]]  # expected, var95, var99


def content_of(row: Assessment) -> dict[str, Any] | None:
    """What was signed, or is being signed; None before that."""
    snapshot = AssessmentSnapshot.objects.filter(assessment=row).first()
    if snapshot is not None:
        return dict(json.loads(snapshot.text)["content"])
    return dict(json.loads(row.prepared)) if row.prepared else None


def compare(row: Assessment) -> Comparison | None:
    """With the previous one; None before there is a text with a value."""
    now = content_of(row)
    if now is None or now["value"] is None:
        return None
    earlier = content_of(row.previous) if row.previous is not None else None
    before = (earlier or {}).get("value") or {}
    same = before.get("currency") == now["value"]["currency"]
    held = before if same else {}
    parts = held.get("figures", {}).get("parts", {})
    mine = now["value"]["figures"].get("parts", {})
    codes = [one["code"] for one in now["risks"]]
    lines = [Line(one, _first(parts.get(one)), _first(mine.get(one))) for one in codes]
    whole = [(one, held.get(one), now["value"][one]) for one in ("expected", "var95", "var99")]
    return Comparison(now["value"]["currency"], lines, whole)


def _first(part: Any) -> int | None:
    return None if part is None else int(part[0])


class Moved(NamedTuple):
    """What became of a risk in the period: its figures then and now, the state of the indicators
    that move it, what was lost (events, near misses, minor units), tests passed and failed."""

    before: RiskFigure | None
    now: RiskFigure | None
    indicators: list[tuple[str, str, str]]  # name, state, state at the beginning
    losses: int
    near_misses: int
    gross: int
    passed: int
    failed: int


def moved(item: AssessmentItem) -> Moved:
    """What moved since the period began; a fixed number of queries."""
    begin, end = bounds(item.assessment)
    figures = RiskFigure.objects.filter(risk=item.risk_id)
    drivers = RiskDriver.objects.filter(risk=item.risk_id).select_related("indicator")
    indicators = {one.indicator_id: one.indicator for one in drivers}
    lost = list(
        LossEvent.objects.filter(risk=item.risk_id, occurred__gte=begin, occurred__lt=end)
        .exclude(state=LossEvent.State.REFUSED)
        .values_list("near_miss", "gross")
    )
    tests = list(
        MeasureTest.objects.filter(
            measure__effects__risk=item.risk_id, at__gte=begin, at__lt=end
        ).distinct().values_list("pk", "passed", "failed")
    )  # fmt: skip
    then = _states(list(indicators), begin)
    return Moved(
        figures.filter(at__lt=begin).order_by("-at", "-id").first(),
        figures.filter(at__lt=end).order_by("-at", "-id").first(),
        sorted((one.name, one.state, then.get(key, "")) for key, one in indicators.items()),
        sum(1 for near, _gross in lost if not near),
        sum(1 for near, _gross in lost if near),
        sum(gross for near, gross in lost if not near),
        sum(one[1] for one in tests),
        sum(one[2] for one in tests),
    )


def _states(keys: list[int], at: dt.datetime) -> dict[int, str]:
    """The states that indicators were last measured in before a time, within the day before."""
    rows = IndicatorSample.objects.filter(
        indicator__in=keys, at__lt=at, at__gte=at - dt.timedelta(days=1)
    ).order_by("at")
    return dict(rows.values_list("indicator_id", "state"))
