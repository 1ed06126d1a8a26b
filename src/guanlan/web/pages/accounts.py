"""A person's own account: second factors, sessions, password; a forgotten password."""

from __future__ import annotations

import time
from typing import Final

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.core.access.factors import factor_demanded
from guanlan.core.models import SignedIn, User
from guanlan.core.people.linking import linked_to, may_sign_in_here
from guanlan.core.people.session_store import kept_key
from guanlan.core.people.sessions import revoke_sessions, sessions_of, set_password
from guanlan.core.sign_on import configured
from guanlan.web.accounts.addresses import link_to
from guanlan.web.accounts.factors import last_stays
from guanlan.web.accounts.recovery import codes_left
from guanlan.web.rights import public, signed_in, subject_of_request

# An answer takes at least this long, so that the clock does not tell whether a letter was written.
ANSWER_SECONDS: Final = 0.3


def _new_password() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("New password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters; a sentence is easier to keep."),
    )


class NewPassword(forms.Form):
    """A new password."""

    new_password = _new_password()

    def __init__(self, *args: object, person: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.person = person

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.person)
        return password


class ChangePassword(NewPassword):
    """The present password and a new one."""

    password = forms.CharField(
        label=gettext_lazy("Present password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "new_password")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.person.check_password(password):
            raise ValidationError(_("The password is wrong."))
        return password


class Forgotten(forms.Form):
    """The address of an account."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


def person_of(request: HttpRequest) -> User:
    """The person who asks."""
    assert isinstance(request.user, User)
    return request.user


@signed_in
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Second factors, sessions and the way to a new password."""
    person = person_of(request)
    kept = list(Authenticator.objects.filter(user_id=person.pk).order_by("created_at"))
    context = {
        "app": next((a for a in kept if a.type == Authenticator.Type.TOTP), None),
        "passkeys": [
            {"pk": a.pk, "name": a.wrap().name, "created": a.created_at, "used": a.last_used_at}
            for a in kept
            if a.type == Authenticator.Type.WEBAUTHN
        ],
        "codes_left": codes_left(person),
        "stays": last_stays(request),
        "sessions": sessions_of(person),
        "this_session": kept_key(request.session.session_key),
        "linked": linked_to(person) if configured() else None,
        "password": person.has_usable_password() and may_sign_in_here(person),
    }
    return render(request, "web/account.html", context)


@signed_in
@never_cache
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """The choice of a first second factor; the only page of a person who must have one."""
    if request.session.get("second_factor"):
        return redirect("account")
    return render(
        request,
        "web/second_factor.html",
        {"required": factor_demanded(subject_of_request(request))},
    )


@signed_in
@require_POST
def end_session(request: HttpRequest, identity: int) -> HttpResponse:
    """End one session of one's own."""
    person = person_of(request)
    here = SignedIn.objects.filter(pk=identity, session_key=kept_key(request.session.session_key))
    if here.exists():
        messages.error(request, _("This is the session you are using: sign out instead."))
    elif revoke_sessions(person, one=identity):
        messages.success(request, _("The session has ended."))
    return redirect("account")


@signed_in
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    revoke_sessions(person_of(request), but=request.session.session_key)
    messages.success(request, _("All other sessions have ended."))
    return redirect("account")


@signed_in
@never_cache
@sensitive_post_parameters("password", "new_password")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Another password; every other session ends."""
    person = person_of(request)
    form = ChangePassword(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        request.door_opened = True  # type: ignore[attr-defined]
        before = request.session.session_key
        set_password(person, form.cleaned_data["new_password"], keep=before)
        update_session_auth_hash(request, person)
        SignedIn.objects.filter(session_key=kept_key(before)).update(
            session_key=kept_key(request.session.session_key)
        )
        messages.success(request, _("Your password is changed. All other sessions have ended."))
        return redirect("account")
    context = {"form": form, "heading": _("Change the password"), "button": _("Change")}
    return render(request, "web/small_form.html", context, status=422 if form.errors else 200)


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a letter with which a password can be replaced. The answer is always the same."""
    begun = time.monotonic()
    form = Forgotten(request.POST or None)
    context = {"form": form, "heading": _("Forgotten password"), "button": _("Send the letter")}
    if request.method == "POST" and form.is_valid():
        for person in User.objects.filter(email__iexact=form.cleaned_data["email"], is_active=True):
            if person.has_usable_password() and may_sign_in_here(person):
                _write(person)
        time.sleep(max(0.0, ANSWER_SECONDS - (time.monotonic() - begun)))
        text = _(
            "If there is an account with this address, a letter is on its way to it. "
            "Its link works for one hour and once."
        )
        return render(request, "web/said.html", {"heading": context["heading"], "text": text})
    return render(request, "web/small_form.html", context, status=422 if form.errors else 200)


def _write(person: User) -> None:
    identity = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse("new_password", args=[identity, default_token_generator.make_token(person)])
    send_mail(
        _("A new password for Guanlan"),
        _(
            "Somebody asked for a new password for your account. If it was you, open this link "
            "within one hour:\n\n%(link)s\n\nIf not, do nothing: your password stays as it is."
        )
        % {"link": link_to(path)},
        None,
        [person.email],
    )


@public
@never_cache
@sensitive_post_parameters("new_password")
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest, identity: str, token: str) -> HttpResponse:
    """Replace a forgotten password; the second factor is still asked for at sign-in."""
    person = _person_of_letter(identity, token)
    if person is None:
        text = _("This link has been used, has expired or never was. Ask for another letter.")
        told = {"heading": _("Forgotten password"), "text": text}
        return render(request, "web/said.html", told, status=410)
    form = NewPassword(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        request.door_opened = True  # type: ignore[attr-defined]
        set_password(person, form.cleaned_data["new_password"])
        messages.success(request, _("Your password is changed. Sign in with it."))
        return redirect("login")
    context = {"form": form, "heading": _("Choose a new password"), "button": _("Change")}
    return render(request, "web/small_form.html", context, status=422 if form.errors else 200)


def _person_of_letter(identity: str, token: str) -> User | None:
    try:
        key = int(urlsafe_base64_decode(identity).decode("ascii"))
    except ValueError:
        return None
    person = User.objects.filter(pk=key, is_active=True).first()
    if person is None or not default_token_generator.check_token(person, token):
        return None
    return person
