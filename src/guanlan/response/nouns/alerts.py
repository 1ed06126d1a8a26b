"""What the policy says of alerts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, each

# Those who arrange who is told, and how soon somebody has to look.
ARRANGING = ("risk_owner", "security_engineer", "operations")


def declare() -> None:
    """Register the nouns, and name what is done with them."""
    declare_acts(
        {
            "alert.raise": _("Raise alerts"),
            "alert.not_understood": _("Keep a finding that is not understood"),
            "alert.acknowledge": _("Acknowledge an alert"),
            "alert.contain": _("Contain an alert"),
            "alert.close": _("Close an alert"),
            "alert.resolve": _("Resolve an alert whose cause is gone"),
            "alert.reopen": _("Open an alert again"),
            "alert.assign": _("Give an alert to a person"),
            "alert.severity": _("Change the severity of an alert"),
            "alert.deadline": _("Change a deadline of alerts"),
            "alert.snooze": _("Snooze an alert"),
            "alert.return": _("Bring an alert back"),
            "alert.route": _("Route an alert"),
            "alert.call": _("Tell somebody of an alert"),
            "snooze.end": _("End a snooze"),
            "maintenance.add": _("Make a maintenance window"),
            "maintenance.end": _("End a maintenance window"),
            "oncall.arrange": _("Arrange who is on call"),
            "oncall.stand_in": _("Stand in for somebody on call"),
            "oncall.stand_in_end": _("End standing in"),
            "oncall.handover": _("Hand over being on call"),
            "chain.arrange": _("Arrange a chain of escalation"),
            "route.arrange": _("Arrange a routing rule"),
            "deadletter.retry": _("Raise a dead letter after all"),
            "deadletter.discard": _("Discard a dead letter"),
        }
    )
    working = each((*RESPONDERS, "customer_service"), "see change export")
    register_noun(
        "response.alert",
        _("Alerts"),
        level=3,
        verbs="see add change export",
        rights=each(INFORMED) | working,
    )
    register_noun(
        "response.alertrule",
        _("Rules that raise alerts"),
        verbs="see export",
        rights=each((*RESPONDERS, *INFORMED)) | each(RESPONDERS, "see export"),
    )
    register_noun(
        "response.deadletter",
        _("Findings that could not be understood"),
        level=3,
        verbs="see change export",
        rights=each(RESPONDERS) | each(ARRANGING, "see change export"),
    )
    register_noun(
        "response.ackdeadline",
        _("Deadlines for acknowledging alerts"),
        verbs="see change export",
        rights=each((*RESPONDERS, *INFORMED)) | each(ARRANGING, "see change export"),
    )
    for name, title in (
        ("response.oncallschedule", _("On-call schedules")),
        ("response.escalationchain", _("Chains of escalation")),
        ("response.alertroute", _("Routing of alerts")),
    ):
        register_noun(
            name,
            title,
            verbs="see add change export",
            rights=each(RESPONDERS) | each(ARRANGING, "see add change export"),
        )
    for name, title, roles in (
        ("response.oncalloverride", _("Stand-ins for those on call"), RESPONDERS),
        ("response.maintenancewindow", _("Maintenance windows"), ARRANGING),
        ("response.snooze", _("Snoozes of alerts"), RESPONDERS),
    ):
        register_noun(
            name,
            title,
            level=3,
            verbs="see add delete export",
            rights=each(RESPONDERS) | each(roles, "see add delete export"),
        )
