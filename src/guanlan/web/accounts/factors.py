"""A person's second factors: added, removed, renewed, each on record before it is so.

Where a second factor is demanded of a person the last one stays; recovery codes are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.base import views as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.internal import flows as totp_flows
from allauth.mfa.webauthn import views as passkeys
from allauth.mfa.webauthn.internal import flows as passkey_flows
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from guanlan.core.access.factors import factor_demanded
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.core.people.sessions import revoke_sessions
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.accounts.recovery import codes_left, make_codes, spend
from guanlan.web.rights import signed_in, subject_of_request

FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class LastFactor(Exception):
    """A second factor is demanded of the person, and this is the last one."""


def factors_of(person: int | None) -> QuerySet[Authenticator]:
    """The second factors of a person (by id); recovery codes are none."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=person, type__in=FACTORS)
    return found


def has_factor(user: User) -> bool:
    """Whether the person has a second factor."""
    return factors_of(user.pk).exists()


def last_stays(request: HttpRequest) -> bool:
    """Whether the person who asks has one second factor, which must stay."""
    theirs = factors_of(request.user.pk)
    return factor_demanded(subject_of_request(request)) and theirs.count() < 2


@contextmanager
def changing(request: HttpRequest, verb: str, kind: str) -> Iterator[User]:
    """Change the second factors of the person who asks: written down before it commits, all
    their other sessions ended. Raises LastFactor; nothing is changed then."""
    person = request.user
    assert isinstance(person, User)
    with act(f"factor.{verb}", person, detail={"kind": kind}):
        # Two changes at once wait for each other, so that the last factor is seen as the last.
        User.objects.select_for_update().get(pk=person.pk)
        yield person
        has_one = has_factor(person)
        if not has_one and factor_demanded(subject_of_request(request)):
            raise LastFactor
        revoke_sessions(person, but=request.session.session_key)
    request.session["second_factor"] = has_one


def _added(request: HttpRequest, kind: str, add: Callable[[], object]) -> HttpResponse:
    """Add a factor, with recovery codes where there are none yet, which are shown now only."""
    with changing(request, "add", kind) as person:
        add()
        codes = make_codes(person) if codes_left(person) is None else []
    return _shown(request, codes) if codes else redirect("account")


def _removed(request: HttpRequest, kind: str, remove: Callable[[], object]) -> HttpResponse:
    try:
        with changing(request, "remove", kind):
            remove()
    except LastFactor:
        adapter = get_adapter()
        messages.error(request, adapter.error_messages["cannot_delete_authenticator"])
    return redirect("account")


def _shown(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "mfa/recovery_codes/index.html", {"codes": codes})


class _AddApp(totp.ActivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        return _added(self.request, "totp", lambda: totp_flows.activate_totp(self.request, form))


class _Authenticate(codes.AuthenticateView):  # type: ignore[misc]
    """The second factor after the password; a passkey is offered to those who have one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        theirs = factors_of(self.stage.login.user.pk)
        if not theirs.filter(type=Authenticator.Type.WEBAUTHN).exists():
            self.webauthn_form = None
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context


class _AddPasskey(passkeys.AddWebAuthnView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        said = form.cleaned_data
        return _added(
            self.request,
            "webauthn",
            lambda: passkey_flows.add_authenticator(
                self.request, name=said["name"], credential=said["credential"]
            ),
        )


class _RemoveApp(totp.DeactivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        def remove() -> None:
            totp_flows.deactivate_totp(self.request, self.authenticator)

        return _removed(self.request, "totp", remove)


class _RemovePasskey(passkeys.RemoveWebAuthnView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "stays": last_stays(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        def remove() -> None:
            passkey_flows.remove_authenticator(self.request, self.get_object())

        return _removed(self.request, "webauthn", remove)


def _own(view: type[Any]) -> Any:
    return signed_in(never_cache(reauthenticated(view.as_view())))


add_app = _own(_AddApp)
authenticate = _Authenticate.as_view()
add_passkey = _own(_AddPasskey)
remove_app = _own(_RemoveApp)
remove_passkey = _own(_RemovePasskey)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
@reauthenticated
def new_codes(request: HttpRequest) -> HttpResponse:
    """Recovery codes in place of those there are, shown once."""
    person = request.user
    assert isinstance(person, User)
    if not has_factor(person):
        messages.error(request, _("Set up a second factor first."))
        return redirect("account")
    if request.method != "POST":
        return render(request, "mfa/recovery_codes/generate.html")
    with changing(request, "renew", "recovery_codes"):
        codes = make_codes(person)
    return _shown(request, codes)


class _Coded(forms.Form):
    """A code of the app, or a recovery code."""

    user: User

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        app = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()
        right = app if app is not None and app.wrap().validate_code(code) else None
        self.authenticator = right or spend(self.user, code)
        if self.authenticator is None:
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator.user = self.user
        return code


class Authenticate(_Coded, base_forms.AuthenticateForm):  # type: ignore[misc]
    """A code after a password."""


class Confirm(_Coded, base_forms.ReauthenticateForm):  # type: ignore[misc]
    """A code before a sensitive act."""
