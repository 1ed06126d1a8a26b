"""What a declaration of a resource is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from django import forms
from django.db import models
from django.utils.functional import Promise
from msgspec import Struct

from guanlan.core.access import Subject, Verb
from guanlan.web.charts import Chart
from guanlan.web.dashboards import Tile
from guanlan.web.resource.words import Term

Text = str | Promise
Kind = Literal["choice", "text", "exact", "number", "time", "flag", "person", "own"]
CELLS = ("text", "code", "number", "moment", "until", "clock", "flag", "state", "tags", "template")


class State(NamedTuple):
    """A state by word and shape; `look` is one of on, off, warn, bad, unknown."""

    look: str
    title: Text


class Column(Struct, frozen=True):
    """A value of each row: a cell of the list, a fact of the detail, a member of the API.

    `field` is the model's field the value comes from (its name where left out; `a__b` follows a
    relation); `value` computes it instead, from what `Resource.prepare` made of the row. The
    level is that of the field; a computed value of no one field says its own. From level 3 on
    only `mask(row)` leaves the server. `right` aligns it, `wide` gives it the room that is left.
    """

    name: str
    title: Text
    field: str = ""
    value: Callable[[Any], Any] | None = None
    cell: str = "text"
    template: str = ""
    level: int = 0
    sort: bool = False
    shown: bool = True
    right: bool = False
    wide: bool = False
    mask: Callable[[Any], str] | None = None

    @property
    def path(self) -> str:
        return self.field or self.name

    @property
    def numeric(self) -> bool:
        return self.right or self.cell == "number"


class Filter(Struct, frozen=True):
    """A name that may be typed before a colon.

    choice  one of `choices` (name -> title), stored as `stored` says; `ordered`: takes >= and <=
    text    contained, in any case;  exact  the same text
    number  compared;  time  2026-11-23 or 2026-11-23T09:00, `after:` and `before:` style
    flag    yes or no; `null`: whether the field holds anything;  person  a user name, or `me`
    own     `read(term, subject)` gives the condition, or a sentence saying what is wrong

    The level is that of the field; a filter of no one field says its own. From level 3 on a value
    may name somebody: it stands in no address, and only who could have it revealed may ask by it.

    `group` offers to group the list by it: each value with its number of rows, which lead to
    the rows. Only what may be seen in the clear, of the kinds choice, exact and flag. What the
    values of an exact one are called, `called` says of all groups at once.
    """

    name: str
    title: Text
    kind: Kind = "exact"
    field: str = ""
    choices: Mapping[str, Text] | Callable[[], Mapping[str, Text]] = {}
    stored: Mapping[str, Any] = {}
    ordered: bool = False
    null: bool = False
    sign: str = ""
    read: Callable[[Term, Subject], models.Q | str] | None = None
    example: str = ""
    group: bool = False
    level: int = 0
    called: Callable[[Sequence[str], Subject], Mapping[str, str]] | None = None

    @property
    def path(self) -> str:
        return self.field or self.name

    def options(self) -> Mapping[str, Text]:
        return self.choices() if callable(self.choices) else self.choices


class Chip(NamedTuple):
    """A ready-made filter."""

    title: Text
    query: str


class Panel(Struct, frozen=True):
    """A part of the page of one object; `context(object, subject)` is what its template sees.

    `wide` panels stand left, the others right. `more` in the context is said beside the title;
    with `more_url` it leads to the list behind the panel.
    """

    title: Text
    template: str
    context: Callable[[Any, Subject], Mapping[str, Any]] | None = None
    wide: bool = True
    when: Callable[[Any, Subject], bool] | None = None
    id: str = ""  # what an address names after #


class Happening(NamedTuple):
    """A line of a timeline; `at` is a time, or microseconds since 1970-01-01 UTC.

    `mark` stands first: a State, or safe HTML. `now` marks the object itself among the others.
    """

    at: dt.datetime | int
    text: Text
    mark: Any = ""
    note: Text = ""
    url: str = ""
    now: bool = False


class Timeline(Struct, frozen=True):
    """What happened, as `read(object, subject)` gives it: newest first. `empty` is said where
    nothing has."""

    title: Text
    read: Callable[[Any, Subject], Sequence[Happening]]
    empty: Text = ""
    more: Callable[[Any], str] | None = None  # address of the list behind it
    wide: bool = True
    when: Callable[[Any, Subject], bool] | None = None


class Drawing(Struct, frozen=True):
    """A chart, with its numbers as a table behind it."""

    draw: Callable[[Any, Subject], Chart]
    wide: bool = True
    when: Callable[[Any, Subject], bool] | None = None


class Numbers(Struct, frozen=True):
    """Numbers above all other panels, each of them a link to what makes it up."""

    tiles: Callable[[Any, Subject], Sequence[Tile]]
    when: Callable[[Any, Subject], bool] | None = None


AnyPanel = Panel | Timeline | Drawing | Numbers


class Clock(NamedTuple):
    """A time by which something is to be done, counted down in words; `since` is its begin."""

    until: dt.datetime
    since: dt.datetime | None = None


class Heading(NamedTuple):
    """The title line of an object's page; what is empty is left out.

    `over` says what kind of thing it is where the title does not; `clock` is a time limit, or
    simply the time that matters.
    """

    title: str = ""
    over: str = ""
    owner: str = ""
    clock: Clock | dt.datetime | None = None


class Saved(NamedTuple):
    """What a form's service made; `template` is shown once, above the object's page, and `once`
    is what the API's answer tells once."""

    object: models.Model
    notice: str = ""
    template: str = ""
    context: Mapping[str, Any] = {}
    once: Mapping[str, str] = {}


