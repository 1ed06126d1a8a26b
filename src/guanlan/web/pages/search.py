"""Global search and the command palette."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.web.palette import entries, named
from guanlan.web.rights import signed_in, subject_of_request
from guanlan.web.search import Found, Hits, question, search, sensitive

FULL = 25  # results of a kind on the page; the palette shows fewer


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def search_page(request: HttpRequest) -> HttpResponse:
    """Everything that answers to a question.

    The form is posted. What may stand in an address is sent on to one that can be shared; what
    looks like a personal number is answered at once, and refused where it comes in an address.
    """
    posted = request.method == "POST"
    asked = question((request.POST if posted else request.GET).get("q", ""))
    if sensitive(asked) and not posted:
        messages.warning(
            request,
            _("What looks like a personal number is not looked up from an address. Type it here."),
        )
        return redirect("search")
    if posted and not sensitive(asked):
        return redirect(f"{reverse('search')}?{urlencode({'q': asked})}" if asked else "search")
    subject = subject_of_request(request)
    places = [Found(one.title, one.url, one.note) for one in named(subject, asked)]
    hits = search(subject, asked, FULL)
    if places:
        hits.insert(0, Hits(_("Places and acts"), places, more=False))
    context: dict[str, Any] = {"asked": asked, "hits": hits}
    return render(request, "web/search.html", context)


@signed_in
@require_safe
def palette(request: HttpRequest) -> JsonResponse:
    """The places and acts of the person, for `palette.js`."""
    return JsonResponse(
        {"entries": [one._asdict() for one in entries(subject_of_request(request))]}
    )


@signed_in
@require_POST
def palette_search(request: HttpRequest) -> JsonResponse:
    """What search finds while one types; posted, so that nothing typed stands in an address."""
    hits = search(subject_of_request(request), request.POST.get("q", ""))
    return JsonResponse({"entries": [line for group in hits for line in _lines(group)]})


def _lines(group: Hits) -> list[dict[str, str]]:
    title = str(group.title)
    return [
        {"title": one.title, "url": one.url, "note": f"{title} · {one.note}" if one.note else title}
        for one in group.found
    ]
