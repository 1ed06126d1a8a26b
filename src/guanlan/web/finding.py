"""What the global search finds among the platform's own things."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import Subject
from guanlan.core.models import ApiKey
from guanlan.web.search import Found, searcher


@searcher("core.apikey", _("API keys"), order=70)
def keys(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Keys by a part of their name, or by the public part of the key itself."""
    public = text.split("_")[1] if text.startswith("gl_") and "_" in text[3:] else text
    wanted = Q(name__icontains=text) | Q(id=public.removeprefix("gl_")[:8])
    for key in ApiKey.objects.filter(wanted).order_by("-created")[:limit]:
        yield Found(key.name, reverse("key", args=[key.id]), f"gl_{key.id}_…")
