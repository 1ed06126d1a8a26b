"""What follows from an incident: news to those with a stake, costs, and its review."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.response.incidents.finding import locked
from guanlan.response.incidents.matrix import matrix_in_force
from guanlan.response.incidents.timeline import Value, enter
from guanlan.response.models import Incident, IncidentCost, IncidentReview, StakeholderUpdate

LONGEST: Final = 4000
MOST: Final = 10**15  # minor units
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def tell(
    subject: Subject, incident: Incident, audience: str, text: str, *, now: dt.datetime,
    how: str = "",
) -> StakeholderUpdate:  # fmt: skip
    """Write down what was told to whom; the next news are due by the rhythm of its severity.
    Raises Denied, or ValidationError by field."""
    if audience not in StakeholderUpdate.Audience.values:
        names = ", ".join(StakeholderUpdate.Audience.values)
        raise ValidationError({"audience": _("It is one of %(names)s.") % {"names": names}})
    said = _text(text, "text", least=3)
    with act("incident.update", incident, detail={"audience": audience}):
        row = locked(subject, incident)
        made = StakeholderUpdate(
            incident=row, audience=audience, text=said, how=" ".join(how.split())[:120], sent=now,
            sent_by_id=subject.id,
        )  # fmt: skip
        made.save()
        if row.state != Incident.State.CLOSED:
            row.update_due = matrix_in_force().told_by(row.severity, now)
            row.save(update_fields=["update_due"])
        enter(row, "update", now, subject, values={"audience": audience})
    return made


def add_cost(
    subject: Subject,
    incident: Incident,
    kind: str,
    currency: str,
    *,
    now: dt.datetime,
    amount: int | None = None,
    minutes: int | None = None,
    rate: int | None = None,
    note: str = "",
) -> IncidentCost:
    """Add what it cost, in minor units. People's time has minutes and a rate an hour instead of
    an amount. Raises Denied, or ValidationError by field."""
    if kind not in IncidentCost.Kind.values:
        names = ", ".join(IncidentCost.Kind.values)
        raise ValidationError({"kind": _("It is one of %(names)s.") % {"names": names}})
    if not _CURRENCY.fullmatch(currency):
        raise ValidationError({"currency": _("Write three capital letters, such as CNY.")})
    if kind == IncidentCost.Kind.PEOPLE:
        amount = people_cost(minutes, rate)
    else:
        minutes = rate = None
    if amount is None or not 0 < abs(amount) <= MOST:
        raise ValidationError({"amount": _("Write an amount; a correction has a minus.")})
    with act("incident.cost", incident, detail={"kind": kind}):
        row = locked(subject, incident)
        made = IncidentCost(
            incident=row, kind=kind, amount=amount, currency=currency, minutes=minutes, rate=rate,
            note=" ".join(note.split())[:200], added=now, added_by_id=subject.id,
        )  # fmt: skip
        made.save()
        values: dict[str, Value] = {"kind": kind, "amount": amount, "currency": currency}
        enter(row, "cost", now, subject, values=values)
    return made


def people_cost(minutes: int | None, rate: int | None) -> int:
    """Minutes at a rate an hour, in minor units, half of one rounded up. Raises ValidationError
    by field where one of them is missing."""
    if minutes is None or not 0 < minutes <= 10**7:
        raise ValidationError({"minutes": _("Say how many minutes people worked on it.")})
    if rate is None or not 0 < rate <= 10**9:
        raise ValidationError({"rate": _("Say what an hour costs.")})
    return (2 * minutes * rate + 60) // 120


def review(
    subject: Subject,
    incident: Incident,
    causes: str,
    *,
    now: dt.datetime,
    contributing: str = "",
    went_well: str = "",
) -> IncidentReview:
    """Write down what people found; the incident is reviewed. Raises Denied, or ValidationError
    where it is not closed, or by field."""
    made = IncidentReview(
        causes=_text(causes, "causes", least=3),
        contributing=_text(contributing, "contributing"),
        went_well=_text(went_well, "went_well"),
        written=now,
        written_by_id=subject.id,
    )
    with act("incident.review", incident):
        row = locked(subject, incident)
        if row.state != Incident.State.CLOSED:
            raise ValidationError(_("Only a closed incident is reviewed."))
        made.incident = row
        made.save()
        row.reviewed = now
        row.save(update_fields=["reviewed"])
        enter(row, "reviewed", now, subject)
    return made


def _text(text: str, field: str, least: int = 0) -> str:
    said = text.replace("\0", "").strip()
    if not least <= len(said) <= LONGEST:
        values = {"low": least, "high": LONGEST}
        text = _("Write %(low)s to %(high)s characters.") % values
        raise ValidationError({field: text})
    return said
