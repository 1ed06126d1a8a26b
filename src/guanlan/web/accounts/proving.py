"""Proof given in one sending with what it is for: its fields, and what is right of it.

What was typed into a form whose proof has run out comes back hidden in the page that asks for
the proof, and is sent with it to the same address. So it stands in that page only: in no address,
no cookie, no session and no log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa import app_settings
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import flows as passkey_flows
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.utils import get_form_class
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from guanlan.core.audit import refused
from guanlan.core.people.limiting import enter
from guanlan.web.accounts.addresses import client_address
from guanlan.web.resource.acts import FILES_LEFT
from guanlan.web.words import duration

PREFIX: Final = "_proof-"  # of the proof's fields: a form may have its own password


class _Way(NamedTuple):
    """A proof that can stand in a form: its field, what checks it, and what makes it count."""

    field: str
    checks: Callable[[], Any]
    counts: Callable[[HttpRequest, Any], object]


WAYS: Final[Mapping[str, _Way]] = {  # by the id of allauth's method
    "reauthenticate": _Way(
        "password",
        lambda: ReauthenticateForm,
        lambda request, form: reauthenticate_by_password(request),
    ),
    "mfa_reauthenticate": _Way(
        "code",
        lambda: get_form_class(app_settings.FORMS, "reauthenticate", CodeForm),
        lambda request, form: form.save(),
    ),
    "mfa_reauthenticate_webauthn": _Way(
        "credential",
        lambda: get_form_class(
            app_settings.FORMS, "reauthenticate_webauthn", ReauthenticateWebAuthnForm
        ),
        lambda request, form: passkey_flows.reauthenticate(
            request, form.cleaned_data["credential"]
        ),
    ),
}


class Shut(ValidationError):
    """Too much was tried; `wait` seconds until the door opens again."""

    def __init__(self, wait: int) -> None:
        time = duration(wait * 1_000_000)
        super().__init__(_("Too many attempts. Try again in %(time)s.") % {"time": time})
        self.wait = wait


@sensitive_variables()
def prove(request: HttpRequest, methods: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the sending holds a proof by one of the person's methods, and it is right; then
    the person has proven themselves. False where it holds none.

    Each is a try at the door of confirmations, as one on a page of its own. Raises
    ValidationError for a wrong one, Shut for one too many.
    """
    for method in methods:
        way = WAYS.get(method["id"])
        if way is None or not (given := request.POST.get(PREFIX + way.field, "")):
            continue
        entry = enter("confirm", str(request.user.pk), client_address(request))
        if entry.wait:
            refused("enter", "door confirm", "door.shut")
            raise Shut(entry.wait)
        request.door_entry = ("confirm", entry)  # type: ignore[attr-defined]
        form = way.checks()({way.field: given}, user=request.user)
        if not form.is_valid():
            raise ValidationError([str(one) for errors in form.errors.values() for one in errors])
        way.counts(request, form)
        return True
    return False


def carried(request: HttpRequest) -> list[tuple[str, str]]:
    """(name, value) of everything that was typed or chosen, but for the proof. Files stay in
    the browser: that there were some is carried in their place."""
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and not name.startswith(PREFIX)
        for value in values
    ]
    if request.FILES and FILES_LEFT not in request.POST:
        pairs.append((FILES_LEFT, "1"))
    return pairs


def fields_of(
    request: HttpRequest, methods: Sequence[Mapping[str, Any]], *, whole: bool
) -> dict[str, Any]:
    """What a page needs to ask for the proof: which `fields`, which `ways` lead through another
    window, and of a `whole` page what its button for passkeys needs."""
    context: dict[str, Any] = {"fields": [], "ways": []}
    for method in methods:
        way = WAYS.get(method["id"])
        if way is None or (way.field == "credential" and not whole):
            context["ways"].append(method)
        elif way.field == "credential":
            context["js_data"] = {"request_options": begin_authentication(request.user)}
        else:
            context["fields"].append(way.field)
    return context
