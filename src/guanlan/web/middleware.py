"""Headers that every answer of the console carries; HSTS is the server's, for the door too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers

from guanlan.core.access import Denied, subject_of
from guanlan.core.audit import AuditUnavailable, acting
from guanlan.core.process_log import of_request
from guanlan.web.accounts.addresses import client_address, reached_by
from guanlan.web.once import one_request
from guanlan.web.pages.errors import takes_only, unrecorded
from guanlan.web.rights import need_of, subject_of_request

# Everything from this origin, nothing inline: an injected tag or attribute does nothing.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class SecurityHeaders:
    """Sets the security headers, also on static files and error pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        # An attachment comes with a stricter one.
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if not request.path.startswith(settings.STATIC_URL):
            # Pages show people's data: no cache outside the reader's own session.
            headers.setdefault("Cache-Control", "no-store")
        return response


class Acting:
    """Gives the request its subject (`request.subject`) and names it to the audit log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        subject = subject_of(request.user)
        request.subject = subject  # type: ignore[attr-defined]
        session = request.session.session_key or ""
        address = client_address(request)
        name = uuid4().hex
        who = acting(subject, address, session=session, request=name)
        with one_request(), of_request(name), reached_by(request), who:
            return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """What cannot be written down is not done, and that is said in one sentence."""
        if isinstance(exception, AuditUnavailable):
            return unrecorded(request)
        return None


class Rights:
    """Lets a view be reached only by whom its declared right allows (`guanlan.web.rights`).

    A view that declares nothing is reached by nobody. Who is not signed in is sent to sign in
    by Django's own middleware, which stands before this one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        need = need_of(view)
        if need is None:
            raise Denied(f"{view.__module__} declares no right")
        if not need.allows(subject_of_request(request)):
            raise Denied(f"{need.verb} {need.noun} is needed", need.verb, need.noun)


class NoPage:
    """Who opens an address that only takes what forms send is told so on a page, where a page is
    asked for; programs and parts of pages get the bare answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        asked = request.headers.get("Accept", "")
        if (
            response.status_code != 405
            or not isinstance(response, HttpResponse)
            or response.content
            or "text/html" not in asked
            or request.headers.get("HX-Request") == "true"
        ):
            return response
        came = urlsplit(request.headers.get("Referer", ""))
        here = came.netloc == request.get_host() and came.path not in ("", request.path)
        page = takes_only(request, came.path if here else "")
        page.headers["Allow"] = response.headers.get("Allow", "POST")
        patch_vary_headers(page, ["Accept"])
        return page


class SignInAgain:
    """A part of a page that asks for news after the session ended sends the whole page to
    sign in, and back again afterwards; htmx would otherwise put the form where the part was."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        if (
            request.headers.get("HX-Request") != "true"
            or response.status_code != 302
            or urlsplit(response.headers["Location"]).path != sign_in
        ):
            return response
        page = urlsplit(request.headers.get("HX-Current-URL", "/"))
        target = page.path + (f"?{page.query}" if page.query else "")
        again = HttpResponse(status=204)
        again.headers["HX-Redirect"] = f"{sign_in}?{urlencode({'next': target})}"
        return again
