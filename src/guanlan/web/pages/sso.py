"""Single sign-on: away to the provider, back from it, and proving oneself there again."""

from __future__ import annotations

import logging
from typing import Final

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.internal.constants import LoginStageKey
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guanlan.core import sign_on
from guanlan.core.audit import record
from guanlan.core.models import User
from guanlan.core.people.limiting import forgive
from guanlan.core.people.linking import NotAdmitted, Refusal, admit, recognised
from guanlan.core.sign_on import Identity, Unreachable, Untrusted
from guanlan.web.accounts.signing_on import (
    METHOD,
    Flow,
    keep_flow,
    proven_there,
    sign_on_name,
    take_flow,
)
from guanlan.web.pages.accounts import link_to, person_of
from guanlan.web.pages.signin import way_back
from guanlan.web.rights import public, signed_in

logger = logging.getLogger("guanlan.sign_on")

REFUSED: Final[dict[Refusal, str | Promise]] = {
    "unknown": gettext_lazy(
        "You are not among the people of this console. Ask an owner or an administrator of it to"
        " invite your e-mail address, then sign in again."
    ),
    "unverified": gettext_lazy(
        "Your organisation's sign-on does not say that your e-mail address is verified. Ask those"
        " who run the sign-on to verify it."
    ),
    "disabled": gettext_lazy(
        "Your account is switched off. Ask an owner or an administrator of this console."
    ),
    "linked": gettext_lazy(
        "The account with your e-mail address belongs to another sign-on account. Ask an owner or"
        " an administrator of this console to unlink it."
    ),
    "ambiguous": gettext_lazy(
        "Several accounts have your e-mail address. Ask an owner or an administrator of this"
        " console to leave it to one of them."
    ),
    "another": gettext_lazy(
        "You proved to be somebody else than the person who is signed in here. Nothing was changed."
    ),
}


@public
@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Go to the provider to sign in."""
    _only_if_configured()
    target = way_back(request, request.POST.get("next", ""))
    if request.user.is_authenticated:
        return redirect(target)
    return _away(request, target)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove oneself to the provider again, before a sensitive act here."""
    _only_if_configured()
    target = way_back(request, request.POST.get("next", request.GET.get("next", "")))
    if request.method == "POST":
        return _away(request, target, person_of(request))
    return render(request, "web/sso_confirm.html", {"next": target, "name": sign_on_name()})


@public
@never_cache
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Come back from the provider with its answer, which counts once and in this session only.

    It signs in by a GET because the provider sends the browser here by one; the state, which
    nobody else can know, stands for the token of a form.
    """
    _only_if_configured()
    answer = {name: request.GET[name] for name in request.GET}
    once = all(len(request.GET.getlist(name)) == 1 for name in answer)
    flow = take_flow(request.session, answer.get("state", "")) if once else None
    if flow is None:
        record("sso.refuse", detail={"why": "state"}, outcome="refused")
        text = _("This sign-in was used already, is too old, or was begun elsewhere. Begin again.")
        return _said(request, text, 403)
    try:
        identity = sign_on.complete(flow.begun, _redirect_uri(request), answer)
        user = _user_of(request, flow, identity)
    except Unreachable as error:
        return _unreachable(request, error)
    except Untrusted as error:
        record("sso.refuse", detail={"why": error.why}, outcome="refused")
        return _said(request, _untrusted(error), 403)
    except NotAdmitted as error:
        record("sso.refuse", error.user, detail={"why": error.why}, outcome="refused")
        return _said(request, str(REFUSED[error.why]), 403)
    if flow.entry is not None:
        forgive(flow.entry)
    request.sign_on_identity = identity  # type: ignore[attr-defined]
    if flow.person is not None:
        record_authentication(request, user, method=METHOD, reauthenticated=True)
        return redirect(flow.target)
    return _sign_in(request, user, flow.target)


def _only_if_configured() -> None:
    if not sign_on.configured():
        raise Http404


def _redirect_uri(request: HttpRequest) -> str:
    return link_to(request, reverse("sso_back"))


def _away(request: HttpRequest, target: str, person: User | None = None) -> HttpResponse:
    """A page that leads on to the provider.

    No redirect: browsers hold a form's redirects against `form-action`, which names this origin
    only, and providers redirect further to names that nobody can list.
    """
    try:
        begun, address = sign_on.begin(_redirect_uri(request), fresh=person is not None)
    except Unreachable as error:
        return _unreachable(request, error)
    _door, entry = getattr(request, "door_entry", ("", None))
    number = None if person is None else person.pk
    keep_flow(request.session, Flow(begun, target, number, entry))
    context = {"address": address, "name": sign_on_name()}
    answer = render(request, "web/sso_away.html", context)
    answer.headers["Refresh"] = f"0; url={address}"
    return answer


def _user_of(request: HttpRequest, flow: Flow, identity: Identity) -> User:
    if flow.person is None:
        return admit(identity)
    # The session may have passed to somebody else since.
    user = request.user
    if not isinstance(user, User) or user.pk != flow.person:
        raise NotAdmitted("another")
    recognised(identity, user)
    return user


def _sign_in(request: HttpRequest, user: User, target: str) -> HttpResponse:
    record_authentication(request, user, method=METHOD)
    signing_in = Login(user=user, redirect_url=target)
    if proven_there(request):
        stage = {LoginStageKey.MFA_AUTHENTICATE.value: {"handled": True}}
        signing_in.state["stages"] = stage
    answer: HttpResponse = perform_login(request, signing_in)
    return answer


def _untrusted(error: Untrusted) -> str:
    if error.why == "declined":
        return _("The sign-on provider did not sign you in. Begin again, or ask those who run it.")
    if error.why == "stale":
        return _(
            "The sign-on provider did not ask you to prove yourself again, so nothing was"
            " confirmed. Ask those who run this console: it needs the claim auth_time."
        )
    return _(
        "The answer of the sign-on provider is not believed. Begin again; if this stays so, tell"
        " those who run this console. The audit log names the reason."
    )


def _unreachable(request: HttpRequest, error: Unreachable) -> HttpResponse:
    logger.warning("single sign-on: %s", error)
    record("sso.fail", outcome="failed")
    text = _(
        "The sign-on provider cannot be reached. Try again in a minute; if this stays so, tell"
        " those who run this console: guanlan doctor names the cause."
    )
    return _said(request, text, 503)


def _said(request: HttpRequest, text: str, status: int) -> HttpResponse:
    told = {"heading": _("Single sign-on"), "text": text}
    return render(request, "web/said.html", told, status=status)
