"""Arranging queues: who works on cases of which categories."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.alerts.arranging import people_named
from guanlan.response.models import CaseQueue
from guanlan.response.terms import CATEGORIES


def save_queue(
    subject: Subject,
    row: CaseQueue | None,
    *,
    name: str,
    categories: Iterable[str],
    people: str,
    shares: bool,
) -> CaseQueue:
    """Make a queue or change one; `people` are user names with commas between them. Raises Denied,
    or ValidationError by field."""
    require(subject, "change" if row else "add", "response.casequeue")
    said = name.replace("\0", "").strip()
    chosen = [one for one in CATEGORIES if one in set(categories)]
    if not said or CaseQueue.objects.filter(name=said).exclude(pk=row.pk if row else 0).exists():
        raise ValidationError({"name": _("Give a name that no other queue has.")})
    if not chosen:
        raise ValidationError({"categories": _("Choose at least one category of risk.")})
    made = row or CaseQueue(created=timezone.now())
    made.name, made.categories, made.shares = said, chosen, shares
    made.people = people_named(people)
    with act("casequeue.arrange", made, detail={"people": made.people}):
        made.save()
    return made
