"""Where gateways call, believed by their signature; and the file that brings many complaints."""

from __future__ import annotations

from typing import Final

from django import forms
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from guanlan.core.people.limiting import enter, forgive
from guanlan.response.alerts.titles import said
from guanlan.response.complaints.gateways import Call, gateway_of, greeting, receive
from guanlan.response.complaints.importing import COLUMNS, MOST_BYTES, MOST_LINES, Fault, bring_in
from guanlan.response.complaints.letters import NotTaken
from guanlan.response.complaints.terms import NOUN
from guanlan.web.accounts.addresses import client_address
from guanlan.web.rights import needs, public, subject_of_request

DOOR: Final = "complaint_call"


@public
@csrf_exempt
@never_cache
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def call(request: HttpRequest, slug: str) -> HttpResponse:
    """A call of a gateway; one sentence where it is refused. Who is refused too often is not
    answered for a while, and nothing more of it is kept."""
    gateway = gateway_of(slug)
    if gateway is None:
        raise Http404
    try:
        body = request.body
    except RequestDataTooBig:
        return _refused(NotTaken(gettext_noop("The body is too large."), status=413))
    heads = {name: value for name, value in request.headers.items() if len(value) <= 300}
    query = {name: str(value)[:4000] for name, value in request.GET.items()}
    asked = Call(body, heads, query)
    # A try counts only where it was refused: what is believed may come as often as it likes.
    entry = enter(DOOR, "", client_address(request))
    if entry.wait:
        answer = JsonResponse({"error": {"code": "too_many", "message": _("Come back later.")}},
                              status=429)  # fmt: skip
        answer["Retry-After"] = str(entry.wait)
        return answer
    try:
        if request.method == "GET":
            words = greeting(gateway, asked, timezone.now())
            forgive(entry)
            return HttpResponse(words, content_type="text/plain; charset=utf-8")
        found = receive(gateway, asked, timezone.now())
    except NotTaken as why:
        return _refused(why)
    forgive(entry)
    if gateway.kind == "wechat":
        return HttpResponse(found.words, content_type="text/plain; charset=utf-8")
    number = found.complaint.receipt if found.complaint else ""
    return JsonResponse({"number": number}, status=202)


def _refused(why: NotTaken) -> JsonResponse:
    message = said(why.why, why.values)
    return JsonResponse({"error": {"code": "refused", "message": message}}, status=why.status)


class Importing(forms.Form):
    """A file of complaints."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


@needs("add", NOUN)
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """Take in a file: all of its lines, or none and why not, line by line."""
    form = Importing(request.POST or None, request.FILES or None)
    faults: tuple[Fault, ...] = ()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        data = given.read(MOST_BYTES + 1)
        found = bring_in(subject_of_request(request), data, timezone.now())
        faults = found.faults
        if not faults:
            messages.success(request, _brought(found.new, found.known))
            return redirect("complaints")
    context = {
        "title": _("Take in a file of complaints"),
        "section": "complaints",
        "form": form,
        "faults": faults,
        "columns": ", ".join(COLUMNS),
        "most": MOST_LINES,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "response/complaint/import.html", context, status=status)


def _brought(new: int, known: int) -> str:
    text = ngettext("%(n)s complaint is taken in.", "%(n)s complaints are taken in.", new)
    parts = [text % {"n": new}]
    if known:
        parts.append(_("%(n)s were there already.") % {"n": known})
    return " ".join(parts)
