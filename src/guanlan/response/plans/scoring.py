"""How well a drill went, against the plan's own clocks. Pure: a function of its steps.

Formula 1. Each step that people had to do gets points: 1 within its time; late, the share of the
limit in the time it took, `limit / taken`, at least 0.25; 0 where it was missed, that is not done
before the drill ended, or failed. Steps that were skipped with a reason are not counted. The
score is 100 times the mean of the points; a drill without a counted step has none.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

FORMULA: Final = 1
LEAST_FOR_LATE: Final = 0.25

Verdict = Literal["within", "late", "missed", "skipped"]


class Timed(NamedTuple):
    """A step of a drill: when it could be begun, its limit in seconds, when and how it ended."""

    step: str
    since: dt.datetime
    limit: int
    ended: dt.datetime | None
    state: str


class Scored(NamedTuple):
    """What a step earned; `late` is by how many seconds, `taken` how many it took."""

    step: str
    verdict: Verdict
    points: float
    taken: int | None
    late: int


class Score(NamedTuple):
    """The whole: 0 to 100, or None where nothing counts; seconds to the first action."""

    score: float | None
    first: int | None
    steps: list[Scored]
    inputs: str


def score(start: dt.datetime, steps: Sequence[Timed]) -> Score:
    """Score a drill that began at `start`."""
    scored = [_one(step) for step in steps]
    counted = [one.points for one in scored if one.verdict != "skipped"]
    ended = [one.ended for one in steps if one.ended is not None and one.state == "done"]
    first = round((min(ended) - start).total_seconds()) if ended else None
    whole = round(100 * sum(counted) / len(counted), 1) if counted else None
    return Score(whole, first, scored, digest(start, steps))


def _one(step: Timed) -> Scored:
    taken = None if step.ended is None else round((step.ended - step.since).total_seconds())
    if step.state == "skipped":
        return Scored(step.step, "skipped", 0.0, taken, 0)
    if step.state != "done" or taken is None:
        return Scored(step.step, "missed", 0.0, taken, 0)
    if taken <= step.limit:
        return Scored(step.step, "within", 1.0, taken, 0)
    points = max(LEAST_FOR_LATE, step.limit / taken)
    return Scored(step.step, "late", points, taken, taken - step.limit)


def digest(start: dt.datetime, steps: Sequence[Timed]) -> str:
    """SHA-256 (hex) of what the score was worked out from, with the formula's number."""
    said = [
        FORMULA, start.astimezone(dt.UTC).isoformat(),
        [
            [s.step, s.since.astimezone(dt.UTC).isoformat(), s.limit,
             s.ended.astimezone(dt.UTC).isoformat() if s.ended else None, s.state]
            for s in steps
        ],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
