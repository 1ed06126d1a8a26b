"""Alerts: raised by every app, told to who is on duty, worked on, closed with what they were.

    from guanlan.response.alerts import Evidence, Finding, raise_alert

    raise_alert(Finding(
        rule="fraud.transfer.velocity_1h", category="fraud", severity=Severity.high,
        text=gettext_noop("%(n)s transfers within an hour"), values={"n": 12},
        key={"user": "u-1"}, entities=(("user", Named("user", "u-1")),),
        evidence=(Evidence("decision", "12345", at),), at=at, window=timedelta(hours=1),
    ))

The same rule and key are one alert as long as it is live and found again within the window.
"""

from guanlan.response.alerts.counting import live_count
from guanlan.response.alerts.evidence import evidence_link
from guanlan.response.alerts.finding import Evidence, Finding
from guanlan.response.alerts.raising import bury, on_raised, raise_alert, raise_alerts
from guanlan.response.alerts.titles import rule_titles, title_of

__all__ = [
    "Evidence",
    "Finding",
    "bury",
    "evidence_link",
    "live_count",
    "on_raised",
    "raise_alert",
    "raise_alerts",
    "rule_titles",
    "title_of",
]
