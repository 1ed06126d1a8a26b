"""From typed terms to conditions, and from an order to a page by key.

A page goes by (sort value, primary key), so that the thousandth costs what the first does.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.sql.compiler import SQLCompiler
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import ANYWHERE, MASKED_FROM, TABLE, Subject, Verb, may, may_match
from guanlan.core.access.levels import level_of
from guanlan.core.models import User
from guanlan.web.resource.declared import Ask, Filter, Found, Resource
from guanlan.web.resource.words import Term

PAGE: Final = 50
COUNTED: Final = 10_000  # rows counted exactly; beyond, "10,000+"
GROUPS: Final = 200  # groups of a list that are shown
GROUPED: Final = ("choice", "exact", "flag")  # kinds of filters that a list may be grouped by
_LOOKUPS: Final = {"": "exact", "=": "exact", ">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}
BIGGEST: Final = 2**63 - 1
EARLIEST, LATEST = 1900, 9000  # years; at the ends of the calendar zones and days lead out of it


class Beyond(models.Expression):
    """(sort, pk) < (value, pk) or >, as one comparison that an index on both answers."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, names: list[str], values: list[Any], sign: str) -> None:
        super().__init__(output_field=models.BooleanField())
        self.left: list[Any] = [F(name) for name in names]
        self.values = values
        self.sign = sign

    def get_source_expressions(self) -> list[Any]:
        return self.left

    def set_source_expressions(self, exprs: Any) -> None:
        self.left = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        columns, marks, params = [], [], []
        for expression, value in zip(self.left, self.values, strict=True):
            sql, _params = compiler.compile(expression)
            columns.append(sql)
            marks.append("%s")
            params.append(expression.output_field.get_db_prep_value(value, connection))
        # Only names of columns and marks enter the text.
        return f"({', '.join(columns)}) {self.sign} ({', '.join(marks)})", tuple(params)


def allowed(resource: Resource, subject: Subject, verb: Verb) -> bool:
    """Whether the subject may do `verb` to some rows at least; `visible` says to which."""
    return may(subject, verb, resource.noun, scope=ANYWHERE)


def visible(resource: Resource, subject: Subject, verb: Verb = "see") -> models.QuerySet[Any]:
    """The rows on which the subject may do `verb`."""
    if resource.rows is not None:
        found = resource.rows(subject, verb)
    else:
        every = resource.model._default_manager.all()
        scoped = getattr(every, "for_user", None)
        if scoped is not None:
            found = scoped(subject, verb)
        else:
            found = every if may(subject, verb, resource.noun) else every.none()
    return found.select_related(*resource.related) if resource.related else found


def address_of(resource: Resource, row: Any) -> str:
    """The page of one object."""
    return resource.address(row) if resource.address else reverse(resource.one, args=[row.pk])


def filter_level(resource: Resource, one: Filter) -> int | None:
    """The level of a filter: what it says itself, or what its field's model says."""
    try:
        return one.level or level_of(resource.model, one.path)
    except LookupError:
        return None


def unasked(resource: Resource, terms: tuple[Term, ...], subject: Subject) -> list[str]:
    """The terms by which this subject may not ask, one sentence each: it may not see what they
    would tell."""
    filters = resource.all_filters()
    beyond = [
        term.name
        for term in terms
        if (one := filters.get(term.name)) is not None
        and not _matches(resource, subject, filter_level(resource, one))
        # `~7` is the number of a masked one, as its own page says it.
        and not all(value.startswith("~") for value in term.values)
    ]
    return [
        _("“%(name)s:” asks by a value that you may not see.") % {"name": name} for name in beyond
    ]


def _matches(resource: Resource, subject: Subject, level: int | None) -> bool:
    level = TABLE.nouns[resource.noun].level if level is None else level
    return level < MASKED_FROM or may_match(subject, resource.noun, level, scope=ANYWHERE)


def conditions(
    resource: Resource, terms: tuple[Term, ...], subject: Subject
) -> tuple[Q, list[str]]:
    """What the rows must fulfil, and the terms that could not be understood."""
    filters = resource.all_filters()
    whole, problems = Q(), unasked(resource, terms, subject)
    for term in terms:
        if not term.name:
            read = _free(resource, term, subject)
        elif (one := filters.get(term.name)) is None:
            read = _("There is no filter “%(name)s:”.") % {"name": term.name}
        else:
            read = _condition(resource, one, term, subject)
        if isinstance(read, str):
            problems.append(read)
        else:
            whole &= ~read if term.negated else read
    return whole, problems


def _free(resource: Resource, term: Term, subject: Subject) -> Q | str:
    if resource.free is not None:
        return resource.free(term, subject)
    if not resource.search:
        return _("This list has no free search; name a filter, such as “%(name)s:”.") % {
            "name": next(iter(resource.all_filters()), "q")
        }
    seen = [
        name
        for name in resource.search
        if _matches(resource, subject, level_of(resource.model, name))
    ]
    parts = (Q(**{f"{name}__icontains": term.value}) for name in seen)
    return reduce(or_, parts, Q(pk__in=[]))


