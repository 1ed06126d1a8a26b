"""What a person may count without code: a registry of things that apps fill while they start.

countable(Countable(
    name="complaints", title=_("Complaints"), route="complaints", category="operations",
    rows=lambda: Complaint.objects.all(), time="received",
    choices=(Choice("channel", _("How it came"), "channel", CHANNELS),),
    began="received", still=Q(told=None), still_term="open:yes",
))

Each choice names a column and the values that may be asked for: nothing that is typed becomes part
of a query. All that is asked of one thing over one time is read by one statement, whoever asks and
however many they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from statistics import median
from typing import Any, Final

from django.apps import apps
from django.db.models import Count, Q, QuerySet, Sum
from msgspec import Struct

from guanlan.risk.registry import Measured, Span, Text, share
from guanlan.risk.terms import CATEGORIES, MEASURES

Stored = Mapping[str, Any]
Table = Mapping[tuple[Any, ...], int]
Chosen = Mapping[str, Sequence[str]]


class Choice(Struct, frozen=True):
    """A column that may be asked by. `name` is the list's filter of the same meaning, unless it is
    not `listed`; `options` are the values with their titles, `stored` what stands in the column
    where that differs."""

    name: str
    title: Text
    field: str
    options: Mapping[str, Text] | Callable[[], Mapping[str, Text]]
    stored: Stored = {}
    listed: bool = True

    def offered(self) -> Mapping[str, Text]:
        return self.options() if callable(self.options) else self.options

    def column(self, values: Iterable[str]) -> list[Any]:
        """What stands in the column for these values."""
        return [self.stored.get(value, value) for value in values]


class Countable(Struct, frozen=True, kw_only=True):
    """A thing that may be counted, by the column that says when it came.

    within: the condition of a span, where `time` is no plain column of times. number: a column that
    holds how many a row stands for. money, currency: a column of minor units, and the choice that
    says of which currency. began, still: since when a row is open, and which are; `still_term` asks
    the list for these, `always` for those that are counted at all. `route` is the list, `after` and
    `before` its filters by time.
    """

    name: str
    title: Text
    category: str
    route: str
    rows: Callable[[], QuerySet[Any, Any]]
    choices: tuple[Choice, ...]
    time: str = ""
    within: Callable[[Span], Q] | None = None
    number: str = ""
    money: str = ""
    currency: str = ""
    began: str = ""
    still: Q | None = None
    still_term: str = ""
    always: str = ""
    after: str = "after"
    before: str = "before"

    def measures(self) -> tuple[str, ...]:
        """What may be measured of it, names of risk.terms.MEASURES."""
        found = ["count", "share"]
        if self.money:
            found.append("sum")
        if self.began and self.still is not None:
            found += ["open", "age"]
        return tuple(name for name in MEASURES if name in found)

    def choice(self, name: str) -> Choice:
        """The choice of this name. Raises KeyError."""
        found = next((one for one in self.choices if one.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


COUNTABLES: Final[dict[str, Countable]] = {}


def countable(one: Countable) -> Countable:
    """Register a thing that may be counted. Raises ValueError for a name that is taken or a kind of
    risk that there is not, RuntimeError once the start is done."""
    if apps.ready:
        raise RuntimeError(f"countable {one.name}: the registry is closed once the start is done")
    if one.name in COUNTABLES:
        raise ValueError(f"countable {one.name} is registered twice")
    if one.category not in CATEGORIES:
        raise ValueError(f"countable {one.name}: expected a category of {', '.join(CATEGORIES)}")
    if one.currency and one.currency not in {choice.name for choice in one.choices}:
        raise ValueError(f"countable {one.name}: expected its currency among its choices")
    COUNTABLES[one.name] = one
    return one


def measure(source: Countable, what: str, chosen: Chosen, part: Chosen, span: Span) -> Measured:
    """Measure a thing: `chosen` are the values of each choice that count, `part` those of which the
    share is told."""
    if what == "age":
        return _age(source, chosen, span)
    kind = {"open": "open", "sum": "sum"}.get(what, "count")
    whole = _sum(source, kind, chosen, span)
    if what == "share":
        both = {**chosen, **part}
        for name in {*chosen} & {*part}:
            both[name] = [value for value in part[name] if value in chosen[name]]
        return share(_sum(source, kind, both, span), whole)
    return Measured(float(whole), whole)


def _sum(source: Countable, kind: str, chosen: Chosen, span: Span) -> int:
    """The numbers of all rows that have one of the chosen values in each column asked by."""
    names = sorted(chosen)
    columns = [source.choice(name) for name in names]
    fields = tuple(one.field for one in columns)
    table = span.once(
        ("countable", source.name, kind, fields), lambda: _table(source, kind, fields, span)
    )
    values = (one.column(chosen[name]) for name, one in zip(names, columns, strict=True))
    return sum(table.get(key, 0) for key in product(*values))


def _table(source: Countable, kind: str, fields: tuple[str, ...], span: Span) -> Table:
    """Numbers by what stands in these columns. They are read once by every column that may be
    asked by: there are few of these, and what most of them hold is one of a few words."""
    every = [one.field for one in source.choices]
    whole = span.once(
        ("countable", source.name, kind, "every column"),
        lambda: _read(source, kind, every, span),
    )
    places = [every.index(field) for field in fields]
    table: dict[tuple[Any, ...], int] = {}
    for key, n in whole:
        some = tuple(key[place] for place in places)
        table[some] = table.get(some, 0) + n
    return table


def _read(
    source: Countable, kind: str, fields: Sequence[str], span: Span
) -> list[tuple[list[Any], int]]:
    rows = source.rows()
    if kind == "open":
        rows = rows.filter(source.still or Q(), **{f"{source.began}__lte": span.end})
    else:
        rows = rows.filter(_within(source, span))
    column = source.money if kind == "sum" else source.number
    told = Sum(column) if column else Count("pk")
    found = rows.order_by().values_list(*fields).annotate(n=told)
    return [(key, n or 0) for *key, n in found]


def _within(source: Countable, span: Span) -> Q:
    if source.within is not None:
        return source.within(span)
    return Q(**{f"{source.time}__gt": span.start, f"{source.time}__lte": span.end})


def _age(source: Countable, chosen: Chosen, span: Span) -> Measured:
    names = sorted(chosen)
    fields = tuple(source.choice(name).field for name in names)
    table = span.once(
        ("countable", source.name, "age", fields), lambda: _begins(source, fields, span)
    )
    keys = product(*(source.choice(name).column(chosen[name]) for name in names))
    begins = [began for key in keys for began in table.get(key, ())]
    age = span.end.timestamp() - median(begins) if begins else 0.0
    return Measured(round(age, 6), len(begins))


def _begins(
    source: Countable, fields: tuple[str, ...], span: Span
) -> Mapping[tuple[Any, ...], list[float]]:
    """Since when what is open is so, by what stands in these columns; the open ones are read once,
    with every column that may be asked by."""
    every = [one.field for one in source.choices]

    def read() -> list[tuple[list[Any], float]]:
        rows = source.rows().filter(source.still or Q(), **{f"{source.began}__lte": span.end})
        found = rows.order_by().values_list(*every, source.began)
        return [(key, began.timestamp()) for *key, began in found]

    places = [every.index(field) for field in fields]
    table: dict[tuple[Any, ...], list[float]] = {}
    for key, began in span.once(("countable", source.name, "open ones"), read):
        table.setdefault(tuple(key[place] for place in places), []).append(began)
    return table
