"""Filtering decisions by typing: `outcome:decline type:transfer rule:x user:u-1`.

Pages go by sequence number (keyset), so the thousandth page costs what the first one does.
The statement starts from the narrowest index: an entity's, a rule's, an outcome's or a
type's. Statements are written by hand, so who calls these functions asks the policy first:
decisions belong to no one product, and are seen all or not at all.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from babel.numbers import get_currency_precision
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.models import Decision, DecisionRule, Entity, RuleName
from guanlan.web.once import once
from guanlan.web.resource.words import Term

_ORDERS: Final[dict[str, Callable[[Outcome, Outcome], bool]]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# An entity may play several roles in one decision; the first of them stands for all.
_ONCE: Final = (
    "NOT EXISTS (SELECT 1 FROM fraud_entitydecision o"
    " WHERE o.entity_id = x.entity_id AND o.seq = x.seq AND o.role < x.role)"
)
_ALSO: Final = "EXISTS (SELECT 1 FROM {0} x WHERE {1} AND x.seq = d.seq)"
_BIGGEST: Final = 2**63 - 1
_CASE_LABEL: Final = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?(?:-(waiting|written|refused))?")


class Wanted(NamedTuple):
    """An entity that must, or must not, have a part in the decision."""

    kind: str | None
    value: str
    negated: bool = False


class Hit(NamedTuple):
    """A rule that must, or must not, have hit or been unknown."""

    rule: str
    state: int
    negated: bool = False


@dataclass
class Search:
    """A filter, read: conditions on decisions, and what could not be understood. `free` are the
    kinds of entities that free words may name."""

    free: Collection[str] = ()

    where: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    rules: list[Hit] = field(default_factory=list)
    entities: list[Wanted] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, term: Term, condition: str, *values: Any) -> None:
        # An amount that is absent is neither within nor without a range; "not" takes it.
        self.where.append(f"({condition}) IS NOT TRUE" if term.negated else condition)
        self.values.extend(values)


def search_of(
    terms: Sequence[Term],
    *,
    kinds: Collection[str],
    currency: str,
    free: Collection[str] | None = None,
) -> Search:
    """The conditions that terms already split mean; `free` are the kinds of entities that free
    words may name, all of them where it is left out. A time without an offset is one in the
    zone of the page, which is the organisation's."""
    search = Search(free=kinds if free is None else free)
    for term in terms:
        if not term.name:
            search.entities.append(Wanted(None, term.value, term.negated))
        else:
            _read_term(search, term, kinds, currency)
    return search


def _read_term(search: Search, term: Term, kinds: Collection[str], currency: str) -> None:
    name, value = term.name, term.value
    if term.sign and name not in ("outcome", "score", "amount"):
        search.problems.append(_("“%(name)s:” takes no comparison.") % {"name": name})
        return
    match name:
        case "outcome":
            _outcome(search, term)
        case "type" | "version":
            marks = ", ".join(["%s"] * len(term.values))
            search.add(term, f"d.{name} IN ({marks})", *term.values)
        case "id":
            search.add(term, "d.event_id = %s", value)
        case "rule":
            search.rules.append(Hit(value, DecisionRule.HIT, term.negated))
        case "unknown":
            search.rules.append(Hit(value, DecisionRule.UNKNOWN, term.negated))
        case "degraded":
            search.add(term, "d.degraded = %s", value in ("yes", "true", "1"))
        case "score":
            _compare(search, term, 0)
        case "amount":
            _compare(search, term, get_currency_precision(currency or "CNY"))
        case "after" | "before":
            _time(search, term)
        case "restriction":
            marks = ", ".join(["%s"] * len(term.values))
            search.add(
                term,
                "d.seq IN (SELECT r.seq FROM fraud_decisionrestriction r"  # noqa: S608 - marks
                f" WHERE r.name IN ({marks}))",
                *term.values,
            )
        case "label":
            search.add(
                term, "d.event_id IN (SELECT l.target FROM fraud_label l WHERE l.value = %s)", value
            )
        case "caselabel":
            _case_label(search, term)
        case _ if name in kinds:
            search.entities.append(Wanted(name, value, term.negated))
        case _:
            search.problems.append(_("There is no filter “%(name)s:”.") % {"name": name})


def _case_label(search: Search, term: Term) -> None:
    """Decisions that a case labels, at any closing and whatever became of it, or of one."""
    found = [_CASE_LABEL.fullmatch(value) for value in term.values]
    if not all(found):
        search.problems.append(
            _("“caselabel:” takes the number of a case, such as 12, or 12-written.")
        )
        return
    parts: list[str] = []
    values: list[int | str] = []
    for one in found:
        if one is None:
            continue
        case, closing, state = one.groups()
        said = {"c.case_id": int(case), "c.closing": closing and int(closing), "c.state": state}
        known = {name: value for name, value in said.items() if value is not None}
        parts.append(" AND ".join(f"{name} = %s" for name in known))
        values += known.values()
    either = ") OR (".join(parts)
    wanted = f"d.seq IN (SELECT c.seq FROM fraud_caselabel c WHERE ({either}))"  # noqa: S608
    search.add(term, wanted, *values)


def _outcome(search: Search, term: Term) -> None:
    names = term.values
    if any(name not in Outcome.__members__ for name in names):
        search.problems.append(
            _("“outcome:” takes one of %(names)s.") % {"names": ", ".join(Outcome.__members__)}
        )
        return
    chosen = {Outcome[name] for name in names}
    if term.sign in _ORDERS:
        chosen = {o for o in Outcome if _ORDERS[term.sign](o, Outcome[names[0]])}
    numbers = sorted(int(o) for o in chosen)
    if numbers:
        search.add(term, f"d.outcome IN ({', '.join(['%s'] * len(numbers))})", *numbers)
    else:
        search.add(term, "1 = 0")


