"""Filtering decisions by typing: `outcome:decline type:transfer rule:x user:u-1`.

Pages go by sequence number (keyset), so the thousandth page costs what the first one does.
The statement starts from the narrowest index: an entity's, a rule's, an outcome's or a
type's.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.models import Decision, DecisionRule, Entity, RuleName

PAGE: Final = 50
_COMPARISONS: Final = (">=", "<=", ">", "<", "=")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# An entity may play several roles in one decision; the first of them stands for all.
_ONCE: Final = (
    "NOT EXISTS (SELECT 1 FROM fraud_entitydecision o"
    " WHERE o.entity_id = x.entity_id AND o.seq = x.seq AND o.role < x.role)"
)
_ALSO: Final = "EXISTS (SELECT 1 FROM {0} x WHERE {1} AND x.seq = d.seq)"
_BIGGEST: Final = 2**63 - 1


@dataclass
class Search:
    """A filter, read: conditions on decisions, and what could not be understood."""

    text: str
    where: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    rules: list[tuple[str, int]] = field(default_factory=list)
    entities: list[tuple[str | None, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        self.where.append(condition)
        self.values.extend(values)


@dataclass(frozen=True)
class Page:
    """Decisions, newest first, and the sequence numbers to go on from."""

    rows: list[Decision]
    older: int | None
    newer: int | None


def read_search(text: str, *, kinds: Collection[str], currency: str, zone: str) -> Search:
    """Read a typed filter; `kinds` are the entity kinds there are, times are in `zone`."""
    search = Search(text.strip())
    try:
        words = shlex.split(search.text)
    except ValueError:
        search.problems.append(_("A quotation mark is not closed."))
        return search
    for word in words:
        name, colon, value = word.partition(":")
        if not colon:
            search.entities.append((None, word))
            continue
        if not value:
            search.problems.append(_("“%(name)s:” needs a value.") % {"name": name})
            continue
        _read_word(search, name, value, kinds, currency, ZoneInfo(zone))
    return search


def _read_word(
    search: Search, name: str, value: str, kinds: Collection[str], currency: str, zone: ZoneInfo
) -> None:
    match name:
        case "outcome":
            _outcome(search, value)
        case "type" | "version":
            parts = value.split(",")
            marks = ", ".join(["%s"] * len(parts))
            search.add(f"d.{name} IN ({marks})", *parts)
        case "id":
            search.add("d.event_id = %s", value)
        case "rule":
            search.rules.append((value, DecisionRule.HIT))
        case "unknown":
            search.rules.append((value, DecisionRule.UNKNOWN))
        case "degraded":
            search.add("d.degraded = %s", value in ("yes", "true", "1"))
        case "score":
            _compare(search, name, value, 0)
        case "amount":
            _compare(search, name, value, get_currency_precision(currency or "CNY"))
        case "after" | "before":
            _time(search, name, value, zone)
        case "label":
            search.add(
                "d.event_id IN (SELECT l.target FROM fraud_label l WHERE l.value = %s)", value
            )
        case _ if name in kinds:
            search.entities.append((name, value))
        case _:
            search.problems.append(_("There is no filter “%(name)s:”.") % {"name": name})


def _outcome(search: Search, value: str) -> None:
    least = value.startswith(">=")
    names = value.removeprefix(">=").split(",")
    if any(name not in Outcome.__members__ for name in names):
        search.problems.append(
            _("“outcome:” takes one of %(names)s.") % {"names": ", ".join(Outcome.__members__)}
        )
    elif least:
        numbers = [int(o) for o in Outcome if o >= Outcome[names[0]]]
        search.add(f"d.outcome IN ({', '.join(['%s'] * len(numbers))})", *numbers)
    else:
        numbers = [int(Outcome[name]) for name in names]
        search.add(f"d.outcome IN ({', '.join(['%s'] * len(numbers))})", *numbers)


def _compare(search: Search, name: str, value: str, decimals: int) -> None:
    sign = next((mark for mark in _COMPARISONS if value.startswith(mark)), "")
    try:
        number = int(Decimal(value.removeprefix(sign)).scaleb(decimals))
    except (InvalidOperation, ValueError, OverflowError):
        number = _BIGGEST + 1
    if abs(number) > _BIGGEST:
        search.problems.append(
            _("“%(name)s:” takes a number, such as %(name)s:>=50.") % {"name": name}
        )
        return
    search.add(f"d.{name} {sign or '='} %s", number)


def _time(search: Search, name: str, value: str, zone: ZoneInfo) -> None:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        search.problems.append(
            _("“%(name)s:” takes a time, such as 2026-11-23T09:00.") % {"name": name}
        )
        return
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    clock = (moment - _EPOCH) // dt.timedelta(microseconds=1)
    # The clock never goes back, so a time is a sequence number: the page's own key.
    if name == "after":
        first = Decision.objects.filter(clock__gte=clock).order_by("clock", "seq")
        found = first.values_list("seq", flat=True).first()
        search.add("d.seq >= %s", _BIGGEST if found is None else found)
    else:
        last = Decision.objects.filter(clock__lt=clock).order_by("-clock", "-seq")
        found = last.values_list("seq", flat=True).first()
        search.add("d.seq <= %s", -1 if found is None else found)


def find(
    search: Search, subject: Subject, *, before: int | None = None, after: int | None = None
) -> Page:
    """One page of decisions: the newest, or those next older than `before` / newer than `after`.

    The statement is written by hand, so the policy is asked before it: decisions belong to no
    one product, and are seen all or not at all.
    """
    if search.problems or not may(subject, "see", "fraud.decision"):
        return Page([], None, None)
    built = _statement(search, before, after)
    if built is None:
        return Page([], None, None)
    statement, values = built
    rows = list(Decision.objects.raw(statement, values))
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if after is not None:
        rows.reverse()
        newer = rows[0].seq if rows and more else None
        older = rows[-1].seq if rows else None
    else:
        older = rows[-1].seq if rows and more else None
        newer = rows[0].seq if rows and before is not None else None
    return Page(rows, older, newer)


def _statement(
    search: Search, before: int | None, after: int | None
) -> tuple[str, list[Any]] | None:
    """SQL and values, or None when the filter names something that was never seen."""
    table, key = "", "d.seq"
    where: list[str] = []
    values: list[Any] = []
    narrow: list[tuple[str, str, list[int]]] = []
    for kind, value in search.entities:
        identity = _entity(kind, value)
        if identity is not None:
            narrow.append(("fraud_entitydecision", "x.entity_id = %s", [identity]))
        elif kind is None:
            where.append("d.event_id = %s")
            values.append(value)
        else:
            return None
    for name, state in search.rules:
        rule = RuleName.objects.filter(name=name).first()
        if rule is None:
            return None
        narrow.append(("fraud_decisionrule", "x.rule_id = %s AND x.state = %s", [rule.id, state]))
    # The first leads; the others are looked up in it one by one. (Joined, SQLite would hand
    # the page's bound on to each and walk them all for every row of the first.)
    for position, (name, condition, numbers) in enumerate(narrow):
        if position == 0:
            table, key = f"{name} x CROSS JOIN ", "x.seq"
            once = f" AND {_ONCE}" if name == "fraud_entitydecision" else ""
            where.append(f"{condition}{once} AND d.seq = x.seq")
        else:
            where.append(_ALSO.format(name, condition))
        values += numbers
    where += search.where
    values += search.values
    order = "DESC"
    if after is not None:
        where.append(f"{key} > %s")
        values.append(after)
        order = "ASC"
    elif before is not None:
        where.append(f"{key} < %s")
        values.append(before)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    # Only names made here enter the text; what was typed goes in as values.
    source = f"{table}fraud_decision d{condition}"
    statement = f"SELECT d.* FROM {source} ORDER BY {key} {order} LIMIT %s"  # noqa: S608
    return statement, [*values, PAGE + 1]


def _entity(kind: str | None, value: str) -> int | None:
    """The number of an entity; `~7` is number 7, as links of masked entities say it."""
    entities = Entity.objects.all() if kind is None else Entity.objects.filter(kind=kind)
    if kind is not None and value.startswith("~") and value[1:].isdecimal():
        entities = entities.filter(id=int(value[1:]))
    else:
        entities = entities.filter(key=value)
    return entities.order_by("-last_seen").values_list("id", flat=True).first()
