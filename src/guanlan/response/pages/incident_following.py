"""What follows from an incident, on its page: news, costs, its review and lessons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response.incidents import following
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.showing import MASKED, IncidentLook
from guanlan.response.lessons import add_lesson
from guanlan.response.models import (
    Incident,
    IncidentCost,
    IncidentReview,
    Lesson,
    StakeholderUpdate,
)
from guanlan.web.words import money

Values = Mapping[str, Any]


def tell(row: Incident, subject: Subject, values: Values) -> str:
    """Write down what was told."""
    following.tell(subject, row, now=timezone.now(), **values)
    return _("It is written down.")


def cost(row: Incident, subject: Subject, values: Values) -> str:
    """Add what it cost."""
    following.add_cost(subject, row, now=timezone.now(), **values)
    return _("The cost is added.")


def review(row: Incident, subject: Subject, values: Values) -> str:
    """Write down what people found."""
    following.review(subject, row, now=timezone.now(), **values)
    return _("Incident %(n)s is reviewed.") % {"n": row.pk}


def lesson(row: Incident, subject: Subject, values: Values) -> str:
    """Write down what is to be learnt."""
    add_lesson(
        subject, origin=(NOUN, str(row.pk)), category=row.category, now=timezone.now(), **values
    )
    return _("The lesson is written down. Add its actions on its page.")


def updates(look: IncidentLook, subject: Subject) -> dict[str, Any]:
    """What was told to whom, newest first."""
    rows = StakeholderUpdate.objects.for_user(subject).filter(incident=look.row)
    found = rows.select_related("sent_by").order_by("-sent", "-id")[:50]
    return {"updates": [(one, one.text if look.works else MASKED) for one in found]}


def costs(look: IncidentLook, subject: Subject) -> dict[str, Any]:
    """Each cost, and the sum of each currency."""
    found = list(IncidentCost.objects.for_user(subject).filter(incident=look.row).order_by("id"))
    sums: defaultdict[str, int] = defaultdict(int)
    for one in found:
        sums[one.currency] += one.amount
    return {
        "heads": [_("Kind"), _("Amount"), _("Note")],
        "rows": [
            (one.get_kind_display(), money(one.amount, one.currency), one.note) for one in found
        ],
        "more": " · ".join(money(amount, currency) for currency, amount in sorted(sums.items())),
        "empty": _("No costs were added yet."),
    }


def findings(look: IncidentLook, subject: Subject) -> dict[str, Any]:
    """The newest review, and the lessons."""
    rows = IncidentReview.objects.for_user(subject).filter(incident=look.row)
    newest = rows.select_related("written_by").order_by("-written", "-id").first()
    parts: list[tuple[str, str]] = []
    if newest is not None:
        said = (
            (_("Causes"), newest.causes),
            (_("Measures that failed or were missing"), newest.contributing),
            (_("What went well"), newest.went_well),
        )
        parts = [(title, text if look.works else MASKED) for title, text in said if text]
    lessons = Lesson.objects.for_user(subject).filter(origin_noun=NOUN, origin_id=str(look.row.pk))
    return {
        "review": newest,
        "parts": parts,
        "lessons": [
            (one.title, reverse("lesson", args=[one.pk])) for one in lessons.order_by("id")
        ],
    }
