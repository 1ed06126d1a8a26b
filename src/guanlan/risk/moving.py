"""How a reading moves an indicator: its state, since when, and the changes on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.reading import BROKEN, GAP, Reading, digest
from guanlan.risk.registry import MINUTE, Span, Spec
from guanlan.risk.states import Limits, Standing, step
from guanlan.risk.terms import RANKS

RECENT: Final = 40  # values that a list draws
ASKED: Final = frozenset({"red", "unknown"})  # states that somebody is to answer for
WRITTEN: Final = (
    "state", "rank", "since", "amber_since", "red_since", "value", "volume", "sampled", "due",
    "why", "why_values", "recent", "answer_due",
)  # fmt: skip


class Turn(NamedTuple):
    """One indicator that is measured, and what reading it gave. `due` and `sampled` are as its row
    said when it was read."""

    row: Indicator
    due: dt.datetime
    sampled: dt.datetime | None
    spec: Spec | None
    limits: IndicatorLimits | None
    span: Span
    reading: Reading
    live: bool = False

    @property
    def between(self) -> bool:
        """Whether it is measured between two turns of its grid."""
        return self.live and self.due > self.span.end


def would_move(one: Turn) -> bool:
    """Whether a live turn says anything that its row does not: a due one always does."""
    row, got = one.row, one.reading
    if not one.between or (row.value, row.why) != (got.value, got.why):
        return True
    limits = one.limits.read() if one.limits is not None else None
    return _stepped(_standing(row), limits, one.span.end, got).state != row.state


def move(one: Turn) -> list[IndicatorChange]:
    """Bring a row to where its reading leaves it; how its state changed on the way."""
    row, at = one.row, one.span.end
    limits = one.limits.read() if one.limits is not None else None
    standing = _standing(row)
    changes = []
    recent = list(row.recent)
    if limits is not None and row.sampled is not None and at - row.sampled > limits.stale_after:
        recent.append(None)
        if standing.state != "unknown":
            silent = row.sampled + limits.stale_after
            gap = {"since": _written(row.sampled), "until": _written(at)}
            changes.append(_change(row, standing.state, "unknown", silent, None, GAP, gap))
            standing = step(standing, limits, silent, None)
    got = one.reading
    before = standing.state
    standing = _stepped(standing, limits, at, got)
    if standing.state != before or _breaks(row, standing, got):
        why = (got.why, dict(got.why_values))
        changes.append(_change(row, before, standing.state, at, got.value, *why))
    row.state, row.rank = standing.state, RANKS[standing.state]
    row.since = standing.since or at
    row.amber_since, row.red_since = standing.amber_since, standing.red_since
    row.value, row.volume, row.sampled = got.value, got.volume, at
    row.why, row.why_values = got.why, dict(got.why_values)
    if not one.between:
        row.recent = [*recent, got.judged][-RECENT:]
        row.due = _next(at, one.spec.every if one.spec is not None else MINUTE)
    return changes


def _next(at: dt.datetime, every: dt.timedelta) -> dt.datetime:
    """The turn of the grid after `at`."""
    return at - (at - _EPOCH) % every + every


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _standing(row: Indicator) -> Standing:
    return Standing(
        state=row.state,  # type: ignore[arg-type]
        since=row.since,
        amber_since=row.amber_since,
        red_since=row.red_since,
    )


def _stepped(standing: Standing, limits: Limits | None, at: dt.datetime, got: Reading) -> Standing:
    if limits is not None:
        return step(standing, limits, at, got.judged)
    return Standing(since=standing.since if standing.state == "unknown" else at)


def _breaks(row: Indicator, standing: Standing, got: Reading) -> bool:
    """Whether measuring it has begun to fail while there was nothing to tell anyway: from its first
    turn on, or after too little to go by. That is a change, though unknown is what it was."""
    return row.state == standing.state == "unknown" and got.why in BROKEN and row.why not in BROKEN


def _change(
    row: Indicator,
    before: str,
    after: str,
    at: dt.datetime,
    value: float | None,
    why: str,
    why_values: Mapping[str, str | int],
) -> IndicatorChange:
    """A change of state. One that asks for an answer keeps the earlier of two deadlines."""
    due = None
    if after in ASKED:
        due = at + dt.timedelta(hours=row.deadline_hours)
        if row.answer_due is not None:
            due = min(due, row.answer_due)
    row.answer_due = due
    return IndicatorChange(
        indicator=row, at=at, before=before, after=after, value=value, why=why,
        why_values=dict(why_values), owner_id=row.owner_id, action=row.action, due=due,
    )  # fmt: skip


def sample_of(one: Turn) -> IndicatorSample:
    """What is kept of a turn, after it has moved its row."""
    version = one.limits.version if one.limits is not None else 0
    return IndicatorSample(
        indicator=one.row, at=one.span.end, start=one.span.start, value=one.reading.value,
        volume=one.reading.volume, state=one.row.state, limits=one.limits,
        digest=digest(one.row.name, version, one.span, one.reading), why=one.reading.why,
        why_values=dict(one.reading.why_values), live=one.between,
    )  # fmt: skip


def _written(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
