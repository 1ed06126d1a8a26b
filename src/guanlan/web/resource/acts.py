"""Things done to one object or to many: allowed one by one, audited one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Denied, Subject
from guanlan.web.resource import bulk
from guanlan.web.resource.declared import Action, Ask, Form, Resource, Saved
from guanlan.web.resource.details import object_of, show_object
from guanlan.web.resource.fields import prepared, say
from guanlan.web.resource.lists import ask_of, bulk_actions, state_of
from guanlan.web.resource.reading import BIGGEST, address_of, conditions, counted, find, visible
from guanlan.web.rights import subject_of_request
from guanlan.web.words import number

MOST: Final = 100_000  # objects that one bulk action may reach
INLINE: Final = 500  # objects up to which it is done within the request
CHUNK: Final = 500
FIELD: Final = "_field"  # of a form that is sent to have one field checked

# Asks the person to prove who they are, then leads to a page; gives None where that is done.
# Accounts set it.
Reauthenticate = Callable[[HttpRequest, str], HttpResponse | None]
_reauthenticate: list[Reauthenticate] = []


def reauthenticate_with(ask: Reauthenticate) -> None:
    """Say how a person proves again who they are before an action or a form with `again`."""
    _reauthenticate[:] = [ask]


class Outcome(NamedTuple):
    """How a bulk action went: how many were done, and what was said of the others."""

    done: int
    refused: int
    words: list[str]


def asked_again(request: HttpRequest, declared: Action | Form, page: str) -> HttpResponse | None:
    """How the person is asked to prove who they are before they go on at `page`; None where that
    is done or not needed."""
    if not declared.again:
        return None
    if not _reauthenticate:
        raise PermissionDenied("a sensitive act needs a way to re-authenticate")
    return _reauthenticate[0](request, page)


def _named(actions: list[Action] | tuple[Action, ...], name: str) -> Action:
    found = next((action for action in actions if action.name == name), None)
    if found is None:
        raise Http404
    return found


def act_on_one(request: HttpRequest, resource: Resource, key: str, name: str) -> HttpResponse:
    """Do an action to one object, then show it again."""
    subject = subject_of_request(request)
    row = object_of(resource, subject, key)
    action = _named([one for one in resource.actions if not one.together], name)
    in_scope(resource, subject, action, row)
    page = address_of(resource, row)
    if action.form is None and request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    here = page if action.form is None else request.path
    if (proof := asked_again(request, action, here)) is not None:
        return proof
    form = None if action.form is None else action_form(action, subject, row, _typed(request))
    made: str | Saved = ""
    if not action.fits(row):
        text = _("“%(action)s” does not fit the present state.") % {"action": action.title}
        messages.error(request, text)
    elif form is not None and not form.is_bound:
        return _asked_for(request, resource, row, action, form, 200)
    elif form is not None and (name := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[name]})
    elif form is not None and not form.is_valid():
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


def _typed(request: HttpRequest) -> QueryDict | None:
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


def act_on_many(request: HttpRequest, resource: Resource) -> HttpResponse:
    """Confirm, then do an action to the chosen objects or to all that fit the filter."""
    subject = subject_of_request(request)
    action = _named(bulk_actions(resource, subject), request.POST.get("action", ""))
    said = dict(parse_qsl(request.POST.get("state", "")))
    state = state_of(resource, said, subject)
    page = state.address(resource.route)
    back = redirect(page)
    whole = request.POST.get("all") == "1"
    keys = request.POST.getlist("key")[:MOST]
    ask, problems = ask_of(resource, state, subject)
    count = counted(resource, ask, MOST) if whole and not problems else len(keys)
    if problems or not count:
        messages.error(request, problems[0] if problems else _("Choose at least one row."))
        return back
    if count > MOST:
        text = _("More than %(n)s rows fit the filter. Narrow it first.") % {"n": number(MOST)}
        messages.error(request, text)
        return back
    if (proof := asked_again(request, action, page)) is not None:
        return proof
    if request.POST.get("sure") != "1":
        context = {
            "resource": resource, "action": action, "count": count, "keys": keys, "whole": whole,
            "state": request.POST.get("state", ""), "back": page,
            "query": state.query, "title": action.title, "section": resource.section,
        }  # fmt: skip
        return render(request, "web/resource/confirm.html", context)
    if action.together and count > INLINE:
        text = _("At most %(n)s rows at once: narrow the filter, or choose fewer.")
        messages.error(request, text % {"n": number(INLINE)})
        return back
    if count > INLINE:
        every_key = keys_of(resource, ask) if whole else known(resource, keys)
        made = bulk.start(subject, resource, action, every_key[:MOST])
        messages.info(request, _("This takes a while, so it is done apart from this page."))
        return redirect("bulk", made.pk)
    rows = chosen(resource, subject, keys) if not whole else every(resource, ask)
    outcome = (run_together if action.together else run)(resource, subject, action, rows)
    if outcome.done:
        text = ngettext("Done to %(n)s row.", "Done to %(n)s rows.", outcome.done)
        messages.success(request, f"{action.title}: {text % {'n': number(outcome.done)}}")
    if outcome.refused:
        text = ngettext("%(n)s row was left as it is.", "%(n)s rows were left as they are.",
                        outcome.refused) % {"n": number(outcome.refused)}  # fmt: skip
        messages.warning(request, " ".join([f"{action.title}: {text}", *outcome.words]))
    return back


def known(resource: Resource, keys: list[str]) -> list[Any]:
    """Those of the texts that can be a primary key at all."""
    pk = resource.model._meta.pk
    found = []
    for key in keys:
        try:
            value = pk.to_python(key)
        except ValidationError:
            continue
        if "\0" not in key and not (isinstance(value, int) and abs(value) > BIGGEST):
            found.append(value)
    return found


def chosen(resource: Resource, subject: Subject, keys: list[str]) -> Iterator[Any]:
    """The objects of these keys that the subject may see."""
    found = known(resource, keys)
    for start in range(0, len(found), CHUNK):
        yield from visible(resource, subject).filter(pk__in=found[start : start + CHUNK])


def keys_of(resource: Resource, ask: Ask) -> list[Any]:
    """The primary keys of all objects that fit, up to `MOST`."""
    if resource.find is not None:
        return [row.pk for row in islice(every(resource, ask), MOST)]
    whole, problems = conditions(resource, ask.terms, ask.subject)
    if problems:
        return []
    rows = visible(resource, ask.subject).filter(whole).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:MOST])


def every(resource: Resource, ask: Ask) -> Iterator[Any]:
    """All objects that fit, in order, a chunk at a time."""
    ask = ask._replace(limit=CHUNK, older=None, newer=None)
    while True:
        found = find(resource, ask)
        yield from found.rows
        if found.older is None:
            return
        ask = ask._replace(older=found.older)


def run_together(
    resource: Resource, subject: Subject, action: Action, rows: Iterator[Any]
) -> Outcome:
    """Do the action to all objects at once; where one of them does not fit it is done to none."""
    every_one = list(rows)
    keys = [row.pk for row in every_one]
    reached = visible(resource, subject, action.verb).filter(pk__in=keys).count()
    if reached < len(keys):
        return Outcome(0, len(keys), [_("You may not do this to all of them.")])
    if not all(action.fits(row) and action.suits(row, subject) for row in every_one):
        text = _("“%(action)s” does not fit the present state.") % {"action": action.title}
        return Outcome(0, len(keys), [text])
    try:
        with transaction.atomic():
            action.do(every_one, subject)
    except ValidationError as error:
        return Outcome(0, len(keys), error.messages)
    return Outcome(len(keys), 0, [])


def run(resource: Resource, subject: Subject, action: Action, rows: Iterator[Any]) -> Outcome:
    """Do the action to each object on its own; one that refuses does not stop the others."""
    done, refused, words = 0, 0, list[str]()
    waiting = list(rows)
    allowed = set[Any]()
    for start in range(0, len(waiting), CHUNK):
        keys = [row.pk for row in waiting[start : start + CHUNK]]
        within = visible(resource, subject, action.verb).filter(pk__in=keys)
        allowed |= set(within.values_list("pk", flat=True))
    for row in waiting:
        said = bulk.attempt(resource, action, row, subject) if row.pk in allowed else ""
        if said is None:
            done += 1
            continue
        refused += 1
        if said and len(words) < bulk.WORDS:
            words.append(said)
    return Outcome(done, refused, words)
