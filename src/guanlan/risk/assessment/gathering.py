"""Everything that an assessment is about, as one canonical text.

Names are those of accounts, times are ISO 8601 in UTC, amounts whole minor units. Equal content,
equal bytes: keys in order, no blanks, floats as Python writes them (the shortest that reads back
to the same number).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from guanlan.risk.models import (
    Assessment,
    AssessmentItem,
    Indicator,
    IndicatorLimits,
    LossEvent,
    MeasureEffect,
    MeasureTest,
    Risk,
    RiskDriver,
    RiskParameters,
    RiskValue,
)

FORMAT: Final = "guanlan.risk.assessment/1"
JSON = dict[str, Any]


def canonical(content: Any) -> str:
    """The one way in which content is written. Raises ValueError for NaN and infinity."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest_of(text: str) -> str:
    """SHA-256 of the text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def gather(row: Assessment, value: RiskValue | None, now: dt.datetime) -> JSON:
    """All that is signed; a fixed number of queries."""
    items = list(
        row.items.select_related("risk__product", "risk__owner", "owner", "answered_by")
        .prefetch_related("answers__by")
        .order_by("risk__code")
    )
    risks = [one.risk_id for one in items]
    begin, end = bounds(row)
    drivers = newest(
        RiskDriver.objects.filter(risk__in=risks, effective__lte=now).select_related("risk"),
        "risk_id", "indicator_id",
    )  # fmt: skip
    effects = newest(
        MeasureEffect.objects.filter(risk__in=risks, effective__lte=now).select_related(
            "risk", "measure__owner"
        ),
        "measure_id", "risk_id",
    )  # fmt: skip
    return {
        "format": FORMAT,
        "assessment": {
            "id": row.pk, "title": row.title, "kind": row.kind, "begin": row.begin.isoformat(),
            "end": row.end.isoformat(), "due": moment(row.due), "categories": row.categories,
            "products": sorted(row.products.values_list("code", flat=True)),
            "questions": row.questions, "corrects": row.corrects_id, "previous": row.previous_id,
            "signatures": row.signatures, "gathered": moment(now),
        },
        "value": None if value is None else value_of(value),
        "risks": [_risk(one) for one in items],
        "answers": {one.risk.code: answers_of(one) for one in items},
        "parameters": _parameters(risks, now),
        "drivers": [
            {"risk": one.risk.code, "indicator": one.indicator_id, "version": one.version,
             "beta": one.beta, "centre": one.centre, "spread": one.spread}
            for one in drivers
        ],
        "indicators": _indicators(now),
        "measures": _measures(effects, begin, end),
        "losses": _losses(risks, begin, end),
    }  # fmt: skip


def bounds(row: Assessment) -> tuple[dt.datetime, dt.datetime]:
    """The period in UTC, [begin, end): its last day is within."""
    begin = dt.datetime.combine(row.begin, dt.time(), dt.UTC)
    return begin, dt.datetime.combine(row.end + dt.timedelta(days=1), dt.time(), dt.UTC)


def newest(rows: Iterable[Any], *keys: str) -> list[Any]:
    """Of each key the row of the highest version."""
    found: dict[tuple[Any, ...], Any] = {}
    for one in rows:
        key = tuple(getattr(one, name) for name in keys)
        if key not in found or one.version > found[key].version:
            found[key] = one
    return [found[key] for key in sorted(found)]


def moment(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(dt.UTC).isoformat()


def name(person: Any) -> str:
    return "" if person is None else str(person.get_username())


def value_of(value: RiskValue) -> JSON:
    """A risk value with everything that it is computed again from."""
    return {
        "id": value.pk, "number": value.number, "at": moment(value.at),
        "currency": value.currency, "model": value.model, "digest": value.digest,
        "step": value.step, "size": value.size, "inputs": value.inputs,
        "figures": value.figures, "curve": value.curve, "expected": value.expected,
        "var95": value.var95, "var99": value.var99, "var999": value.var999,
        "tvar99": value.tvar99, "beyond": value.beyond,
    }  # fmt: skip


def _risk(item: AssessmentItem) -> JSON:
    risk = item.risk
    return {
        "id": risk.pk, "code": risk.code, "title": risk.title, "category": risk.category,
        "cause": risk.cause, "event": risk.event, "consequence": risk.consequence,
        "product": risk.product.code if risk.product else None, "owner": name(risk.owner),
        "appetite": risk.appetite, "tolerance": risk.tolerance, "state": risk.state,
    }  # fmt: skip


def answers_of(item: AssessmentItem) -> JSON:
    """What was answered for a risk."""
    return {
        "owner": name(item.owner), "state": item.state, "verdict": item.verdict,
        "proposed": item.proposed, "answered": moment(item.answered),
        "answered_by": name(item.answered_by),
        "answers": {
            one.question: {"value": one.value, "comment": one.comment, "evidence": one.evidence,
                           "at": moment(one.at), "by": name(one.by)}
            for one in item.answers.all()
        },
    }  # fmt: skip


def _parameters(risks: Sequence[int], now: dt.datetime) -> list[JSON]:
    rows = RiskParameters.objects.filter(risk__in=risks, effective__lte=now).select_related("risk")
    return [
        {"risk": one.risk.code, "version": one.version, "currency": one.currency,
         "frequency": one.frequency, "severity": one.severity, "insurance": one.insurance,
         "year_insurance": one.year_insurance, "basis": one.basis,
         "frequency_left": one.frequency_left, "severity_left": one.severity_left,
         "knowledge": one.knowledge, "reason": one.reason, "effective": moment(one.effective)}
        for one in newest(rows, "risk_id")
    ]  # fmt: skip


def _indicators(now: dt.datetime) -> list[JSON]:
    limits = newest(IndicatorLimits.objects.filter(effective__lte=now), "indicator_id")
    versions = {one.indicator_id: one.version for one in limits}
    return [
        {"id": one.pk, "name": one.name, "category": one.category, "unit": one.unit,
         "state": one.state, "value": one.value, "volume": one.volume,
         "sampled": moment(one.sampled), "since": moment(one.since),
         "limits": versions.get(one.pk)}
        for one in Indicator.objects.filter(enabled=True).order_by("name")
    ]  # fmt: skip


def _measures(effects: Sequence[MeasureEffect], begin: dt.datetime, end: dt.datetime) -> list[JSON]:
    keys = {one.measure_id for one in effects}
    tests = MeasureTest.objects.filter(measure__in=keys, at__gte=begin, at__lt=end)
    passed: dict[int, list[int]] = {key: [0, 0, 0] for key in keys}
    for one in tests.values_list("measure_id", "passed", "failed"):
        passed[one[0]][0] += 1
        passed[one[0]][1] += one[1]
        passed[one[0]][2] += one[2]
    found: dict[int, JSON] = {}
    for effect in effects:
        measure = effect.measure
        entry = found.setdefault(measure.pk, {
            "id": measure.pk, "code": measure.code, "title": measure.title,
            "state": measure.state, "acts": measure.acts, "layer": measure.layer,
            "owner": name(measure.owner), "tests": passed[measure.pk][0],
            "passed": passed[measure.pk][1], "failed": passed[measure.pk][2], "effects": [],
        })  # fmt: skip
        entry["effects"].append(
            {"risk": effect.risk.code, "version": effect.version, "design": effect.design,
             "coverage": effect.coverage}
        )  # fmt: skip
    return sorted(found.values(), key=lambda one: str(one["code"]))


def _losses(risks: Sequence[int], begin: dt.datetime, end: dt.datetime) -> list[JSON]:
    rows = (
        LossEvent.objects.filter(risk__in=risks, occurred__gte=begin, occurred__lt=end)
        .exclude(state=LossEvent.State.REFUSED)
        .select_related("risk")
        .prefetch_related("recoveries")
        .order_by("occurred", "pk")
    )
    return [
        {"id": one.pk, "risk": _code(one.risk), "type": one.type, "near_miss": one.near_miss,
         "occurred": moment(one.occurred), "gross": one.gross, "currency": one.currency,
         "recovered": sum(back.amount for back in one.recoveries.all()), "state": one.state}
        for one in rows
    ]  # fmt: skip


def _code(risk: Risk | None) -> str | None:
    return None if risk is None else risk.code
