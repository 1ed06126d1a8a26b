"""How decisions are judged: what counts as an alert, which days, what an error costs."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from guanlan.engine.scenario.document import Node, Scalar
from guanlan.engine.scenario.model import Outcome
from guanlan.engine.scenario.reading import INT64, Reader


class Costs(Struct, frozen=True):
    """What an event costs, in minor units of the scenario's currency.

    `fraud_share` of the amount of a fraud that was not stopped is lost; each alert costs
    `review` to look at, each honest event that was stopped `false_positive`.
    """

    fraud_share: float = 1.0
    review: int = 0
    false_positive: int = 0


class Evaluation(Struct, frozen=True):
    """Options of a report; `start` and `end` are days since 1970-01-01 in the scenario's time
    zone, [start, end).

    `alert` is the mildest outcome a person looks at, `stop` the mildest that holds the event
    up. `entity` is the role whose cards (customers, accounts) are ranked, `amount` the money
    field that counts as value; None means the first the scenario declares. Folds of `fold_days`
    days are cut back from the end; in each the entities with a fraud in the `known_days` days
    that ended `delay_days` before the day judged are left out, as known already.
    """

    entity: str | None = None
    amount: str | None = None
    top: int = 100
    alerts_per_day: int = 100
    alert: Outcome = Outcome.review
    stop: Outcome = Outcome.challenge
    start: int | None = None
    end: int | None = None
    fold_days: int = 7
    delay_days: int = 7
    known_days: int = 7
    costs: Costs = Costs()


def read_evaluation(reader: Reader, node: Node | None) -> Evaluation:
    """The `evaluate` part of a map file; problems go to `reader`."""
    if node is None:
        return Evaluation()
    optional = (
        "entity", "amount", "top", "alerts_per_day", "alert", "stop", "start", "end",
        "fold_days", "delay_days", "known_days", "costs",
    )  # fmt: skip
    keys = reader.table(node, ("evaluate",), "evaluate", optional=optional) or {}
    costs = {}
    if "costs" in keys:
        names = ("fraud_share", "review", "false_positive")
        costs = reader.table(keys["costs"], ("evaluate", "costs"), "costs", optional=names) or {}
    default = Evaluation()

    def whole(name: str, fallback: int, low: int = 1) -> int:
        found = reader.integer(keys.get(name), f"`{name}` of evaluate", low, 1_000_000)
        return fallback if found is None else found

    def cost(name: str) -> int:
        return reader.integer(costs.get(name), f"`{name}` of costs", 0, INT64) or 0

    def outcome(name: str, fallback: Outcome) -> Outcome:
        word = reader.choice(
            keys.get(name), f"`{name}` of evaluate", [item.name for item in Outcome]
        )
        return fallback if word is None else Outcome[word]

    share = reader.scaled(costs.get("fraud_share"), "`fraud_share` of costs", 6)
    return Evaluation(
        entity=reader.name(keys.get("entity"), "`entity` of evaluate"),
        amount=reader.name(keys.get("amount"), "`amount` of evaluate"),
        top=whole("top", default.top),
        alerts_per_day=whole("alerts_per_day", default.alerts_per_day),
        alert=outcome("alert", default.alert),
        stop=outcome("stop", default.stop),
        start=_day(reader, keys.get("start"), "`start` of evaluate"),
        end=_day(reader, keys.get("end"), "`end` of evaluate"),
        fold_days=whole("fold_days", default.fold_days),
        delay_days=whole("delay_days", default.delay_days, 0),
        known_days=whole("known_days", default.known_days, 0),
        costs=Costs(
            fraud_share=1.0 if share is None else share / 1_000_000,
            review=cost("review"),
            false_positive=cost("false_positive"),
        ),
    )


def _day(reader: Reader, node: Node | None, what: str) -> int | None:
    """Days since 1970-01-01 of a day written 2018-07-04."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        try:
            day = dt.date.fromisoformat(node.text)
        except ValueError:
            pass
        else:
            return (day - dt.date(1970, 1, 1)).days
    reader.wrong(node, what, "a day like 2018-07-04")
    return None
