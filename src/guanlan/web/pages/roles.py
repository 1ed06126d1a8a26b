"""Roles of people: who has which one, where, since and until when, and by whom."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.core.access.assigning import in_force, may_give, take_role
from guanlan.core.access.table import ROLES
from guanlan.core.models import RoleAssignment
from guanlan.web.resource import Action, Chip, Column, Filter, Resource, State, Term, register

TIMES: Final[dict[str, str | Promise]] = {
    "now": gettext_lazy("in force"),
    "later": gettext_lazy("later"),
    "over": gettext_lazy("ended"),
}


def state(one: RoleAssignment) -> State:
    """Whether it is in force."""
    now = timezone.now()
    if one.until is not None and one.until <= now:
        return State("off", TIMES["over"])
    if one.since > now:
        return State("unknown", TIMES["later"])
    if not one.person.is_active:
        return State("off", _("account disabled"))
    return State("on", TIMES["now"])


def by_time(term: Term, subject: Subject) -> Q:
    """Assignments that hold now, later, or no more."""
    now = timezone.now()
    return {"now": in_force(now), "later": Q(since__gt=now), "over": Q(until__lte=now)}[term.value]


def take(one: RoleAssignment, subject: Subject) -> str:
    """End it now."""
    take_role(subject, one)
    return _("The role is taken.")


ASSIGNMENTS = register(
    Resource(
        noun="core.roleassignment",
        model=RoleAssignment,
        title=gettext_lazy("Role of a person"),
        titles=gettext_lazy("Roles"),
        path="settings/roles",
        route="roles",
        one="role",
        api="roles",
        place=("settings", 2),
        columns=(
            Column("person", gettext_lazy("Person"), "person__username"),
            Column("role", gettext_lazy("Role"), value=lambda one: ROLES.get(one.role, one.role)),
            Column(
                "scope",
                gettext_lazy("Product or unit"),
                cell="template",
                template="web/cells/scope.html",
            ),
            Column("state", gettext_lazy("State"), "until", value=state),
            Column("given_by", gettext_lazy("Given by"), "given_by__username"),
            Column("since", gettext_lazy("Since"), cell="moment", sort=True),
            Column("until", gettext_lazy("Until"), cell="until"),
        ),
        filters=(
            Filter(
                "role",
                gettext_lazy("Role"),
                "choice",
                choices=ROLES,
                group=True,
                example="role:owner",
            ),
            Filter("person", gettext_lazy("Person"), "person", example="person:me"),
            Filter("scope", gettext_lazy("Product or unit"), "exact"),
            Filter(
                "time",
                gettext_lazy("State"),
                "choice",
                choices=TIMES,
                read=by_time,
                level=2,
                example="time:now",
            ),
            Filter("by", gettext_lazy("Given by"), "person", "given_by"),
            Filter("after", gettext_lazy("Since then"), "time", "since", sign=">="),
            Filter("ends", gettext_lazy("Ends by"), "time", "until", sign="<"),
        ),
        search=("person__username", "scope"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in force"), "time:now"),
            Chip(gettext_lazy("ended"), "time:over"),
        ),
        order="-since",
        related=("person", "given_by"),
        state=state,
        name_of=lambda one: f"{one.person} · {ROLES.get(one.role, one.role)}",
        actions=(
            Action(
                "take",
                gettext_lazy("Take"),
                take,
                verb="delete",
                when=lambda one: one.until is None or one.until > timezone.now(),
                offered=lambda one, subject: (
                    one.person_id != subject.id and may_give(subject, one.role, one.scope)
                ),
                danger=True,
                words=gettext_lazy("The role ends now."),
                button=gettext_lazy("Take the role"),
                again=True,
            ),
        ),
        discussed=False,
        history=False,  # it is that of the person
        empty=gettext_lazy("A role is given on the page of a person, and is listed here then."),
    )
)
