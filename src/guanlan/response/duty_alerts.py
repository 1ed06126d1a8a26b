"""Duties of measures that stay undone are alerts, so that whoever is on call hears of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.response.alerts import Evidence, Finding, evidence_link
from guanlan.response.alerts.raising import raise_alerts
from guanlan.response.alerts.resolving import resolve_finding
from guanlan.response.alerts.titles import value_words
from guanlan.response.terms import Severity
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.duties import on_done, on_late
from guanlan.risk.models import MeasureDuty

RULE: Final = "risk.measure_late"
WINDOW: Final = dt.timedelta(days=30)


@on_late
def raise_late(duties: Sequence[MeasureDuty], now: dt.datetime) -> None:
    """One alert for each duty."""
    raise_alerts(
        [
            Finding(
                rule=RULE,
                category=one.measure.category,
                severity=Severity.medium,
                text=gettext_noop("%(measure)s was due and nobody has done it"),
                values={"measure": one.measure.title},
                key={"duty": one.pk},
                evidence=(Evidence("duty", str(one.pk), one.due),),
                at=now,
                window=WINDOW,
            )
            for one in duties
        ],
        now,
    )


@on_done
def resolve_done(duties: Sequence[MeasureDuty], now: dt.datetime) -> None:
    """What was done, or is dropped, has no alert any more."""
    for one in duties:
        resolve_finding(RULE, {"duty": one.pk}, now)


def _address(ref: str) -> str:
    return reverse("duty", args=[int(ref)]) if ref.isdecimal() else ""


value_words("measure", own_words)
evidence_link("duty", _("Duty"), _address)
