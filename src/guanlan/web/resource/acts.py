"""Things done to one object: allowed, asked for where something is to be said, audited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject
from guanlan.web.resource.declared import Action, Form, Resource, Saved
from guanlan.web.resource.details import object_of, show_object
from guanlan.web.resource.fields import prepared, say
from guanlan.web.resource.reading import address_of, visible
from guanlan.web.rights import subject_of_request

FIELD: Final = "_field"  # of a form that is sent to have one field checked
FILES_LEFT: Final = "_files_left"  # of a form whose files did not come through a confirmation

# Asks the person to prove who they are, then leads to a page or goes on with what was sent, which
# is said in words; gives None where that is done. Accounts set it.
Reauthenticate = Callable[[HttpRequest, str, str], HttpResponse | None]
_reauthenticate: list[Reauthenticate] = []


def reauthenticate_with(ask: Reauthenticate) -> None:
    """Say how a person proves again who they are before an action or a form with `again`."""
    _reauthenticate[:] = [ask]


def asked_again(
    request: HttpRequest, declared: Action | Form, page: str, what: str = ""
) -> HttpResponse | None:
    """How the person is asked to prove who they are before they go on at `page`, or with what
    they sent (in words: `what`); None where that is done or not needed."""
    if not declared.again:
        return None
    if not _reauthenticate:
        raise PermissionDenied("a sensitive act needs a way to re-authenticate")
    return _reauthenticate[0](request, page, what)


def files_left(request: HttpRequest) -> bool:
    """Whether files were chosen that did not come through a confirmation."""
    return FILES_LEFT in request.POST


def whole(request: HttpRequest, form: forms.Form) -> bool:
    """Whether a form is valid and nothing of it was left behind; else it says what is wrong."""
    valid = form.is_valid()
    if form.is_multipart() and files_left(request):
        form.add_error(None, _("Files cannot be kept: choose them again."))
        return False
    return valid


def named(actions: list[Action] | tuple[Action, ...], name: str) -> Action:
    found = next((action for action in actions if action.name == name), None)
    if found is None:
        raise Http404
    return found


def act_on_one(request: HttpRequest, resource: Resource, key: str, name: str) -> HttpResponse:
    """Do an action to one object, then show it again."""
    subject = subject_of_request(request)
    row = object_of(resource, subject, key)
    action = named([one for one in resource.actions if not one.together], name)
    in_scope(resource, subject, action, row)
    page = address_of(resource, row)
    if action.form is None and request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = None if action.form is None else action_form(action, subject, row, typed(request))
    if form is not None and (field := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[field]})
    here = page if action.form is None else request.path
    title = f"{resource.name_of(row)} · {action.title}"
    if (proof := asked_again(request, action, here, title)) is not None:
        return proof
    made: str | Saved = ""
    if not action.fits(row):
        text = _("“%(action)s” does not fit the present state.") % {"action": action.title}
        messages.error(request, text)
    elif form is not None and not form.is_bound:
        return _asked_for(request, resource, row, action, form, 200)
    elif form is not None and not whole(request, form):
        return _asked_for(request, resource, row, action, form, 422)
    else:
        try:
            values = () if form is None else (form.cleaned_data,)
            made = action.do(row, subject, *values)
        except ValidationError as error:
            if form is not None:
                say(form, error)
                return _asked_for(request, resource, row, action, form, 422)
            messages.error(request, " ".join(error.messages))
    if isinstance(made, Saved) and made.template:  # shown once, in the answer itself
        return show_object(request, resource, key, saved=made)
    if notice := made.notice if isinstance(made, Saved) else made:
        messages.success(request, notice)
    left = visible(resource, subject).filter(pk=row.pk).exists()
    return redirect(page if left else resource.route)


def typed(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def action_form(action: Action, subject: Subject, row: Any, data: Any) -> forms.Form:
    """What an action asks for, its relations scoped. Rights may be given by it: that is what
    such an action is for, and its service judges it."""
    if action.form is None:
        raise Http404
    made = action.form(subject, row)(data)
    prepared(made, subject, frozenset())
    return made


def _asked_for(
    request: HttpRequest,
    resource: Resource,
    row: Any,
    action: Action,
    form: forms.Form,
    status: int,
) -> HttpResponse:
    context = {
        "resource": resource,
        "object": row,
        "title": f"{resource.name_of(row)} · {action.title}",
        "form": form,
        "words": action.words,
        "danger": action.danger,
        "button": action.button or action.title,
        "back": address_of(resource, row),
        "section": resource.section,
    }
    return render(request, "web/resource/form.html", context, status=status)


def in_scope(resource: Resource, subject: Subject, action: Action, row: Any) -> None:
    """Raises Denied when the right to the action does not reach this very object."""
    reached = visible(resource, subject, action.verb).filter(pk=row.pk).exists()
    if not reached or not action.suits(row, subject):
        raise Denied(
            f"{subject.name} may not {action.verb} {resource.noun}", action.verb, resource.noun
        )
