"""What the global search finds among cases."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.response.cases.letters import name_of
from guanlan.response.models import Case
from guanlan.web.search import Found, searcher

LONGEST_NUMBER = 18


@searcher("response.case", gettext_lazy("Cases"), order=15)
def cases(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Cases of this number, or whose title or first alert says so; open ones first."""
    wanted = Q(title__icontains=text) | Q(text__icontains=text)
    number = text.removeprefix("#")
    if number.isdecimal() and len(number) <= LONGEST_NUMBER:
        wanted |= Q(pk=int(number))
    for row in Case.objects.for_user(subject).filter(wanted).order_by("-live", "-pk")[:limit]:
        yield Found(
            f"#{row.pk} {name_of(row)}", reverse("case", args=[row.pk]), row.get_state_display()
        )
