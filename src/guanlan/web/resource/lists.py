"""The list of a resource: filter, order, columns, groups, pages by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.core.sealing import Unopened
from guanlan.web.resource import saved
from guanlan.web.resource.asked import PLAIN, SEALED, opened, personal, standing
from guanlan.web.resource.cells import Cell, cell
from guanlan.web.resource.declared import Action, Ask, Column, Filter, Found, Resource
from guanlan.web.resource.reading import (
    COUNTED,
    PAGE,
    address_of,
    allowed,
    counted,
    find,
    groups_of,
    order_of,
    read_key,
    write_key,
)
from guanlan.web.resource.registry import resources
from guanlan.web.resource.words import LONGEST, Term, quoted, read_terms
from guanlan.web.rights import subject_of_request
from guanlan.web.words import number

KEPT = ("q", "sort", "columns", "group")  # what makes a list what it is: kept, saved, shared


class State(NamedTuple):
    """What a list's address says, to whom."""

    resource: Resource
    subject: Subject

    query: str
    sort: str
    columns: tuple[Column, ...]
    group: str
    kept: dict[str, str]

    def address(self, route: str, **changes: str) -> str:
        """The list's address with some of it changed; empty leaves out (but for `q`)."""
        said = {**self.kept, **changes}
        asked = standing(self.resource, self.subject, said.pop(PLAIN))
        parts = [asked, *((name, text) for name, text in said.items() if text)]
        return f"{reverse(route)}?{urlencode(parts, quote_via=quote)}"


class Row(NamedTuple):
    """A row as the table shows it."""

    key: str
    url: str
    cells: list[Cell]


class Head(NamedTuple):
    """The head of a column; `url` sorts by it, `sorted` is -1, 0 or 1."""

    column: Column
    url: str
    sorted: int


def state_of(resource: Resource, said: dict[str, str], subject: Subject) -> State:
    """What was asked for, in plain words; what is not offered is left out."""
    query = _typed(said.get(PLAIN, ""))
    sort = said.get("sort", "")
    if order_of(resource, sort) is None:
        sort = ""
    wanted = said.get("columns", "").split(",")
    chosen = tuple(column for column in resource.columns if column.name in wanted)
    columns = chosen or tuple(column for column in resource.columns if column.shown)
    grouping = {one.name for one in resource.filters if one.group}
    group = said.get("group", "") if said.get("group", "") in grouping else ""
    kept = {"q": query, "sort": sort, "group": group}
    kept["columns"] = ",".join(column.name for column in chosen)
    return State(resource, subject, query, sort or resource.order, columns, group, kept)


def _typed(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]


def ask_of(resource: Resource, state: State, subject: Subject) -> tuple[Ask, list[str]]:
    """The state as it is asked of the database, and what could not be read."""
    terms, problems = read_terms(state.query)
    return Ask(tuple(terms), subject, state.sort, limit=PAGE), problems


def rows_of(
    resource: Resource, columns: Sequence[Column], found: Sequence[Any], subject: Subject
) -> list[Row]:
    """Rows written for the screen."""
    prepared = resource.prepare(found, subject) if resource.prepare else found
    return [
        Row(
            str(row.pk),
            resource.link(ready) if resource.link else address_of(resource, row),
            [cell(resource, column, ready) for column in columns],
        )
        for row, ready in zip(found, prepared, strict=True)
    ]


def bulk_actions(resource: Resource, subject: Subject) -> list[Action]:
    """What the subject may do to many."""
    return [
        action
        for action in resource.actions
        if action.listed and allowed(resource, subject, action.verb)
    ]


def _remembered(request: HttpRequest, resource: Resource, subject: Subject) -> dict[str, str]:
    """What the address says, else how this person left the list. Raises Unopened for an address
    whose sealed filter is not this person's, or too old."""
    name = f"list {resource.noun}"
    left = str(request.session.get(name, ""))
    if not request.GET and left:
        said = dict(parse_qsl(left, keep_blank_values=True))
        try:
            return _plain(resource, subject, said)
        except Unopened:
            return said
    said = {key: request.GET.get(key, "") for key in (*KEPT, SEALED)}
    found = _plain(resource, subject, said)
    now = urlencode([(key, text) for key, text in said.items() if text])
    if now != left:  # a session is written when it is set
        request.session[name] = now
    return found


def _plain(resource: Resource, subject: Subject, said: dict[str, str]) -> dict[str, str]:
    token = said.get(SEALED, "")
    return {**said, PLAIN: opened(resource, subject, token)} if token else said


def filter_list(request: HttpRequest, resource: Resource) -> HttpResponse:
    """Lead to what the forms of a list ask for. They are posted, though nothing changes: what is
    typed may name somebody, and then it must not stand in an address."""
    said = {key: request.POST.get(key, "") for key in KEPT}
    if request.POST.getlist("column"):  # the form that chooses columns
        said["columns"] = ",".join(request.POST.getlist("column"))
    state = state_of(resource, said, subject_of_request(request))
    if "add" in request.POST:  # the form that builds a filter
        return redirect(_built(request, resource, state))
    return redirect(state.address(resource.route))


