"""Clocks that run out are alerts, so that whoever is on call hears of them; resolved when they
stop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.response.alerts import Evidence, Finding, evidence_link, raise_alert
from guanlan.response.alerts.resolving import resolve_finding
from guanlan.response.alerts.titles import value_words
from guanlan.response.clocks.running import on_stopped
from guanlan.response.clocks.terms import said
from guanlan.response.clocks.watching import on_alarm
from guanlan.response.models import ClockRule, RunningClock
from guanlan.response.terms import Severity
from guanlan.web.once import once

RULE: Final = "clocks.due"
SEVERITY: Final[dict[int, Severity]] = {
    50: Severity.low,
    75: Severity.medium,
    90: Severity.high,
    100: Severity.critical,
}
WINDOW: Final = dt.timedelta(days=30)


def raise_due(clock: RunningClock, percent: int) -> None:
    """An alarm has rung: one alert a clock, more severe with each alarm."""
    at = timezone.now()
    raise_alert(
        Finding(
            rule=RULE,
            category="compliance",
            severity=SEVERITY[percent],
            text=gettext_noop("A report to a regulator falls due: %(report)s, %(matter)s"),
            values={"report": clock.code, "matter": clock.about_label},
            key={"clock": clock.pk},
            evidence=(Evidence("clock", str(clock.pk), at),),
            at=at,
            window=WINDOW,
        ),
        at,
    )


def resolve_stopped(clock: RunningClock) -> None:
    """A clock that stopped has no alert any more."""
    resolve_finding(RULE, {"clock": clock.pk}, clock.stopped_at or timezone.now())


@once
def _rules() -> dict[str, Mapping[str, str]]:
    rules = ClockRule.objects.filter(current=True)
    return dict(rules.values_list("code", "title"))


def _report(code: str) -> str:
    """A report in words; its code where there is no such rule any more."""
    return said(_rules().get(code, {})) or code


def _address(ref: str) -> str:
    return reverse("clock", args=[int(ref)]) if ref.isdecimal() else ""


value_words("report", _report)
evidence_link("clock", _("Regulatory clock"), _address)
on_alarm(raise_due)
on_stopped(resolve_stopped)
