"""Rights for a time: asked for and decided by another person, or taken by breaking the glass
and reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import TABLE, VERBS, Subject, may
from guanlan.core.access.granting import (
    NOT_LENT,
    ask,
    break_glass,
    decide,
    grants_for,
    may_decide,
    overdue,
    review,
    revoke,
)
from guanlan.core.access.nouns import BREAK_GLASS_FROM
from guanlan.core.access.table import PURPOSES, VERB_TITLES
from guanlan.core.models import AccessGrant
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Panel,
    Resource,
    Saved,
    State,
    Term,
    register,
)
from guanlan.web.resource.details import facts
from guanlan.web.templatetags.rights import right

STATES: Final[dict[str, str | Promise]] = {
    "waiting": gettext_lazy("waiting"),
    "running": gettext_lazy("in force"),
    "refused": gettext_lazy("refused"),
    "ended": gettext_lazy("ended"),
    "revoked": gettext_lazy("revoked"),
}
REVIEWS: Final[dict[str, str | Promise]] = {
    "open": gettext_lazy("to be reviewed"),
    "overdue": gettext_lazy("review overdue"),
    "justified": gettext_lazy("was justified"),
    "unjustified": gettext_lazy("was not justified"),
}


def running(grant: AccessGrant) -> bool:
    """Whether the right holds now."""
    return grant.revoked is None and grant.ends is not None and grant.ends > timezone.now()


def grant_state(grant: AccessGrant) -> State:
    """Where a request or grant is."""
    if grant.revoked is not None:
        return State("off", STATES["revoked"])
    if grant.ends is not None:
        return State("on", STATES["running"]) if running(grant) else State("off", STATES["ended"])
    if grant.decided is None:
        return State("warn", STATES["waiting"])
    return State("off", STATES["refused"])


def review_state(grant: AccessGrant) -> State:
    """Whether broken glass was reviewed, and what was found."""
    if grant.reviewed is not None:
        return (
            State("on", REVIEWS["justified"])
            if grant.justified
            else State("bad", REVIEWS["unjustified"])
        )
    return State("bad", REVIEWS["overdue"]) if overdue(grant) else State("warn", REVIEWS["open"])


def by_state(term: Term, subject: Subject) -> Q:
    """Requests and grants in one of the states."""
    now = timezone.now()
    return {
        "waiting": Q(decided=None),
        "running": Q(ends__gt=now, revoked=None),
        "refused": Q(approved=False),
        "ended": Q(ends__lte=now, revoked=None),
        "revoked": Q(revoked__isnull=False),
    }[term.value]


def by_review(term: Term, subject: Subject) -> Q:
    """Broken glass by its review."""
    return {
        "open": Q(reviewed=None),
        "overdue": Q(reviewed=None, review_due__lt=timezone.now()),
        "justified": Q(justified=True),
        "unjustified": Q(justified=False),
    }[term.value]


class Wish(forms.Form):
    """A right, for what and for how long."""

    verb = forms.ChoiceField(label=gettext_lazy("To do"), initial="reveal")
    noun = forms.ChoiceField(label=gettext_lazy("With"))
    level = forms.IntegerField(
        label=gettext_lazy("Data level"), min_value=1, max_value=BREAK_GLASS_FROM, initial=3
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), choices=[("", "—"), *PURPOSES.items()], required=False
    )
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=1)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("case or ticket, no personal data"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields
        offered["verb"].choices = [(verb, VERB_TITLES[verb]) for verb in VERBS]
        offered["noun"].choices = [
            (name, f"{noun.title} ({name})")
            for name, noun in sorted(TABLE.nouns.items())
            if name not in NOT_LENT
        ]


class Asked(Wish):
    """What is asked for; another person decides."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes (at most 480)"), min_value=1, max_value=480, initial=60
    )
    ticket = forms.CharField(label=gettext_lazy("Ticket"), max_length=80, required=False)


