"""The page of one object: state, owner, clock and actions in its title line, then its panels."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html

from guanlan.core.access import Subject, Verb
from guanlan.web.resource.cells import Cell, cell
from guanlan.web.resource.declared import Action, Clock, Heading, Resource, Saved
from guanlan.web.resource.panels import draw, in_words, write_panels
from guanlan.web.resource.reading import allowed, visible
from guanlan.web.rights import subject_of_request
from guanlan.web.templatetags.console import moment


def object_of(resource: Resource, subject: Subject, key: str, verb: Verb = "see") -> Any:
    """The object of an address, when the subject may do `verb` to it; else Http404, no hint."""
    if "\0" in key:
        raise Http404
    try:
        found = (
            visible(resource, subject, verb)
            .filter(pk=resource.model._meta.pk.to_python(key))
            .first()
        )
    except (ValidationError, ValueError, OverflowError):
        found = None
    if found is None:
        raise Http404
    return found


def actions_on(resource: Resource, subject: Subject, row: Any) -> list[Action]:
    """What the subject may do to this object now."""
    return [
        action
        for action in resource.actions
        if not action.together
        and allowed(resource, subject, action.verb)
        and action.fits(row)
        and action.suits(row, subject)
    ]


def show_object(
    request: HttpRequest, resource: Resource, key: str, *, saved: Saved | None = None
) -> HttpResponse:
    """The page of the object of this key; `saved` is what has just been made of it."""
    row = object_of(resource, subject_of_request(request), key)
    return object_page(request, resource, row, saved=saved)


def object_page(
    request: HttpRequest,
    resource: Resource,
    row: Any,
    *,
    look: Any = None,
    saved: Saved | None = None,
) -> HttpResponse:
    """The page of an object that the subject was found to see.

    `look` is given by a view that reads more of its address than the object's key.
    """
    subject = subject_of_request(request)
    if look is None:
        look = resource.look(row, subject) if resource.look is not None else row
    heading = resource.heading(look) if resource.heading is not None else Heading()
    panels = write_panels(request, resource, row, look, subject)
    may_change = (
        resource.form is not None
        and resource.form.change is not None
        and allowed(resource, subject, "change")
    )
    actions = actions_on(resource, subject, row)
    said = {"object": row, "look": look}
    context: dict[str, Any] = {
        "resource": resource,
        "object": row,
        "title": heading.title or resource.name_of(row),
        "heading": heading,
        "time_left": in_words(heading.clock) if isinstance(heading.clock, Clock) else "",
        "moment": heading.clock if isinstance(heading.clock, dt.datetime) else None,
        "state": resource.state(row) if resource.state else None,
        "mark": draw(request, resource.mark, said) if resource.mark else "",
        "tools": draw(request, resource.tools, said) if resource.tools else "",
        "lead": draw(request, resource.lead, said) if resource.lead else "",
        "facts": facts_of(resource, row, subject),
        "panels": panels,
        "actions": [action for action in actions if not action.danger and not action.aside],
        "aside": [action for action in actions if not action.danger and action.aside],
        "dangers": [action for action in actions if action.danger],
        "may_change": may_change,
        "section": resource.section,
        "once": format_html("{}", render_to_string(saved.template, dict(saved.context)))
        if saved is not None and saved.template
        else "",
        "notice": saved.notice if saved is not None else "",
    }
    return render(request, "web/resource/object.html", context)


def facts_of(resource: Resource, row: Any, subject: Subject) -> list[Cell]:
    """The facts of an object: the columns named for it, else all of them."""
    if resource.facts == ():
        return []
    ready = resource.prepare([row], subject)[0] if resource.prepare else row
    names = resource.facts or tuple(column.name for column in resource.columns)
    columns = (resource.column(name) for name in names)
    return [cell(resource, column, ready) for column in columns if column is not None]


def facts(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    """The context of a facts panel: (title, value) pairs; a time is shown as in lists."""
    return {
        "pairs": [
            (name, moment(value) if isinstance(value, dt.datetime) else value)
            for name, value in pairs
            if value not in (None, "")
        ]
    }
