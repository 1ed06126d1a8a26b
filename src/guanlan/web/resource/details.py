"""The page of one object: state and actions in its title line, then its panels."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject, Verb
from guanlan.web.resource.cells import Cell, cell
from guanlan.web.resource.declared import Action, Panel, Resource, Saved
from guanlan.web.resource.reading import allowed, visible
from guanlan.web.rights import subject_of_request


class Shown(NamedTuple):
    """A panel written out."""

    title: str
    body: str


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
        if allowed(resource, subject, action.verb)
        and action.fits(row)
        and action.suits(row, subject)
    ]


def show_object(
    request: HttpRequest, resource: Resource, key: str, *, saved: Saved | None = None
) -> HttpResponse:
    """The page of one object; `saved` is what has just been made of it."""
    subject = subject_of_request(request)
    row = object_of(resource, subject, key)
    ready = resource.prepare([row], subject)[0] if resource.prepare else row
    panels = [panel for panel in resource.panels if panel.when is None or panel.when(row, subject)]
    may_change = (
        resource.form is not None
        and resource.form.change is not None
        and allowed(resource, subject, "change")
    )
    actions = actions_on(resource, subject, row)
    context: dict[str, Any] = {
        "resource": resource,
        "object": row,
        "title": resource.name_of(row),
        "state": resource.state(row) if resource.state else None,
        "facts": facts_of(resource, ready),
        "left": [_shown(request, panel, row, subject) for panel in panels if panel.wide],
        "right": [_shown(request, panel, row, subject) for panel in panels if not panel.wide],
        "actions": [action for action in actions if not action.danger],
        "dangers": [action for action in actions if action.danger],
        "may_change": may_change,
        "section": resource.route,
        "once": format_html("{}", render_to_string(saved.template, dict(saved.context)))
        if saved is not None and saved.template
        else "",
        "notice": saved.notice if saved is not None else "",
    }
    return render(request, "web/resource/object.html", context)


def facts_of(resource: Resource, ready: Any) -> list[Cell]:
    """The facts of an object: the columns named for it, else all of them."""
    names = resource.facts or tuple(column.name for column in resource.columns)
    columns = (resource.column(name) for name in names)
    return [cell(resource, column, ready) for column in columns if column is not None]


def _shown(request: HttpRequest, panel: Panel, row: Any, subject: Subject) -> Shown:
    context = {"object": row, **(panel.context(row, subject) if panel.context else {})}
    return Shown(str(panel.title), render_to_string(panel.template, context, request))


def facts(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    """The context of a facts panel: (title, value) pairs."""
    return {"pairs": [pair for pair in pairs if pair[1] not in (None, "")]}


def history_panel(noun: str, read: Any) -> Panel:
    """What was done to an object, newest first; `read(noun, id)` gives the audit log's rows."""
    return Panel(
        gettext_lazy("History"),
        "web/resource/history.html",
        lambda row, subject: {"acts": read(noun, str(row.pk))},
        wide=False,
    )
