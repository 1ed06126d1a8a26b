"""What allauth asks of the platform: nobody signs up, secrets are sealed, words are ours."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.audit import record
from guanlan.core.models import User
from guanlan.core.people.linking import linked_to, may_sign_in_here
from guanlan.core.sealing import Unopened, open_text, seal_text
from guanlan.core.sign_on import configured
from guanlan.web.accounts.addresses import client_address
from guanlan.web.accounts.factors import last_stays
from guanlan.web.accounts.signing_on import came_from_there, confirmed_there

_PLACE = "mfa_authenticator.data"


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by invitation only."""

    error_messages = {  # noqa: RUF012 - allauth's own shape
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": gettext_lazy("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Where single sign-on is required, no other way leads past it."""
        if not came_from_there(request) and not may_sign_in_here(user):
            clear_login(request)
            record("signin.refuse", user, detail={"why": "sso"}, outcome="refused")
            return self.respond_user_inactive(request, user)
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def reauthenticate(self, user: User, password: str) -> bool:
        return may_sign_in_here(user) and bool(super().reauthenticate(user, password))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        asked = super().is_reauthentication_required(app=app, **kwargs)
        return bool(asked) and not confirmed_there(self.request)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, _("User name or password is wrong."))
        return redirect("login")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Says what has words of its own; the pages tell the rest themselves."""
        if message is not None:
            messages.add_message(request, level, message, extra_tags=extra_tags)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        if not isinstance(user, User):
            return []
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate_webauthn": _("Use a passkey"),
        }
        here = may_sign_in_here(user)
        methods: list[dict[str, Any]] = [
            {**method, "description": words.get(method["id"], method["description"])}
            for method in super().get_reauthentication_methods(user)
            if here or method["id"] != "reauthenticate"
        ]
        if configured() and linked_to(user) is not None:
            there = {
                "id": "sso",
                "description": _("Use single sign-on"),
                "url": reverse("sso_confirm"),
            }
            # First of all for whom it is the usual way.
            first = not user.has_usable_password() or not here
            methods.insert(0 if first else len(methods), there)
        return methods


class Factors(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; the seeds of codes are kept sealed."""

    error_messages = {  # noqa: RUF012 - allauth's own shape
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code or key is wrong, or was used already."),
        "cannot_delete_authenticator": gettext_lazy(
            "A second factor is demanded of you, and this is your last one. Add another first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return seal_text(text, _PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return open_text(encrypted_text, _PLACE)
        except Unopened:
            # Fits no code: whoever has this factor uses another, never an empty seed.
            raise self.validation_error("incorrect_code") from None

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not last_stays(context.request)

    def get_totp_issuer(self) -> str:
        return "Guanlan"

    def get_totp_label(self, user: User) -> str:
        return user.get_username()

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return "Guanlan"

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return _("Passkey")