def show_list(request: HttpRequest, resource: Resource) -> HttpResponse:
    """The list, or only its rows for htmx."""
    subject = subject_of_request(request)
    if "clear" in request.GET:
        request.session.pop(f"list {resource.noun}", None)
        return redirect(resource.route)
    if personal(resource, _typed(request.GET.get(PLAIN, ""))):
        messages.warning(
            request, _("What may name a person is not looked up from an address. Type it here.")
        )
        return redirect(f"{reverse(resource.route)}?{PLAIN}=")
    try:
        said = _remembered(request, resource, subject)
    except Unopened:
        messages.warning(request, _("This filter is too old, or another person's: type it again."))
        return redirect(f"{reverse(resource.route)}?{PLAIN}=")
    state = state_of(resource, said, subject)
    ask, problems = ask_of(resource, state, subject)
    found, count = Found(()), 0
    ask = ask._replace(
        older=read_key(resource, state.sort, request.GET.get("older", "")),
        newer=read_key(resource, state.sort, request.GET.get("newer", "")),
    )
    if not problems:
        found = find(resource, ask)
        problems = list(found.problems)
        count = 0 if problems else counted(resource, ask)
    context: dict[str, Any] = {
        "resource": resource,
        "state": state,
        "title": resource.titles,
        "query": state.query,
        "problems": problems,
        "rows": rows_of(resource, state.columns, found.rows, subject),
        "heads": [_head(resource, state, column) for column in state.columns],
        "count": number(COUNTED) + "+" if count > COUNTED else number(count),
        "many": count,
        "older": write_key(found.older) and state.address(
            resource.route, older=write_key(found.older)
        ),
        "newer": write_key(found.newer) and state.address(
            resource.route, newer=write_key(found.newer)
        ),
        "first": ask.older is None and ask.newer is None,
        "newest": state.address(resource.route),
        "chips": [
            (chip.title, state.address(resource.route, q=chip.query), chip.query == state.query)
            for chip in resource.ready_made()
        ],
        "bulk": bulk_actions(resource, subject),
        "section": resource.section,
        "above": next((one for one in resources() if one.route == resource.under), None),
    }  # fmt: skip
    if getattr(request, "htmx", False):
        return render(request, "web/resource/rows.html", context)
    filters = resource.all_filters().values()
    context |= {
        "filters": filters,
        "builders": [(one, one.options()) for one in filters if one.kind != "own" or one.example],
        "columns": [(column, column in state.columns) for column in resource.columns],
        "groupings": [
            (one.title, state.address(resource.route, group=one.name), one.name == state.group)
            for one in resource.filters
            if one.group
        ],
        "ungrouped": state.address(resource.route, group=""),
        "groups": _groups(resource, state, ask) if not problems else [],
        "grouped": next((f.title for f in resource.filters if f.name == state.group), ""),
        "views": [
            (view, state_of(resource, dict(parse_qsl(view.query)), subject).address(resource.route))
            for view in saved.views_of(subject, resource)
        ],
        "may_keep": may(subject, "add", "web.savedview"),
        "may_add": resource.form is not None
        and resource.form.add is not None
        and allowed(resource, subject, "add"),
        "may_export": allowed(resource, subject, "export"),
        "placeholder": resource.placeholder
        or " ".join(one.example for one in filters if one.example),
    }
    return render(request, "web/resource/list.html", context)


def _head(resource: Resource, state: State, column: Column) -> Head:
    if not column.sort:
        return Head(column, "", 0)
    now = {column.name: 1, f"-{column.name}": -1}.get(state.sort, 0)
    wanted = column.name if now == -1 else f"-{column.name}"
    return Head(column, state.address(resource.route, sort=wanted), now)


class Grouped(NamedTuple):
    """A group of the list: how many rows, and the list of them; `code` where the title is not
    what is typed."""

    title: str
    rows: int
    url: str
    code: str = ""


def _groups(resource: Resource, state: State, ask: Ask) -> list[Grouped]:
    """The groups of the list by the filter that the state names."""
    one = next((f for f in resource.filters if f.name == state.group), None)
    if one is None:
        return []
    titles: Mapping[str, Any] = one.options()
    if one.kind == "flag":
        titles = {"yes": _("yes"), "no": _("no")}
    rest = [str(term) for term in ask.terms if term.name != one.name]
    found = []
    counts = groups_of(resource, one, ask)
    called = one.called([name for name, _n in counts], ask.subject) if one.called else {}
    for name, count in counts:
        query = " ".join([*rest, f"{one.name}:{quoted(name)}"])
        known = bool(name) and (one.kind != "choice" or name in titles)
        url = state.address(resource.route, q=query, group="") if known else ""
        title = called.get(name) or str(titles.get(name, name)) or _("none")
        found.append(Grouped(title, count, url, name if called.get(name, name) != name else ""))
    return found


def _built(request: HttpRequest, resource: Resource, state: State) -> str:
    """The address with one more term, chosen in a form instead of typed."""
    one: Filter | None = resource.all_filters().get(request.POST.get("add", ""))
    value = request.POST.get("value", "").replace("\0", "").strip()
    if one is None or not value:
        return state.address(resource.route)
    sign = request.POST.get("sign", "")
    sign = sign if sign in (">=", "<=", ">", "<") and one.kind != "text" else ""
    negated = request.POST.get("not") == "1"
    term = Term(one.name, sign, tuple(value.split(",")), negated)
    return state.address(resource.route, q=f"{state.query} {term}".strip()[:LONGEST])


def nothing_yet(resource: Resource) -> str:
    """What an empty list says."""
    return str(resource.empty) or _("%(what)s will be listed here once there are any.") % {
        "what": resource.titles
    }
