"""Deciding a whole history through the engine that decides live traffic.

Nothing here judges events: the bodies go through `Engine.decide` in the order of the history,
so a backtest gives the decisions that the live system would have given.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
import polars as pl
from msgspec import Struct

from guanlan.engine.answer import Answer
from guanlan.engine.backtest.evaluation import Evaluation
from guanlan.engine.backtest.history import LABEL, History
from guanlan.engine.backtest.record import Record
from guanlan.engine.backtest.report import Report, build_report
from guanlan.engine.engine import Engine
from guanlan.engine.restrictions import RestrictionChange
from guanlan.engine.scenario.model import Outcome, Scenario

BATCH: Final = 512
COMPILE_FROM: Final = 20_000
"""From this many events on, compiling the kernel first pays off."""

_FLUSH: Final = 100_000
_SECRET: Final = bytes(32)  # keys are hashed with it; no decision depends on it

OUTCOMES: Final = pl.Enum([outcome.name for outcome in Outcome])
SCHEMA: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "event_id": pl.String,
    "type": pl.String,
    "time": pl.Datetime("us", "UTC"),
    "outcome": OUTCOMES,
    "score": pl.Int64,
    "rules": pl.List(pl.String),
    "amount": pl.Int64,
    "entity": pl.String,
}
"""Columns of a decisions table; `label` (fraud, legit or null) follows. `rules` are those that
hit, `amount` is in minor units, `entity` the key of the ranked role."""


class BacktestFailed(RuntimeError):
    """The engine could not go on (its memory is full, for instance)."""


class Refusal(Struct, frozen=True):
    """Why events were refused, how many, and the id of the first of them."""

    code: str
    message: str
    events: int
    first: str


class Decided(Struct, frozen=True):
    """The decisions of a history as a table (SCHEMA and `label`), and what was refused."""

    decisions: pl.DataFrame
    labels: int
    refusals: tuple[Refusal, ...]


class Backtest(Struct, frozen=True):
    decided: Decided
    report: Report


class Restricted(NamedTuple):
    """A restriction that was set or lifted at `clock` (µs), before the events of that time."""

    clock: int
    change: RestrictionChange


class Decider(Protocol):
    """What a backtest needs of an engine."""

    def decide(self, bodies: Sequence[bytes]) -> list[Answer]: ...
    def commit(self) -> None: ...
    def restrict(self, change: RestrictionChange) -> None: ...


class _Reason(Struct):
    rule: str
    on_unknown: str | None = None


class _Decision(Struct):
    outcome: str
    score: int
    reasons: list[_Reason]


class _Error(Struct):
    code: str
    message: str


class _Refused(Struct):
    error: _Error


_decision = msgspec.json.Decoder(_Decision).decode
_refused = msgspec.json.Decoder(_Refused).decode


def backtest(
    scenario: Scenario,
    history: History,
    *,
    evaluation: Evaluation | None = None,
    restrictions: Sequence[Restricted] = (),
    cache: Path | None = None,
    compiled: bool | None = None,
    progress: Callable[[int], None] | None = None,
) -> Backtest:
    """Decide the history and judge the decisions.

    `restrictions` come into force among the events, by their clock.
    `cache` is where compiled kernels live; `compiled` None compiles when the history is long.
    `progress` is told the number of events read so far. Raises HistoryError, BacktestFailed,
    ValueError when `evaluation` names what the scenario does not declare.
    """
    evaluation = evaluation or Evaluation()
    ranked = ranked_roles(scenario, evaluation)
    amounts = amount_fields(scenario, evaluation)
    roles = set(ranked.values())
    if len(roles) == 1:
        evaluation = msgspec.structs.replace(evaluation, entity=roles.pop())
    if compiled is None:
        compiled = history.total >= COMPILE_FROM
    with Engine.in_memory(
        scenario, secret=_SECRET, clock="event", cache=cache, compiled=compiled, keep=False
    ) as engine:
        decided = decide_history(engine, history, ranked, amounts, progress, restrictions)
    return Backtest(decided, build_report(scenario, decided.decisions, evaluation, decided.labels))


def ranked_roles(scenario: Scenario, evaluation: Evaluation) -> dict[str, str]:
    """The role ranked for each event type: the one asked for, else the first required one."""
    asked = evaluation.entity
    found = {}
    for event in scenario.events:
        wanted = [
            role.name
            for role in event.roles
            if event.name != LABEL and (role.required if asked is None else role.name == asked)
        ]
        if wanted:
            found[event.name] = wanted[0]
    if asked is not None and not found:
        raise ValueError(f"evaluate: no event type of {scenario.name} has the entity `{asked}`")
    return found


def amount_fields(scenario: Scenario, evaluation: Evaluation) -> dict[str, str]:
    """The money field that counts as value, for each event type."""
    asked = evaluation.amount
    found = {}
    for event in scenario.events:
        money = [field.name for field in event.fields if field.type == "money"]
        if asked is not None:
            money = [name for name in money if name == asked]
        if money:
            found[event.name] = money[0]
    if asked is not None and not found:
        raise ValueError(
            f"evaluate: no event type of {scenario.name} has the money field `{asked}`"
        )
    return found


def decide_history(
    engine: Decider,
    history: History,
    ranked: dict[str, str],
    amounts: dict[str, str],
    progress: Callable[[int], None] | None = None,
    restrictions: Sequence[Restricted] = (),
) -> Decided:
    """Decide every event of the history, label events included, and keep the decisions of the
    others."""
    table = _Table(ranked, amounts)
    batch: list[Record] = []
    seen = 0
    waiting = deque(sorted(restrictions, key=lambda one: one.clock))
    for item in history:
        while waiting and waiting[0].clock <= item.time:
            _decide(engine, batch, table)
            seen += len(batch)
            batch.clear()
            engine.restrict(waiting.popleft().change)
        batch.append(item)
        if len(batch) == BATCH:
            _decide(engine, batch, table)
            seen += len(batch)
            batch.clear()
            if progress is not None:
                progress(seen)
    _decide(engine, batch, table)
    if progress is not None:
        progress(seen + len(batch))
    return table.finish()


def _decide(engine: Decider, batch: list[Record], table: _Table) -> None:
    if not batch:
        return
    answers = engine.decide([item.body for item in batch])
    engine.commit()
    for item, answer in zip(batch, answers, strict=True):
        if answer.status == 200:
            table.add(item, answer)
        elif answer.status < 500:
            table.refuse(item, answer)
        else:
            raise BacktestFailed(_refused(answer.body).error.message)


class _Table:
    def __init__(self, ranked: dict[str, str], amounts: dict[str, str]) -> None:
        self._ranked = ranked
        self._amounts = amounts
        self._parts: list[pl.DataFrame] = []
        self._rows: list[tuple[object, ...]] = []
        self._labels: dict[str, object] = {}
        self._label_events = 0
        self._refused: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], str] = {}

    def add(self, item: Record, answer: Answer) -> None:
        if item.type == LABEL:
            # The latest word on an event is what it turned out to be.
            self._labels[str(item.fields.get("target"))] = item.fields.get("value")
            self._label_events += 1
            return
        if answer.duplicate:
            return
        decision = _decision(answer.body)
        amount = item.fields.get(self._amounts.get(item.type, ""))
        if isinstance(amount, dict):
            amount = amount.get("value")
        self._rows.append(
            (
                item.id,
                item.type,
                item.time,
                decision.outcome,
                decision.score,
                [reason.rule for reason in decision.reasons if reason.on_unknown is None],
                amount,
                item.entities.get(self._ranked.get(item.type, "")),
            )
        )
        if len(self._rows) >= _FLUSH:
            self._flush()

    def refuse(self, item: Record, answer: Answer) -> None:
        error = _refused(answer.body).error
        why = (error.code, error.message)
        self._refused[why] += 1
        self._first.setdefault(why, item.id)

    def _flush(self) -> None:
        self._parts.append(pl.DataFrame(self._rows, schema=SCHEMA, orient="row"))
        self._rows = []

    def finish(self) -> Decided:
        self._flush()
        labels = pl.DataFrame(
            {"event_id": list(self._labels), "label": list(self._labels.values())},
            schema={"event_id": pl.String, "label": pl.String},
        )
        decisions = pl.concat(self._parts).join(
            labels, on="event_id", how="left", maintain_order="left"
        )
        refusals = tuple(
            Refusal(code, message, count, self._first[code, message])
            for (code, message), count in self._refused.most_common()
        )
        return Decided(decisions, self._label_events, refusals)
