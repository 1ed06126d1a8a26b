"""The first screen, for the person on duty and for the committee."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from guanlan.core.access import Subject
from guanlan.web.overview import BOARD, DUTY, Glance, loop_of, sections_of, waiting_for
from guanlan.web.rights import signed_in, subject_of_request

VIEWS: Final[dict[str, str | Promise]] = {
    "duty": pgettext_lazy("version of the overview", "On duty"),
    "board": pgettext_lazy("version of the overview", "Committee"),
}
_BOARD: Final = frozenset({"committee_member", "auditor"})


def usual(subject: Subject) -> str:
    """The version that somebody with these roles sees without asking."""
    return "board" if subject.roles and subject.roles <= _BOARD else "duty"


@signed_in
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The loop, what waits for who looks, and what the apps say; with htmx its moving part."""
    subject = subject_of_request(request)
    asked = request.GET.get("view", "")
    view = asked if asked in VIEWS else usual(subject)
    glance = Glance(subject, timezone.now(), request)
    context = {
        "view": view,
        "views": VIEWS,
        "stages": loop_of(glance),
        "waits": waiting_for(glance),
        "now": glance.now,
        "rows": (BOARD if view == "board" else DUTY).draw(glance, subject),
    }
    if getattr(request, "htmx", False):
        return render(request, "web/overview/moving.html", context)
    context["sections"] = sections_of(request)
    return render(request, "web/overview/page.html", context)
