"""The catalogue of measures: looked through, and taken over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from guanlan.core.access import may
from guanlan.risk.measure.catalogue import Shipped, catalogue, here
from guanlan.risk.measure.showing import StepLine, rhythm
from guanlan.risk.measure.taking import take_over, taken
from guanlan.risk.measure.terms import NOUN, layer_title, person_named, roles_in_words
from guanlan.risk.measure.testing import TESTS, test_title
from guanlan.risk.models import Measure
from guanlan.risk.terms import CATEGORIES
from guanlan.web.rights import needs, subject_of_request


@needs("see", NOUN)
@require_safe
def shown(request: HttpRequest) -> HttpResponse:
    """What the catalogue has, by kind of risk; what is there already leads there."""
    return _page(request, {}, 200)


@needs("add", NOUN)
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take over what was chosen."""
    keys = request.POST.getlist("keys")
    subject = subject_of_request(request)
    try:
        owner = person_named("owner", request.POST.get("owner", ""))
        with transaction.atomic():
            made = take_over(subject, keys, owner, timezone.now())
    except ValidationError as error:
        faults = error.message_dict
        context = {"chosen": keys, "owner": request.POST.get("owner", ""), "faults": faults}
        return _page(request, context, 422)
    text = ngettext(
        "%(n)s measure is planned.", "%(n)s measures are planned.", len(made)
    ) % {"n": len(made)}  # fmt: skip
    messages.success(request, text)
    return redirect("measures")


def _page(request: HttpRequest, said: dict[str, Any], status: int) -> HttpResponse:
    subject = subject_of_request(request)
    there = taken()
    groups = [
        (
            title,
            [
                _entry(one, there.get(one.key), one.key in said.get("chosen", ()))
                for one in catalogue().values()
                if one.category == name
            ],
        )
        for name, title in CATEGORIES.items()
    ]
    user = request.user
    context = {
        "title": _("Catalogue of measures"),
        "section": "measures",
        "groups": groups,
        "may_add": may(subject, "add", NOUN),
        "owner": said.get("owner", user.get_username()),
        "faults": said.get("faults", {}),
    }
    return render(request, "risk/measure/catalogue.html", context, status=status)


def _entry(one: Shipped, row: Measure | None, chosen: bool) -> dict[str, Any]:
    at = here()
    return {
        "key": one.key,
        "title": one.title[at],
        "purpose": one.purpose[at],
        "layer": layer_title(one.layer),
        "acts": Measure.Acts(one.acts).label,
        "rhythm": rhythm(one.every_days or None),
        "test": test_title(one.test) if one.test in TESTS else "",
        "row": row,
        "chosen": chosen,
        "steps": [
            StepLine(
                n, step.title[at], "", step.when[at], step.evidence[at],
                roles_in_words(step.responsible), roles_in_words(step.accountable),
                roles_in_words(step.consulted), roles_in_words(step.informed),
            )
            for n, step in enumerate(one.steps, 1)
        ],
    }  # fmt: skip
