"""The frozen registry of resources: filled by the apps when they start, checked, then closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models
from django.forms import ModelChoiceField

from guanlan.core.access import MASKED_FROM, SYSTEM, TABLE
from guanlan.core.access.levels import level_of
from guanlan.web.discussion.topics import discussed
from guanlan.web.places import Place, add_place
from guanlan.web.resource.declared import CELLS, Action, AnyPanel, Column, Filter, Resource
from guanlan.web.resource.fields import Related
from guanlan.web.resource.reading import (
    GROUPED,
    address_of,
    conditions,
    filter_level,
    order_of,
    visible,
)
from guanlan.web.resource.words import read_terms

_resources: dict[str, Resource] = {}
_panels: dict[str, list[AnyPanel]] = {}
_closed = False


def register(resource: Resource) -> Resource:
    """Add a resource while the app starts; raises ImproperlyConfigured naming what is wrong."""
    if _closed:
        raise ImproperlyConfigured(f"resource {resource.noun}: the start is over")
    if resource.noun in _resources:
        raise ImproperlyConfigured(f"resource {resource.noun} is registered twice")
    taken = {name for one in _resources.values() for name in (one.route, one.path, one.one)}
    if taken & {resource.route, resource.path, resource.one} - {""}:
        raise ImproperlyConfigured(f"resource {resource.noun}: its route or path is taken")
    wrong = faults(resource)
    if wrong:
        raise ImproperlyConfigured(f"resource {resource.noun}: {wrong[0]}")
    _resources[resource.noun] = resource
    if resource.discussed:
        discussed(
            resource.noun,
            address=lambda row: address_of(resource, row),
            seen=lambda subject: visible(resource, subject),
        )
    if resource.place is not None:
        group, order = resource.place
        add_place(Place(group, resource.route, resource.titles, order))
    return resource


def add_panel(noun: str, panel: AnyPanel) -> None:
    """Add a panel to the page of a resource that an app below registers: it is given what that
    resource's own panels are given, and stands after them. Raises ImproperlyConfigured once the
    start is over."""
    if _closed:
        raise ImproperlyConfigured(f"panel of {noun}: the start is over")
    _panels.setdefault(noun, []).append(panel)


def panels_of(resource: Resource) -> Sequence[AnyPanel]:
    """The panels of a resource's page, then those that other apps have added."""
    return (*resource.panels, *_panels.get(resource.noun, ()))


def close() -> None:
    """No more resources from here on: the addresses have been made of them."""
    global _closed
    _closed = True


def resources() -> Iterable[Resource]:
    """All resources, in order of registration."""
    return tuple(_resources.values())


def resource_of(noun: str) -> Resource:
    """The resource of a noun; raises KeyError."""
    return _resources[noun]


def column_level(resource: Resource, column: Column) -> int | None:
    """The level of a column: what it says itself, or what its field's model says; None where
    nothing says it."""
    try:
        return column.level or level_of(resource.model, column.path)
    except LookupError:
        return None


def faults(resource: Resource) -> list[str]:
    """What is wrong with a declaration, a sentence each."""
    wrong = [fault for column in resource.columns for fault in _column_faults(resource, column)]
    if resource.noun not in TABLE.nouns:
        wrong.append("the policy knows no such noun")
    names = [column.name for column in resource.columns]
    wrong += [f"column {n}: the name is taken" for n in names if n in ("pk", "once")]
    wrong += [f"column {n} stands twice" for n in names if names.count(n) > 1]
    wrong += [
        f"there is no column {n} for its facts" for n in resource.facts or () if n not in names
    ]
    typed = [one.name for one in resource.filters]
    wrong += [f"filter {n} stands twice" for n in typed if typed.count(n) > 1]
    wrong += [
        f"filter {one.name}: {resource.model.__name__} has no field {one.path}"
        for one in resource.filters
        if resource.find is None
        and one.kind != "own"
        and one.read is None
        and not _has(resource.model, one.path)
    ]
    wrong += [fault for one in resource.filters if one.group for fault in _group(resource, one)]
    wrong += [
        f"filter {one.name}: it is of no one field, and says no data level"
        for one in resource.filters
        if filter_level(resource, one) is None
    ]
    if order_of(resource, resource.order) is None:
        wrong.append(f"its order {resource.order} is no sortable column")
    if not resource.address and not resource.one:
        wrong.append("it needs `one`, the route of an object, or an `address`")
    if not callable(resource.chips):
        wrong += [f for chip in resource.chips for f in _query_faults(resource, chip.query)]
    wrong += [fault for action in resource.actions for fault in _action_faults(action)]
    fields = {one.name for one in resource.model._meta.concrete_fields}
    wrong += [f"there is no field {n} that drifts" for n in resource.drifts if n not in fields]
    if resource.within and resource.within not in fields:
        wrong.append(f"there is no relation {resource.within} that it is within")
    if resource.form is not None:
        made = resource.form.make(SYSTEM, None)
        wrong += [f for n, field in made.base_fields.items() for f in _field_faults(n, field)]
    return wrong


