"""Before a sensitive act: the person at the keyboard proves again who they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from guanlan.web.accounts.signing_on import confirmed_there

View = Callable[..., HttpResponse]


def recently_confirmed(request: HttpRequest) -> bool:
    """Whether this session gave password, code or passkey within the last ten minutes, or was
    vouched for anew by the sign-on provider."""
    return bool(did_recently_reauthenticate(request)) or confirmed_there(request)


def reauthenticated(view: View) -> View:
    """Let `view` run only within ten minutes after password, code or passkey was given again.

    Else the person is asked for it and led back to the page; what was posted is not kept, and
    is sent once more by the person.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if recently_confirmed(request):
            return view(request, *args, **kwargs)
        methods = get_adapter().get_reauthentication_methods(request.user)
        if not methods:
            raise PermissionDenied("this account has nothing to prove itself with")
        target = request.get_full_path()
        if request.method not in ("GET", "HEAD"):
            came_from = urlsplit(request.headers.get("Referer", ""))
            target = came_from.path if came_from.netloc == request.get_host() else "/"
        address = f"{methods[0]['url']}?{urlencode({'next': target})}"
        if request.headers.get("HX-Request") == "true":
            asked = HttpResponse(status=204)
            asked.headers["HX-Redirect"] = address
            return asked
        return HttpResponseRedirect(address)

    return checked
