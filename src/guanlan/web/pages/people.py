"""People: who there is, what each may do and has done, and what is done to an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from guanlan.core.access import Subject, may
from guanlan.core.access.assigning import (
    give_role,
    in_force,
    may_give,
    may_give_all,
    set_clearance,
)
from guanlan.core.access.subjects import STARTING_CLEARANCE
from guanlan.core.access.table import PURPOSES, ROLE_NOTES, ROLES
from guanlan.core.models import Invitation, LinkedIdentity, RoleAssignment, User
from guanlan.core.outbox.templates import masked
from guanlan.core.people.accounts import disable, enable, end_sessions_of, may_govern
from guanlan.core.people.linking import unlink
from guanlan.web.accounts.others import APP, PASSKEY, factors_of, reset_factors
from guanlan.web.pages.person import FACTORS, PANELS, clearance_of
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Link,
    Resource,
    State,
    Term,
    register,
)
from guanlan.web.resource.fields import MomentInput

LEVELS: Final[dict[str, str | Promise]] = {str(n): str(n) for n in range(1, 5)}


class Person(NamedTuple):
    """A person as the columns read them."""

    user: User
    roles: list[str]
    clearance: int
    factors: list[str]
    linked: bool
    invited_by: str


def prepare(users: Sequence[User], subject: Subject) -> list[Person]:
    """Roles, factors, links and inviters of a page of people, in four queries."""
    roles: dict[int, list[str]] = {}
    held = RoleAssignment.objects.for_user(subject).filter(in_force(timezone.now()))
    for one in held.filter(person__in=users).order_by("role", "scope"):
        title = str(ROLES.get(one.role, one.role))
        roles.setdefault(one.person_id, []).append(
            title if one.scope == "*" else f"{title} · {one.scope}"
        )
    factors = factors_of(users)
    links = LinkedIdentity.objects.for_user(subject).filter(user__in=users)
    linked = set(links.values_list("user", flat=True))
    invited = dict(
        Invitation.objects.filter(account__in=users).values_list("account", "invited_by__username")
    )
    return [
        Person(
            user,
            roles.get(user.pk, []),
            clearance_of(user).level,
            [str(FACTORS[kind]) for kind in (PASSKEY, APP) if kind in factors.get(user.pk, ())],
            user.pk in linked,
            invited.get(user.pk) or "",
        )
        for user in users
    ]


def state(user: User) -> State:
    """Whether the account may sign in."""
    return State("on", _("active")) if user.is_active else State("off", _("disabled"))


def factor_state(person: Person) -> State:
    """The second factors, by word and shape."""
    if person.factors:
        return State("on", ", ".join(person.factors))
    return State("warn", _("none"))


def sign_on_state(person: Person) -> State | None:
    """Whether the account is linked to the sign-on provider."""
    return State("on", _("linked")) if person.linked else None


def by_link(term: Term, subject: Subject) -> Q | str:
    """Who is linked to the sign-on provider, or not."""
    if term.values not in (("yes",), ("no",)):
        return _("“%(name)s:” takes yes or no.") % {"name": term.name}
    linked = Q(Exists(LinkedIdentity.objects.for_user(subject).filter(user=OuterRef("pk"))))
    return linked if term.value == "yes" else ~linked


def by_role(term: Term, subject: Subject) -> Q:
    """Who has this role now, anywhere."""
    held = RoleAssignment.objects.filter(in_force(timezone.now()), role=term.value)
    return Q(pk__in=held.values("person"))


def by_clearance(term: Term, subject: Subject) -> Q:
    """Who has this clearance; nobody said is the starting one."""
    level = int(term.value)
    found = Q(clearance__level=level)
    return found | Q(clearance=None) if level == STARTING_CLEARANCE else found


def by_factor(term: Term, subject: Subject) -> Q:
    """Who has a second factor of this kind, or none at all."""
    theirs = Authenticator.objects.filter(user=OuterRef("pk"))
    if term.value == "none":
        return Q(~Exists(theirs.filter(type__in=(APP, PASSKEY))))
    return Q(Exists(theirs.filter(type=term.value)))


def by_inviter(term: Term, subject: Subject) -> Q:
    """Who came by an invitation of one of these people (`me`), or without one (`none`)."""
    names = [subject.name if value == "me" else value for value in term.values]
    invited = Invitation.objects.filter(account=OuterRef("pk"))
    found = Q(Exists(invited.filter(invited_by__username__in=names)))
    return found | Q(~Exists(invited)) if "none" in names else found


class GivenRole(forms.Form):
    """A role, where, and until when."""

    role = forms.ChoiceField(label=gettext_lazy("Role"))
    scope = forms.CharField(
        label=gettext_lazy("Product or unit"),
        max_length=64,
        initial="*",
        help_text=gettext_lazy("* is all of them."),
    )
    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=MomentInput(),
        help_text=gettext_lazy("Without a time it holds until somebody takes it."),
    )


def role_form(subject: Subject, person: User) -> type[forms.Form]:
    """The roles that the subject may give."""
    offered = [
        (name, f"{title} — {ROLE_NOTES[name]}")
        for name, title in ROLES.items()
        if may_give(subject, name)
    ]

    class Offered(GivenRole):
        role = forms.ChoiceField(label=gettext_lazy("Role"), choices=offered)

    return Offered


def clearance_form(subject: Subject, person: User) -> type[forms.Form]:
    """Level and purposes, as they are now."""
    now = clearance_of(person)

    class Cleared(forms.Form):
        level = forms.TypedChoiceField(
            label=gettext_lazy("Highest data level"),
            choices=LEVELS.items(),
            coerce=int,
            initial=str(now.level),
        )
        purposes = forms.MultipleChoiceField(
            label=gettext_lazy("Purposes"),
            choices=PURPOSES.items(),
            initial=list(now.purposes),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    return Cleared


def _give(person: User, subject: Subject, values: Mapping[str, Any]) -> str:
    give_role(subject, person, values["role"], scope=values["scope"], until=values["until"])
    return _("The role is given.")


def _clear(person: User, subject: Subject, values: Mapping[str, Any]) -> str:
    set_clearance(subject, person, values["level"], values["purposes"])
    return _("The clearance is set.")


def _end(person: User, subject: Subject) -> str:
    ended = end_sessions_of(subject, person)
    return ngettext("%(n)s session has ended.", "%(n)s sessions have ended.", ended) % {"n": ended}


def _reset(person: User, subject: Subject) -> str:
    reset_factors(subject, person)
    return _("The second factors are removed. Another one is set up at the next sign-in.")


def _disable(person: User, subject: Subject) -> str:
    keys = disable(subject, person)
    said = _("The account is disabled; its sessions have ended.")
    if keys:
        said += " " + ngettext(
            "%(n)s API key that it answered for is refused: have somebody else answer for it.",
            "%(n)s API keys that it answered for are refused: have somebody else answer for them.",
            keys,
        ) % {"n": keys}
    return said


def _unlink(person: User, subject: Subject) -> str:
    if not unlink(subject, person):
        raise ValidationError(_("This account is not linked."))
    return _("The link is gone, and the person's sessions have ended.")


def _enable(person: User, subject: Subject) -> str:
    enable(subject, person)
    return _("The account is enabled again, with the roles it has.")


def _another(person: User, subject: Subject) -> bool:
    return person.pk != subject.id


PEOPLE = register(
    Resource(
        noun="core.user",
        model=User,
        title=gettext_lazy("Person"),
        titles=gettext_lazy("People"),
        path="settings/people",
        route="people",
        one="person",
        api="people",
        place=("settings", 1),
        links=(Link(gettext_lazy("Roles"), "roles"),),
        columns=(
            Column(
                "username",
                gettext_lazy("User name"),
                value=lambda one: one.user.username,
                sort=True,
            ),
            Column(
                "name",
                gettext_lazy("Name"),
                "last_name",
                value=lambda one: one.user.get_full_name(),
                shown=False,
            ),
            Column(
                "roles", gettext_lazy("Roles"), value=lambda one: one.roles, cell="tags", level=2
            ),
            Column(
                "clearance",
                gettext_lazy("Clearance"),
                "clearance__level",
                value=lambda one: one.clearance,
                cell="number",
            ),
            Column("factors", gettext_lazy("Second factors"), value=factor_state, level=2),
            Column("state", gettext_lazy("State"), "is_active", value=lambda one: state(one.user)),
            Column(
                "sso",
                gettext_lazy("Single sign-on"),
                value=sign_on_state,
                level=2,
                shown=False,
            ),
            Column(
                "last_login",
                gettext_lazy("Last sign-in"),
                value=lambda one: one.user.last_login,
                cell="moment",
            ),
            Column(
                "date_joined",
                gettext_lazy("Joined"),
                value=lambda one: one.user.date_joined,
                cell="moment",
                sort=True,
                shown=False,
            ),
            Column(
                "invited_by",
                gettext_lazy("Invited by"),
                value=lambda one: one.invited_by,
                level=2,
                shown=False,
            ),
            Column(
                "email",
                gettext_lazy("E-mail"),
                mask=lambda one: masked(one.user.email),
                shown=False,
            ),
        ),
        filters=(
            Filter(
                "role",
                gettext_lazy("Role"),
                "choice",
                choices=ROLES,
                read=by_role,
                level=2,
                example="role:owner",
            ),
            Filter(
                "clearance",
                gettext_lazy("Clearance"),
                "choice",
                choices=LEVELS,
                ordered=True,
                read=by_clearance,
                level=2,
                example="clearance:>=3",
            ),
            Filter(
                "factor",
                gettext_lazy("Second factor"),
                "choice",
                choices=FACTORS,
                read=by_factor,
                level=2,
                example="factor:none",
            ),
            Filter("enabled", gettext_lazy("Enabled"), "flag", "is_active", example="enabled:no"),
            Filter(
                "sso",
                gettext_lazy("Single sign-on"),
                "own",
                read=by_link,
                level=2,
                example="sso:yes",
            ),
            Filter("seen", gettext_lazy("Last sign-in"), "time", "last_login", sign="<"),
            Filter("ever", gettext_lazy("Has ever signed in"), "flag", "last_login", null=True),
            Filter("invited", gettext_lazy("Invited by"), "own", read=by_inviter, level=2),
            Filter("joined", gettext_lazy("Joined from then on"), "time", "date_joined", sign=">="),
        ),
        search=("username", "first_name", "last_name"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("enabled"), "enabled:yes"),
            Chip(gettext_lazy("without a second factor"), "factor:none enabled:yes"),
            Chip(gettext_lazy("never signed in"), "ever:no"),
            Chip(gettext_lazy("disabled"), "enabled:no"),
        ),
        order="username",
        related=("clearance", "clearance__given_by"),
        prepare=prepare,
        state=state,
        name_of=lambda user: user.get_username(),
        panels=PANELS,
        actions=(
            Action(
                "give_role",
                gettext_lazy("Give a role"),
                _give,
                form=role_form,
                offered=lambda person, subject: (
                    _another(person, subject) and may(subject, "add", "core.roleassignment")
                ),
                again=True,
            ),
            Action(
                "clear",
                gettext_lazy("Set the clearance"),
                _clear,
                form=clearance_form,
                offered=lambda person, subject: (
                    _another(person, subject)
                    and may(subject, "change", "core.clearance")
                    and may_give_all(subject, person)
                ),
                again=True,
            ),
            Action(
                "end_sessions",
                gettext_lazy("End all sessions"),
                _end,
                verb="manage",
                offered=_another,
                words=gettext_lazy("Whoever uses the account has to sign in again."),
            ),
            Action(
                "enable",
                gettext_lazy("Enable"),
                _enable,
                verb="manage",
                when=lambda person: not person.is_active,
                offered=lambda person, subject: may_govern(subject, person),
                words=gettext_lazy("The account signs in again, with the roles it has."),
                again=True,
            ),
            Action(
                "unlink",
                gettext_lazy("Unlink"),
                _unlink,
                verb="manage",
                offered=lambda person, subject: may(subject, "delete", "core.linkedidentity"),
                when=lambda person: LinkedIdentity.objects.filter(user=person).exists(),
                danger=True,
                words=gettext_lazy(
                    "Their sessions end. Whoever signs in next with their verified e-mail address"
                    " is linked anew."
                ),
                bulk=False,
                again=True,
            ),
            Action(
                "reset_factors",
                gettext_lazy("Ask for another second factor"),
                _reset,
                verb="manage",
                offered=lambda person, subject: may_govern(subject, person),
                danger=True,
                words=gettext_lazy(
                    "Every second factor and recovery code is removed, and the sessions end. At"
                    " the next sign-in the password alone is asked for, then another factor is"
                    " set up. Make sure that it is this person who asks. They are told."
                ),
                button=gettext_lazy("Remove the second factors"),
                bulk=False,
                again=True,
            ),
            Action(
                "disable",
                gettext_lazy("Disable"),
                _disable,
                verb="manage",
                when=lambda person: person.is_active,
                offered=lambda person, subject: may_govern(subject, person),
                danger=True,
                words=gettext_lazy(
                    "Nobody signs in with the account, its sessions end now, and API keys that"
                    " it answers for are refused within two seconds: have somebody else answer"
                    " for those that a backend needs first. Its roles stay listed."
                ),
                button=gettext_lazy("Disable the account"),
                again=True,
            ),
        ),
        discussed=False,
        history=False,  # both sides of it are panels
        empty=gettext_lazy("Whoever is invited and joins is listed here."),
    )
)
