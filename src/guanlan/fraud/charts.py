"""Specifications of charts, as `charts.js` draws them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import figures, words
from guanlan.fraud.figures import Count, Window
from guanlan.fraud.showing import decisions_url

Chart = dict[str, Any]
IN_MILLISECONDS = 5000  # microseconds from which the axis is in milliseconds


def day_labels(span: Window) -> list[str]:
    """What stands under each bar: the time, with the day where the window has several."""
    zone = ZoneInfo(settings.TIME_ZONE)
    moments = [dt.datetime.fromtimestamp(bar * 60, zone) for bar in span.bars]
    form = "%H:%M" if span.hours <= 24 else "%m-%d %H:%M"
    return [f"{moment:{form}}" for moment in moments]


def outcome_chart(
    span: Window, bars: Mapping[int, Mapping[int, Count]], labels: list[str]
) -> Chart:
    """Decisions over time, stacked by outcome; a bar links to its decisions."""
    present = sorted({outcome for bar in bars.values() for outcome in bar})
    links = []
    for bar in span.bars:
        after, before = figures.local_text(bar), figures.local_text(bar + span.bar)
        links.append(decisions_url(f"after:{after} before:{before}"))
    return {
        "kind": "bar",
        "stack": True,
        "x": labels,
        "y": _("decisions"),
        "whole": True,
        "links": links,
        "series": [
            {
                "name": str(words.OUTCOMES[Outcome(outcome).name]),
                "token": f"--o-{Outcome(outcome).name}",
                "data": [
                    bars[bar][outcome].decisions if outcome in bars[bar] else 0 for bar in span.bars
                ],
            }
            for outcome in present
        ],
    }


def latency_chart(
    span: Window, histograms: Mapping[int, dict[int, int]], labels: list[str]
) -> Chart:
    """Median and 99th percentile of the decide latency over time."""
    lines = {
        share: [figures.quantile(histograms[bar], share) for bar in span.bars]
        for share in (0.99, 0.5)
    }
    most = max((value for line in lines.values() for value in line if value), default=0)
    unit, scale = (_("ms"), 1000) if most >= IN_MILLISECONDS else (_("µs"), 1)
    return {
        "kind": "line",
        "x": labels,
        "y": unit,
        "unit": unit,
        "min": 0,
        "series": [
            {
                "name": name,
                "token": token,
                "symbol": True,
                "data": [_scaled(value, scale) for value in lines[share]],
            }
            for name, token, share in (
                (_("99 in 100 within"), "--o-monitor", 0.99),
                (_("half within"), "--o-approve", 0.5),
            )
        ],
    }


def _scaled(value: float | None, scale: int) -> float | None:
    return None if value is None else round(value / scale, 1 if scale > 1 else None)
