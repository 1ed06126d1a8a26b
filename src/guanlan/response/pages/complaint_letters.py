"""Letters and calls that were not understood: looked at, taken in after all, or discarded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.response.alerts.titles import said
from guanlan.response.complaints import after_all
from guanlan.response.complaints.letters import NOUN
from guanlan.response.complaints.terms import CHANNELS
from guanlan.response.complaints.terms import NOUN as COMPLAINT
from guanlan.response.models import ComplaintLetter
from guanlan.response.pages.alert_letters import Discarding
from guanlan.response.pages.complaint_forms import Stating
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Panel,
    Resource,
    Saved,
    State,
    register,
)

STATES: Final = {
    "waiting": pgettext_lazy("state of a letter", "waiting"),
    "taken": pgettext_lazy("state of a letter", "taken in"),
    "discarded": pgettext_lazy("state of a letter", "discarded"),
}


def taking(letter: ComplaintLetter | None) -> type[forms.Form]:
    """The form, filled with what could be read."""
    shown = {} if letter is None else after_all.offered(letter)

    class Filled(Stating):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            for name, value in shown.items():
                self.fields[name].initial = value
            self.fields["text"].help_text = _(
                "Numbers and addresses are hidden here. A field that you leave as it stands is"
                " taken as it was sent."
            )

    return Filled


def _take(letter: ComplaintLetter, subject: Subject, values: Mapping[str, Any]) -> str | Saved:
    category = values["category"]
    given = {name: values[name] for name in after_all.FIELDS if name != "category"}
    given["category"] = category.code if category else ""
    taken = after_all.take_after_all(subject, letter, given, timezone.now())
    number = {"number": taken.complaint.receipt}
    if taken.new:
        return _("It is taken in as complaint %(number)s.") % number
    return _("The same message is complaint %(number)s already: no other was made.") % number


def _discard(letter: ComplaintLetter, subject: Subject, values: Mapping[str, Any]) -> str:
    after_all.discard(subject, letter, values["reason"], timezone.now())
    return _("It is discarded; the row stays.")


def state(letter: ComplaintLetter) -> State:
    """Where it is; taken in as which complaint."""
    if letter.state == "taken" and letter.complaint is not None:
        text = _("taken in as complaint %(number)s") % {"number": letter.complaint.receipt}
        return State("off", text)
    return State("warn" if letter.state == "waiting" else "off", STATES[letter.state])


def kept_of(letter: ComplaintLetter) -> str:
    """What of the original is kept here, in one sentence."""
    if letter.kept >= letter.size:
        return _("the whole original, sealed: %(size)s") % {"size": filesizeformat(letter.size)}
    return _("only the first %(kept)s of %(size)s, sealed; the rest was not kept") % {
        "kept": filesizeformat(letter.kept), "size": filesizeformat(letter.size),
    }  # fmt: skip


def what(letter: ComplaintLetter, subject: Subject) -> Mapping[str, Any]:
    """What is kept of it, what came of it, and what can be read of it, masked."""
    shown = after_all.offered(letter)
    complaint = letter.complaint
    return {
        "kept": kept_of(letter),
        "mail": letter.channel == "email",
        "shown": shown,
        "complaint": complaint,
        "complaint_url": reverse("complaint", args=[complaint.pk]) if complaint else "",
        "discarded_why": letter.reason if letter.state == "discarded" else "",
    }


def _waits(letter: ComplaintLetter) -> bool:
    return letter.state == "waiting"


LETTERS = register(
    Resource(
        noun=NOUN,
        model=ComplaintLetter,
        title=gettext_lazy("Letter that could not be understood"),
        titles=gettext_lazy("Letters that could not be understood"),
        path="complaint-letters",
        route="complaint_letters",
        under="complaints",
        one="complaint_letter",
        columns=(
            Column("channel", gettext_lazy("How it came"),
                   value=lambda letter: str(CHANNELS[letter.channel])),
            Column("why", gettext_lazy("Why"),
                   value=lambda letter: said(letter.why, letter.values), wide=True),
            Column("state", gettext_lazy("State"), value=state, cell="state"),
            Column("came", gettext_lazy("Came in"), cell="moment"),
            Column("received", gettext_lazy("Kept since"), cell="moment", sort=True, shown=False),
            Column("decided_by", pgettext_lazy("of an appeal or a finding", "Decided by"),
                   "decided_by__username", shown=False),
            Column("decided", pgettext_lazy("when", "Decided"), cell="moment", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=STATES, group=True,
                   example="state:waiting"),
            Filter("channel", gettext_lazy("How it came"), "choice", choices=CHANNELS,
                   group=True),
            Filter("after", gettext_lazy("Kept from then on"), "time", "received", sign=">="),
            Filter("before", gettext_lazy("Kept until then"), "time", "received", sign="<"),
        ),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(STATES["waiting"], "state:waiting"),
        ),
        order="-received",
        related=("decided_by", "complaint"),
        state=state,
        name_of=lambda letter: f"{CHANNELS[letter.channel]} #{letter.pk}",
        panels=(Panel(gettext_lazy("What came"), "response/complaint/letter.html", what),),
        actions=(
            Action("take", gettext_lazy("Take in after all"), _take, when=_waits,
                   offered=lambda letter, subject: may(subject, "add", COMPLAINT),
                   words=gettext_lazy(
                       "A complaint comes of it, known again by the original's own id. Its time"
                       " limit runs from when the original came in."),
                   form=lambda subject, letter: taking(letter)),
            Action("discard", gettext_lazy("Discard"), _discard, when=_waits, danger=True,
                   words=gettext_lazy("No complaint comes of it. The row and your reason stay."),
                   form=lambda subject, letter: Discarding),
        ),
        empty=gettext_lazy(
            "Everything that came was understood. Letters and calls that are refused are kept here"
            " until somebody takes them in after all, or discards them."
        ),
    )
)  # fmt: skip
