"""The pages for errors: what failed, what is still true, what to do."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from guanlan.core.access import ANONYMOUS, TABLE, Denied
from guanlan.core.access.table import VERB_TITLES
from guanlan.core.audit import refused, refused_input
from guanlan.web.accounts.addresses import client_address
from guanlan.web.context import chosen_theme
from guanlan.web.rights import PUBLIC, need_of, subject_of_request
from guanlan.web.words import duration


def error_page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """An error in the console's style; to htmx only its sentence."""
    if getattr(request, "htmx", False):
        return render(request, "web/error_part.html", {"title": title, "text": text}, status=status)
    context = {"status": status, "title": title, "text": text, "outside": _outside(request)}
    return render(request, "web/error.html", context, status=status)


def _outside(request: HttpRequest) -> bool:
    """Whether a page for everybody failed for who is not signed in: the console is not theirs."""
    match = request.resolver_match
    everybody = match is not None and need_of(match.func) == PUBLIC
    return everybody and subject_of_request(request) == ANONYMOUS


def _plain_page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """An error told without asking the database, which may be what failed."""
    context = {"status": status, "title": title, "text": text, "theme": chosen_theme(request)}
    return HttpResponse(render_to_string("web/down.html", context), status=status)


# What is written down of a request that tries what no form of ours sends.
_TRIED = (
    (DisallowedHost, "host"),
    (RequestDataTooBig, "size"),
    ((TooManyFieldsSent, TooManyFilesSent), "fields"),
    (SuspiciousOperation, "suspicious"),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    tried = next((word for kinds, word in _TRIED if isinstance(exception, kinds)), "")
    if tried:
        refused_input(tried, "console", client_address(request))
    if isinstance(exception, RequestDataTooBig):
        return too_large(request, filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    return error_page(request, 400, _("This request cannot be read"), _("Nothing was changed."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What the policy refuses is said, and written down."""
    if isinstance(exception, Denied) and exception.noun:
        refused(exception.verb, exception.noun)
    return error_page(
        request,
        403,
        _("You may not see this"),
        _missing(exception),
    )


def _missing(exception: Exception) -> str:
    """Which right was missing, and where to ask for it."""
    noun = TABLE.nouns.get(getattr(exception, "noun", ""))
    asked = getattr(exception, "verb", "")
    verb = next((title for name, title in VERB_TITLES.items() if name == asked), None)
    if noun is None or verb is None:
        return _("Your account lacks the permission. Nothing was changed.")
    return _(
        "You lack the right “%(verb)s” for “%(noun)s”. Nothing was changed. Ask for it under "
        "Settings, My access."
    ) % {"verb": verb, "noun": noun.title}


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    refused_input("csrf", "console", client_address(request))
    return error_page(
        request,
        403,
        _("This form has expired"),
        _("Nothing was changed. Go back, reload the page and send the form again."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(
        request,
        404,
        _("There is nothing here"),
        _("The address may be mistyped, or what it named was never recorded."),
    )


def failed(request: HttpRequest) -> HttpResponse:
    if isinstance(sys.exc_info()[1], OperationalError):
        return unavailable(request)
    return _plain_page(
        request,
        500,
        _("This page failed"),
        _("Decisions go on being made and recorded. The fault is in the server's log."),
    )


def takes_only(request: HttpRequest, back: str) -> HttpResponse:
    """405: the address is there for what a form sends, and was opened like a page; `back` leads
    to where the form is likely to be."""
    context = {
        "status": 405,
        "title": _("There is no page here"),
        "text": _(
            "This address only takes what a form of this console sends. Opening it does nothing, "
            "and nothing was changed."
        ),
        "back": back,
    }
    return render(request, "web/error.html", context, status=405)


def too_large(request: HttpRequest, most: str) -> HttpResponse:
    """413: more was sent than is taken."""
    return error_page(
        request,
        413,
        _("This is too large"),
        _("At most %(most)s are taken at once. Nothing was stored.") % {"most": most},
    )


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: asked too often; says when to try again."""
    response = error_page(
        request,
        429,
        _("Too many attempts"),
        _("Nothing was changed. Try again in %(time)s.") % {"time": duration(seconds * 1_000_000)},
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def unrecorded(request: HttpRequest) -> HttpResponse:
    """503: the audit log cannot be written, so nothing was done."""
    response = error_page(
        request,
        503,
        _("This cannot be done now"),
        _(
            "The audit log cannot be written, and nothing is done or shown that cannot be "
            "written down. Nothing was changed. Decisions go on being made and recorded."
        ),
    )
    response.headers["Retry-After"] = "60"
    return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database or another part does not answer now."""
    response = _plain_page(
        request,
        503,
        _("This page cannot be shown now"),
        _(
            "A part of the platform does not answer. Decisions go on being made and recorded; "
            "try again in a minute."
        ),
    )
    response.headers["Retry-After"] = "60"
    return response
