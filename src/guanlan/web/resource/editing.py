"""Forms that make and change objects: checked field by field, nothing typed is lost."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, Verb
from guanlan.web.resource.acts import FIELD, asked_again, whole
from guanlan.web.resource.declared import Form, Resource, Saved
from guanlan.web.resource.details import object_of, show_object
from guanlan.web.resource.fields import prepared, say
from guanlan.web.resource.reading import address_of, visible
from guanlan.web.resource.stamps import same, stamp
from guanlan.web.rights import subject_of_request

STAMP = "_stamp"


class Changed(Exception):
    """The object was changed by somebody else since the form was filled."""


def form_of(resource: Resource, subject: Subject, row: Any, data: Any = None) -> forms.Form:
    """The form for a new object (`row` None) or for this one, its relations scoped."""
    declared = declared_form(resource)
    initial = dict(declared.initial(row)) if declared.initial and row is not None else {}
    made = declared.make(subject, row)(data, initial=initial)
    prepared(made, subject)
    return made


def declared_form(resource: Resource) -> Form:
    """The resource's form; raises Http404 where it has none."""
    if resource.form is None:
        raise Http404
    return resource.form


def save(resource: Resource, subject: Subject, row: Any, form: forms.Form, seen: str) -> Saved:
    """Call the service with a valid form's values; `seen` is the stamp the person saw.

    Raises Denied when it would lie in a scope where the subject may not do this, Changed when the
    object is another one meanwhile, ValidationError as the service does.
    """
    declared = declared_form(resource)
    if row is None:
        if declared.add is None:
            raise Http404
        with transaction.atomic():
            made = declared.add(subject, form.cleaned_data)
            _within(resource, subject, "add", made)
        return made
    if declared.change is None:
        raise Http404
    with transaction.atomic():
        reached = visible(resource, subject, "change").select_related(None)
        now = reached.select_for_update().filter(pk=row.pk).first()
        if now is None:
            raise Http404
        if not same(seen, stamp(now, resource.drifts)):
            raise Changed
        made = declared.change(subject, now, form.cleaned_data)
        _within(resource, subject, "change", made)
        return made


def _within(resource: Resource, subject: Subject, verb: Verb, made: Saved) -> None:
    """Raises Denied, which undoes it, when what a form made lies in a product or unit in which
    the subject may not do this."""
    model = resource.model
    if not getattr(model, "scope_field", "") or not isinstance(made.object, model):
        return
    if not visible(resource, subject, verb).filter(pk=made.object.pk).exists():
        raise Denied(f"{subject.name} may not {verb} {resource.noun}", verb, resource.noun)


def edit(request: HttpRequest, resource: Resource, key: str | None) -> HttpResponse:
    """The form: shown, checked field by field for htmx, and sent."""
    subject = subject_of_request(request)
    row = None if key is None else object_of(resource, subject, key, "change")
    declared = declared_form(resource)
    if (declared.add if row is None else declared.change) is None:
        raise Http404
    posted = request.method == "POST"
    form = form_of(resource, subject, row, request.POST if posted else None)
    if (name := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[name]})
    title = _title(resource, row)
    if (proof := asked_again(request, declared, request.get_full_path(), title)) is not None:
        return proof
    if not posted:
        return _page(request, resource, row, form, 200)
    if not whole(request, form):
        return _page(request, resource, row, form, 422)
    try:
        made = save(resource, subject, row, form, request.POST.get(STAMP, ""))
    except Changed:
        form.add_error(
            None,
            _(
                "Somebody changed this while you were editing it. What you typed is kept below: "
                "compare it with what is stored now, then save again."
            ),
        )
        return _page(request, resource, object_of(resource, subject, str(key)), form, 409)
    except ValidationError as error:
        say(form, error)
        return _page(request, resource, row, form, 422)
    if made.template:  # shown once, in the answer itself: it is stored nowhere
        return show_object(request, resource, str(made.object.pk), saved=made)
    if made.notice:
        messages.success(request, made.notice)
    return redirect(address_of(resource, made.object))


def _title(resource: Resource, row: Any) -> str:
    """What a form is about."""
    if row is not None:
        return f"{resource.name_of(row)} · {_('Change')}"
    return str(declared_form(resource).title or resource.title)


def _page(
    request: HttpRequest, resource: Resource, row: Any, form: forms.Form, status: int
) -> HttpResponse:
    declared = declared_form(resource)
    context = {
        "resource": resource,
        "object": row,
        "title": _title(resource, row),
        "form": form,
        "stamp": stamp(row, resource.drifts) if row is not None else "",
        "button": declared.button or _("Save"),
        "back": address_of(resource, row) if row is not None else "",
        "section": resource.section,
    }
    return render(request, "web/resource/form.html", context, status=status)
