"""Indicators that turn red or unknown are alerts, so that somebody is told and has to act.

One that is red is an alert of high severity. One that is unknown because measuring it failed or
its data is stale is medium; where there is merely too little to go by, low. When it is neither any
more its alerts say so: closing them is for who looked into it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.access import SYSTEM
from guanlan.response.alerts.evidence import evidence_link
from guanlan.response.alerts.finding import Evidence, Finding, fingerprint
from guanlan.response.alerts.history import note
from guanlan.response.alerts.raising import raise_alerts
from guanlan.response.alerts.titles import name_rule, value_words
from guanlan.response.models import Alert
from guanlan.response.terms import Severity
from guanlan.risk.composing import indicator_name
from guanlan.risk.crossing import ALARMING, Crossing, on_crossing
from guanlan.risk.reading import FEW, NO_VALUE
from guanlan.risk.samples import address_of, ref_of
from guanlan.risk.terms import STATES

RED: Final = "risk.indicator_red"
UNKNOWN: Final = "risk.indicator_unknown"
RULES: Final = {"red": RED, "unknown": UNKNOWN}
TEXTS: Final = {
    "red": gettext_noop("The indicator “%(indicator)s” is red"),
    "unknown": gettext_noop("The indicator “%(indicator)s” is unknown, which is not green"),
}
name_rule(RED, _("An indicator is red"))
name_rule(UNKNOWN, _("An indicator is unknown, which is not green"))
WINDOW: Final = dt.timedelta(days=30)  # a live alert takes what follows


def finding_of(one: Crossing) -> Finding:
    """What is raised of an indicator that has turned red or unknown."""
    severity = Severity.high
    if one.change.after == "unknown":
        severity = Severity.low if one.change.why in (FEW, NO_VALUE) else Severity.medium
    return Finding(
        rule=RULES[one.change.after],
        category=one.indicator.category,
        severity=severity,
        text=TEXTS[one.change.after],
        values={"indicator": one.indicator.name},
        key={"indicator": one.indicator.name},
        evidence=(Evidence("indicator_sample", ref_of(one.sample), one.sample.at),),
        at=one.sample.at,
        window=WINDOW,
    )


@on_crossing
def raise_crossings(crossings: Sequence[Crossing], now: dt.datetime) -> None:
    """Raise alerts of what is red or unknown; tell the alerts of what is so no more."""
    alarming = [one for one in crossings if one.change.after in ALARMING]
    if alarming:
        raise_alerts([finding_of(one) for one in alarming], now)
    over = {
        fingerprint(rule, {"indicator": one.indicator.name}): one
        for one in crossings
        for state, rule in RULES.items()
        if state != one.change.after
    }
    if not over:
        return
    live = Alert.objects.filter(rule__in=RULES.values(), live=True, fingerprint__in=[*over])
    for alert in live.order_by("pk"):
        change = over[alert.fingerprint].change
        note(alert, "moved", now, by=SYSTEM, values={"from": change.before, "to": change.after})


def state_words(name: str) -> str:
    """A state of an indicator in words; the name where there is no such."""
    return str(STATES.get(name, name))


value_words("indicator", indicator_name)
evidence_link("indicator_sample", _("Measurement"), address_of)
