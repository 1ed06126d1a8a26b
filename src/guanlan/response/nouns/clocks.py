"""What the policy says of clocks of regulators, reports, statements and disclosures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, each

# Those who write to regulators, and who start and stop their clocks.
WRITERS = ("compliance_officer", "privacy_officer", "security_engineer", "risk_owner")


def declare() -> None:
    """Register the nouns."""
    everybody = each((*RESPONDERS, *INFORMED))
    register_noun(
        "response.businesscalendar",
        _("Business calendars"),
        verbs="see add change export",
        rights=everybody | each(("compliance_officer", "operations"), "see add change export"),
    )
    register_noun(
        "response.clockrule",
        _("Rules of regulatory clocks"),
        verbs="see add change export",
        rights=each((*RESPONDERS, "committee_member"))
        | {"compliance_officer": "see add change export", "privacy_officer": "see add change"},
    )
    register_noun(
        "response.runningclock",
        _("Regulatory clocks"),
        level=3,
        verbs="see add change approve export",
        rights=everybody
        | each(WRITERS, "see add change")
        | each(("compliance_officer", "privacy_officer"), "see add change approve")
        | {"compliance_officer": "see add change approve export"},
    )
    register_noun(
        "response.regulatoryreport",
        _("Reports to regulators"),
        level=3,
        verbs="see add change approve export",
        rights=each((*RESPONDERS, "committee_member"))
        | each(WRITERS, "see add change")
        | each(("compliance_officer", "privacy_officer"), "see add change approve")
        | {"compliance_officer": "see add change approve export"},
    )
    register_noun(
        "response.statement",
        _("Statements"),
        level=3,
        verbs="see add change approve export",
        rights=everybody
        | each(("customer_service", "privacy_officer", "risk_owner"), "see add change")
        | each(("communications", "compliance_officer"), "see add change approve export"),
    )
    register_noun(
        "response.disclosure",
        _("Disclosures"),
        level=3,
        verbs="see add export",
        rights=each((*RESPONDERS, *INFORMED))
        | each((*WRITERS, "communications"), "see add")
        | {"compliance_officer": "see add export"},
    )
    declare_acts(
        {
            "calendar.save": _("Make or change a business calendar"),
            "calendar.ship": _("Bring in a shipped business calendar"),
            "calendar.year": _("Enter the holidays of a year"),
            "clock.alarm": _("Ring the alarm of a clock"),
            "clock.ask": _("Ask for a pause of a clock, or more time"),
            "clock.grant": _("Grant a pause of a clock, or more time"),
            "clock.refuse": _("Refuse a pause of a clock, or more time"),
            "clock.go_on": _("End the pause of a clock"),
            "clock.cancel": _("Cancel a clock"),
            "clock.resume": _("Resume a cancelled clock"),
            "clock.send": _("Mark a report as sent"),
            "clock.sooner": _("Bring the due time of a clock nearer"),
            "clock.start": _("Start a clock"),
            "clockrule.add": _("Add a rule of a clock"),
            "clockrule.change": _("Make a version of a rule"),
            "clockrule.ship": _("Bring in a shipped rule"),
            "clockrule.verify": _("Verify a rule against its source"),
            "disclosure.add": _("Write into the register of disclosures"),
            "disclosure.read": _("Read what was disclosed"),
            "report.approve": _("Approve a report to a regulator"),
            "report.draft": _("Begin a report to a regulator"),
            "report.hand_in": _("Hand in a report to a regulator"),
            "report.read": _("Read a report to a regulator"),
            "report.rewrite": _("Change a report to a regulator"),
            "report.send": _("Send a report to a regulator"),
            "report.send_back": _("Send back a report to a regulator"),
            "report.withdraw": _("Withdraw a report to a regulator"),
            "statement.add": _("Begin a statement"),
            "statement.approve": _("Approve a statement"),
            "statement.change": _("Change a statement"),
            "statement.hand_in": _("Hand in a statement"),
            "statement.publish": _("Publish a statement"),
            "statement.read": _("Read a statement"),
            "statement.send_back": _("Send back a statement"),
            "statement.withdraw": _("Withdraw a statement"),
        }
    )
