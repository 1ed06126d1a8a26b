"""A small register for tests, written in bulk."""

from __future__ import annotations

import datetime as dt
from typing import Any

from guanlan.risk.models import (
    Indicator,
    IndicatorSample,
    LossEvent,
    Measure,
    MeasureEffect,
    MeasureTest,
    Risk,
    RiskDriver,
    RiskMatrix,
    RiskParameters,
    RiskSettings,
)

NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LOGNORMAL = {"lognormal": {"interval": [200_000, 60_000_000]}}
PERT = {"pert": {"least": 50_000, "mode": 200_000, "most": 5_000_000}}


def risk(code: str = "R-001", **said: Any) -> Risk:
    whole: dict[str, Any] = {
        "code": code, "title": f"Title of {code}", "category": "fraud", "cause": "c",
        "event": "e", "consequence": "q", "state": Risk.State.OPEN, "created": NOW - 90 * DAY,
    }  # fmt: skip
    return Risk.objects.create(**whole | said)


def parameters(of: Risk, version: int = 1, **said: Any) -> RiskParameters:
    whole: dict[str, Any] = {
        "risk": of, "version": version, "currency": "CNY",
        "frequency": {"interval": [2, 9]}, "severity": LOGNORMAL,
        "knowledge": RiskParameters.Knowledge.MODERATE, "reason": "because",
        "created": NOW - 60 * DAY, "effective": NOW - 60 * DAY,
    }  # fmt: skip
    return RiskParameters.objects.create(**whole | said)


def settings(**said: Any) -> RiskSettings:
    whole: dict[str, Any] = {
        "version": 1, "currency": "CNY", "reason": "because", "effective": NOW - 90 * DAY,
        "tolerance": 200_000_000, "appetite": 100_000_000,
    }  # fmt: skip
    # What the platform ships comes into force on the day of the test.
    RiskMatrix._base_manager.all()._raw_delete("default")
    return RiskSettings.objects.create(**whole | said)


def indicator(name: str = "test.dial", value: float | None = 10.0, **said: Any) -> Indicator:
    whole: dict[str, Any] = {
        "name": name, "category": "fraud", "unit": "count", "due": NOW, "state": "green",
        "value": value, "sampled": NOW,
    }  # fmt: skip
    return Indicator.objects.create(**whole | said)


def driver(of: Risk, by: Indicator, version: int = 1, **said: Any) -> RiskDriver:
    whole: dict[str, Any] = {
        "risk": of, "indicator": by, "version": version, "beta": 0.5, "centre": 10.0,
        "spread": 10.0, "reason": "because", "effective": NOW - 60 * DAY,
    }  # fmt: skip
    return RiskDriver.objects.create(**whole | said)


def sample(of: Indicator, value: float, at: dt.datetime) -> IndicatorSample:
    return IndicatorSample.objects.create(
        indicator=of, at=at, start=at - DAY, value=value, volume=1, state="green", digest="0" * 64
    )


def measure(code: str = "M-001", **said: Any) -> Measure:
    whole: dict[str, Any] = {
        "code": code, "title": f"Title of {code}", "purpose": "p", "category": "fraud",
        "acts": Measure.Acts.PREVENTIVE, "layer": "gate", "state": Measure.State.IN_FORCE,
    }  # fmt: skip
    return Measure.objects.create(**whole | said)


def effect(
    of: Measure, against: Risk, design: float = 0.5, coverage: float = 1.0, version: int = 1
) -> MeasureEffect:
    return MeasureEffect.objects.create(
        measure=of, risk=against, version=version, design=design, coverage=coverage,
        reason="because", effective=NOW - 60 * DAY,
    )  # fmt: skip


def proven(of: Measure, passed: int, failed: int = 0, at: dt.datetime = NOW - DAY) -> MeasureTest:
    return MeasureTest.objects.create(
        measure=of, at=at, passed=passed, failed=failed, evidence="seen"
    )


def loss(of: Risk, at: dt.datetime, **said: Any) -> LossEvent:
    whole: dict[str, Any] = {
        "title": "t", "type": LossEvent.Type.EXTERNAL_FRAUD, "risk": of, "occurred": at,
        "discovered": at, "gross": 1_000_000, "currency": "CNY", "state": LossEvent.State.OPEN,
    }  # fmt: skip
    return LossEvent.objects.create(**whole | said)
