"""Criteria that declare incidents: kept as data, checked each minute and after alerts are raised.

A criterion declares once: not again while the incident that it declared is open, nor within its
window of time since it last did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from guanlan.core.access import SYSTEM, Subject, require
from guanlan.core.audit import act
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.matrix import IMPACTS, URGENCIES
from guanlan.response.models import Alert, DeclarationCriterion, Incident, IncidentLink
from guanlan.response.terms import CATEGORIES, Severity

NOUN: Final = "response.declarationcriterion"
MOST_MINUTES: Final = 30 * 24 * 60
MOST_ALERTS: Final = 100_000
MOST_TIES: Final = 100  # alerts that are tied to the incident that they declare


@dataclass(frozen=True)
class Said:
    """What a criterion says."""

    name: str
    title: str
    category: str
    severity: Severity
    count: int
    minutes: int
    impact: str
    urgency: str
    rule: str = ""
    confidential: bool = False


def add_criterion(subject: Subject, said: Said, now: dt.datetime) -> DeclarationCriterion:
    """Add a criterion; it is in force at once. Raises Denied, or ValidationError by field."""
    require(subject, "add", NOUN)
    row = DeclarationCriterion(
        **_checked(said, None), created=now, changed=now, created_by_id=subject.id
    )
    with act("criterion.add") as on:
        row.save()
        on(row)
    return row


def change_criterion(
    subject: Subject, criterion: DeclarationCriterion, said: Said, now: dt.datetime
) -> DeclarationCriterion:
    """Change what it says. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    values = _checked(said, criterion.pk)
    with act("criterion.change", criterion):
        row = DeclarationCriterion.objects.select_for_update().get(pk=criterion.pk)
        for name, value in values.items():
            setattr(row, name, value)
        row.changed = now
        row.save()
    return row


def switch_criterion(
    subject: Subject, criterion: DeclarationCriterion, on: bool, now: dt.datetime
) -> DeclarationCriterion:
    """Put it in force, or out of force. Raises Denied."""
    require(subject, "change", NOUN)
    with act("criterion.switch", criterion, detail={"enabled": on}):
        row = DeclarationCriterion.objects.select_for_update().get(pk=criterion.pk)
        row.enabled, row.changed = on, now
        row.save()
    return row


def _checked(said: Said, own: int | None) -> dict[str, Any]:
    values = asdict(said)
    for field, low, high in (("name", 3, 120), ("title", 3, 120), ("rule", 0, 128)):
        values[field] = " ".join(values[field].replace("\0", "").split())
        if not low <= len(values[field]) <= high:
            text = _("Write %(low)s to %(high)s characters.") % {"low": low, "high": high}
            raise ValidationError({field: text})
    known: Mapping[str, Mapping[str, Any]] = {
        "category": CATEGORIES, "impact": IMPACTS, "urgency": URGENCIES,
    }  # fmt: skip
    for field, names in known.items():
        if values[field] not in names:
            text = _("It is one of %(names)s.") % {"names": ", ".join(names)}
            raise ValidationError({field: text})
    for field, most in (("count", MOST_ALERTS), ("minutes", MOST_MINUTES)):
        if not 1 <= values[field] <= most:
            raise ValidationError({field: _("Write a number from 1 to %(n)s.") % {"n": most}})
    alike = DeclarationCriterion.objects.filter(name=values["name"])
    if (alike if own is None else alike.exclude(pk=own)).exists():
        raise ValidationError({"name": _("There is a criterion of this name.")})
    values["severity"] = int(said.severity)
    return values


def matching(criterion: DeclarationCriterion, now: dt.datetime) -> QuerySet[Alert]:
    """The alerts that count: live, not silenced, and last seen within the window that ends now."""
    begin = now - dt.timedelta(minutes=criterion.minutes)
    found = Alert.objects.filter(
        live=True,
        muted="",
        category=criterion.category,
        severity__gte=criterion.severity,
        last_seen__gt=begin,
        last_seen__lte=now,
    )
    return found.filter(rule=criterion.rule) if criterion.rule else found


def ready(criterion: DeclarationCriterion, now: dt.datetime) -> bool:
    """Whether it may declare: in force, its last window over, its last incident closed."""
    window = dt.timedelta(minutes=criterion.minutes)
    if not criterion.enabled or (criterion.fired is not None and now < criterion.fired + window):
        return False
    open_ones = Incident.objects.filter(by_criterion=criterion)
    return not open_ones.exclude(state=Incident.State.CLOSED).exists()


def check(criterion: DeclarationCriterion, now: dt.datetime) -> Incident | None:
    """Declare an incident where the criterion is met; None where it is not, or somebody else
    just did."""
    if not ready(criterion, now):
        return None
    found = matching(criterion, now)
    if len(found.order_by("-last_seen")[: criterion.count].values_list("pk")) < criterion.count:
        return None
    with transaction.atomic():
        turn = DeclarationCriterion.objects.filter(pk=criterion.pk, fired=criterion.fired)
        with act("criterion.meet", criterion):
            if not turn.update(fired=now):
                return None
            row = declare(
                SYSTEM,
                criterion.title,
                criterion.category,
                criterion.impact,
                urgency=criterion.urgency,
                confidential=criterion.confidential,
                criterion=criterion,
                occurred=min(now, found.aggregate(at=Min("first_seen"))["at"]),
                now=now,
            )
            IncidentLink.objects.bulk_create(
                IncidentLink(incident=row, noun="response.alert", key=str(key), added=now)
                for key in found.order_by("-last_seen", "-id").values_list("pk", flat=True)[
                    :MOST_TIES
                ]
            )
    return row


def check_all(now: dt.datetime) -> int:
    """Check every criterion in force; the number of incidents that were declared."""
    rows = DeclarationCriterion.objects.filter(enabled=True).order_by("id")
    return sum(check(row, now) is not None for row in rows)