class Emergency(Wish):
    """What is taken at once."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes (15 to 60)"),
        min_value=15,
        max_value=60,
        initial=30,
        help_text=gettext_lazy(
            "It holds at once. Owners and the privacy officer are told now, and another person"
            " reviews it within 24 hours."
        ),
    )


class Answer(forms.Form):
    """Why not."""

    answer = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class Reviewed(forms.Form):
    """What a review found."""

    found = forms.ChoiceField(
        label=gettext_lazy("Was it justified?"),
        choices=[
            ("justified", gettext_lazy("It was justified")),
            ("unjustified", gettext_lazy("It was not justified")),
        ],
        widget=forms.RadioSelect,
    )
    finding = forms.CharField(
        label=gettext_lazy("Finding"),
        min_length=5,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _ask(subject: Subject, values: dict[str, Any]) -> Saved:
    made = ask(subject, **values)
    return Saved(made, _("Your request waits for another person's approval."))


def _break(subject: Subject, values: dict[str, Any]) -> Saved:
    made = break_glass(subject, **values)
    said = _("You have emergency access. Owners and the privacy officer have been told.")
    return Saved(made, said)


def _approve(grant: AccessGrant, subject: Subject) -> str:
    decide(subject, grant, approve=True)
    return _("The request is approved.")


def _refuse(grant: AccessGrant, subject: Subject, values: Mapping[str, Any]) -> str:
    decide(subject, grant, approve=False, answer=values["answer"])
    return _("The request is refused.")


def _revoke(grant: AccessGrant, subject: Subject) -> str:
    revoke(subject, grant)
    return _("The grant is ended.")


def _review(grant: AccessGrant, subject: Subject, values: Mapping[str, Any]) -> str:
    justified = values["found"] == "justified"
    try:
        review(subject, grant, justified=justified, answer=values["finding"])
    except forms.ValidationError as error:
        raise forms.ValidationError({"finding": error.messages}) from None
    return _("The review is recorded.")


def _waits(grant: AccessGrant) -> bool:
    return grant.decided is None


def why(grant: AccessGrant, subject: Subject) -> Mapping[str, Any]:
    """What was written about it: level 3, for those who decide on it and whose it is."""
    return facts(
        (_("Reason"), grant.reason),
        (_("Ticket"), grant.ticket),
        (_("Answer"), grant.answer),
        (_("Decided by"), grant.decided_by),
        (_("Reviewed by"), grant.reviewed_by),
        (_("Ended by"), grant.revoked_by),
    )


def _why_panel(noun: str) -> Panel:
    return Panel(
        gettext_lazy("Why"),
        "web/resource/facts.html",
        why,
        when=lambda grant, subject: grant.person_id == subject.id or may(subject, "approve", noun),
    )


COLUMNS: Final = (
    Column("person", gettext_lazy("Person"), "person__username"),
    Column(
        "right",
        gettext_lazy("Right"),
        value=lambda grant: f"{grant.verb} {grant.noun}",
        cell="template",
        template="web/cells/right.html",
        level=2,
    ),
    Column("level", gettext_lazy("Data level"), cell="number"),
    Column("purpose", gettext_lazy("Purpose"), value=lambda one: PURPOSES.get(one.purpose, "")),
    Column("minutes", gettext_lazy("Minutes"), cell="number"),
    Column("asked", gettext_lazy("Asked"), cell="moment", sort=True),
    Column("ends", gettext_lazy("Ends"), cell="until"),
)
FILTERS: Final = (
    Filter("person", gettext_lazy("Person"), "person", example="person:me"),
    Filter("noun", gettext_lazy("With"), "exact", example="noun:fraud.entity"),
    Filter("level", gettext_lazy("Data level"), "number", example="level:>=3"),
    Filter("purpose", gettext_lazy("Purpose"), "choice", choices=PURPOSES, group=True),
    Filter("after", gettext_lazy("Asked from then on"), "time", "asked", sign=">="),
    Filter("before", gettext_lazy("Asked until then"), "time", "asked", sign="<"),
)

GRANTS = register(
    Resource(
        noun="core.accessgrant",
        model=AccessGrant,
        title=gettext_lazy("Grant for a time"),
        titles=gettext_lazy("Requests for access"),
        path="settings/access/requests",
        route="access_requests",
        one="access_request",
        api="grants",
        place=("settings", 4),
        rows=lambda subject, verb: grants_for(subject, verb, broken_glass=False),
        columns=(
            *COLUMNS,
            Column("state", gettext_lazy("State"), "decided", value=grant_state),
            Column("decided_by", gettext_lazy("Decided by"), "decided_by__username", shown=False),
        ),
        filters=(
            Filter(
                "state",
                gettext_lazy("State"),
                "choice",
                choices=STATES,
                read=by_state,
                level=2,
                example="state:waiting",
            ),
            *FILTERS,
            Filter("by", gettext_lazy("Decided by"), "person", "decided_by"),
        ),
        search=("person__username", "noun"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("waiting"), "state:waiting"),
            Chip(gettext_lazy("in force"), "state:running"),
            Chip(gettext_lazy("mine"), "person:me"),
        ),
        order="-asked",
        related=("person", "decided_by", "reviewed_by", "revoked_by"),
        state=grant_state,
        name_of=lambda grant: f"{grant.person} · {right(grant)}",
        panels=(_why_panel("core.accessgrant"),),
        form=Form(
            make=lambda subject, row: Asked,
            add=_ask,
            title=gettext_lazy("Ask for access"),
            button=gettext_lazy("Ask"),
        ),
        actions=(
            Action(
                "approve",
                gettext_lazy("Approve"),
                _approve,
                verb="approve",
                when=_waits,
                offered=lambda grant, subject: may_decide(subject, grant),
                bulk=False,
                again=True,
            ),
            Action(
                "refuse",
                gettext_lazy("Refuse"),
                _refuse,
                verb="approve",
                when=_waits,
                offered=lambda grant, subject: may_decide(subject, grant),
                form=lambda subject, grant: Answer,
                again=True,
            ),
            Action(
                "give_back",
                gettext_lazy("Give back"),
                _revoke,
                verb="add",
                when=running,
                offered=lambda grant, subject: grant.person_id == subject.id,
                bulk=False,
            ),
            Action(
                "end",
                gettext_lazy("End now"),
                _revoke,
                verb="delete",
                when=running,
                danger=True,
                words=gettext_lazy("The right ends with the next request of this person."),
            ),
        ),
        empty=gettext_lazy("Nothing waits. Requests for a right appear here."),
    )
)

GLASS = register(
    Resource(
        noun="core.breakglass",
        model=AccessGrant,
        title=gettext_lazy("Emergency access"),
        titles=gettext_lazy("Emergency access"),
        path="settings/access/emergencies",
        route="emergencies",
        one="broken_glass",
        api="emergencies",
        place=("settings", 5),
        rows=lambda subject, verb: grants_for(subject, verb, broken_glass=True),
        columns=(
            *COLUMNS,
            Column("review", gettext_lazy("Review"), "reviewed", value=review_state),
            Column("review_due", gettext_lazy("Review due"), cell="moment"),
            Column(
                "reviewed_by", gettext_lazy("Reviewed by"), "reviewed_by__username", shown=False
            ),
        ),
        filters=(
            Filter(
                "review",
                gettext_lazy("Review"),
                "choice",
                choices=REVIEWS,
                read=by_review,
                level=2,
                example="review:open",
            ),
            *FILTERS,
            Filter("by", gettext_lazy("Reviewed by"), "person", "reviewed_by"),
        ),
        search=("person__username", "noun"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("to be reviewed"), "review:open"),
            Chip(gettext_lazy("review overdue"), "review:overdue"),
            Chip(gettext_lazy("was not justified"), "review:unjustified"),
        ),
        order="-asked",
        related=("person", "decided_by", "reviewed_by", "revoked_by"),
        state=review_state,
        name_of=lambda grant: f"{grant.person} · {right(grant)}",
        panels=(_why_panel("core.breakglass"),),
        form=Form(
            make=lambda subject, row: Emergency,
            add=_break,
            title=gettext_lazy("Take emergency access"),
            button=gettext_lazy("Take emergency access"),
            again=True,
        ),
        actions=(
            Action(
                "review",
                gettext_lazy("Review"),
                _review,
                verb="approve",
                when=lambda grant: grant.reviewed is None,
                offered=lambda grant, subject: grant.person_id != subject.id,
                form=lambda subject, grant: Reviewed,
            ),
            Action(
                "end",
                gettext_lazy("End now"),
                _revoke,
                verb="see",
                when=running,
                offered=lambda grant, subject: (
                    grant.person_id == subject.id or may(subject, "delete", "core.accessgrant")
                ),
                danger=True,
                words=gettext_lazy("The right ends with the next request of this person."),
            ),
        ),
        empty=gettext_lazy("Nobody has taken emergency access."),
    )
)
