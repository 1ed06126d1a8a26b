"""The addresses of every registered resource."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.core.access import Verb
from guanlan.web.resource import registry, saved
from guanlan.web.resource.acts import act_on_one
from guanlan.web.resource.declared import Resource
from guanlan.web.resource.details import show_object
from guanlan.web.resource.editing import edit
from guanlan.web.resource.export import export
from guanlan.web.resource.lists import filter_list, show_list, state_of
from guanlan.web.resource.many import act_on_many
from guanlan.web.rights import needs, subject_of_request


def patterns() -> list[URLPattern]:
    """All addresses; the registry is closed by asking for them."""
    registry.close()
    return [pattern for resource in registry.resources() for pattern in _of(resource)]


def _guarded(resource: Resource, view: Any, method: Any, verb: Verb = "see") -> Any:
    """A view of this resource, for those who may see it (or more)."""

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = view(request, resource, *args, **kwargs)
        return answer

    guarded.__name__ = view.__name__
    return needs(verb, resource.noun)(method(guarded))


def _of(resource: Resource) -> list[URLPattern]:
    root, name = resource.path, resource.route
    found = [
        path(root, _guarded(resource, show_list, require_safe), name=name),
        path(
            f"{root}/filter",
            _guarded(resource, filter_list, require_POST),
            name=f"{name}_filter",
        ),
        path(
            f"{root}/export/<str:kind>",
            _guarded(resource, export, require_POST, "export"),
            name=f"{name}_export",
        ),
        path(f"{root}/views", _guarded(resource, keep_view, require_POST), name=f"{name}_view"),
        path(
            f"{root}/views/<int:identity>/remove",
            _guarded(resource, drop_view, require_POST),
            name=f"{name}_view_remove",
        ),
    ]
    if any(action.listed for action in resource.actions):
        found.append(
            path(f"{root}/act", _guarded(resource, act_on_many, require_POST), name=f"{name}_act")
        )
    form = resource.form
    either = require_http_methods(["GET", "HEAD", "POST"])
    if form is not None and form.add is not None:
        view = _guarded(resource, _new, either, "add")
        found.append(path(f"{root}/new", view, name=f"{name}_new"))
    if resource.address is None:
        view = _guarded(resource, show_object, require_safe)
        found.append(path(f"{root}/<str:key>", view, name=resource.one))
    if form is not None and form.change is not None:
        view = _guarded(resource, edit, either, "change")
        found.append(path(f"{root}/<str:key>/edit", view, name=f"{name}_edit"))
    if resource.actions:
        asking = any(action.form is not None for action in resource.actions)
        view = _guarded(resource, act_on_one, either if asking else require_POST)
        found.append(path(f"{root}/<str:key>/do/<str:name>", view, name=f"{name}_do"))
    return found


def _new(request: HttpRequest, resource: Resource) -> HttpResponse:
    return edit(request, resource, None)


def keep_view(request: HttpRequest, resource: Resource) -> HttpResponse:
    """Keep how the list looks now, under a name."""
    subject = subject_of_request(request)
    state = state_of(resource, dict(parse_qsl(request.POST.get("state", ""))), subject)
    here = state.address(resource.route)
    name = request.POST.get("name", "")
    try:
        saved.save_view(
            subject,
            resource,
            name,
            state.kept,
            shared=request.POST.get("shared") == "1",
        )
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": name.strip()})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(here)


def drop_view(request: HttpRequest, resource: Resource, identity: int) -> HttpResponse:
    """Remove one of one's own views."""
    if saved.remove_view(subject_of_request(request), resource, identity):
        messages.success(request, _("The view is removed."))
    else:
        messages.error(request, _("You have no such view."))
    return redirect(resource.route)
