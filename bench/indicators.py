"""Ten thousand indicators, each measured once a minute, against one query for each of them.

The indicators are composed ones over alerts: how many, what share, how many are open, how old, by
category, severity, state and what they were, over windows from an hour to a week. A tenth of them
looks ahead, a tenth watches for drift, a twentieth has a limit of its hour. The job measures all
that is due, judges it and writes samples, changes and rows; what it read is compared with a plain
query for each tenth of them first. What is told is the share of one core that it takes when it runs
once a minute: processor seconds of the process, SQLite among them, by sixty.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from bench.serving import OUT

INDICATORS = 10_000
ALERTS = 30_000
TURNS = 5
PLAIN = 10  # each tenth is asked for by itself
REACH = 0.05  # of one core
NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
CATEGORIES = ("security", "privacy", "compliance", "operations", "reputation", "fraud")
SEVERITIES = ("low", "medium", "high", "critical")
WAS = ("confirmed", "suspected", "false_positive", "benign", "customer_error")


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        os.environ["GUANLAN_DATA"] = str(Path(name) / "data")
        return run()


def run() -> int:
    # Imported late: the platform's settings are read when it is set up.
    from guanlan.site.start import platform_module

    prepare = platform_module("guanlan.site.run.prepare")
    measuring = platform_module("guanlan.risk.measuring")
    models = platform_module("guanlan.risk.models")
    response = platform_module("guanlan.response.models")
    composing = platform_module("guanlan.risk.composing")
    counting = platform_module("guanlan.risk.counting")
    prepare.apply_migrations()
    models.Indicator.objects.all().delete()
    chance = Random(7)
    alerts(response.Alert, chance)
    compose(models, chance)

    source = counting.COUNTABLES["alerts"]

    def plain(row: Any, at: dt.datetime) -> float | None:
        """One query, or two, that ask for this indicator alone."""
        said = composing.composed_of(row)
        rows = source.rows()

        def of(found: Any, some: Any) -> Any:
            for name, values in some.items():
                choice = source.choice(name)
                found = found.filter(**{f"{choice.field}__in": choice.column(values)})
            return found

        if said.measure in ("open", "age"):
            found = of(rows.filter(live=True, raised__lte=at), said.chosen)
            if said.measure == "open":
                return float(found.count())
            ages = [
                (at - began).total_seconds() for began in found.values_list("raised", flat=True)
            ]
            return median(ages) if ages else 0.0
        start = at - dt.timedelta(seconds=said.window)
        found = of(rows.filter(raised__gt=start, raised__lte=at), said.chosen)
        whole = found.count()
        if said.measure == "count":
            return float(whole)
        return of(found, said.part).count() / whole if whole else None

    spent, equal, at = [], True, NOW
    for turn in range(TURNS + 1):
        at = NOW + turn * MINUTE
        before = time.process_time()
        measuring.measure_due(at)
        if turn:  # the first one also meets everything for the first time
            spent.append(time.process_time() - before)
    rows = list(models.Indicator.objects.filter(sampled=at))
    before = time.process_time()
    equal = len(rows) == INDICATORS and all(plain(row, at) == row.value for row in rows[::PLAIN])
    queried = time.process_time() - before
    samples = models.IndicatorSample.objects.count()
    equal = equal and samples == INDICATORS * (TURNS + 1)
    ratio = median(spent) / 60
    ok = equal and ratio <= REACH
    line = {
        "bench": "indicators: 10,000 once a minute / one core, CPU", "ratio": round(ratio, 4),
        "reach": REACH, "equal": equal, "ok": ok,
        "seconds": {"job": round(median(spent), 2), "plain reading": round(queried * PLAIN, 1)},
    }  # fmt: skip
    print(json.dumps(line))
    return 0 if ok else 1


def alerts(alert: Any, chance: Random) -> None:
    made = []
    for number in range(ALERTS):
        at = NOW - dt.timedelta(seconds=chance.expovariate(1 / 200_000))
        live = chance.random() < 0.2
        made.append(
            alert(
                fingerprint=f"{number:064x}", rule=f"rule_{number % 40}",
                category=chance.choice(CATEGORIES), severity=chance.randrange(4), text="Found.",
                state=chance.choice(("new", "acknowledged", "contained")) if live else "closed",
                live=live, disposition="" if live else chance.choice(WAS), window=3600,
                first_seen=at, last_seen=at, raised=at, case_pending=False,
            )
        )  # fmt: skip
    alert.objects.bulk_create(made, batch_size=500)


def compose(models: Any, chance: Random) -> None:
    choices = list(
        itertools.product(
            ("count", "share", "open", "age", "count"), (3600, 86_400, 7 * 86_400),
            CATEGORIES, (*SEVERITIES, ""), (*WAS, ""),
        )
    )  # fmt: skip
    chance.shuffle(choices)
    rows, limits = [], []
    for number, one in zip(range(INDICATORS), itertools.cycle(choices), strict=False):
        measure, window, category, severity, was = one
        chosen = {"category": [category]}
        if severity:
            chosen["severity"] = [severity]
        if was and measure == "count":
            chosen["was"] = [was]
        said = {
            "source": "alerts", "measure": measure, "title": {"en": f"Number {number}"},
            "category": category, "window": window, "every": 60, "chosen": chosen,
            "part": {"was": [was or WAS[0]]} if measure == "share" else {}, "version": 1,
        }  # fmt: skip
        unit = {"share": "share", "age": "seconds"}.get(measure, "count")
        rows.append(
            models.Indicator(name=f"own.n{number}", category=category, unit=unit, due=NOW,
                             declared=said, recent=[chance.gauss(9, 1) for _ in range(40)])
        )  # fmt: skip
    made = models.Indicator.objects.bulk_create(rows, batch_size=500)
    drift = {"law": "robust", "usual": 10.0, "spread": 3.0, "reference": 0.5, "threshold": 4.0}
    week = {"cycle": "hour", "centres": [10.0] * 168, "spreads": [3.0] * 168, "amber_width": 4.0,
            "red_width": 6.0}  # fmt: skip
    for number, row in enumerate(made):
        high = {"share": 0.5, "seconds": 400_000.0}.get(row.unit, 60.0)
        seasonal = number % 20 == 1
        limits.append(
            models.IndicatorLimits(
                indicator=row, version=1, direction="higher", amber=0.5 * high, red=high,
                hysteresis=0.01 * high, stale_after=600, effective=NOW - MINUTE,
                kind="seasonal" if seasonal else "static",
                terms={"drift": drift} if number % 10 == 2 else week if seasonal else {},
                forecast=1800 if number % 10 == 3 else 0,
            )
        )  # fmt: skip
    models.IndicatorLimits.objects.bulk_create(limits, batch_size=500)


if __name__ == "__main__":
    sys.exit(main())
