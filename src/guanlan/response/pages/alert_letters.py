"""Findings that could not be understood: looked at, raised after all, or discarded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.alerts import letters
from guanlan.response.alerts.evidence import shown
from guanlan.response.alerts.handling import LONGEST_REASON
from guanlan.response.alerts.showing import rules_in_words
from guanlan.response.alerts.titles import rule_title, said
from guanlan.response.kinds import every_kind, kind_title
from guanlan.response.models import DeadLetter
from guanlan.response.terms import CATEGORIES, SEVERITIES
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Panel,
    Resource,
    State,
    facts,
    register,
)

STATES: Final = {
    "waiting": pgettext_lazy("state of a dead letter", "waiting"),
    "raised": pgettext_lazy("state of a dead letter", "raised after all"),
    "discarded": pgettext_lazy("state of a dead letter", "discarded"),
}


class Retrying(forms.Form):
    """Of which category it is raised."""

    category = forms.ChoiceField(
        label=gettext_lazy("Category of risk"), choices=list(CATEGORIES.items())
    )


class Discarding(forms.Form):
    """Why it is thrown away."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _retry(letter: DeadLetter, subject: Subject, values: Mapping[str, Any]) -> str:
    alert = letters.retry(subject, letter, values["category"])
    return _("It is alert %(n)s now.") % {"n": alert.pk}


def _discard(letter: DeadLetter, subject: Subject, values: Mapping[str, Any]) -> str:
    letters.discard(subject, letter, values["reason"])
    return _("It is discarded; the row stays.")


def state(letter: DeadLetter) -> State:
    """Where it is."""
    return State("warn" if letter.state == "waiting" else "off", STATES[letter.state])


def show_letters(rows: Sequence[DeadLetter], subject: Subject) -> Sequence[DeadLetter]:
    """A page of them with what their rules are called: one query."""
    names = rules_in_words({row.source for row in rows}, subject)
    for row in rows:
        row.called = names[row.source]
    return rows


def _waits(letter: DeadLetter) -> bool:
    return letter.state == "waiting"


def what(letter: DeadLetter, subject: Subject) -> Mapping[str, Any]:
    """What can be read of it without telling whom it speaks of."""
    finding, kinds = letters.read(letter), every_kind()
    known = (
        (
            (_("Category of risk"), CATEGORIES.get(str(finding.category))),
            (_("Severity"), SEVERITIES[finding.severity.name]),
            (
                _("Entities"),
                _(", ").join(kind_title(one.kind, kinds) for _r, one in finding.entities),
            ),
            (
                _("Evidence"),
                _(", ").join(shown(one.kind, "")[0].strip() for one in finding.evidence),
            ),
            (_("Of when"), finding.at),
        )
        if finding is not None
        else ()
    )
    return facts((_("Why"), said(letter.why, letter.values)), *known, (_("Reason"), letter.reason))


LETTERS = register(
    Resource(
        noun="response.deadletter",
        model=DeadLetter,
        title=gettext_lazy("Finding that could not be understood"),
        titles=gettext_lazy("Findings that could not be understood"),
        path="alert-letters",
        route="alert_letters",
        under="alerts",
        one="alert_letter",
        columns=(
            Column("rule", gettext_lazy("Rule"), "source", value=lambda letter: letter.called),
            Column("source", gettext_lazy("Short name"), cell="code", shown=False),
            Column(
                "why",
                gettext_lazy("Why"),
                value=lambda letter: said(letter.why, letter.values),
                wide=True,
            ),
            Column("state", gettext_lazy("State"), value=state, cell="state"),
            Column("received", gettext_lazy("Received"), cell="moment", sort=True),
            Column("decided_by", pgettext_lazy("of an appeal or a finding", "Decided by"),
                   "decided_by__username", shown=False),
            Column("decided", pgettext_lazy("when", "Decided"), cell="moment", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=STATES, group=True,
                   example="state:waiting"),
            Filter("rule", gettext_lazy("Rule"), "text", "source"),
            Filter("after", gettext_lazy("Received from then on"), "time", "received", sign=">="),
            Filter("before", gettext_lazy("Received until then"), "time", "received", sign="<"),
        ),
        search=("source",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(STATES["waiting"], "state:waiting"),
        ),
        order="-received",
        related=("decided_by",),
        state=state,
        prepare=show_letters,
        name_of=lambda letter: rule_title(letter.source),
        panels=(Panel(gettext_lazy("What was sent"), "web/resource/facts.html", what),),
        actions=(
            Action("retry", gettext_lazy("Raise after all"), _retry, when=_waits,
                   form=lambda subject, letter: Retrying),
            Action("discard", gettext_lazy("Discard"), _discard, when=_waits, danger=True,
                   words=gettext_lazy("No alert comes of it. The row and your reason stay."),
                   form=lambda subject, letter: Discarding),
        ),
        empty=gettext_lazy(
            "Everything that was raised was understood. What is of no category, or names an"
            " entity of an unknown kind, is kept here until somebody decides."
        ),
    )
)  # fmt: skip
