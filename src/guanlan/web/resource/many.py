"""Things done to many objects: allowed one by one, audited one by one.

An action that asks for something asks once, beside the list of what it is about to be done to.
Each of these objects is named there with what it was like, so that one which somebody changed
meanwhile is left as it is and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Subject
from guanlan.web.resource import bulk
from guanlan.web.resource.acts import FIELD, asked_again, named
from guanlan.web.resource.declared import Action, Ask, Resource
from guanlan.web.resource.lists import State, ask_of, bulk_actions, rows_of, state_of
from guanlan.web.resource.outcome import Outcome, Said, lines
from guanlan.web.resource.reading import BIGGEST, conditions, counted, find, visible
from guanlan.web.resource.stamps import LENGTH, stamp
from guanlan.web.rights import subject_of_request
from guanlan.web.words import labelled, number

MOST: Final = 100_000  # objects that one bulk action may reach
MOST_ASKED: Final = 10_000  # of an action that asks for something: each is looked at beforehand
INLINE: Final = 500  # objects up to which it is done within the request
CHUNK: Final = 500
LISTED: Final = 20  # objects that are shown before it is done
COLUMNS: Final = 4


class Choice(NamedTuple):
    """What was chosen: keys with what each object was like when it was shown, or all that fit
    the filter, of which `told` were said to be there."""

    seen: dict[str, str]
    whole: bool
    told: int


def act_on_many(request: HttpRequest, resource: Resource) -> HttpResponse:
    """Confirm or ask, then do an action to the chosen objects or to all that fit the filter."""
    subject = subject_of_request(request)
    action = named(bulk_actions(resource, subject), request.POST.get("action", ""))
    said = dict(parse_qsl(request.POST.get("state", "")))
    state = state_of(resource, said, subject)
    page = state.address(resource.route)
    sure = request.POST.get("sure") == "1"
    form = None if action.many is None else many_form(action, subject, sure, request)
    if form is not None and sure and (field := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[field]})
    choice = _chosen_in(request)
    ask, problems = ask_of(resource, state, subject)
    most = MOST if form is None else MOST_ASKED
    count = counted(resource, ask, most) if choice.whole and not problems else len(choice.seen)
    if problems or not count:
        messages.error(request, problems[0] if problems else _("Choose at least one row."))
        return redirect(page)
    if count > most:
        text = _("More than %(n)s rows fit the filter. Narrow it first.") % {"n": number(most)}
        messages.error(request, text)
        return redirect(page)
    if (proof := asked_again(request, action, page, str(action.title))) is not None:
        return proof
    asking = _Asking(request, resource, subject, action, state, ask, form)
    if not sure:
        return asking.shown(choice, count)
    if form is not None:
        if choice.whole and count != choice.told:
            return asking.shown(choice, count, 409)
        if not form.is_valid():
            return asking.shown(choice, count, 422)
    if action.together and count > INLINE:
        text = _("At most %(n)s rows at once: narrow the filter, or choose fewer.")
        messages.error(request, text % {"n": number(INLINE)})
        return redirect(page)
    if count > INLINE:
        made = asking.start(choice)
        messages.info(request, _("This takes a while, so it is done apart from this page."))
        return redirect("bulk", made.pk)
    rows = every(resource, ask) if choice.whole else chosen(resource, subject, [*choice.seen])
    if action.together:
        outcome = run_together(resource, subject, action, rows)
    elif form is None:
        outcome = run(resource, subject, action, rows)
    else:
        outcome = run(resource, subject, action, rows, form.cleaned_data, choice.seen)
    _tell(request, action, outcome)
    return redirect(page)


def many_form(action: Action, subject: Subject, sent: bool, request: HttpRequest) -> forms.Form:
    """What an action asks once for many objects, its relations scoped."""
    return bulk.asked_form(action, subject, request.POST if sent else None)


def _chosen_in(request: HttpRequest) -> Choice:
    """What a form of the list, or the page that asks, says is chosen."""
    whole = request.POST.get("all") == "1"
    told = request.POST.get("count", "")
    count = int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else 0
    seen = dict.fromkeys(request.POST.getlist("key")[:MOST], "")
    try:
        pairs = json.loads(request.POST.get("seen", "[]"))
    except (ValueError, RecursionError):
        pairs = []
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(v, str) for v in pair):
            seen[pair[0]] = pair[1][:LENGTH]
    return Choice({} if whole else seen, whole, count)


class _Asking(NamedTuple):
    """An action that is about to be done to many objects."""

    request: HttpRequest
    resource: Resource
    subject: Subject
    action: Action
    state: State
    ask: Ask
    form: forms.Form | None

    def shown(self, choice: Choice, count: int, status: int = 200) -> HttpResponse:
        """The page that tells what is about to be done to what, and asks what is to be asked."""
        resource, subject = self.resource, self.subject
        whole, keys = choice.whole, [*choice.seen]
        seen: list[tuple[str, str]] = []
        if self.form is not None and whole and count <= INLINE:  # from here on it is these rows
            rows = list(every(resource, self.ask))
            whole, count = False, len(rows)
        elif whole:
            rows = list(find(resource, self.ask._replace(limit=LISTED)).rows)
        else:
            rows = list(islice(chosen(resource, subject, keys), MOST_ASKED))
        if self.form is not None and not whole:
            seen = [
                (str(row.pk), choice.seen.get(str(row.pk)) or stamp(row, resource.drifts))
                for row in rows
            ]
            there = {key for key, _seen in seen}
            seen += [(key, old) for key, old in choice.seen.items() if old and key not in there]
        columns = self.state.columns[:COLUMNS]
        context = {
            "resource": resource, "action": self.action, "count": count, "keys": keys,
            "whole": whole, "state": self.request.POST.get("state", ""),
            "back": self.state.address(resource.route), "query": self.state.query,
            "matching": choice.whole, "title": self.action.title, "section": resource.section,
            "form": self.form, "seen": json.dumps(seen), "columns": columns,
            "rows": rows_of(resource, columns, rows[:LISTED], subject),
            "more": max(0, count - LISTED), "changed": status == 409,
            "unfit": sum(not self._fits(row) for row in rows) if not whole else 0,
        }  # fmt: skip
        return render(self.request, "web/resource/confirm.html", context, status=status)

    def _fits(self, row: Any) -> bool:
        return self.action.fits(row) and self.action.suits(row, self.subject)

    def start(self, choice: Choice) -> Any:
        """Have it done by a job."""
        resource, subject, action = self.resource, self.subject, self.action
        if self.form is None:
            keys = keys_of(resource, self.ask) if choice.whole else known(resource, [*choice.seen])
            return bulk.start(subject, resource, action, keys[:MOST])
        rows = (
            every(resource, self.ask) if choice.whole else chosen(resource, subject, [*choice.seen])
        )
        seen = {
            str(row.pk): choice.seen.get(str(row.pk)) or stamp(row, resource.drifts)
            for row in islice(rows, MOST_ASKED)
        }
        typed = {name: self.request.POST.getlist(name) for name in self.form.fields}
        return bulk.start(subject, resource, action, [*seen], typed, [*seen.values()])


def _tell(request: HttpRequest, action: Action, outcome: Outcome) -> None:
    """Say what became of the rows."""
    if outcome.done:
        text = ngettext("Done to %(n)s row.", "Done to %(n)s rows.", outcome.done)
        said = labelled(action.title, text % {"n": number(outcome.done)})
        messages.success(request, lines(said, outcome.became))
    if outcome.refused:
        text = ngettext("%(n)s row was left as it is.", "%(n)s rows were left as they are.",
                        outcome.refused) % {"n": number(outcome.refused)}  # fmt: skip
        messages.warning(request, lines(labelled(action.title, text), outcome.reasons))


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
    outcome = Outcome()
    reached = visible(resource, subject, action.verb).filter(pk__in=keys).count()
    if reached < len(keys):
        outcome.add(Said(False, _("You may not do this to all of them.")), count=len(keys))
        return outcome
    if not all(action.fits(row) and action.suits(row, subject) for row in every_one):
        outcome.add(Said(False, bulk.unfit(action)), count=len(keys))
        return outcome
    try:
        with transaction.atomic():
            action.do(every_one, subject)
    except ValidationError as error:
        outcome.add(Said(False, " ".join(error.messages)), count=len(keys))
    else:
        outcome.add(Said(True), count=len(keys))
    return outcome


def run(
    resource: Resource,
    subject: Subject,
    action: Action,
    rows: Iterator[Any],
    values: dict[str, Any] | None = None,
    seen: dict[str, str] | None = None,
) -> Outcome:
    """Do the action to each object on its own; one that refuses does not stop the others.

    `values` is what was typed where the action asks; `seen` tells what each object was like."""
    outcome = Outcome()
    waiting = list(rows)
    allowed = _allowed(resource, subject, action, waiting)
    for row in waiting:
        if row.pk not in allowed:
            said = Said(False, bulk.forbidden())
        else:
            stamped = (seen or {}).get(str(row.pk), "")
            try:
                said = bulk.attempt(resource, action, row, subject, values, stamped)
            except OperationalError:  # two who lock the same rows: the database chose one of them
                if values is None:
                    raise
                said = Said(False, _("Somebody is at it this very moment: try again."))
        outcome.add(said, lambda row=row: resource.name_of(row))  # type: ignore[misc]
    if gone := len(seen or ()) - sum(str(row.pk) in (seen or ()) for row in waiting):
        outcome.add(Said(False, _("It is not there any more.")), count=gone)
    return outcome


def _allowed(resource: Resource, subject: Subject, action: Action, rows: Sequence[Any]) -> set[Any]:
    """Primary keys of those objects on which the subject may do it."""
    allowed = set[Any]()
    for start in range(0, len(rows), CHUNK):
        keys = [row.pk for row in rows[start : start + CHUNK]]
        within = visible(resource, subject, action.verb).filter(pk__in=keys)
        allowed |= set(within.values_list("pk", flat=True))
    return allowed