def _group(resource: Resource, one: Filter) -> list[str]:
    """What is wrong with grouping by a filter: the groups of a masked field would tell it."""
    if one.kind not in GROUPED:
        return [f"filter {one.name}: a list is grouped by {', '.join(GROUPED)}, not by {one.kind}"]
    if resource.find is not None and resource.group is None:
        return [f"filter {one.name}: a list that is found by `find` is grouped by `group`"]
    level = filter_level(resource, one)
    if level is None or level >= MASKED_FROM:
        return [f"filter {one.name}: its groups would tell what is masked"]
    return []


def _has(model: type[models.Model], path: str) -> bool:
    try:
        for part in path.split("__"):
            field: Any = model._meta.pk if part == "pk" else model._meta.get_field(part)
            model = field.related_model or model
    except FieldDoesNotExist:
        return False
    return True


def _column_faults(resource: Resource, column: Column) -> list[str]:
    wrong: list[str] = []
    if column.cell not in CELLS or (column.cell == "template") != bool(column.template):
        wrong.append(f"column {column.name}: unknown cell {column.cell}")
    if column.value is None and not _has(resource.model, column.path):
        wrong.append(f"column {column.name}: {resource.model.__name__} has no field {column.path}")
    level = column_level(resource, column)
    if level is None:
        wrong.append(f"column {column.name} has no data level")
    if column.sort:
        if level is not None and level >= MASKED_FROM:
            wrong.append(f"column {column.name} is masked; an order would tell what it hides")
        if not _has(resource.model, column.path):
            wrong.append(f"column {column.name}: it cannot sort without a field")
        elif not indexed(resource.model, column.path):
            wrong.append(f"column {column.name}: no index sorts by ({column.path}, pk)")
    return wrong


def indexed(model: type[models.Model], path: str) -> bool:
    """Whether an index gives the rows in order of a field of their own that is never null.

    A field of few values needs an index on (field, pk): else all rows of one value are walked.
    """
    if path == "pk":
        return True
    field: Any = model._meta.get_field(path.split("__", maxsplit=1)[0])
    if "__" in path or field.null:
        return False
    if field.primary_key or field.unique:
        return True
    pk = model._meta.pk.name
    pairs = [tuple(index.fields) for index in model._meta.indexes if index.fields]
    pairs += [
        tuple(one.fields)
        for one in model._meta.constraints
        if isinstance(one, models.UniqueConstraint) and one.condition is None
    ]
    ordered = [tuple(name.removeprefix("-") for name in names) for names in pairs]
    if (field.name, pk) in (names[:2] for names in ordered):
        return True
    few = bool(field.choices) or isinstance(field, models.BooleanField | models.SmallIntegerField)
    return not few and (field.db_index or any(names[:1] == (field.name,) for names in ordered))


def _query_faults(resource: Resource, query: str) -> list[str]:
    terms, problems = read_terms(query)
    if resource.find is None:
        problems += conditions(resource, tuple(terms), SYSTEM)[1]
    return [f"chip {query}: {problem}" for problem in problems]


def _action_faults(action: Action) -> list[str]:
    """What is wrong with an action that asks once for many objects."""
    if action.many is None:
        return []
    if action.form is None or action.together or not action.bulk:
        return [f"action {action.name}: it asks for many, but not for one, or not in a list"]
    made = action.many(SYSTEM)
    return [f for n, field in made.base_fields.items() for f in _field_faults(n, field)]


def _field_faults(name: str, field: forms.Field) -> list[str]:
    if isinstance(field, ModelChoiceField) and not isinstance(field, Related):
        return [f"field {name} of its form: a relation must be a Related field"]
    return []
