"""Actions of the committee that stay late are alerts, so that whoever is on call hears of them."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.response.alerts import Evidence, Finding, evidence_link, raise_alert
from guanlan.response.alerts.resolving import resolve_finding
from guanlan.response.terms import Severity
from guanlan.risk.committee.resolving import on_late, on_settled
from guanlan.risk.models import CommitteeAction

RULE: Final = "risk.committee_action_late"
WINDOW: Final = dt.timedelta(days=30)
USUAL: Final = "compliance"  # of a resolution that is about no measure


@on_late
def raise_late(action: CommitteeAction, now: dt.datetime) -> None:
    """One alert for each action."""
    measure = action.resolution.measure
    raise_alert(
        Finding(
            rule=RULE,
            category=measure.category if measure is not None else USUAL,
            severity=Severity.medium,
            text=gettext_noop("The committee resolved it, and it is late: %(action)s"),
            values={"action": action.title},
            key={"action": action.pk},
            evidence=(Evidence("committee_action", str(action.pk), action.due),),
            at=now,
            window=WINDOW,
        ),
        now,
    )


@on_settled
def resolve_settled(action: CommitteeAction, now: dt.datetime) -> None:
    """What was done, or dropped, has no alert any more."""
    resolve_finding(RULE, {"action": action.pk}, now)


def _address(ref: str) -> str:
    return reverse("committee_action", args=[int(ref)]) if ref.isdecimal() else ""


evidence_link("committee_action", _("Action of the committee"), _address)
