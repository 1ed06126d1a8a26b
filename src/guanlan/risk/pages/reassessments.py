"""Reassessments: risks whose numbers moved so far that a person should rate them again."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.risk.models import Reassessment
from guanlan.risk.value.reassessing import MOST_REASON, NOUN, REASONS, accept, refuse
from guanlan.risk.value.showing import LEVEL_NAMES, cause_words, risk_address
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Heading,
    Panel,
    Resource,
    State,
    facts,
    register,
)
from guanlan.web.words import compact_money, number

STATES: Final = {
    "proposed": pgettext_lazy("state of a reassessment", "proposed"),
    "accepted": pgettext_lazy("state of a reassessment", "accepted"),
    "refused": pgettext_lazy("state of a reassessment", "refused"),
}


class ReasonForm(forms.Form):
    """Why it is decided so."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=MOST_REASON, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Such as: seen in the losses of this month; a passing wave."),
    )  # fmt: skip


def state_of(row: Reassessment) -> State:
    """The state by word and shape."""
    look = {"proposed": "warn", "accepted": "on"}.get(row.state, "off")
    return State(look, STATES[row.state])


def reasons_of(row: Reassessment) -> str:
    """Why a person is asked."""
    return ", ".join(_(REASONS[one]) for one in row.after.get("reasons", ()) if one in REASONS)


def moved(row: Reassessment) -> str:
    """The expectancy before and after."""
    currency = row.value.currency
    pair = (
        compact_money(row.before["expected"], currency),
        compact_money(row.after["expected"], currency),
    )
    return " → ".join(pair)


def numbers(row: Reassessment, _subject: Subject) -> dict[str, Any]:
    """The numbers before and after."""
    currency = row.value.currency
    levels = [str(LEVEL_NAMES.get(one, one)) for one in (row.level_before, row.level_after)]

    def money(name: str) -> tuple[str, str]:
        before, after = row.before[name], row.after[name]
        return compact_money(before, currency), compact_money(after, currency)

    rates = [number(round(float(one["rate"]), 3)) for one in (row.before, row.after)]
    return {
        "heads": ["", _("When it was rated"), _("Now")],
        "rows": [
            (_("Expected in a year"), *money("expected")),
            (_("Value at risk 95 %"), *money("var95")),
            (_("Events a year"), *rates),
            (_("Level"), *levels),
        ],
        "empty": "",
    }


def told(row: Reassessment, _subject: Subject) -> dict[str, Any]:
    """Why it is asked, what moved it, what was decided."""
    found = facts(
        (_("Why it is to be rated again"), reasons_of(row)),
        (_("What moved"), ", ".join(cause_words(one) for one in row.causes)),
        (_("Opened"), row.opened),
        (_("Decided"), row.decided),
        (_("By whom"), row.decided_by.get_username() if row.decided_by else ""),
        (_("Why decided so"), row.reason),
        (_("Parameters, version"), row.parameters.version if row.parameters else ""),
    )
    address = risk_address(row.risk_id)
    return found | ({"more": row.risk.code, "more_url": address} if address else {})


def _accept(row: Reassessment, subject: Subject, said: dict[str, Any]) -> str:
    accept(subject, row, said["reason"], timezone.now())
    return _("Accepted: the risk is rated as its numbers say.")


def _refuse(row: Reassessment, subject: Subject, said: dict[str, Any]) -> str:
    refuse(subject, row, said["reason"], timezone.now())
    return _("Refused: it is proposed again when the numbers move far from these.")


def _open(row: Reassessment) -> bool:
    return row.state == "proposed"


REASSESSMENTS: Final = register(
    Resource(
        noun=NOUN,
        model=Reassessment,
        title=gettext_lazy("Reassessment"),
        titles=gettext_lazy("Reassessments"),
        path="reassessments",
        route="reassessments",
        one="reassessment",
        place=("assess", 15),
        api="reassessments",
        columns=(
            Column("risk", gettext_lazy("Risk"), "risk__title", wide=True,
                   value=lambda row: str(row.risk)),
            Column("state", gettext_lazy("State"), value=state_of, cell="state", sort=True),
            Column("reasons", gettext_lazy("Why it is to be rated again"), "after",
                   value=reasons_of),
            Column("moved", gettext_lazy("Expected in a year"), "before", value=moved),
            Column("due", pgettext_lazy("of a task", "Due"), cell="clock"),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("opened", gettext_lazy("Opened"), cell="moment", shown=False),
            Column("reason", gettext_lazy("Why decided so"), shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=STATES, group=True,
                   example="state:proposed"),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("due", pgettext_lazy("of a task", "Due"), "time"),
            Filter("code", gettext_lazy("Code of the risk"), "exact", "risk__code"),
        ),
        chips=(
            Chip(gettext_lazy("to be decided"), "state:proposed"),
            Chip(gettext_lazy("mine"), "state:proposed owner:me"),
        ),
        order="-state",
        related=("risk", "value", "owner", "decided_by", "parameters"),
        heading=lambda row: Heading(
            str(row.risk),
            owner=row.owner.get_username() if row.owner else "",
            clock=Clock(row.due, row.opened) if row.state == "proposed" else row.decided,
        ),
        state=state_of,
        name_of=lambda row: str(row.risk),
        facts=(),
        panels=(
            Panel(gettext_lazy("What moved, and by how much"), "web/resource/table.html", numbers),
            Panel(gettext_lazy("Why"), "web/resource/facts.html", told, wide=False),
        ),
        actions=(
            Action("accept", gettext_lazy("Accept"), _accept, verb="approve", when=_open,
                   form=lambda subject, row: ReasonForm),
            Action("refuse", gettext_lazy("Refuse"), _refuse, verb="approve", when=_open,
                   form=lambda subject, row: ReasonForm),
        ),
        drifts=("value", "after", "causes", "level_after", "due"),
        empty=gettext_lazy(
            "Nothing is to be rated again: no risk has moved far from where a person rated it."
        ),
    )
)  # fmt: skip
