"""Invitations: made, sent once more, taken back, accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from guanlan.core.access import SYSTEM, Denied, Subject
from guanlan.core.access.assigning import may_give
from guanlan.core.access.table import ROLES
from guanlan.core.models import Invitation
from guanlan.core.outbox.templates import masked
from guanlan.core.people import inviting
from guanlan.core.people.inviting import Invited, accept, invite, open_invitation
from guanlan.web.accounts.addresses import link_to
from guanlan.web.accounts.signing_on import sign_on_name
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Resource,
    Saved,
    State,
    register,
)
from guanlan.web.resource.fields import say
from guanlan.web.rights import public

STATES: Final[dict[str, str | Promise]] = {
    "waiting": gettext_lazy("waiting"),
    "accepted": gettext_lazy("accepted"),
    "expired": gettext_lazy("expired"),
    "withdrawn": gettext_lazy("taken back"),
}
_VOID: Final = gettext_lazy("void: who invited may invite no longer")
_ASKED: Final = {**STATES, "void": pgettext_lazy("invitations", "void")}
_LOOKS: Final = {"waiting": "warn", "accepted": "on", "expired": "off", "withdrawn": "off"}


class Joining(forms.Form):
    """A name and a password."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters; a sentence is easier to keep."),
    )


def state(one: Invitation) -> State:
    """Where an invitation is."""
    return prepare([one], SYSTEM)[0].state


class Listed(NamedTuple):
    """An invitation as the columns read it."""

    row: Invitation
    state: State


def prepare(rows: Sequence[Invitation], subject: Subject) -> list[Listed]:
    """Invitations with their states: those that nobody vouches for any more are void."""
    void = inviting.unvouched(rows)
    return [Listed(one, State("bad", _VOID) if one.pk in void else _plain(one)) for one in rows]


def _of_row(name: str, title: Promise, path: str, **more: Any) -> Column:
    field = path.partition("__")[0]
    return Column(name, title, path, value=lambda one: getattr(one.row, field), **more)


def _plain(one: Invitation) -> State:
    name = inviting.state_of(one)
    return State(_LOOKS[name], STATES[name])


def invitation_form(subject: Subject, row: Invitation | None) -> type[forms.Form]:
    """An address and a role that the inviter may give."""
    given = [(name, title) for name, title in ROLES.items() if may_give(subject, name)]

    class NewInvitation(forms.Form):
        email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
        role = forms.ChoiceField(label=gettext_lazy("Role"), choices=[("", "—"), *given])

    return NewInvitation


def _invite(subject: Subject, values: dict[str, Any]) -> Saved:
    return _sent(invite(subject, values["email"], values["role"]))


def _renew(one: Invitation, subject: Subject) -> Saved:
    return _sent(inviting.renew_invitation(subject, one))


def _withdraw(one: Invitation, subject: Subject) -> str:
    if not inviting.revoke_invitation(subject, one.pk):
        raise ValidationError(_("This invitation is not open any more."))
    return _("The invitation is taken back.")


def _sent(made: Invited) -> Saved:
    """The letter is on its way; without a channel for e-mail the link is shown, once."""
    link = link_to(reverse("accept_invitation", args=[made.token]))
    subject = _("You are invited to Guanlan")
    body = _(
        "You are asked to join the console of Guanlan. Open this link within 72 hours; it works "
        "once:\n\n%(link)s"
    ) % {"link": link}
    if send_mail(subject, body, None, [made.invitation.email]):
        return Saved(made.invitation, _("The invitation is on its way. It works for 72 hours."))
    return Saved(
        made.invitation,
        template="web/invitation_link.html",
        context={"link": link},
        once={"link": link},
    )


