"""What the global search finds among the platform's own things."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import Subject
from guanlan.core.models import ApiKey, Channel, User
from guanlan.web.search import Found, searcher


@searcher("core.user", _("People"), order=60)
def people(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """People by a part of their name; never by their mail address."""
    wanted = (
        Q(username__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)
    )
    for user in User.objects.for_user(subject).filter(wanted).order_by("username")[:limit]:
        address = reverse("person", args=[user.pk])
        yield Found(user.get_username(), address, user.get_full_name())


@searcher("core.apikey", _("API keys"), order=70)
def keys(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Keys by a part of their name, or by the public part of the key itself."""
    public = text.split("_")[1] if text.startswith("gl_") and "_" in text[3:] else text
    wanted = Q(name__icontains=text) | Q(id=public.removeprefix("gl_")[:8])
    for key in ApiKey.objects.for_user(subject).filter(wanted).order_by("-created")[:limit]:
        yield Found(key.name, reverse("key", args=[key.id]), f"gl_{key.id}_…")


@searcher("core.channel", _("Channels"), order=80)
def channels(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Ways out for messages by a part of their name."""
    found = Channel.objects.for_user(subject).filter(name__icontains=text)
    for channel in found.order_by("name")[:limit]:
        yield Found(channel.name, reverse("channel", args=[channel.pk]), channel.get_kind_display())
