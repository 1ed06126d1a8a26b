"""Passkeys: beyond what allauth checks, a counter that does not go forward is a copied key."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as theirs
from allauth.mfa.webauthn.internal.auth import parse_authentication_response
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from guanlan.core.audit import record


def _check_counter(authenticator: Authenticator, counter: int) -> None:
    """Raises ValidationError for a counter not above the last one; keys without one say 0.

    WebAuthn Level 3, section 7.2, step 22.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        last = row.data.get("counter")
        if last is None:
            last = row.wrap().authenticator_data.counter
        forward = counter > last or counter == last == 0
        if forward and counter:
            row.data["counter"] = counter
            row.save(update_fields=["data"])
    if not forward:
        record("passkey.copied", ("mfa.authenticator", str(row.pk)))
        raise get_adapter().validation_error("incorrect_code")


class _Counted(forms.Form):
    def clean_credential(self) -> Authenticator:
        given = self.cleaned_data["credential"]
        try:
            authenticator = super().clean_credential()  # type: ignore[misc]
            sent = parse_authentication_response(given).response.authenticator_data
        except (AttributeError, KeyError, TypeError) as error:
            raise get_adapter().validation_error("incorrect_code") from error
        if not sent.is_user_verified():
            raise get_adapter().validation_error("incorrect_code")
        _check_counter(authenticator, sent.counter)
        return authenticator


class Authenticate(_Counted, theirs.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after a password."""


class SignIn(_Counted, theirs.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey alone."""


class Confirm(_Counted, theirs.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey before a sensitive act."""


class Add(theirs.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""

    name = forms.CharField(label=_("Name"), max_length=60, required=False)
    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without a password"), required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            raise
        except (AttributeError, KeyError, TypeError) as error:
            raise get_adapter().validation_error("incorrect_code") from error
        return cleaned