def _condition(resource: Resource, one: Filter, term: Term, subject: Subject) -> Q | str:
    compared = one.kind in ("number", "time") or (one.kind == "choice" and one.ordered)
    if term.sign and not compared and one.kind != "own":
        return _("“%(name)s:” takes no comparison.") % {"name": one.name}
    match one.kind:
        case "own":
            if one.read is None:
                return Q()
            return one.read(term, subject)
        case "choice":
            return _choice(one, term)
        case "flag":
            return _flag(one, term)
        case "number":
            return _number(resource, one, term)
        case "time":
            return _time(one, term)
        case "person":
            return _person(one, term, subject)
        case "text":
            parts = (Q(**{f"{one.path}__icontains": value}) for value in term.values)
            return reduce(or_, parts)
    return _exact(resource, one, term)


def _exact(resource: Resource, one: Filter, term: Term) -> Q | str:
    field = _field(resource.model, one.path)
    try:
        values = [field.to_python(value) for value in term.values]
        if any(isinstance(value, int) and abs(value) > BIGGEST for value in values):
            raise OverflowError
    except (ValidationError, ValueError, OverflowError):
        return _("“%(name)s:” cannot be this.") % {"name": one.name}
    return Q(**{f"{one.path}__in": values})


def _choice(one: Filter, term: Term) -> Q | str:
    names = list(one.options())
    if any(value not in names for value in term.values):
        return _("“%(name)s:” takes one of %(names)s.") % {
            "name": one.name,
            "names": ", ".join(names),
        }
    chosen: list[str] = list(term.values)
    if one.ordered and term.sign:
        at = names.index(term.value)
        chosen = {
            ">=": names[at:], ">": names[at + 1 :], "<=": names[: at + 1], "<": names[:at],
        }.get(term.sign, chosen)  # fmt: skip
    if one.read is not None:
        return reduce(or_, (_as_q(one, Term(one.name, "", (name,))) for name in chosen), Q(pk=None))
    return Q(**{f"{one.path}__in": [one.stored.get(name, name) for name in chosen]})


def _as_q(one: Filter, term: Term) -> Q:
    read = one.read(term, Subject(id=None, name="")) if one.read else Q()
    return read if isinstance(read, Q) else Q(pk__in=[])


def _flag(one: Filter, term: Term) -> Q | str:
    said = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    value = said.get(term.value.lower())
    if value is None or len(term.values) > 1:
        return _("“%(name)s:” takes yes or no.") % {"name": one.name}
    return Q(**{f"{one.path}__isnull": not value}) if one.null else Q(**{one.path: value})


def _number(resource: Resource, one: Filter, term: Term) -> Q | str:
    try:
        number = Decimal(term.value)
        if not number.is_finite() or abs(number) > BIGGEST or len(term.values) > 1:
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError):
        return _("“%(name)s:” takes a number, such as %(name)s:>=50.") % {"name": one.name}
    lookup = _LOOKUPS[term.sign]
    if isinstance(_field(resource.model, one.path), models.IntegerField):
        whole = number.to_integral_value(ROUND_CEILING if lookup in ("gte", "lt") else ROUND_FLOOR)
        if lookup == "exact" and whole != number:
            return Q(pk__in=[])
        return Q(**{f"{one.path}__{lookup}": int(whole)})
    return Q(**{f"{one.path}__{lookup}": number})


def read_time(name: str, value: str) -> dt.datetime | str:
    """A typed time in the installation's zone, or a sentence saying what was expected."""
    try:
        moment = dt.datetime.fromisoformat(value)
        if not EARLIEST <= moment.year <= LATEST:
            raise OverflowError
        return moment if moment.tzinfo else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        return _("“%(name)s:” takes a time, such as 2026-11-23T09:00.") % {"name": name}


def _time(one: Filter, term: Term) -> Q | str:
    moment = read_time(one.name, term.value)
    if isinstance(moment, str):
        return moment
    sign = term.sign or one.sign
    if not sign and len(term.value) == len("2026-11-23"):  # a day is all of it
        return Q(**{f"{one.path}__gte": moment, f"{one.path}__lt": moment + dt.timedelta(days=1)})
    return Q(**{f"{one.path}__{_LOOKUPS[sign]}": moment})


def _person(one: Filter, term: Term, subject: Subject) -> Q | str:
    names = [value for value in term.values if value not in ("me", "none")]
    read = Q(**{f"{one.path}__{User.USERNAME_FIELD}__in": names}) if names else Q(pk__in=[])
    if "me" in term.values:
        read |= Q(**{f"{one.path}_id": subject.id})
    if "none" in term.values:
        read |= Q(**{f"{one.path}__isnull": True})
    return read


