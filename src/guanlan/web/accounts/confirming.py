"""Before a sensitive act: the person at the keyboard proves again who they are.

`@reauthenticated` guards a view, `again=True` an action or a form of the kit. Within ten minutes
after password, code or passkey was given (or what else `get_reauthentication_methods` of the
accounts' adapter offers) the act goes on. Later the person is asked first and led back to the
page they came from, which tells them to do it once more: what was posted is neither kept nor
sent again by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from guanlan.web.accounts.signing_on import confirmed_there

View = Callable[..., HttpResponse]
UNFINISHED: Final = "confirming.unfinished"  # in the session: an act waits to be done once more


def recently_confirmed(request: HttpRequest) -> bool:
    """Whether this session gave password, code or passkey within the last ten minutes, or was
    vouched for anew by the sign-on provider."""
    return bool(did_recently_reauthenticate(request)) or confirmed_there(request)


def ask_again(request: HttpRequest, page: str = "") -> HttpResponse | None:
    """None where the person has proven who they are within ten minutes; else the way to do it,
    which leads back to `page` (without one, to where the request came from).

    Raises PermissionDenied for an account with nothing to prove itself with.
    """
    if recently_confirmed(request):
        return None
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        raise PermissionDenied("this account has nothing to prove itself with")
    if request.POST:
        request.session[UNFINISHED] = True
    address = f"{methods[0]['url']}?{urlencode({'next': page or _page(request)})}"
    if request.headers.get("HX-Request") == "true":
        asked = HttpResponse(status=204)
        asked.headers["HX-Redirect"] = address
        return asked
    return HttpResponseRedirect(address)


def _page(request: HttpRequest) -> str:
    """The page from which the act is done again."""
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
        return ask_again(request) or view(request, *args, **kwargs)

    return checked