class Form(Struct, frozen=True):
    """How an object is made or changed: fields, and the service that is called with them.

    `make(subject, object)` gives the class of the form; relations are `Related` fields. The
    service raises ValidationError with a dictionary to speak beside a field. With `again` the
    person proves who they are before the form is shown.
    """

    make: Callable[[Subject, Any], type[forms.Form]]
    add: Callable[[Subject, dict[str, Any]], Saved] | None = None
    change: Callable[[Subject, Any, dict[str, Any]], Saved] | None = None
    initial: Callable[[Any], Mapping[str, Any]] | None = None
    button: Text = ""
    title: Text = ""
    again: bool = False


class Action(Struct, frozen=True):
    """Something done to one object, or to many of a list: `do` calls a service, which audits.

    A dangerous one stands apart and is confirmed: `words` say what will happen. `do` returns
    a sentence, or `Saved` with what is shown once, or raises ValidationError to say why not.
    Before one with `again` the person proves who they are. With a `form` (made as that of a
    `Form`) something is asked for first, and `do` gets the values as its third argument. Such an
    action is for one object at a time, unless `many` makes the form that is asked once for all
    chosen objects: its fields are known to `do` too. `became` says in a word what became of the
    object in the `Saved` that `do` returned: of many these are counted. One that is done
    `together` is for several chosen in a list, all or none of them, and no other place:
    `do(objects, subject)`. What is seldom done
    stands `aside`, in a menu of the object's page. `offered` says to whom it is offered, beyond
    the verb; the service refuses the others by itself.
    """

    name: str
    title: Text
    do: Callable[..., str | Saved]
    verb: Verb = "change"
    when: Callable[[Any], bool] | None = None
    danger: bool = False
    words: Text = ""
    button: Text = ""
    bulk: bool = True
    again: bool = False
    form: Callable[[Subject, Any], type[forms.Form]] | None = None
    many: Callable[[Subject], type[forms.Form]] | None = None
    became: Callable[[Any], Text] | None = None
    together: bool = False
    aside: bool = False
    offered: Callable[[Any, Subject], bool] | None = None

    @property
    def asks(self) -> bool:
        """Whether something is asked for first: a template would call `form` itself."""
        return self.form is not None

    @property
    def listed(self) -> bool:
        """Whether a list offers it for many objects."""
        return self.bulk and (self.form is None or self.many is not None)

    def fits(self, row: Any) -> bool:
        """Whether it is for this object as it is now."""
        return self.when is None or self.when(row)

    def suits(self, row: Any, subject: Subject) -> bool:
        """Whether it is for this subject, beyond the verb."""
        return self.offered is None or self.offered(row, subject)