def order_of(resource: Resource, sort: str) -> tuple[str, bool] | None:
    """The model field a sort goes by, and whether downwards; None for one that is not offered."""
    column = resource.column(sort.removeprefix("-"))
    if column is None or not column.sort:
        return None
    return column.path, sort.startswith("-")


def find(resource: Resource, ask: Ask) -> Found:
    """One page: the first, or the one next after a key."""
    if resource.find is not None:
        refused = unasked(resource, ask.terms, ask.subject)
        return Found((), problems=refused) if refused else resource.find(ask)
    whole, problems = conditions(resource, ask.terms, ask.subject)
    order = order_of(resource, ask.sort)
    if order is None:
        problems.append(_("This list cannot be sorted by “%(name)s”.") % {"name": ask.sort})
    if problems or order is None:
        return Found((), problems=problems)
    field, down = order
    names = [field] if field in ("pk", resource.model._meta.pk.name) else [field, "pk"]
    rows = visible(resource, ask.subject).filter(whole)
    start = ask.newer or ask.older
    if start is not None:
        forward = (ask.newer is None) != down
        values = list(start[-len(names) :])
        rows = rows.filter(Beyond(names, values, ">" if forward else "<"))
    turned = down != (ask.newer is not None)
    rows = rows.order_by(*(f"-{name}" if turned else name for name in names))
    return turn(list(rows[: ask.limit + 1]), ask, lambda row: _key(row, field))


def turn(rows: list[Any], ask: Ask, key: Any) -> Found:
    """A page of rows fetched (one more than the limit), with the keys to go on from."""
    more = len(rows) > ask.limit
    rows = rows[: ask.limit]
    if ask.newer is not None:
        rows.reverse()
        newer = key(rows[0]) if rows and more else None
        return Found(rows, key(rows[-1]) if rows else None, newer)
    older = key(rows[-1]) if rows and more else None
    return Found(rows, older, key(rows[0]) if rows and ask.older is not None else None)


def _key(row: Any, field: str) -> tuple[Any, Any]:
    return reduce(getattr, field.split("__"), row), row.pk


def counted(resource: Resource, ask: Ask, most: int | None = None) -> int:
    """How many rows fit, counted to `most` + 1 at most (`COUNTED` where left out)."""
    most = COUNTED if most is None else most
    if resource.count is not None:
        if unasked(resource, ask.terms, ask.subject):
            return 0
        return resource.count(ask, most + 1)
    whole, problems = conditions(resource, ask.terms, ask.subject)
    if problems:
        return 0
    return visible(resource, ask.subject).filter(whole).order_by()[: most + 1].count()


def groups_of(resource: Resource, one: Filter, ask: Ask) -> list[tuple[str, int]]:
    """How many rows that the subject may see each value of a filter has within the rest of the
    filter, most first; the value is what is typed to see them, empty where there is none. Rows
    of which nothing is chosen are in no group of a choice: nothing can be typed to see them."""
    terms = tuple(term for term in ask.terms if term.name != one.name)
    if unasked(resource, (*terms, Term(one.name, "", ("",))), ask.subject):
        return []
    if resource.group is not None:
        counts = resource.group(ask._replace(terms=terms), one)
    else:
        whole, problems = conditions(resource, terms, ask.subject)
        if problems:
            return []
        rows = visible(resource, ask.subject).select_related(None).filter(whole).order_by()
        counts = rows.values_list(one.path).annotate(n=models.Count("pk"))
    names: Mapping[Any, str] = {one.stored.get(name, name): name for name in one.options()}
    found = dict[str, int]()
    for value, n in counts:
        name = _typed(one, names, value)
        if one.kind == "choice" and not name:
            continue
        found[name] = found.get(name, 0) + n
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:GROUPS]


def _typed(one: Filter, names: Mapping[Any, str], value: Any) -> str:
    if one.kind == "flag":
        return "yes" if (value is not None if one.null else value) else "no"
    return "" if value is None else names.get(value, str(value))


def write_key(key: tuple[Any, Any] | None) -> str:
    """A key as it stands in an address."""
    if key is None:
        return ""
    plain = [part.isoformat() if isinstance(part, dt.date) else part for part in key]
    text = json.dumps(plain, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_key(resource: Resource, sort: str, text: str) -> tuple[Any, Any] | None:
    """A key out of an address; None where it is none of this list."""
    order = order_of(resource, sort)
    if not text or order is None or len(text) > 800:
        return None
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        field = _field(resource.model, order[0])
        key = field.to_python(value), resource.model._meta.pk.to_python(pk)
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError, binascii.Error):
        return None
    return key if all(map(_storable, key)) else None


def _storable(part: Any) -> bool:
    """Whether a database can compare with this value."""
    if isinstance(part, int):
        return abs(part) <= BIGGEST
    if isinstance(part, dt.date):
        return EARLIEST <= part.year <= LATEST
    return not isinstance(part, str) or "\0" not in part


def _field(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    field: Any = None
    for part in path.split("__"):
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        model = field.related_model or model
    found: models.Field[Any, Any] = field
    return found
