"""How complaints are shown: states by word, customers masked, what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.core.access.masking import mask
from guanlan.core.access.revealing import purposes_for
from guanlan.core.sealing import Unreadable
from guanlan.response.clocks.terms import said
from guanlan.response.complaints.fates import fates_of
from guanlan.response.complaints.history import KINDS
from guanlan.response.complaints.replying import WAYS
from guanlan.response.complaints.telling import labels_in_words
from guanlan.response.complaints.terms import (
    CAUSES,
    CHANNELS,
    LABELS,
    NOUN,
    OPEN,
    OUTCOMES,
    PRIORITIES,
    STATES,
)
from guanlan.response.kinds import every_kind, masked
from guanlan.response.models import (
    Complaint,
    ComplaintHappening,
    ComplaintMessage,
    EntityRef,
    Incident,
    IncidentLink,
)
from guanlan.web.pages.revealing import RevealForm
from guanlan.web.resource import Happening, State
from guanlan.web.words import labelled

LINES: Final = 100  # of what became of a complaint
MESSAGES: Final = 50  # the newest
PROPOSED: Final = 5  # open incidents that one may belong to
_LOOKS: Final = {
    "new": "warn", "working": "on", "waiting": "unknown", "answered": "off", "closed": "off",
}  # fmt: skip
_PRIORITY_LOOKS: Final = ("off", "warn", "bad")


def complaint_state(row: Complaint) -> State:
    """Where a complaint is, and whether it waits too long."""
    word = STATES[row.state]
    if row.state in OPEN and row.told is None and row.due <= timezone.now():
        return State("bad", _("%(state)s, overdue") % {"state": word})
    if row.outcome and row.state in ("answered", "closed"):
        return State("off", _("%(state)s: %(what)s") % {
            "state": word, "what": OUTCOMES[row.outcome]})  # fmt: skip
    return State(_LOOKS[row.state], word)


def priority_state(row: Complaint) -> State:
    """Its priority, and what for."""
    word = [*PRIORITIES.values()][row.priority]
    labels = labels_in_words(row)
    return State(_PRIORITY_LOOKS[row.priority], f"{word} · {labels}" if labels else word)


def category_title(row: Complaint) -> str:
    """What its category is called."""
    return said(row.category.title)


class ComplaintRow:
    """A complaint as a row of a list."""

    def __init__(self, row: Complaint, customer: str) -> None:
        self.complaint = row
        self.customer = customer
        self.labels = [str(title) for name, title in LABELS.items() if getattr(row, name)]


def show_complaints(rows: Sequence[Complaint], subject: Subject) -> list[ComplaintRow]:
    """A page of complaints with masked customers: the kinds are asked once."""
    kinds = every_kind()
    return [ComplaintRow(row, masked(row.customer, kinds) if row.customer else "") for row in rows]


class Said(NamedTuple):
    """A message as it may be shown."""

    incoming: bool
    at: dt.datetime
    by: str
    how: str
    state: str
    bad: bool
    text: str


class Near(NamedTuple):
    """Another complaint that this one is or may be the same as."""

    title: str
    url: str
    note: str


class Tie(NamedTuple):
    """An incident, tied or proposed."""

    title: str
    url: str
    tied: bool


class ComplaintLook:
    """A complaint as its page looks at it, read once."""

    def __init__(self, row: Complaint, subject: Subject) -> None:
        self.row = row
        self.subject = subject
        self.works = may(subject, "change", NOUN)

    @cached_property
    def happenings(self) -> list[ComplaintHappening]:
        found = ComplaintHappening.objects.for_user(self.subject).filter(complaint=self.row)
        return list(found.select_related("by")[:LINES])

    @cached_property
    def rows(self) -> list[ComplaintMessage]:
        found = ComplaintMessage.objects.for_user(self.subject).filter(complaint=self.row)
        return list(found.select_related("by").order_by("-at", "-id")[:MESSAGES])

    @property
    def messages(self) -> list[Said]:
        """What was written, newest first."""
        fates = fates_of(self.rows)
        return [
            Said(one.incoming, one.at, one.by.get_username() if one.by else "",
                 str(WAYS.get(one.how, CHANNELS.get(one.how, one.how))),
                 fates[one.pk].words, fates[one.pk].bad, str(one.masked))
            for one in self.rows
        ]  # fmt: skip

    @property
    def said(self) -> str:
        """What the customer says, without what names somebody."""
        return str(self.row.masked)

    @cached_property
    def contact(self) -> list[tuple[str, str]]:
        """How the customer is reached, masked: what it is and how it is shown."""
        row = self.row
        found: list[tuple[str, str]] = []
        if row.customer is not None:
            found.append((_("User, as the sender says"), masked(row.customer, every_kind())))
        for title, kind, value in ((_("E-mail"), "email", row.email), (_("Telephone"), "phone",
                                                                         row.phone)):  # fmt: skip
            if value:
                shown = str(value) if isinstance(value, Unreadable) else mask(kind, str(value), 3)
                found.append((title, shown))
        return found

    @cached_property
    def reveal(self) -> RevealForm:
        """The form for what is masked."""
        return RevealForm(
            reverse("reveal_complaint", args=[self.row.pk]),
            reveal_choices(self.row, self.rows),
            purposes_for(self.subject, NOUN, 3),
        )

    @cached_property
    def near(self) -> list[Near]:
        """What it is the same as, may be the same as, and what is the same as it."""
        row = self.row
        keys = [key for key in (row.like_id, row.duplicate_of_id) if key is not None]
        rows = Complaint.objects.for_user(self.subject)
        there = {one.pk: one for one in rows.filter(pk__in=keys)} if keys else {}
        found = []
        if first := there.get(row.duplicate_of_id or 0):
            found.append(_near(first, _("this one is the same")))
        if first := there.get(row.like_id or 0):
            text = _("%(n)s %% of the text is the same") % {"n": row.likeness}
            found.append(_near(first, text))
        same = rows.filter(duplicate_of=row).order_by("-received")[:PROPOSED]
        return [*found, *(_near(one, _("the same as this one")) for one in same)]

    @cached_property
    def ties(self) -> list[Tie]:
        """Incidents that it is tied to, and open ones of the same kind of risk."""
        links = IncidentLink.objects.for_user(self.subject).filter(noun=NOUN, key=str(self.row.pk))
        tied = {one.incident_id: one.incident for one in links.select_related("incident")}
        found = [_tie(one, True) for one in tied.values()]
        if self.row.state != "closed" and not tied:
            found += [_tie(one, False) for one in open_incidents(self.subject, self.row.risk)]
        return found


def open_incidents(subject: Subject, risk: str) -> list[Incident]:
    """The open incidents of a kind of risk that the subject may see, newest first."""
    rows = Incident.objects.for_user(subject).filter(category=risk)
    return list(rows.exclude(state="closed").order_by("-declared", "-id")[:PROPOSED])


def _tie(row: Incident, tied: bool) -> Tie:
    return Tie(f"#{row.pk} {row.title}", reverse("incident", args=[row.pk]), tied)


def _near(row: Complaint, note: str) -> Near:
    return Near(f"{row.receipt} {row.subject}", reverse("complaint", args=[row.pk]), note)


def reveal_choices(row: Complaint, rows: Sequence[ComplaintMessage]) -> list[tuple[str, str]]:
    """What of a complaint may be asked for in the clear: name and title."""
    found = [("text", _("What the customer says"))]
    if row.customer_id is not None:
        found.append(("customer", _("User, as the sender says")))
    if row.email:
        found.append(("email", _("E-mail")))
    if row.phone:
        found.append(("phone", _("Telephone")))
    for one in rows:
        at = f"{timezone.localtime(one.at):%Y-%m-%d %H:%M}"
        found.append((f"message-{one.pk}", _("Message of %(time)s") % {"time": at}))
    return found


def clear_value(row: Complaint, name: str, rows: Sequence[ComplaintMessage]) -> str:
    """The value of a name that `reveal_choices` gave."""
    values: Mapping[str, object] = {
        "text": row.text,
        "customer": _key(row.customer),
        "email": row.email,
        "phone": row.phone,
        **{f"message-{one.pk}": one.text for one in rows},
    }
    return str(values[name])


def _key(ref: EntityRef | None) -> str:
    return "" if ref is None else str(ref.key)


def timeline(look: ComplaintLook, subject: Subject) -> list[Happening]:
    """What became of it, newest first."""
    return [_line(one) for one in look.happenings]


def _line(one: ComplaintHappening) -> Happening:
    text, values = str(KINDS[one.kind]), one.values
    more: Callable[[], str] | None = {
        "taken": lambda: str(CHANNELS[values["channel"]]),
        "assigned": lambda: values["person"] or _("nobody"),
        "triaged": lambda: values["category"],
        "labels": lambda: _labels(values["labels"]),
        "customer": lambda: str(CHANNELS.get(values["how"], values["how"])),
        "replied": lambda: values.get("template") or "",
        "queued": lambda: str(WAYS[values["how"]]),
        "unsent": lambda: str(WAYS[values["how"]]),
        "recorded": lambda: str(WAYS[values["how"]]),
        "told": lambda: str(OUTCOMES[values["outcome"]]),
        "closed": lambda: str(CAUSES[values["cause"]]),
        "duplicate": lambda: f"#{values['of']}",
        "tied": lambda: f"#{values['incident']}",
        "rated": lambda: f"{values['stars']}/5",
        "extension_approved": lambda: _("%(n)s days") % {"n": values["days"]},
        "complex": lambda: _("%(n)s days") % {"n": values["days"]},
    }.get(one.kind)
    if more is not None and (detail := more()):
        text = labelled(text, detail)
    by = one.by.get_username() if one.by else ""
    note = " · ".join(part for part in (by, str(one.reason or "")) if part)
    url = reverse("complaint_letter", args=[values["letter"]]) if one.kind == "after_all" else ""
    return Happening(one.at, text, note=note, url=url)


def _labels(names: str) -> str:
    found = [str(LABELS[name]) for name in names.split() if name in LABELS]
    return " · ".join(found) or _("none")
