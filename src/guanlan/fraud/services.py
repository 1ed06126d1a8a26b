"""What may be done with decisions and backtests."""

from __future__ import annotations

from typing import Any

from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.engine.log import LogTail
from guanlan.fraud.models import Backtest
from guanlan.fraud.projection import Projection
from guanlan.fraud.raising import Raiser


def project(tail: LogTail, *, batch: int = 2000) -> int:
    """Project everything the log has committed by now and raise its alerts; the number of frames
    projected. Alerts that cannot be raised wait for the next time."""
    projection, raiser = Projection(), Raiser(tail)
    position, done = projection.position(), 0
    while True:
        frames, following = tail.poll(position, batch)
        if following == position:
            raiser.bring_up()
            return done
        done += projection.apply(frames, following)
        raiser.bring_up(projection.found)
        position = following


def store_backtest(title: str, scenario: str, version: str, report: dict[str, Any]) -> Backtest:
    """Keep the report of a backtest, as it was produced, for the console."""
    made = Backtest(title=title[:200], scenario=scenario[:128], version=version[:12], report=report)
    detail: Detail = {"scenario": made.scenario, "version": made.version}
    with act("backtest.store", made, detail=detail):
        made.save()
    return made
