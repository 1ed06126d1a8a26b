"""The operating guide as a page, and as it is printed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.core.access.table import ROLES
from guanlan.core.people.organisation import organisation
from guanlan.risk.measure.guiding import operating_guide, roles_with_part
from guanlan.risk.measure.terms import NOUN, role_title
from guanlan.web.rights import needs


@needs("see", NOUN)
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Every measure in force with its steps; of one role what is its."""
    return render(request, "risk/measure/guide.html", _context(request))


@needs("see", NOUN)
@require_safe
def printed(request: HttpRequest) -> HttpResponse:
    """The same on paper, and nothing around it."""
    return render(request, "risk/measure/guide_print.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    asked = request.GET.get("role", "")
    role = asked if asked in ROLES else ""
    return {
        "title": _("Operating guide"),
        "section": "guide",
        "role": role,
        "role_title": role_title(role) if role else "",
        "roles": [(name, role_title(name)) for name in roles_with_part()],
        "parts": operating_guide(role),
        "organisation_name": organisation().name,
        "at": timezone.now(),
    }
