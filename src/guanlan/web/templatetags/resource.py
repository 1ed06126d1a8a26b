"""Tags of the pages that a resource has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms, template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guanlan.web.resource.declared import Clock, Filter, Resource
from guanlan.web.resource.lists import nothing_yet as said_of_nothing
from guanlan.web.resource.panels import in_words

register = template.Library()


@register.simple_tag
def own_url(resource: Resource, what: str, *args: Any) -> str:
    """The address of one of a resource's routes."""
    return reverse(f"{resource.route}_{what}", args=args)


@register.filter
def querystring(kept: Mapping[str, str]) -> str:
    """What an address says, without what is empty."""
    return urlencode([(name, value) for name, value in kept.items() if value])


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def beside(row: Sequence[Any], heads: Sequence[str]) -> list[tuple[str, Any]]:
    """The cells of a row, each with the head of its column; without one where it has none."""
    return [(heads[n] if n < len(heads) else "", value) for n, value in enumerate(row)]


@register.filter
def example(one: Filter) -> str:
    """The value in a filter's example."""
    return one.example.partition(":")[2]


@register.filter
def nothing_yet(resource: Resource) -> str:
    """What an empty list says."""
    return said_of_nothing(resource)


class Section(NamedTuple):
    """Fields of a form that stand together; those without a title stand alone."""

    title: str
    fields: list[forms.BoundField]
    open: bool


@register.filter
def sections(form: forms.Form) -> list[Section]:
    """The visible fields by the `sections` that the form's class names: titles with the names of
    their fields. The first stands open, and each in which something is wrong."""
    named = getattr(form, "sections", {})
    title_of = {name: str(title) for title, names in named.items() for name in names}
    found: list[Section] = []
    for field in form.visible_fields():
        title = title_of.get(field.name, "")
        if not found or found[-1].title != title:
            first = not any(one.title for one in found)
            found.append(Section(title, [], first))
        last = found[-1]
        last.fields.append(field)
        if field.errors:
            found[-1] = last._replace(open=True)
    return found


@register.simple_tag
def due(value: dt.datetime) -> SafeString:
    """How long until then, or how much too late, in words; the absolute time on hover."""
    local = timezone.localtime(value)
    exact = f"{local:%Y-%m-%d %H:%M:%S} {local:%z}"
    text = in_words(Clock(value))
    return format_html('<span class="clock" title="{}">{}</span>', exact, text)
