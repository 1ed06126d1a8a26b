"""What is said of an object, and the files beside it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from guanlan.core.access import Subject
from guanlan.core.audit import record, refused_input
from guanlan.web.discussion import (
    attach,
    comment,
    edit_comment,
    find_object,
    read_attachment,
    remove_attachment,
    remove_comment,
    shown,
    topic,
)
from guanlan.web.discussion.attaching import Refusal, find_attachment, refusal_of
from guanlan.web.discussion.receiving import FIELD, Received, SealingHandler
from guanlan.web.discussion.storing import Unreadable
from guanlan.web.discussion.topics import OFFERED, mentionable
from guanlan.web.pages.errors import error_page
from guanlan.web.rights import needs, subject_of_request

LONGEST_NAME = 150
FORM_BYTES = 64 << 10  # what a form adds to the bytes of its file
# A browser that shows a file all the same runs nothing of it and lets nobody frame it.
SAVED_ONLY = (
    "sandbox; default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def _back(request: HttpRequest, subject: Subject, noun: str, identity: str) -> HttpResponse:
    """The discussion again: as a part to htmx, else the page of its object."""
    found = find_object(subject, noun, identity)
    if getattr(request, "htmx", False):
        return render(request, "web/discussion.html", shown(subject, noun, found))
    return redirect(topic(noun).address(found) + "#discussion")


def _told(
    request: HttpRequest, noun: str, identity: str, error: ValidationError, **kept: str
) -> HttpResponse:
    """The discussion with what was wrong beside the form, and nothing typed lost."""
    subject = subject_of_request(request)
    found = find_object(subject, noun, identity)
    context: dict[str, Any] = {
        **shown(subject, noun, found),
        **kept,
        "errors": error.message_dict,
        "address": topic(noun).address(found),
    }
    part = getattr(request, "htmx", False)
    status = getattr(error, "status", 400)
    # To htmx a part that says what is wrong is an answer like another.
    if part:
        return render(request, "web/discussion.html", context)
    return render(request, "web/discussion_page.html", context, status=status)


@needs("see", "web.comment")
@require_safe
def page(request: HttpRequest, noun: str, identity: str) -> HttpResponse:
    """The discussion of one object on a page of its own."""
    subject = subject_of_request(request)
    found = find_object(subject, noun, identity)
    context = {**shown(subject, noun, found), "address": topic(noun).address(found)}
    return render(request, "web/discussion_page.html", context)


@needs("add", "web.comment")
@require_safe
def people(request: HttpRequest, noun: str, identity: str) -> HttpResponse:
    """Who may be mentioned: those who may see the object, and nobody else.

    With `?q=`, what was typed behind an @, the names that fit, as JSON.
    """
    subject = subject_of_request(request)
    found = find_object(subject, noun, identity)
    if "q" in request.GET:
        begun = request.GET["q"].replace("\0", "")[:LONGEST_NAME]
        # One more than is shown: oneself is not offered.
        fitting = mentionable(noun, str(found.pk), begun, OFFERED + 1)
        names = [user.get_username() for user in fitting if user.pk != subject.id]
        return JsonResponse({"names": names[:OFFERED]})
    return render(request, "web/mentionable.html", {"people": mentionable(noun, str(found.pk))})


@needs("add", "web.comment")
@require_POST
def add(request: HttpRequest, noun: str, identity: str) -> HttpResponse:
    """Say something."""
    subject = subject_of_request(request)
    text = request.POST.get("text", "")
    try:
        comment(subject, noun, identity, text)
    except ValidationError as error:
        return _told(request, noun, identity, error, typed=text)
    return _back(request, subject, noun, identity)


@needs("add", "web.comment")
@require_POST
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Change what one said."""
    subject = subject_of_request(request)
    try:
        changed = edit_comment(subject, key, request.POST.get("text", ""))
    except ValidationError as error:
        said = " ".join(error.messages)
        return error_page(request, 400, _("The comment stays as it was"), said)
    return _back(request, subject, changed.noun, changed.object_id)


@needs("add", "web.comment")
@require_POST
def remove(request: HttpRequest, key: int) -> HttpResponse:
    """Take back what one said."""
    subject = subject_of_request(request)
    removed = remove_comment(subject, key)
    return _back(request, subject, removed.noun, removed.object_id)


@needs("add", "web.attachment")
@csrf_exempt  # until the handler is set; `_upload` checks the token
@require_POST
def upload(request: HttpRequest, noun: str, identity: str) -> HttpResponse:
    """Put a file beside an object. What is too large is refused before it is read."""
    find_object(subject_of_request(request), noun, identity)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > settings.ATTACHMENT_LIMIT + FORM_BYTES:
        refusal = refusal_of("size")
        return error_page(
            request, refusal.status, _("The file was not taken"), " ".join(refusal.messages)
        )
    handler = SealingHandler(request, settings.ATTACHMENT_LIMIT)
    request.upload_handlers = [handler]
    try:
        answer: HttpResponse = _upload(request, noun, identity, handler=handler)
    except BaseException:
        handler.discard()
        raise
    if answer.status_code == 403:
        handler.discard()
    return answer


@csrf_protect
def _upload(
    request: HttpRequest, noun: str, identity: str, *, handler: SealingHandler
) -> HttpResponse:
    subject = subject_of_request(request)
    received = request.FILES.get(FIELD)
    if handler.fault in ("kind", "size"):
        refused_input(f"{handler.fault} of file", "attachment")
    try:
        if handler.fault or not isinstance(received, Received):
            raise refusal_of(handler.fault or "empty")
        attach(subject, noun, identity, received)
    except Refusal as error:
        handler.discard()
        return _told(request, noun, identity, error)
    return _back(request, subject, noun, identity)


@needs("see", "web.attachment")
@require_safe
def download(request: HttpRequest, key: int) -> HttpResponseBase:
    """The bytes, to be saved: never shown as a page of this console."""
    subject = subject_of_request(request)
    try:
        found, pieces = read_attachment(subject, key)
    except Unreadable:
        found = find_attachment(subject, key)
        record("attachment.unreadable", (found.noun, found.object_id), detail={"attachment": key})
        return error_page(
            request,
            500,
            _("This file cannot be read"),
            _("Its stored bytes are missing, altered, or sealed with another key."),
        )
    # Text is taken only where all of it is UTF-8 (`sniffing.Utf8`).
    text = found.kind.startswith("text/")
    response = StreamingHttpResponse(
        pieces, content_type=f"{found.kind}; charset=utf-8" if text else found.kind
    )
    response.headers["Content-Length"] = str(found.size)
    response.headers["Content-Disposition"] = content_disposition_header(True, found.name) or ""
    response.headers["Content-Security-Policy"] = SAVED_ONLY
    return response


@needs("see", "web.attachment")
@require_POST
def discard(request: HttpRequest, key: int) -> HttpResponse:
    """Take a file away for good."""
    subject = subject_of_request(request)
    removed = remove_attachment(subject, key)
    messages.success(request, _("The file is removed."))
    return _back(request, subject, removed.noun, removed.object_id)