INVITATIONS = register(
    Resource(
        noun="core.invitation",
        model=Invitation,
        title=gettext_lazy("Invitation"),
        titles=gettext_lazy("Invitations"),
        path="settings/invitations",
        route="invitations",
        one="invitation",
        api="invitations",
        place=("settings", 7),
        columns=(
            _of_row("number", gettext_lazy("Number"), "id", cell="number"),
            Column("email", gettext_lazy("E-mail"), mask=lambda one: masked(str(one.row.email))),
            Column(
                "role",
                gettext_lazy("Role"),
                value=lambda one: ROLES.get(one.row.role, one.row.role),
            ),
            Column("state", gettext_lazy("State"), "accepted", value=lambda one: one.state),
            _of_row("invited_by", gettext_lazy("Invited by"), "invited_by__username"),
            _of_row("created", gettext_lazy("Made"), "created", cell="moment", sort=True),
            _of_row("expires", gettext_lazy("Expires"), "expires", cell="until"),
            _of_row("account", gettext_lazy("Account"), "account__username", shown=False),
        ),
        filters=(
            Filter(
                "state",
                gettext_lazy("State"),
                "choice",
                choices=_ASKED,
                read=lambda term, subject: inviting.in_state(term.value),
                level=2,
                example="state:waiting",
            ),
            Filter("role", gettext_lazy("Role"), "choice", choices=ROLES, group=True),
            Filter("by", gettext_lazy("Invited by"), "person", "invited_by", example="by:me"),
            Filter("after", gettext_lazy("Made from then on"), "time", "created", sign=">="),
            Filter("before", gettext_lazy("Made until then"), "time", "created", sign="<"),
        ),
        search=("invited_by__username", "account__username"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("waiting"), "state:waiting"),
            Chip(gettext_lazy("accepted"), "state:accepted"),
            Chip(gettext_lazy("expired"), "state:expired"),
            Chip(gettext_lazy("taken back"), "state:withdrawn"),
            Chip(pgettext_lazy("invitations", "void"), "state:void"),
        ),
        order="-created",
        related=("invited_by", "account"),
        prepare=prepare,
        state=state,
        name_of=lambda one: f"{masked(str(one.email))} · {ROLES.get(one.role, one.role)}",
        form=Form(
            make=invitation_form,
            add=_invite,
            title=gettext_lazy("Invite a person"),
            button=gettext_lazy("Invite"),
            again=True,
        ),
        actions=(
            Action(
                "renew",
                gettext_lazy("Send once more"),
                _renew,
                when=lambda one: inviting.state_of(one) in ("waiting", "expired"),
                offered=lambda one, subject: may_give(subject, one.role),
                words=gettext_lazy("A new link is sent, for 72 hours; the earlier one is void."),
                bulk=False,
                again=True,
            ),
            Action(
                "withdraw",
                gettext_lazy("Take back"),
                _withdraw,
                verb="delete",
                when=lambda one: inviting.state_of(one) == "waiting",
                danger=True,
                words=gettext_lazy("The link does not work any more."),
                again=True,
            ),
        ),
        discussed=False,
        empty=gettext_lazy("Nobody has been invited yet."),
    )
)


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join: choose a name and a password, then sign in and set up a second factor."""
    over = _("This invitation has been used, has expired or never was.")
    heading = _("Join Guanlan")
    if open_invitation(token) is None:
        return render(request, "web/said.html", {"heading": heading, "text": over}, status=410)
    only = settings.OIDC_REQUIRED  # then an account is made by signing in, and has no password
    form = Joining(request.POST or None)
    if request.method == "POST" and not only and form.is_valid():
        try:
            accept(token, form.cleaned_data["username"], form.cleaned_data["password"])
        except ValidationError as error:
            say(form, error)
        except Denied:
            form.add_error(None, over)
        else:
            request.door_opened = True  # type: ignore[attr-defined]
            messages.success(request, _("Your account is made. Sign in with it."))
            return redirect("login")
    context = {
        "form": form,
        "heading": heading,
        "button": _("Join"),
        "sso": sign_on_name(),
        "only": only,
    }
    return render(request, "web/join.html", context, status=422 if form.errors else 200)
