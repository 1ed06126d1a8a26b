"""What a person may count without code: a registry of things that apps fill while they start.

countable(Countable(
    name="complaints", title=_("Complaints"), route="complaints", category="operations",
    rows=lambda: Complaint.objects.all(), time="received",
    choices=(Choice("channel", _("How it came"), "channel", CHANNELS),),
    began="received", still=Q(told=None), still_term="open:yes",
))

Each choice names a column and the values that may be asked for: nothing that is typed becomes part
of a query. All that is asked of one thing over one time is read by one statement for each set of
columns, whoever asks and however many they are.
"""

from __future__ import annotations

import datetime as dt
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
    names = sorted({*chosen, *part})
    fields = tuple(source.choice(name).field for name in names)
    kind = {"open": "open", "sum": "sum"}.get(what, "count")
    table = span.once(
        ("countable", source.name, kind, fields), lambda: _read(source, kind, fields, span)
    )
    whole = _of(source, table, names, chosen)
    if what == "share":
        both = {
            name: [value for value in part[name] if value in chosen.get(name, part[name])]
            if name in part
            else chosen[name]
            for name in names
        }
        return share(int(_of(source, table, names, both)), int(whole))
    if what == "sum":
        return Measured(float(whole), len(table), {"sum": whole})
    return Measured(float(whole), int(whole))


def _read(source: Countable, kind: str, fields: tuple[str, ...], span: Span) -> Table:
    """Numbers by what stands in these columns; one statement."""
    rows = source.rows()
    if kind == "open":
        rows = rows.filter(source.still or Q(), **{f"{source.began}__lte": span.end})
    else:
        rows = rows.filter(_within(source, span))
    column = source.money if kind == "sum" else source.number
    told = Sum(column) if column else Count("pk")
    if not fields:
        return {(): rows.aggregate(n=told)["n"] or 0}
    found = rows.order_by().values_list(*fields).annotate(n=told)
    return {tuple(key): n or 0 for *key, n in found}


def _within(source: Countable, span: Span) -> Q:
    if source.within is not None:
        return source.within(span)
    return Q(**{f"{source.time}__gt": span.start, f"{source.time}__lte": span.end})


def _of(source: Countable, table: Table, names: Sequence[str], chosen: Chosen) -> float:
    """The sum over what the chosen values leave; a choice that is not made leaves everything."""
    if all(name in chosen for name in names):
        keys = product(*(source.choice(name).column(chosen[name]) for name in names))
        return sum(table.get(key, 0) for key in keys)
    wanted = [
        frozenset(source.choice(name).column(chosen[name])) if name in chosen else None
        for name in names
    ]
    return sum(
        n
        for key, n in table.items()
        if all(some is None or value in some for value, some in zip(key, wanted, strict=True))
    )


def _age(source: Countable, chosen: Chosen, span: Span) -> Measured:
    names = sorted(chosen)
    fields = tuple(source.choice(name).field for name in names)

    def read() -> Mapping[tuple[Any, ...], list[dt.datetime]]:
        rows = source.rows().filter(source.still or Q(), **{f"{source.began}__lte": span.end})
        found: dict[tuple[Any, ...], list[dt.datetime]] = {}
        for *key, began in rows.order_by().values_list(*fields, source.began):
            found.setdefault(tuple(key), []).append(began)
        return found

    table = span.once(("countable", source.name, "age", fields), read)
    keys = product(*(source.choice(name).column(chosen[name]) for name in names))
    ages = [(span.end - began).total_seconds() for key in keys for began in table.get(key, ())]
    return Measured(median(ages) if ages else 0.0, len(ages))
