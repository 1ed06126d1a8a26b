"""Invitations: made, listed, taken back, accepted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from guanlan.core.access import Denied
from guanlan.core.access.assigning import may_give
from guanlan.core.access.table import ROLES
from guanlan.core.models import Invitation
from guanlan.core.people.inviting import accept, invite, open_invitation, revoke_invitation
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.accounts.signing_on import sign_on_name
from guanlan.web.pages.accounts import link_to
from guanlan.web.rights import needs, public, subject_of_request

MOST = 200


class NewInvitation(forms.Form):
    """An address and a role that the inviter may give."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    role = forms.ChoiceField(label=gettext_lazy("Role"))


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


def tell(form: forms.Form, error: ValidationError) -> None:
    """Put what a service refuses beside the fields it names."""
    by_field = getattr(error, "error_dict", None)
    for field, texts in (error.message_dict if by_field else {None: error.messages}).items():
        form.add_error(field if field in form.fields else None, texts)


@needs("add", "core.user")
@never_cache
@require_http_methods(["GET", "POST"])
@reauthenticated
def invitations(request: HttpRequest) -> HttpResponse:
    """Invitations that wait or are over, and a form for another."""
    subject = subject_of_request(request)
    form = NewInvitation(request.POST or None)
    given = [("", "—")] + [
        (name, title) for name, title in ROLES.items() if may_give(subject, name)
    ]
    form.fields["role"].choices = given  # type: ignore[attr-defined]
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = invite(subject, form.cleaned_data["email"], form.cleaned_data["role"])
        except ValidationError as error:
            tell(form, error)
        else:
            link = link_to(request, reverse("accept_invitation", args=[made.token]))
            if _write(form.cleaned_data["email"], link):
                messages.success(request, _("The invitation is on its way. It works for 72 hours."))
                return redirect("invitations")
    context: dict[str, Any] = {
        "form": form,
        "link": link,
        "now": timezone.now(),
        "invitations": [
            (one, ROLES.get(one.role, one.role))
            for one in Invitation.objects.for_user(subject).select_related("invited_by")[:MOST]
        ],
    }
    return render(request, "web/invitations.html", context, status=422 if form.errors else 200)


def _write(email: str, link: str) -> bool:
    """Whether the letter waits to be sent; without a channel for e-mail it does not."""
    subject = _("You are invited to Guanlan")
    body = _(
        "You are asked to join the console of Guanlan. Open this link within 72 hours; it works "
        "once:\n\n%(link)s"
    ) % {"link": link}
    return send_mail(subject, body, None, [email]) > 0


@needs("add", "core.user")
@require_POST
@reauthenticated
def take_back(request: HttpRequest, identity: int) -> HttpResponse:
    """Take an invitation back."""
    if revoke_invitation(subject_of_request(request), identity):
        messages.success(request, _("The invitation is taken back."))
    return redirect("invitations")


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
            tell(form, error)
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