class Link(NamedTuple):
    """A button at the top of the list that leads elsewhere."""

    title: Text
    route: str


class Ask(NamedTuple):
    """What a list is asked for: terms, the order, and from where on."""

    terms: tuple[Term, ...]
    subject: Subject
    sort: str
    older: tuple[Any, Any] | None = None
    newer: tuple[Any, Any] | None = None
    limit: int = 50


class Found(NamedTuple):
    """Rows in order, keys to go on from both ways (None: nothing there), and problems."""

    rows: Sequence[Any]
    older: tuple[Any, Any] | None = None
    newer: tuple[Any, Any] | None = None
    problems: Sequence[str] = ()


class Resource(Struct, frozen=True, kw_only=True):
    """Everything the console and the API show of one kind of thing.

    `noun` is what the policy is asked for; `route` names the list's address (its name with
    `_new` and so on the others), `one` that of an object. `order` is a sortable column's name,
    with a minus for descending. `find` replaces the query of lists that build their own
    statement, as `count` and `group` (value and number of rows, for a filter) do for them;
    `prepare` turns a page's objects into what columns read, with a fixed number of
    queries. A resource with `address` has its own view, which shows the object with
    `object_page`.

    `look` reads once what the page of one object shows: heading and panels get what it returns,
    else the object itself. `mark`, `tools` and `lead` are templates: beside the title, among the
    actions, under the title line. Every page ends with the object's comments and files, and its
    history in the audit log, unless `discussed` or `history` say no.

    `drifts` names fields that change by themselves, such as how often an alert was found: whoever
    acts on what they saw is not refused because of these.

    `within` names the relation to what every change of an object locks before the object itself,
    such as a task's incident: an act on many locks in the same order, so that two people never
    wait for each other.
    """

    noun: str
    model: type[models.Model]
    title: Text
    titles: Text
    path: str
    route: str
    one: str = ""
    place: tuple[str, int] | None = None
    under: str = ""  # without a place: the route of the list it belongs to
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    more_filters: Callable[[], Sequence[Filter]] | None = None
    search: tuple[str, ...] = ()
    free: Callable[[Term, Subject], models.Q | str] | None = None
    chips: tuple[Chip, ...] | Callable[[], Sequence[Chip]] = ()
    order: str
    related: tuple[str, ...] = ()
    rows: Callable[[Subject, Verb], models.QuerySet[Any]] | None = None
    find: Callable[[Ask], Found] | None = None
    count: Callable[[Ask, int], int] | None = None
    group: Callable[[Ask, Filter], Iterable[tuple[Any, int]]] | None = None
    prepare: Callable[[Sequence[Any], Subject], Sequence[Any]] | None = None
    look: Callable[[Any, Subject], Any] | None = None
    heading: Callable[[Any], Heading] | None = None
    mark: str = ""
    tools: str = ""
    lead: str = ""
    panels: tuple[AnyPanel, ...] = ()
    broad: bool = False  # wide panels take the whole width, the others stand below them
    facts: tuple[str, ...] | None = None  # names of columns; None: all
    discussed: bool = True
    history: bool = True
    state: Callable[[Any], State] | None = None
    name_of: Callable[[Any], str] = str
    address: Callable[[Any], str] | None = None
    link: Callable[[Any], str] | None = None  # the same, read from a prepared row of a list
    form: Form | None = None
    actions: tuple[Action, ...] = ()
    drifts: tuple[str, ...] = ()
    within: str = ""
    links: tuple[Link, ...] = ()
    empty: Text = ""
    placeholder: str = ""
    before: str = ""  # a template above the filter
    api: str = ""  # name under /api/v1/; empty: not in the API

    @property
    def section(self) -> str:
        """The route of the place in the sidebar that is lit on its pages."""
        return self.under or self.route

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)

    def all_filters(self) -> dict[str, Filter]:
        """Filters by name, those of the moment included."""
        found = {one.name: one for one in self.filters}
        for one in self.more_filters() if self.more_filters else ():
            found.setdefault(one.name, one)
        return found

    def ready_made(self) -> Sequence[Chip]:
        return self.chips() if callable(self.chips) else self.chips
