"""How the value of a column is written: for a screen, for a file, for a program."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from typing import Any, Final, NamedTuple

from django.db import models
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from guanlan.core.access import MASKED_FROM
from guanlan.web import words
from guanlan.web.resource.declared import Column, Resource, State
from guanlan.web.resource.registry import column_level
from guanlan.web.templatetags.console import from_microseconds, moment

HIDDEN: Final = "•••"
_NONE: Final = "—"


class Cell(NamedTuple):
    """A column's value of one row, written for the screen."""

    column: Column
    text: str


def value_of(resource: Resource, column: Column, row: Any) -> Any:
    """The value as it may leave the server: from level 3 on only its mask."""
    level = column_level(resource, column)
    if level is None or level >= MASKED_FROM:
        return column.mask(row) if column.mask is not None else HIDDEN
    if column.value is not None:
        return column.value(row)
    try:
        return reduce(getattr, column.path.split("__"), row)
    except AttributeError:  # a relation that is not set
        return None


def cell(resource: Resource, column: Column, row: Any) -> Cell:
    """A row's cell, as safe HTML."""
    value = value_of(resource, column, row)
    if column.cell == "template":
        text: str = render_to_string(column.template, {"value": value, "row": row})
    else:
        text = written(column.cell, value)
    return Cell(column, text)


def written(kind: str, value: Any) -> str:
    """A value as safe HTML."""
    if value is None or value == "" or value == [] or value == ():
        return format_html('<span class="quiet none">{}</span>', _NONE)
    if isinstance(value, State):
        return format_html('<span class="state {}">{}</span>', value.look, value.title)
    match kind:
        case "code":
            return format_html("<code>{}</code>", value)
        case "number" if isinstance(value, int | float):
            return words.number(value)
        case "moment" if isinstance(value, dt.datetime):
            return moment(value)
        case "until" if isinstance(value, dt.datetime):
            return moment(value, "until")
        case "clock" if isinstance(value, int):
            return moment(from_microseconds(value))
        case "flag":
            return _("yes") if value else _("no")
        case "tags":
            return format_html_join(" ", '<code class="tag">{}</code>', ((one,) for one in value))
    return format_html("{}", value)


def plain(column: Column, value: Any) -> Any:
    """A value as a file or a program gets it: text, number, truth, list, or None."""
    if isinstance(value, State):
        return str(value.title)
    if column.cell == "clock" and isinstance(value, int):
        return from_microseconds(value).isoformat()
    if isinstance(value, dt.datetime):
        return timezone.localtime(value, dt.UTC).isoformat()
    if isinstance(value, list | tuple):
        return [plain(column, one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, models.Model | dt.date):
        return str(value)
    return str(value)
