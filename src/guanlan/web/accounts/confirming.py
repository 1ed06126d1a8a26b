"""Before a sensitive act: the person at the keyboard proves again who they are.

`@reauthenticated` guards a view, `again=True` an action or a form of the kit. Within ten minutes
after password, code or passkey was given (or what else `get_reauthentication_methods` of the
accounts' adapter offers) the act goes on. Later who asks for a page is led to the proof and back.
Who sent something is asked for the proof right there, with all that was typed kept in the page:
one sending then proves and acts. Without a right proof nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from guanlan.web.accounts.proving import Shut, carried, fields_of, prove
from guanlan.web.accounts.signing_on import confirmed_there
from guanlan.web.resource.acts import FILES_LEFT, files_left

View = Callable[..., HttpResponse]


def recently_confirmed(request: HttpRequest) -> bool:
    """Whether this session gave password, code or passkey within the last ten minutes, or was
    vouched for anew by the sign-on provider."""
    return bool(did_recently_reauthenticate(request)) or confirmed_there(request)


def ask_again(request: HttpRequest, page: str = "", what: str = "") -> HttpResponse | None:
    """None where the person has proven who they are within ten minutes, or proves it by this
    very sending; else the way to do it. What was sent is asked for again with the proof, in words
    `what` it does; a page that was asked for is led back to (`page`, or where the request came
    from).

    Raises PermissionDenied for an account with nothing to prove itself with.
    """
    if recently_confirmed(request):
        return None
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        raise PermissionDenied("this account has nothing to prove itself with")
    target = page or _page(request)
    if request.method == "POST":
        return _asked_here(request, methods, target, what)
    address = f"{methods[0]['url']}?{urlencode({'next': target})}"
    if request.headers.get("HX-Request") == "true":
        asked = HttpResponse(status=204)
        asked.headers["HX-Redirect"] = address
        return asked
    return HttpResponseRedirect(address)


def _asked_here(
    request: HttpRequest, methods: Sequence[Mapping[str, Any]], back: str, what: str
) -> HttpResponse | None:
    """None where the sending proves it; else the page that asks for it and keeps the rest."""
    errors: list[str] = []
    status, wait = 422, 0
    try:
        if prove(request, methods):
            return None
    except Shut as error:
        errors, status, wait = error.messages, 429, error.wait
    except ValidationError as error:
        errors = error.messages
    part = request.headers.get("HX-Request") == "true"
    kept = carried(request)
    context = {
        "what": what,
        "back": back,
        "errors": errors,
        "carried": kept,
        "files_left": any(name == FILES_LEFT for name, _value in kept),
        "elsewhere": urlencode({"next": reverse("account")}),
        **fields_of(request, methods, whole=not part),
    }
    # A part takes the place of the part that was sent; htmx puts no answer of an error anywhere.
    answer = render(
        request,
        "web/again_part.html" if part else "web/again_here.html",
        context,
        status=200 if part else status,
    )
    add_never_cache_headers(answer)
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _page(request: HttpRequest) -> str:
    """The page from which the act is done."""
    htmx = request.headers.get("HX-Current-URL", "")
    if request.method in ("GET", "HEAD") and not htmx:
        return request.get_full_path()
    came_from = urlsplit(htmx or request.headers.get("Referer", ""))
    if came_from.netloc != request.get_host():
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def reauthenticated(view: View) -> View:
    """Let `view` run only within ten minutes after the person proved who they are."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if (asked := ask_again(request)) is not None:
            return asked
        if files_left(request):  # such a view does not know that something is missing
            messages.error(request, _("Files cannot be kept: choose them again."))
            return HttpResponseRedirect(request.get_full_path())
        return view(request, *args, **kwargs)

    return checked
