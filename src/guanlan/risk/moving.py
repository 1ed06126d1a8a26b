"""How a reading moves an indicator: its state, since when, and the changes on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from guanlan.risk.limiting import InForce
from guanlan.risk.models import Indicator, IndicatorChange
from guanlan.risk.opining import opine
from guanlan.risk.reading import BROKEN, GAP, Reading, digest
from guanlan.risk.registry import MINUTE, Span, Spec
from guanlan.risk.states import Limits, Standing, step
from guanlan.risk.terms import RANKS, StateName

RECENT: Final = 40  # values that a list draws
ASKED: Final = frozenset({"red", "unknown"})  # states that somebody is to answer for
EACH_TURN: Final = ("value", "volume", "sampled", "due", "recent")
SELDOM: Final = (
    "state", "rank", "since", "amber_since", "red_since", "why", "why_values", "answer_due",
    "opinion", "basis", "drift",
)  # fmt: skip
SAMPLED: Final = (
    "indicator_id", "at", "start", "value", "volume", "state", "limits_id", "digest", "why",
    "why_values", "live",
)  # fmt: skip


class Turn(NamedTuple):
    """One indicator that is measured, and what reading it gave. `due` is as its row
    said when it was read; `judge` is where the limits lie at this time, for this volume."""

    row: Indicator
    due: dt.datetime
    spec: Spec | None
    limits: InForce | None
    judge: Limits | None
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
    before = _standing(row)
    return _stepped(before, one.judge, one.span.end, got).state != before.state


def move(one: Turn) -> list[IndicatorChange]:
    """Bring a row to where its reading leaves it; how its state changed on the way."""
    row, at, limits = one.row, one.span.end, one.judge
    standing = _standing(row)
    changes = []
    recent = list(row.recent)
    before, since = row.state, row.since
    if limits is not None and row.sampled is not None and at - row.sampled > limits.stale_after:
        recent.append(None)
        if before != "unknown":
            silent = row.sampled + limits.stale_after
            gap = {"since": _written(row.sampled), "until": _written(at)}
            changes.append(_change(row, before, "unknown", silent, None, GAP, gap))
            standing = step(standing, limits, silent, None)
            before, since = "unknown", silent
    got = one.reading
    standing = _stepped(standing, limits, at, got)
    row.opinion, row.basis = _judged(one, standing)
    state: StateName = "amber" if row.opinion else standing.state
    if state != before or _breaks(row, state, got):
        why = (got.why, dict(got.why_values))
        changes.append(_change(row, before, state, at, got.value, *why))
    row.since = at if state != before else since or at
    row.state, row.rank = state, RANKS[state]
    row.amber_since, row.red_since = standing.amber_since, standing.red_since
    row.value, row.volume, row.sampled = got.value, got.volume, at
    row.why, row.why_values = got.why, dict(got.why_values)
    if not one.between:
        row.recent = [*recent, got.judged][-RECENT:]
        row.due = _next(at, one.spec.every if one.spec is not None else MINUTE)
    return changes


def _judged(one: Turn, standing: Standing) -> tuple[str, dict[str, Any]]:
    """The second opinion, and the numbers by which the state came about. Between two turns the
    opinion stays what it was: it speaks of values at equal distances."""
    row, limits, version = one.row, one.judge, one.limits
    if limits is None or version is None or standing.state == "unknown":
        row.drift = row.drift if version is not None else {}
        return "", {}
    basis: dict[str, Any] = {"version": version.version, "kind": version.kind}
    said = (row.opinion, row.basis.get("said", {}))
    if not one.between:
        opinion = opine(row, version, limits, one.span, one.reading.judged)
        row.drift, said = dict(opinion.drift), (opinion.name, dict(opinion.basis))
    if standing.state == "green" and said[0]:
        return said[0], basis | {"said": said[1]}
    if standing.state == "green":
        return "", {}
    level = "red" if standing.state == "red" else "amber"
    return "", basis | {"limit": _nearest(limits, level, one.reading.value or 0.0)}


def _nearest(limits: Limits, level: str, value: float) -> float:
    """The limit of this level that a value is past, or nearest to."""
    high: float = limits.red if level == "red" else limits.amber
    low = limits.red_low if level == "red" else limits.amber_low
    return low if low is not None and abs(value - low) < abs(value - high) else high


def _next(at: dt.datetime, every: dt.timedelta) -> dt.datetime:
    """The turn of the grid after `at`."""
    return at - (at - _EPOCH) % every + every


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _standing(row: Indicator) -> Standing:
    """Where its values alone leave it: what is amber by a second opinion is green by them."""
    return Standing(
        state="green" if row.opinion else row.state,  # type: ignore[arg-type]
        since=row.since,
        amber_since=row.amber_since,
        red_since=row.red_since,
    )


def _stepped(standing: Standing, limits: Limits | None, at: dt.datetime, got: Reading) -> Standing:
    if limits is not None:
        return step(standing, limits, at, got.judged)
    return Standing(since=standing.since if standing.state == "unknown" else at)


def _breaks(row: Indicator, state: StateName, got: Reading) -> bool:
    """Whether measuring it has begun to fail while there was nothing to tell anyway: from its first
    turn on, or after too little to go by. That is a change, though unknown is what it was."""
    return row.state == state == "unknown" and got.why in BROKEN and row.why not in BROKEN


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
        opinion=row.opinion if after == "amber" else "",
        basis=row.basis if after in ("amber", "red") else {},
    )  # fmt: skip


def sample_of(one: Turn) -> tuple[Any, ...]:
    """What is kept of a turn, after it has moved its row: the values of `SAMPLED`."""
    limits, got, span = one.limits, one.reading, one.span
    version = limits.version if limits is not None else 0
    return (
        one.row.pk, span.end, span.start, got.value, got.volume, one.row.state,
        limits.pk if limits is not None else None, digest(one.row.name, version, span, got),
        got.why, got.why_values, one.between,
    )  # fmt: skip


def _written(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