def _compare(search: Search, term: Term, decimals: int) -> None:
    try:
        number = int(Decimal(term.value).scaleb(decimals))
    except (InvalidOperation, ValueError, OverflowError):
        number = _BIGGEST + 1
    if abs(number) > _BIGGEST:
        search.problems.append(
            _("“%(name)s:” takes a number, such as %(name)s:>=50.") % {"name": term.name}
        )
        return
    search.add(term, f"d.{term.name} {term.sign or '='} %s", number)


def _time(search: Search, term: Term) -> None:
    try:
        moment = dt.datetime.fromisoformat(term.value)
    except ValueError:
        search.problems.append(
            _("“%(name)s:” takes a time, such as 2026-11-23T09:00.") % {"name": term.name}
        )
        return
    if moment.tzinfo is None:
        moment = timezone.make_aware(moment)
    clock = (moment - _EPOCH) // dt.timedelta(microseconds=1)
    # The clock never goes back, so a time is a sequence number: the page's own key.
    if term.name == "after":
        first = Decision.objects.filter(clock__gte=clock).order_by("clock", "seq")
        found = first.values_list("seq", flat=True).first()
        search.add(term, "d.seq >= %s", _BIGGEST if found is None else found)
    else:
        last = Decision.objects.filter(clock__lt=clock).order_by("-clock", "-seq")
        found = last.values_list("seq", flat=True).first()
        search.add(term, "d.seq <= %s", -1 if found is None else found)


def fetch(search: Search, bound: int | None, *, up: bool, limit: int) -> list[Decision]:
    """At most `limit` decisions beyond the sequence number `bound`, upwards or downwards."""
    built = None if search.problems else _source(search, bound, up=up)
    if built is None:
        return []
    source, key, values = built
    # Only names made here enter the text; what was typed goes in as values.
    order = "ASC" if up else "DESC"
    statement = f"SELECT d.* FROM {source} ORDER BY {key} {order} LIMIT %s"  # noqa: S608
    return list(Decision.objects.raw(statement, [*values, limit]))


def count(search: Search, most: int) -> int:
    """How many decisions fit, counted to `most`."""
    built = None if search.problems else _source(search, None, up=False)
    if built is None:
        return 0
    source, _key, values = built
    statement = f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT %s) AS counted"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, most])
        row = cursor.fetchone()
    return int(row[0])


def grouped(search: Search, column: str) -> list[tuple[Any, int]]:
    """How many decisions fit, by the value of a column; `column` is never what was typed."""
    built = None if search.problems else _source(search, None, up=False)
    if built is None:
        return []
    source, _key, values = built
    name = connection.ops.quote_name(column)
    statement = f"SELECT d.{name}, COUNT(*) FROM {source} GROUP BY d.{name}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [(value, int(n)) for value, n in cursor.fetchall()]


def _source(search: Search, bound: int | None, *, up: bool) -> tuple[str, str, list[Any]] | None:
    """Tables with their conditions, the key that orders them, and values.

    None when the filter wants something that was never seen.
    """
    table, key = "", "d.seq"
    where: list[str] = []
    values: list[Any] = []
    narrow: list[tuple[str, str, list[int], bool]] = []
    for kind, value, negated in search.entities:
        identity = _entity(kind, value, tuple(search.free))
        if identity is not None:
            narrow.append(("fraud_entitydecision", "x.entity_id = %s", [identity], negated))
        elif kind is None:
            where.append("d.event_id <> %s" if negated else "d.event_id = %s")
            values.append(value)
        elif not negated:
            return None
    for name, state, negated in search.rules:
        rule = _rule(name)
        if rule is None and not negated:
            return None
        if rule is not None:
            condition = "x.rule_id = %s AND x.state = %s"
            narrow.append(("fraud_decisionrule", condition, [rule, state], negated))
    # The first leads; the others are looked up in it one by one. (Joined, SQLite would hand
    # the page's bound on to each and walk them all for every row of the first.)
    narrow.sort(key=lambda one: one[3])
    leading = list[Any]()
    for position, (name, condition, numbers, negated) in enumerate(narrow):
        if position == 0 and not negated:
            table, key = f"{name} x CROSS JOIN ", "x.seq"
            once = f" AND {_ONCE}" if name == "fraud_entitydecision" else ""
            where.insert(0, f"{condition}{once} AND d.seq = x.seq")
            leading = list(numbers)
        else:
            where.append(("NOT " if negated else "") + _ALSO.format(name, condition))
            values += numbers
    where += search.where
    values = [*leading, *values, *search.values]
    if bound is not None:
        where.append(f"{key} {'>' if up else '<'} %s")
        values.append(bound)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f"{table}fraud_decision d{condition}", key, values


@once
def _rule(name: str) -> int | None:
    return RuleName.objects.filter(name=name).values_list("id", flat=True).first()


@once
def _entity(kind: str | None, value: str, free: tuple[str, ...]) -> int | None:
    """The number of an entity; `~7` is number 7, as links of masked entities say it. Free words
    name one of the kinds `free`."""
    entities = Entity.objects.filter(kind__in=free if kind is None else [kind])
    if kind is not None and value.startswith("~") and value[1:].isdecimal():
        entities = entities.filter(id=int(value[1:]))
    else:
        entities = entities.filter(key_index=value)
    return entities.order_by("-last_seen").values_list("id", flat=True).first()
