"""The bell: how many messages are unread, the newest of them, the way to what they are about."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from guanlan.core import outbox
from guanlan.core.access import Subject
from guanlan.core.models import Message
from guanlan.web.discussion import find_object, topic
from guanlan.web.resource import resource_of
from guanlan.web.resource.details import object_of
from guanlan.web.resource.reading import address_of
from guanlan.web.rights import signed_in, subject_of_request

NEWEST = 8
MANY = 99  # past this the count is "99+"


@signed_in
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The count, asked for when the stream rings, and now and then where there is no stream; 204
    as long as it stands as `?n=` says."""
    count = outbox.unread(subject_of_request(request))[: MANY + 1].count()
    if request.GET.get("n") == str(count):
        return HttpResponse(status=204)
    return render(request, "web/bell_count.html", {"count": count, "many": MANY})


@signed_in
@require_safe
def newest(request: HttpRequest) -> HttpResponse:
    """What the bell shows when it is opened: the newest unread messages."""
    found = outbox.unread(subject_of_request(request))[:NEWEST]
    return render(request, "web/bell_list.html", {"notices": outbox.notices(found)})


@signed_in
@require_POST
def follow(request: HttpRequest, identity: int) -> HttpResponse:
    """Mark a message as read and go to what it is about; where that may not be seen, to the
    list of messages, which says nothing of it either."""
    subject = subject_of_request(request)
    message = get_object_or_404(outbox.own(subject), pk=identity)
    outbox.mark_read(subject, [message.pk])
    return redirect(address_about(subject, message))


def address_about(subject: Subject, message: Message) -> str:
    """The page of the object of a message, for who may see it; else the message in its list."""
    listed = f"{reverse('notifications')}#m{message.pk}"
    noun, identity = message.about_noun, message.about_id
    if not noun or not identity:
        return listed
    try:
        return topic(noun).address(find_object(subject, noun, identity))
    except Http404:
        pass
    try:
        resource = resource_of(noun)
        return address_of(resource, object_of(resource, subject, identity))
    except (KeyError, Http404):
        return listed
